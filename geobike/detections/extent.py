"""Check that imported boxes are in upright pixels of their photos, as thumbnails need them.

Boxes of other programs are often in 0 to 1, in percent, or in pixels of a resized, unrotated copy.
Counts would still be right, since overlaps are the same. Anonymizing would not: it would pixelate
another part of the picture than the one with the person.
"""

from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.detections.ways import is_all_around
from geobike.detectors.check import FAINT
from geobike.detectors.protocol import Box
from geobike.errors import InputError
from geobike.io.matching import isin
from geobike.reporting import report, report_number

_Floats = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]

TOLERANCE: Final = 0.05
"""Share of a photo's side by which a box may extend beyond it. Detectors that do not clip their
boxes exceed the side by a few percent."""

_ROUNDING: Final = 1.0  # pixel

_UNIT: Final = (-0.5, 1.5)
_PERCENT: Final = (-5.0, 105.0)  # what is not clipped to 0..1 or 0..100 is only slightly beyond

_MOSTLY: Final = 0.1
"""Share of boxes within the first pixel that makes a table normalised. A detector leaves a few that
were clipped to the photo's corner."""

_LARGE: Final = 2 * 100
"""Width and height from which a photo is not covered by boxes that end before 100 pixels."""

_SEVERAL: Final = 10
"""Boxes that are in one quarter of their photos by chance once in a million times."""

_REMEDY: Final = "give boxes in upright pixels of the photos themselves"


def check(detections: pd.DataFrame, photos: gpd.GeoDataFrame) -> None:
    """Compare the boxes of a detections frame with the sizes of their photos, where known.

    Boxes that extend a little beyond their photo are reported. Raises InputError where boxes are in
    0 to 1 or in percent, or extend beyond their photo by more than `TOLERANCE`.
    """
    check_not_normalized(detections)
    boxes = _with_sizes(detections, photos)
    if not len(boxes.sides):
        return
    if _is_proof(detections):
        _check_percent(boxes)
    _check_within(boxes, detections)
    if _in_one_corner(boxes):
        report(
            f"all {len(boxes.sides)} boxes are centred in the upper left quarter of their photos, "
            "as boxes of a smaller copy are, or x, y, width and height in place of corners. "
            "Photos that they are on have no picture on the map, as people on them might not be "
            f"hidden; if that is a mistake, {_REMEDY}"
        )


