"""Photos across a border on the page: of another area than the one that they show a part of."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import metrics, schema
from geobike.maps.places import packed


def across(
    tallies: pd.DataFrame,
    photo_ids: "pd.Series[str]",
    own: npt.NDArray[np.int32],
    area_ids: "pd.Series[str]",
) -> dict[str, Any] | None:
    """Return which photos show another area than the one they were taken in; None without any.

    `own` is the position of the area in which each of the photos was taken. The columns are
    `photo` (the step from the row before), `area` (a position, -1 outside every area) and `things`,
    the bicycles on that photo that stand in that area; 0 where it shows ground alone.
    """
    named = schema.rows_of(tallies["photo_id"], photo_ids)
    area = schema.rows_of(tallies["area_id"], area_ids)
    shows = ((tallies[metrics.STOPS] > 0) & (area >= 0)) | (tallies[metrics.BICYCLES] > 0)
    beyond = shows.to_numpy() & (named >= 0) & (area != np.append(own, -1)[named])
    rows = {"photo": named[beyond], "area": area[beyond]}
    things = tallies[metrics.BICYCLES].to_numpy()[beyond]
    found = pd.DataFrame(rows | {"things": things}).groupby(["photo", "area"], as_index=False).sum()
    if found.empty:
        return None
    columns = {str(name): found[name].to_numpy(dtype=np.int32) for name in found}
    columns["photo"] = np.diff(columns["photo"], prepend=np.int32(0))
    return {"n": len(found)} | packed("columns", columns)
