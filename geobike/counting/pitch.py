"""How far down each camera looks, learnt from its own boxes.

A box tells the pitch: at the distance that its height gives, its wheels are so many degrees below
the horizon; the rest of the angle in the photo is the camera's tilt. One box tells it badly, the
many boxes of a camera well. They also tell whether the camera is fixed to a car, with one pitch for
all photos, or held by hand, with one for each. A camera height other than the one assumed becomes a
pitch, and does little harm.
"""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from geobike.counting.arrays import Floats, Numbers
from geobike.counting.distance import (
    CAMERA_HEIGHT,
    HEIGHT_ERROR,
    Boxes,
    angle_below,
    by_height,
)

ENOUGH: Final = 30
"""Boxes of a camera from which its pitch is learnt."""

_UNKNOWN: Final = (float(np.radians(1.5)), float(np.radians(3.0)))  # mean, spread: a phone's
_SPREAD: Final = (float(np.radians(0.7)), float(np.radians(4.0)))  # least and most of a camera
_SHARED: Final = 3.0  # a photo's boxes err together, as by a slope: their mean is no better than so
_CHI2_MEDIAN: Final = 0.455  # median of a squared standard normal deviate

_FILE: Final = r"[^/]*$"


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
    unnamed = photos["camera"].isna() if "camera" in photos else pd.Series(True, photos.index)
    camera = photos["camera"].copy() if "camera" in photos else photos["photo_id"].copy()
    # A folder ends with a slash, and so differs from the name of a camera.
    camera[unnamed] = photos.loc[unnamed, "photo_id"].str.replace(_FILE, "", regex=True)
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
    # Radians below the horizon, for small angles; HEIGHT was measured with this formula.
    level = CAMERA_HEIGHT / by_height(used)
    said, error = level - angle_below(used), HEIGHT_ERROR * level
    mean, spread = _of_cameras(used.photo, said, error, camera)
    weight = np.bincount(used.photo, error**-2, len(camera)) + spread**-2
    total = np.bincount(used.photo, said * error**-2, len(camera)) + mean * spread**-2
    return Pitches(total / weight, np.maximum(weight**-0.5, _SPREAD[0]))


def _of_cameras(
    photo: Numbers, said: Floats, error: Floats, camera: Numbers
) -> tuple[Floats, Floats]:
    """Return the mean pitch of the camera of each photo, and the spread between its photos."""
    count = int(camera.max(initial=-1)) + 1
    enough = np.bincount(camera[photo], minlength=count) >= ENOUGH
    middle = np.where(enough, _medians(said, camera[photo], count), _UNKNOWN[0])
    photos = len(camera)
    with np.errstate(divide="ignore", invalid="ignore"):  # photos without a box give NaN
        weight = np.bincount(photo, error**-2, photos)
        off = np.bincount(photo, said * error**-2, photos) / weight - middle[camera]
        square = np.bincount(photo, error**2, photos) / np.bincount(photo, minlength=photos)
        own = np.maximum(1 / weight, square / _SHARED)
    between = _medians(off**2, camera, count) / _CHI2_MEDIAN - _medians(own, camera, count)
    spread = np.clip(np.sqrt(np.maximum(between, 0)), *_SPREAD)
    return middle[camera], np.where(enough, spread, _UNKNOWN[1])[camera]


def _medians(values: Floats, group: Numbers, count: int) -> Floats:
    """Return the median of the values of each group but NaN; NaN for a group without any."""
    out = np.full(count, np.nan)
    medians = pd.Series(values).groupby(group).median()
    out[medians.index] = medians
    return out
