"""How often each place was looked at, so that each bicycle counts once without being recognised.

A bicycle that ten photos show is ten boxes, each of which counts a tenth. For that it need not be
known which boxes are the same bicycle, where position and compass err by more than the half metre
between two bicycles in a rack; it is enough to know how many photos have its place in view.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike.counting.ellipsoid import Floats
from geobike.counting.views import Grid, Views

SIGHT: Final = 16.0
"""Metres within which a photo that has a place in view is a look at it."""

REACH: Final = 30.0
"""Metres beyond which no bicycle is placed."""


def looks(views: Views, lon: Floats, lat: Floats, distance: Floats) -> tuple[Floats, Floats]:
    """Return for each bicycle the looks at its place, and the weight with which it counts once.

    `distance` is that of each bicycle from its camera in metres. Looks are photos that have its
    place in view within 16 m; for a bicycle farther off, within 30 m. The weight is 1 / looks, but
    0 for a bicycle farther than 16 m where a nearer photo looked: what stands there, it counted.
    """
    near = distance <= SIGHT
    poses, times = _poses(views)
    number = Grid(poses, SIGHT).count(lon, lat, times)
    covered = number > 0
    number[~near] = Grid(poses, REACH).count(lon[~near], lat[~near], times)
    number = np.maximum(number, 1)  # the photo that shows it, whatever rounding says
    return number, np.where(near | ~covered, 1 / number, 0)


def _poses(views: Views) -> tuple[Views, npt.NDArray[np.float64]]:
    """Return the views that differ, and how often each was taken.

    Headings count to the degree. So a camera that stays in its place, or a receiver that hangs, is
    at most 360 views of a lens, not one for each of thousands of photos.
    """
    rounded = views._replace(heading=np.round(views.heading))
    keys = pd.DataFrame(
        {name: getattr(rounded, name) for name in ("lon", "lat", "heading", "half")}
    )
    groups = keys.groupby(list(keys), dropna=False, sort=False)
    number = groups.ngroup().to_numpy()
    first = np.flatnonzero(~pd.Series(number).duplicated().to_numpy())
    return rounded.chosen(first), np.bincount(number).astype(float)
