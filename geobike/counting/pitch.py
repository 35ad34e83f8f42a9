"""How far down each camera looks, learnt from its own boxes.

A box tells the pitch: at the distance that its height gives, its wheels are so many degrees below
the horizon; the rest of the angle in the photo is the camera's tilt. One box tells it badly, the
many boxes of a camera well. They also tell whether the camera is fixed to a car, with one pitch for
all photos, or held by hand, with one for each. A camera height other than the one assumed becomes a
pitch, and does little harm.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike.counting.distance import (
    CAMERA_HEIGHT,
    HEIGHT_ERROR,
    Boxes,
    angle_below,
    by_height,
)
from geobike.counting.ellipsoid import Floats

ENOUGH: Final = 30
"""Boxes of a camera from which its pitch is learnt."""

_UNKNOWN: Final = (float(np.radians(1.5)), float(np.radians(3.0)))  # mean, spread: a phone's
_SPREAD: Final = (float(np.radians(0.7)), float(np.radians(4.0)))  # least and most of a camera
_SHARED: Final = 3.0  # a photo's boxes err together, as by a slope: their mean is no better than so
_CHI2_MEDIAN: Final = 0.455  # median of a squared standard normal deviate

Numbers = npt.NDArray[np.int64]


class Pitches(NamedTuple):
    """How far down the camera looks, in radians, as one value per photo."""

    angle: Floats
    error: Floats
    """Standard deviation."""


def cameras(photos: pd.DataFrame, focal_length: Floats) -> Numbers:
    """Return the number of the camera that took each photo.

    Photos of one camera have the same make and model, size and lens. Without make and model, they
    are in one folder.
    """
    folder = pd.Series([name.rpartition("/")[0] for name in photos["photo_id"]], dtype="str")
    camera = folder.set_axis(photos.index)
    if "camera" in photos:
        named = photos["camera"].notna()
        camera = camera.where(~named, "camera " + photos["camera"].astype("str"))
    keys = photos[["width", "height"]].assign(camera=camera, lens=focal_length)
    numbers = keys.groupby(list(keys), dropna=False, sort=False).ngroup()
    return np.asarray(numbers, dtype=np.int64)


def learn(boxes: Boxes, camera: Numbers) -> Pitches:
    """Return the pitch of each photo. `camera` is the number of the camera of each photo.

    A photo's own estimate is shrunk towards the median of its camera, by how much the photos of
    that camera differ (empirical Bayes, the spread by the method of moments on medians).
    """
    whole = ~boxes.cut_below & ~boxes.cut_above & (boxes.focal > 0) & (boxes.tall > 0)
    used = boxes.chosen(whole)
    level = CAMERA_HEIGHT / by_height(used)  # radians below the horizon
    said, error = level - angle_below(used), HEIGHT_ERROR * level
    mean, spread = _of_cameras(used.photo, said, error, camera)
    weight = np.bincount(used.photo, error**-2, len(camera)) + spread**-2
    total = np.bincount(used.photo, said * error**-2, len(camera)) + mean * spread**-2
    return Pitches(total / weight, np.maximum(weight**-0.5, _SPREAD[0]))


def _of_cameras(
    photo: Numbers, said: Floats, error: Floats, camera: Numbers
) -> tuple[Floats, Floats]:
    """Return the mean pitch of the camera of each photo, and the spread between its photos."""
    boxes = pd.DataFrame({"photo": photo, "camera": camera[photo], "said": said, "error": error})
    number = boxes.groupby("camera").size()
    enough = number.index[number >= ENOUGH]
    boxes = boxes[boxes["camera"].isin(enough)]
    middle = boxes.groupby("camera")["said"].median()
    spread = _spread(boxes, boxes["said"] - boxes["camera"].map(middle))
    count = int(camera.max(initial=-1)) + 1
    means, spreads = (np.full(count, value) for value in _UNKNOWN)
    means[middle.index] = middle
    spreads[spread.index] = spread.clip(*_SPREAD)
    return means[camera], spreads[camera]


def _spread(boxes: pd.DataFrame, off: "pd.Series[float]") -> "pd.Series[float]":
    """Return by camera how much its photos differ in pitch, beyond what their boxes err."""
    weight, square = boxes["error"] ** -2, boxes["error"] ** 2
    sums = pd.DataFrame({"weight": weight, "off": off * weight, "square": square})
    photos = sums.groupby([boxes["camera"], boxes["photo"]]).agg(
        weight=("weight", "sum"), off=("off", "sum"), square=("square", "mean")
    )
    own = np.maximum(1 / photos["weight"], photos["square"] / _SHARED)
    squared = (photos["off"] / photos["weight"]) ** 2
    by_camera = pd.DataFrame({"own": own, "squared": squared}).groupby(level="camera").median()
    between = by_camera["squared"] / _CHI2_MEDIAN - by_camera["own"]
    return between.clip(lower=0) ** 0.5