def anonymizable(detections: pd.DataFrame, photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos whose boxes show where people are: not those that `check` reports."""
    boxes = _with_sizes(detections, photos)
    if len(boxes.sides) and _in_one_corner(boxes):
        return photos[~isin(photos["photo_id"], detections["photo_id"])]
    return photos


class _Boxes(NamedTuple):
    sides: _Floats
    """One row per box: xmin, ymin, xmax, ymax."""
    size: _Floats
    """One row per box: width and height of its photo, NaN where not known."""
    photo: npt.NDArray[Any]
    """One number per box: the same for boxes of one photo."""
    turns: npt.NDArray[np.float64]
    """How many times as wide as its photo the picture is on which a box lies: twice, where one
    over the seam of a panorama goes on beyond the right edge, as `Box` says."""

    @property
    def room(self) -> _Floats:
        """One row per box: width and height within which it lies, NaN where not known."""
        return self.size * np.column_stack([self.turns, np.ones(len(self.turns))])


def _with_sizes(detections: pd.DataFrame, photos: gpd.GeoDataFrame) -> _Boxes:
    photo_id = schema.coded(detections["photo_id"])
    known = photos[["width", "height"]].astype("float64").set_axis(photos["photo_id"])
    size = known.reindex(photo_id.categories).to_numpy()
    return _Boxes(_sides(detections), size[photo_id.codes], photo_id.codes, _turns(detections))


def _turns(detections: pd.DataFrame) -> _Floats:
    if "model" not in detections:
        return np.ones(len(detections))
    model = schema.coded(detections["model"])
    turns = np.array([2.0 if is_all_around(name) else 1.0 for name in model.categories] + [1.0])
    found: _Floats = turns[model.codes]  # no model: the last
    return found


def _sides(detections: pd.DataFrame) -> _Floats:
    return detections[list(Box._fields)].to_numpy(np.float64)


def _all_within(sides: _Floats, limits: tuple[float, float]) -> _Flags:
    low, high = limits
    return np.asarray((sides[:, :2] >= low).all(axis=1) & (sides[:, 2:] <= high).all(axis=1))


def check_not_normalized(detections: pd.DataFrame) -> None:
    """Raise InputError where boxes are in 0 to 1, which cannot be pixels of any photo.

    A few that are faint prove nothing (`geobike.detectors.check.FAINT`).

    This needs no photo, so it is checked wherever boxes come in: files, frames, and the answers
    of detectors, new and stored.
    """
    there = detections[detections["label"].notna()]  # other rows are no boxes
    sides = _sides(there)
    extended = (sides[:, 2] > sides[:, 0]) & (sides[:, 3] > sides[:, 1])
    small = np.asarray(_all_within(sides, _UNIT) & extended)
    if _is_proof(there[small]) and small.sum() >= _MOSTLY * extended.sum():
        raise InputError(
            f"detections: the corners of {small.sum()} of {len(sides)} boxes are from 0 to 1, such "
            f"as {_corners(sides[small][0])}: they are normalized. Multiply x_min and x_max by the "
            "photo's width, y_min and y_max by its height, in pixels"
        )


def _is_proof(boxes: pd.DataFrame) -> bool:
    """Tell whether boxes show in which units a table is: several, or one that is not faint."""
    return len(boxes) >= _SEVERAL or bool((boxes["score"] >= FAINT).any())


def _check_percent(boxes: _Boxes) -> None:
    """Raise InputError where all boxes end before 100 pixels, unless they may well do so.

    Without the photos' sizes only fractions, which percent are, or many boxes are proof.
    """
    sides, size = boxes.sides, boxes.size
    sized = ~np.isnan(size).any(axis=1)
    if not _all_within(sides, _PERCENT).all() or (size[sized] < _LARGE).any():
        return
    fractions = bool((sides % 1 != 0).any()) or len(sides) >= _SEVERAL
    spread = sides[:, 2:].max(axis=0) > 50
    if (fractions and spread.all()) or (sized.any() and (fractions or spread.any())):
        on = f" on photos of up to {_pixels(size[sized].max(axis=0))} pixels" if sized.any() else ""
        raise InputError(
            f"detections: the corners of all {len(sides)} boxes are from 0 to 100{on}, such as "
            f"{_corners(sides[0])}: they are in percent. Multiply x_min and x_max by a hundredth "
            "of the photo's width, y_min and y_max by a hundredth of its height, in pixels"
        )


def _check_within(boxes: _Boxes, detections: pd.DataFrame) -> None:
    before = (boxes.sides[:, :2] < -_ROUNDING).any(axis=1)
    outside = np.asarray(before & np.isnan(boxes.size).any(axis=1))
    report_number(
        f"box begins left of or above its photo: {_example(boxes, detections, outside)}",
        "boxes begin left of or above their photos, such as "
        f"{_example(boxes, detections, outside)}",
        number=int(outside.sum()),
    )
    beyond = _beyond(boxes.sides, boxes.room)
    with np.errstate(invalid="ignore"):
        far = np.asarray((beyond > TOLERANCE * boxes.size).any(axis=1))
        slightly = np.asarray((beyond > _ROUNDING).any(axis=1))
    if far.any():
        raise InputError(
            f"detections: {far.sum()} of {len(far)} boxes {_extend(far)} far beyond their photo, "
            f"such as {_example(boxes, detections, far)}{_cause(boxes, far)}; {_REMEDY}"
        )
    report_number(
        f"box extends slightly beyond its photo: {_example(boxes, detections, slightly)}",
        f"boxes extend slightly beyond their photos, such as "
        f"{_example(boxes, detections, slightly)}",
        number=int(slightly.sum()),
    )


def _extend(where: _Flags) -> str:
    return "extends" if where.sum() == 1 else "extend"


def _beyond(sides: _Floats, size: _Floats) -> _Floats:
    """Return by how many pixels boxes extend beyond a picture, across and down; NaN if unknown."""
    return np.maximum(-sides[:, :2], sides[:, 2:] - size)


def _cause(boxes: _Boxes, far: _Flags) -> str:
    """Return what explains the boxes that do not fit; all boxes of these photos are checked."""
    same = np.isin(boxes.photo, np.unique(boxes.photo[far]))
    sides, size = boxes.sides[same], boxes.size[same]
    turned = size[:, ::-1]
    if (_beyond(sides, turned) <= TOLERANCE * turned).all():
        return (
            ". They fit the photos rotated by 90 degrees, as boxes do that were found without "
            "applying the EXIF orientation"
        )
    if (sides[:, :2] < -TOLERANCE * size).any():
        return ""
    factor = (sides[:, 2:] / size).max()
    return f". They fit when scaled by {1 / factor:.3g} or less, like boxes of a larger copy"


def _in_one_corner(boxes: _Boxes) -> bool:
    """Tell whether all boxes, and several, have their centre in the upper left quarter."""
    centre = boxes.sides[:, :2] + boxes.sides[:, 2:]  # twice the centre; NaN sizes compare false
    corner = len(boxes.sides) >= _SEVERAL and bool((centre <= boxes.size).all())
    return corner and len(np.unique(boxes.photo)) > 2


def _example(boxes: _Boxes, detections: pd.DataFrame, where: _Flags) -> str:
    if not where.any():
        return ""
    row = int(where.argmax())
    name = detections["photo_id"].iloc[row]
    size = boxes.size[row]
    known = "size not known" if np.isnan(size).any() else f"{_pixels(size)} pixels"
    return f"{_corners(boxes.sides[row])} on {name} ({known})"


def _corners(sides: _Floats) -> str:
    return ", ".join(f"{name} {side:.6g}" for name, side in zip(Box._fields, sides, strict=True))


def _pixels(size: _Floats) -> str:
    return " x ".join(f"{side:.0f}" for side in size)
