"""Corrections of the sample as a person makes them: the fullest photos struck bare, one filled."""

from pathlib import Path

import pandas as pd

from geobike import saved
from geobike.detections import corrections
from geobike.detections.corrections import Correction
from geobike.review import table

FULL = 4
"""Photos whose boxes are all struck out: of other strata from then on."""

ADDED = 7
"""Boxes added to a photo without any."""


def correct(out: Path, path: Path) -> None:
    """Write corrections of five photos of a finished survey to `path`."""
    finished = saved.read(out)
    looks = finished.looks()
    full = looks.nlargest(FULL, "bicycle_count")["photo_id"].tolist()
    empty = looks.loc[looks["bicycle_count"] == 0, "photo_id"].iloc[0]
    boxes = pd.read_csv(out / "detections.csv")
    kept = boxes[boxes["kept"] & boxes["photo_id"].isin(full)]
    sides = kept[["x_min", "y_min", "x_max", "y_max"]].to_numpy()
    struck = [
        Correction(photo, "", "strike", "bicycle", tuple(box), "Anna")
        for photo, box in zip(kept["photo_id"], sides, strict=True)
    ]
    places = [(10.0 + 40 * number, 20.0, 40.0 + 40 * number, 50.0) for number in range(ADDED)]
    added = [Correction(empty, "", "add", "bicycle", box, "Bert") for box in places]
    rows = corrections.rows([*struck, *added])
    table.write(table.Table(list(corrections.COLUMNS), rows), path)
