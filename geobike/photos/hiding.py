"""Which parts of a picture are pixelated: boxes of people and vehicles, and how much of each."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geobike import schema
from geobike.detectors.protocol import Box as Rectangle
from geobike.io.matching import isin
from geobike.photos.anonymizing import PERSON, Box, grown, is_hidden

SCORE: Final = 0.2
"""Lowest score that is hidden: a false box costs a few pixels, a missed one more."""

PERSON_SCORE: Final = 0.15
"""The same of people away from bicycles: of the sample's and the real photos' boxes that score 0.15
to 0.2, 19 of 49 there held a person, and none of the 40 that lie in a bicycle's."""

_SURE: Final = 0.5  # a person of this score is hidden whole, whatever else is there
_WITHIN: Final = 0.7  # of a person's box that lies in a bicycle's: it may be the bicycle itself
_TOP: Final = 1 / 3  # of a person's height, which holds the head
_ABOVE: Final = 0.1  # of the height, added over the top for hair and hats

_LOST: Final = 0.5
"""Share of a counted box under the cells from which on one cannot count what is in it. Of 36 boxes
of the sample's and the real photos that are hidden by 30 to 85 %, each was looked at: below a half
the bicycle can still be told from its neighbours, above it a wheel is left of most."""

_SIDES: Final = ["xmin", "ymin", "xmax", "ymax"]


def regions(
    detections: pd.DataFrame, hide: Collection[str], photo_ids: "pd.Series[str]"
) -> dict[str, list[Box]]:
    """Return what is to be pixelated on each of these photos, in pixels of the original.

    Boxes of the labels in `hide` are, from a score of 0.2 on. Detectors take many a bicycle that
    stands end on for a person. So where a doubtful person's box lies mostly within the box of a
    bicycle that counts, or that is at least as sure, its top alone is hidden, where a head would
    be: a third, and at least as much as the box is wide, since a box may hold only head and
    shoulders. Never less: doubt shows nobody's face. People away from bicycles are hidden from a
    score of 0.15 on.

    Examples:
        >>> import pandas as pd
        >>> from geobike import schema
        >>> boxes = {"photo_id": "a.jpg", "model": "m", "ymin": 0.0, "ymax": 150.0, "xmin": 0.0}
        >>> bicycle = boxes | {"label": "bicycle", "score": 0.6, "xmax": 50.0, "kept": True}
        >>> person = boxes | {"label": "person", "score": 0.3, "xmax": 50.0, "kept": False}
        >>> frame = schema.table(schema.DETECTIONS, pd.DataFrame([bicycle, person]))
        >>> regions(frame, ["person"], pd.Series(["a.jpg"]))
        {'a.jpg': [(0.0, -15.0, 50.0, 50.0)]}
    """
    known = detections[(detections["score"] >= PERSON_SCORE) | detections["kept"]]
    known = known[isin(known["photo_id"], photo_ids)]
    wanted = known[_are_of(known["label"], hide) & (known["score"] >= PERSON_SCORE).to_numpy()]
    doubtful = _perhaps_bicycles(wanted, known)
    is_person = _are_of(wanted["label"], (PERSON,))
    chosen = (wanted["score"] >= SCORE).to_numpy() | (is_person & ~doubtful)
    box = _without_bicycles(wanted.loc[chosen, _SIDES], doubtful[chosen])
    found: dict[str, list[Box]] = {}
    rows = box.itertuples(index=False, name=None)
    for photo_id, (xmin, ymin, xmax, ymax) in zip(wanted["photo_id"][chosen], rows, strict=True):
        found.setdefault(photo_id, []).append((xmin, ymin, xmax, ymax))
    return found


