"""How often each place was looked at, so that each bicycle counts once without being recognised.

A bicycle that ten photos show is ten boxes, each of which counts a tenth. For that it need not be
known which boxes are the same bicycle, where position and compass err by more than the half metre
between two bicycles in a rack; it is enough to know how many photos have its place in view.

Photos of one pass err together, so that they agree on what they have in view. Photos of another day
err otherwise: whether one of them had a place near the edge of its view is not known, and it counts
in part. Were it counted as said, chance would put too few looks at some places and too many at
others, and the few weigh more in a sum of 1 / looks.
"""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from geobike.counting.arrays import Flags, Floats, Numbers
from geobike.counting.views import PASS, Grid, Views

SIGHT: Final = 16.0
"""Metres within which a photo that has a place in view is a look at it."""

REACH: Final = 30.0
"""Metres beyond which no bicycle is placed."""

_BLUR: Final = 1 / 3
"""Of the likely error between a place and a photo of another pass: the half width of the edge of
its view. With that, simulated streets that are passed again give what exact positions give."""

_MOST: Final = 8.0  # metres of that half width: half of what a photo shows


class Standing(NamedTuple):
    """Where bicycles stand, as one value per bicycle."""

    photo: Numbers
    """Row of its photo."""
    lon: Floats
    lat: Floats
    distance: Floats
    """Metres from its camera."""
    error: Floats
    """Likely error of its place in metres."""

    def chosen(self, rows: Flags) -> "Standing":
        """Return some of the bicycles."""
        return Standing(self.photo[rows], *(values[rows] for values in self[1:]))


def looks(views: Views, bicycles: Standing) -> tuple[Floats, Floats]:
    """Return for each bicycle the looks at its place, and the weight with which it counts once.

    Looks are photos that have its place in view within 16 m; for a bicycle farther off, within
    30 m. One of another pass counts in part near the edge of its view, half at the edge. The weight
    is 1 / looks, but for a bicycle farther than 16 m 0 where a nearer photo looked, for that
    counted what stands there, and less where one looked in part.
    """
    far = bicycles.distance > SIGHT
    poses = _poses(views)
    number = _count(poses, bicycles, views.minute, SIGHT)
    nearer = number[far]
    number[far] = _count(poses, bicycles.chosen(far), views.minute, REACH)
    np.maximum(number, 1, out=number)  # the photo that shows it, whatever rounding says
    weight = 1 / number
    weight[far] *= np.maximum(1 - nearer, 0)
    return number, weight


class _Poses(NamedTuple):
    """The views that differ."""

    views: Views
    times: Floats
    """How often each was taken."""
    first: Floats
    """Minute in which it was taken first, NaN where not known."""
    last: Floats


def _poses(views: Views) -> _Poses:
    """Return the views that differ, and how often each was taken.

    Headings count to the degree. So a camera that stays in its place, or a receiver that hangs, is
    at most 360 views of a lens, not one for each of thousands of photos.
    """
    rounded = views._replace(heading=np.round(views.heading))
    keys = pd.DataFrame(
        {name: getattr(rounded, name) for name in ("lon", "lat", "heading", "half", "error")}
    )
    groups = keys.groupby(list(keys), dropna=False, sort=False)
    number = groups.ngroup().to_numpy()
    one = np.flatnonzero(~pd.Series(number).duplicated().to_numpy())
    minutes = pd.Series(views.minute).groupby(number).agg(["min", "max"])
    times = np.bincount(number).astype(float)
    return _Poses(rounded.chosen(one), times, *(minutes[name].to_numpy() for name in minutes))


def _count(poses: _Poses, bicycles: Standing, minute: Floats, reach: float) -> Floats:
    """Return the looks at each place within reach; `minute` is that of each photo."""
    widest = _BLUR * np.hypot(bicycles.error.max(initial=0), poses.views.error.max(initial=0))
    out = np.zeros(len(bicycles.lon))
    grid = Grid(poses.views, reach, margin=float(min(widest, _MOST)))
    for pairs in grid.pairs(bicycles.lon, bicycles.lat):
        place, view = pairs.places[pairs.place], pairs.view
        own = minute[bicycles.photo[place]]
        # Never where a time is NaN: that may be the same pass.
        other = (own < poses.first[view] - PASS) | (own > poses.last[view] + PASS)
        blur = _BLUR * np.hypot(bicycles.error[place], poses.views.error[view])
        blur = np.where(other, np.clip(blur, 1e-6, _MOST), 1e-6)
        part = np.clip(0.5 + pairs.inside / (2 * blur), 0, 1) * poses.times[view]
        out[pairs.places] += np.bincount(pairs.place, part, len(pairs.places))
    return out
