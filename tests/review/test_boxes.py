"""Boxes that people strike out and add."""

from pathlib import Path

import pandas as pd
import pytest

from geobike import schema
from geobike.detections import corrections
from geobike.errors import InputError
from geobike.review.album import Album
from geobike.review.boxes import Boxes

OVER_THE_SEAM = [380.0, 90.0, 430.0, 120.0]


def test_a_box_over_the_seam_of_a_panorama_can_be_struck_out(tmp_path: Path) -> None:
    photos = pd.DataFrame({"photo_id": ["a.jpg"], "sha256": ["0" * 64]})
    photos = photos.assign(width=400, height=200)
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), OVER_THE_SEAM, strict=True))
    box = {"photo_id": "a.jpg", "label": "bicycle", "score": 0.6, "kept": True} | sides
    found = schema.table(schema.DETECTIONS, pd.DataFrame([box]))
    boxes = Boxes(tmp_path, Album(photos, found, {}), labels=["bicycle"])
    boxes.correct("Anna", 0, {"strike": [OVER_THE_SEAM]})
    (kept,) = corrections.read(tmp_path / corrections.NAME)
    assert kept.box == tuple(OVER_THE_SEAM)
    with pytest.raises(InputError, match="is not on the photo"):
        boxes.correct("Anna", 0, {"add": [OVER_THE_SEAM]})
