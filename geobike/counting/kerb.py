"""Kerb in view: how much of the ground beside each street its photos show well enough to count.

A stop covers its street for 25 m either way, which is enough for a rate. A sum, such as the
bicycles that the racks of a street must hold, lacks what no photo shows. So here the ground itself
is asked: whether a photo has it in view, near enough for bicycles to be found on it, and not along
the row in which they stand, where each hides the next.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike.counting.arrays import Flags, Floats
from geobike.counting.ellipsoid import metres_per_degree, moved
from geobike.counting.views import Grid, Views
from geobike.streets import Network

REACH: Final = 15.0  # metres: beyond, a detector found one bicycle in ten of the drive's
ASLANT: Final = 15.0
"""Degrees from the street: who looks along a rack sees its first bicycle. In simulated streets that
people walked with a phone, 98 of 113 ranges of pressure held without this; all others were low."""

BESIDE: Final = (4.0, 6.0, 8.0)  # metres from the centre line: the ground where bicycles stand

_Rows = npt.NDArray[np.intp]


class Kerb(NamedTuple):
    """Shares of the kerb in view, from 0 to 1; NA where no photo there says where it looks."""

    streets: "pd.Series[float]"
    """On the index of the network's streets."""
    areas: "pd.Series[float]"
    """By `area_id`; NA too where an area has no street."""


def in_view(network: Network, seen: Views, street: _Rows, area_ids: "pd.Series[str]") -> Kerb:
    """Return the share of the kerb of each street and area that photos have in view.

    The kerb is the ground 4 to 8 m on both sides of the centre line. It is in view within 15 m and
    the angle of view of a photo whose stop is on that street, 15 degrees or more from the street:
    as bicycles count in the street of the stop that shows them, so does the ground. What stands
    before it is not known. A photo without a direction shows nothing for certain. `street` is the
    row of the street of each view, -1 for none; `area_ids` are those that the network was built
    with, in order.

    Examples:
        A street of 100 m, and a photo in its middle that looks all around. Of the ground 4 m from
        the centre line it shows 29 m on each side, of that 8 m from it 25 m.

        >>> import geopandas as gpd
        >>> import numpy as np
        >>> from geobike import schema, streets
        >>> from geobike.counting import kerb, views
        >>> from shapely import LineString, box
        >>> line = LineString([(4.36, 52.0), (4.36, 52.0009)])
        >>> lines = gpd.GeoDataFrame({"name": ["Dam"]}, geometry=[line], crs=schema.CRS)
        >>> names = {"area_id": ["1"], "name": ["Centre"], "area_km2": [1.5]}
        >>> areas = schema.geotable(schema.AREAS, names, [box(4.35, 51.99, 4.37, 52.02)])
        >>> network = streets.build(lines, areas, lambda lon, lat: np.zeros(len(lon), dtype=int))
        >>> sphere = {"heading": [0], "width": [2048], "height": [1024], "turn_px": [2048.0]}
        >>> photos = schema.geotable(schema.PHOTOS, sphere, schema.points([4.36], [52.00045]))
        >>> photos["horizon_px"] = 512.0
        >>> shown = kerb.in_view(network, views.views(photos), np.array([0]), areas["area_id"])
        >>> shown.areas.round(1).to_dict()
        {'1': 0.3}
    """
    shown = _shown(network, seen, street)
    steps, count = network.steps, len(area_ids) + 1  # outside becomes last
    sides = np.concatenate([steps["left"], steps["right"]]) % count
    of_street = steps["street"].to_numpy()
    length = np.tile(steps["length_m"], 2)
    number = len(network.streets)
    looking = ~np.isnan(seen.half)
    blind = np.bincount(street[street >= 0], minlength=number) > 0
    blind &= np.bincount(street[(street >= 0) & looking], minlength=number) == 0
    streets = _share(np.tile(of_street, 2), length, shown, number)
    of_area = _share(sides, length, shown, count)[:-1]
    # Where photos may have looked anywhere, nothing in view for certain is no share of 0.
    unsure = np.bincount(sides, np.tile(blind[of_street], 2), count)[:-1] > 0
    return Kerb(
        pd.Series(np.where(blind, np.nan, streets), index=network.streets.index),
        pd.Series(np.where(unsure & (of_area == 0), np.nan, of_area), index=area_ids.array),
    )


def _share(group: _Rows, length: Floats, shown: Floats, number: int) -> Floats:
    with np.errstate(invalid="ignore"):  # NaN: no street
        return np.bincount(group, length * shown, number) / np.bincount(group, length, number)


def _shown(network: Network, seen: Views, street: _Rows) -> Floats:
    """Return the share in view of the left side of each step, then of the right sides."""
    poses = pd.DataFrame({"heading": np.round(seen.heading), "street": street})
    poses = poses.assign(lon=seen.lon, lat=seen.lat, half=seen.half)
    one = np.flatnonzero((street >= 0) & ~poses.duplicated().to_numpy())  # a camera may stay
    street, grid = street[one], Grid(seen.chosen(one), REACH)
    steps = network.steps
    chosen = np.flatnonzero(np.isin(steps["street"], street))
    lon, lat, bearing, of_step = (
        steps[name].to_numpy()[chosen] for name in ("lon", "lat", "bearing", "street")
    )
    out = np.zeros((2, len(steps)))
    for side, turn in enumerate((-90.0, 90.0)):
        for metres in BESIDE:
            inside = np.zeros(len(chosen), dtype=bool)
            x, y = moved(lon, lat, bearing + turn, np.array(metres))
            for pairs in grid.pairs(x, y):
                place = pairs.places[pairs.place]
                near = (pairs.inside >= 0) & (street[pairs.view] == of_step[place])
                near &= _aslant(seen, one[pairs.view], x[place], y[place], bearing[place])
                inside[place[near]] = True
            out[side, chosen] += inside / len(BESIDE)
    return out.ravel()


def _aslant(seen: Views, view: _Rows, lon: Floats, lat: Floats, bearing: Floats) -> Flags:
    """Return whether each view looks at its place from the side of a street with this bearing."""
    east, north = metres_per_degree(lat)
    east, north = _turn(lon - seen.lon[view]) * east, (lat - seen.lat[view]) * north
    along = np.radians(bearing)
    across = np.abs(east * np.cos(along) - north * np.sin(along))
    return np.asarray(across >= np.sin(np.radians(ASLANT)) * np.hypot(east, north))


def _turn(degrees: Floats) -> Floats:
    """Return the same over the line of 180 degrees."""
    return np.asarray((degrees + 180) % 360 - 180)
