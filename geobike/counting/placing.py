"""Where each bicycle stands: the place on the ground that its box shows.

The heading of the photo and the place of the box in it give the bearing, the size of the box and
its lower edge the distance. A bicycle that cannot be placed stands where the camera stood.
"""

from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.config import HEADING_ERROR, POSITION_ERROR
from geobike.counting import distance, pitch
from geobike.counting.arrays import Floats, Numbers
from geobike.counting.distance import Boxes
from geobike.counting.ellipsoid import moved
from geobike.counting.looks import REACH, Standing, looks
from geobike.counting.views import Views, focal_lengths, views
from geobike.detectors.views import ANGLE
from geobike.errors import InputError

NO_POSITION: Final = "no position"
NO_HEADING: Final = "no heading"
NO_SIZE: Final = "no size"
CUT_OFF: Final = "cut off"
TOO_FAR: Final = "too far"
PANORAMA: Final = "panorama"
NOT_WANTED: Final = "not wanted"
REASONS: Final = (NO_POSITION, PANORAMA, NO_SIZE, NO_HEADING, CUT_OFF, TOO_FAR, NOT_WANTED)
"""Why a bicycle is not placed; of several, the first."""

_STEEP: Final = 1.4  # radians: what a sphere shows nearer to a pole stands no farther there
_BAND: Final = float(np.radians(ANGLE / 2))  # below the horizon that a detector is shown