def obscured(
    detections: pd.DataFrame, hide: Collection[str], photos: gpd.GeoDataFrame
) -> dict[str, int]:
    """Return how many counted boxes of each photo its picture hides; no photo with none of them.

    `photos` has columns `photo_id` and `width`. A box is hidden where at least half of it is
    pixelated, perhaps by several boxes together.

    Examples:
        >>> import pandas as pd
        >>> from geobike import schema
        >>> boxes = {"photo_id": "a.jpg", "model": "m", "ymin": 0.0, "ymax": 50.0}
        >>> bicycle = boxes | {"label": "bicycle", "score": 0.6, "kept": True}
        >>> car = boxes | {"label": "car", "score": 0.9, "kept": False}
        >>> rows = [bicycle | {"xmin": x, "xmax": x + 50.0} for x in (0.0, 40.0, 90.0)]
        >>> rows.append(car | {"xmin": 0.0, "xmax": 60.0})  # 69 with what it grows
        >>> frame = schema.table(schema.DETECTIONS, pd.DataFrame(rows))
        >>> obscured(frame, ["vehicle"], pd.DataFrame({"photo_id": ["a.jpg"], "width": [400]}))
        {'a.jpg': 2}
    """
    regions_of = regions(detections, hide, photos["photo_id"])
    counted = detections[detections["kept"]]
    counted = counted[isin(counted["photo_id"], pd.Series(list(regions_of), dtype=schema.TEXT))]
    width = photos["width"].astype("Float64").fillna(np.inf)
    width_of = dict(zip(photos["photo_id"], width, strict=True))
    found = {}
    for key, boxes in counted.groupby("photo_id", observed=True):
        photo_id = str(key)
        rows = boxes[_SIDES].itertuples(index=False, name=None)
        share = _shares_hidden(list(rows), regions_of[photo_id], width_of[photo_id])
        found[photo_id] = int((share >= _LOST).sum())
    return {photo_id: number for photo_id, number in found.items() if number}


def _shares_hidden(
    counted: Sequence[Box], hidden: Sequence[Box], width: float
) -> npt.NDArray[np.float64]:
    """Return how much of each counted box lies under what is pixelated."""
    places = [place for box in hidden for place in Rectangle(*box).places(width)]
    cells = shapely.union_all([shapely.box(*grown(place)) for place in places])
    own = [[shapely.box(*piece) for piece in Rectangle(*box).pieces(width)] for box in counted]
    shapes = np.array([shapely.union_all(each) for each in own])
    covered, whole = shapely.area(shapely.intersection(shapes, cells)), shapely.area(shapes)
    share: npt.NDArray[np.float64] = np.zeros(len(whole))
    np.divide(covered, whole, out=share, where=whole > 0)
    return share


def _without_bicycles(sides: pd.DataFrame, doubtful: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Return the boxes, of the doubtful ones the top alone."""
    box = sides.astype(float)
    height, width = box["ymax"] - box["ymin"], box["xmax"] - box["xmin"]
    top = pd.concat([_TOP * height, width], axis=1).max(axis=1)
    lowest = pd.concat([box["ymin"] + top, box["ymax"]], axis=1).min(axis=1)
    box["ymax"] = box["ymax"].where(~doubtful, lowest)
    box["ymin"] -= (_ABOVE * height).where(doubtful, 0.0)
    return box


def _perhaps_bicycles(hidden: pd.DataFrame, known: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell which boxes are doubtful people that lie mostly within the box of a bicycle."""
    is_person = _are_of(hidden["label"], (PERSON,)) & (hidden["score"] < _SURE).to_numpy()
    counted = known.loc[known["kept"], "label"].astype(schema.TEXT).unique()
    bicycles = known[isin(known["label"], pd.Series(counted, dtype=schema.TEXT))]
    columns = ["photo_id", "score", "kept", *_SIDES]
    people = hidden.loc[is_person, columns].assign(row=np.flatnonzero(is_person))
    pairs = people.merge(bicycles[columns], on="photo_id", suffixes=("", "_b"))
    trusted = pairs["kept_b"] | (pairs["score_b"] >= pairs["score"])
    out = np.zeros(len(hidden), dtype=bool)
    out[pairs.loc[trusted & (_share(pairs) >= _WITHIN), "row"]] = True
    return out


def _share(pairs: pd.DataFrame) -> "pd.Series[float]":
    """Return the share of each person's box that is in the bicycle's."""
    shared = pd.Series(1.0, index=pairs.index)
    for axis in "xy":
        high = pairs[[f"{axis}max", f"{axis}max_b"]].min(axis=1)
        low = pairs[[f"{axis}min", f"{axis}min_b"]].max(axis=1)
        length = pairs[f"{axis}max"] - pairs[f"{axis}min"]
        shared *= (high - low).where(high > low, 0.0) / length.where(length > 0)
    return shared.fillna(0.0)


def _are_of(labels: "pd.Series[Any]", hide: Collection[str]) -> npt.NDArray[np.bool_]:
    """Tell for each box whether its label is to be hidden; each label is looked at once."""
    label = schema.coded(labels)
    hidden = [is_hidden(name, hide) for name in label.categories]
    found: npt.NDArray[np.bool_] = np.array([*hidden, False])[label.codes]  # no label: the last
    return found