def place(
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    *,
    field_of_view: float | None = None,
    heading_offset: float = 0.0,
    position_error_m: float = POSITION_ERROR,
    heading_error: float = HEADING_ERROR,
) -> pd.DataFrame:
    """Return a bicycles frame: where the bicycle of each kept box of a counted photo stands.

    `photos` is a counts frame. Lens and heading are those of the photo: `focal_length_35mm`, else
    from `field_of_view`, the angle in degrees along its longer side, else 27 mm; `heading` plus
    `heading_offset` in degrees. On an equirectangular panorama, columns and rows are angles. How
    far down each camera looks is learnt from its boxes. The likely errors are of a photo without
    its own `position_error_m`, and of every heading, in degrees. A bicycle that is not placed
    stands where the camera stood, with a `reason`, and counts with weight 1. `area_id` is NA.
    Raises InputError for options that cannot be.

    Examples:
        >>> import geobike
        >>> from geobike import schema
        >>> from geobike.counting import placing
        >>> point = schema.points([4.36], [52.01])
        >>> photo = {"photo_id": ["a.jpg"], "status": "counted", "heading": 90.0}
        >>> size = {"width": [640], "height": [480], "bicycle_count": [1]}
        >>> photos = schema.geotable(schema.COUNTS, photo | size, point)
        >>> box = {"xmin": [300], "xmax": [340], "ymin": [250.0], "ymax": [317.0]}
        >>> boxes = schema.table(schema.DETECTIONS, {"photo_id": ["a.jpg"], "kept": True} | box)
        >>> bicycles = placing.place(photos, boxes)
        >>> bicycles[["lon", "lat", "distance_m", "placed"]].round(5)  # 8 m to the east
               lon    lat  distance_m  placed
        0  4.36012  52.01     8.18283    True
    """
    schema.check(photos, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    check(field_of_view, heading_offset, position_error_m, heading_error)
    counted = photos[photos["status"] == schema.COUNTED]
    kept = _kept(detections, photos)
    seen = views(
        counted,
        field_of_view=field_of_view,
        heading_offset=heading_offset,
        position_error_m=position_error_m,
    )
    lens = focal_lengths(counted, field_of_view=field_of_view)
    sight = _sight(_boxes(detections, kept, seen), seen, pitch.cameras(counted, lens))
    placed = _frame(kept, seen, sight, heading_error)
    return _with_riders(placed, detections)


def place_at_cameras(
    photos: gpd.GeoDataFrame, detections: pd.DataFrame, *, position_error_m: float = POSITION_ERROR
) -> pd.DataFrame:
    """Return a bicycles frame in which every bicycle stands where the camera stood."""
    schema.check(photos, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    counted = photos[photos["status"] == schema.COUNTED]
    kept = _kept(detections, photos)
    unknown = np.full(len(kept.row), np.nan)
    reason = np.full(len(kept.row), REASONS.index(NOT_WANTED), dtype=np.int8)
    sight = _Sight(unknown, unknown, unknown, reason)
    placed = _frame(kept, views(counted, position_error_m=position_error_m), sight, 0)
    return _with_riders(placed, detections)


def check(
    field_of_view: float | None,
    heading_offset: float,
    position_error_m: float,
    heading_error: float,
) -> None:
    """Raise InputError for a value that cannot be."""
    if field_of_view is not None and not 5 <= field_of_view <= 150:
        raise InputError(
            f"--field-of-view {field_of_view:g} is not from 5 to 150 degrees; give the angle along "
            "the longer side of the photos"
        )
    if not -360 <= heading_offset <= 360:
        raise InputError(f"--heading-offset {heading_offset:g} is not from -360 to 360 degrees")
    if not 0 <= position_error_m <= 100:
        raise InputError(f"--position-error {position_error_m:g} is not from 0 to 100 m")
    if not 0 <= heading_error <= 180:
        raise InputError(f"--heading-error {heading_error:g} is not from 0 to 180 degrees")


def _with_riders(bicycles: pd.DataFrame, detections: pd.DataFrame) -> pd.DataFrame:
    if "ridden" not in detections:
        return bicycles
    return bicycles.assign(ridden=detections["ridden"].loc[bicycles.index])


class _Kept(NamedTuple):
    """The kept boxes of counted photos."""

    row: Numbers
    """In the detections frame."""
    photo: Numbers
    """Row of its photo among the counted ones."""
    photo_id: "pd.Categorical[str]"
    labels: "pd.Index[Any]"
    """In the index of the detections frame."""


def _kept(detections: pd.DataFrame, photos: gpd.GeoDataFrame) -> _Kept:
    counted = (photos["status"] == schema.COUNTED).to_numpy()
    photo = schema.rows_of(detections["photo_id"], photos["photo_id"], chosen=counted)
    row = np.flatnonzero(detections["kept"].to_numpy() & (photo >= 0))
    ids = schema.coded(detections["photo_id"])[row]
    return _Kept(row, photo[row], ids, detections.index[row])


def _boxes(detections: pd.DataFrame, kept: _Kept, seen: Views) -> Boxes:
    left, top, right, bottom = (
        detections[side].to_numpy(dtype=float)[kept.row]
        for side in ("xmin", "ymin", "xmax", "ymax")
    )
    focal = np.where(seen.panorama, np.nan, seen.focal)[kept.photo]
    height, horizon = seen.height[kept.photo], seen.horizon[kept.photo]
    sphere = ~np.isnan(horizon)
    # On a sphere, what a level lens would show that looks at the box: rows are angles there.
    below, above, edge = (
        np.where(sphere, focal * np.tan(np.clip((row - horizon) / focal, -_STEEP, limit)), flat)
        for row, flat, limit in (
            (bottom, bottom - height / 2, _STEEP),
            (top, top - height / 2, _STEEP),
            (height, height / 2, _BAND),
        )
    )
    across = (left + right - seen.width[kept.photo]) / 2
    return Boxes(kept.photo, focal, across, below - above, below, edge)


class _Sight(NamedTuple):
    """In what direction and how far each box is from its camera."""

    bearing: Floats
    """Degrees clockwise from north."""
    range: Floats
    """Metres along the ground."""
    error: Floats
    """Standard deviation of ln(range)."""
    reason: npt.NDArray[np.int8]
    """Number of the reason why it is not placed, -1 where it is."""


def _sight(boxes: Boxes, seen: Views, camera: Numbers) -> _Sight:
    pitches = pitch.learn(boxes, camera)
    with np.errstate(divide="ignore", invalid="ignore"):  # a box without height is too far
        found = distance.distances(boxes, pitches.angle[boxes.photo], pitches.error[boxes.photo])
    sphere = ~np.isnan(seen.horizon[boxes.photo])
    aside = boxes.across / boxes.focal
    angle = np.where(sphere, aside, np.arctan(aside))  # columns of a sphere are angles
    bearing = (seen.heading[boxes.photo] + np.degrees(angle)) % 360
    along = found.ahead * np.hypot(1, np.where(sphere, 0, aside))
    return _Sight(bearing, along, found.error, _reasons(boxes, seen, along))


def _reasons(boxes: Boxes, seen: Views, along: Floats) -> npt.NDArray[np.int8]:
    failed = {
        NO_POSITION: np.isnan(seen.lon)[boxes.photo],
        PANORAMA: seen.panorama[boxes.photo],
        NO_SIZE: np.isnan(boxes.focal),
        NO_HEADING: np.isnan(seen.heading)[boxes.photo],
        CUT_OFF: boxes.cut_above,
        TOO_FAR: ~(along <= REACH),
    }
    out = np.full(len(boxes.photo), -1, dtype=np.int8)
    for reason in reversed(failed):
        out[failed[reason]] = REASONS.index(reason)
    return out


def _frame(kept: _Kept, seen: Views, sight: _Sight, heading_error: float) -> pd.DataFrame:
    placed = sight.reason < 0
    far = sight.range[placed]
    lon, lat, error = (values[kept.photo] for values in (seen.lon, seen.lat, seen.error))
    lon[placed], lat[placed] = moved(lon[placed], lat[placed], sight.bearing[placed], far)
    ahead = np.hypot(sight.error[placed], np.radians(heading_error)) * far
    error[placed] = np.hypot(error[placed], ahead)
    number, weight = np.ones((2, len(placed)))
    there = Standing(kept.photo[placed], lon[placed], lat[placed], far, error[placed])
    number[placed], weight[placed] = looks(seen, there)
    texts = pd.Index(REASONS, dtype=schema.TEXT)
    data = {
        "photo_id": kept.photo_id,
        "lon": lon,
        "lat": lat,
        "distance_m": np.where(placed, sight.range, np.nan),
        "bearing": sight.bearing,
        "placed_error_m": error,
        "placed": placed,
        "reason": pd.Categorical.from_codes(sight.reason, texts),
        "looks": number,
        "weight": weight,
    }
    return schema.table(schema.BICYCLES, pd.DataFrame(data, index=kept.labels, copy=False))
