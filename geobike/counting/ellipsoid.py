"""Metres and degrees on the WGS 84 ellipsoid, for the tens of metres that a photo shows."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geobike.counting.arrays import Floats

_RADIUS: Final = 6_378_137.0  # of the equator, metres
_SQUARED: Final = 0.0066943799901413165  # eccentricity²
_POLE: Final = 89.999  # degrees; beyond, a degree of longitude is too short to divide by

DEGREE: Final = 110_574.0
"""Metres of a degree of latitude at the equator; nowhere is one shorter."""


def metres_per_degree(lat: Floats) -> tuple[Floats, Floats]:
    """Return the metres of a degree eastward and northward at latitudes in degrees.

    From the radii of curvature in the prime vertical and in the meridian (Snyder 1987, USGS
    Professional Paper 1395, formulas 4-20 and 4-18).

    >>> import numpy as np
    >>> [one.round(1).tolist() for one in metres_per_degree(np.array([0.0, 52.0]))]
    [[111319.5, 68678.0], [110574.3, 111267.4]]
    """
    phi = np.radians(np.clip(lat, -_POLE, _POLE))
    root = np.sqrt(1 - _SQUARED * np.sin(phi) ** 2)
    east: npt.NDArray[Any] = np.radians(_RADIUS / root * np.cos(phi))
    north: npt.NDArray[Any] = np.radians(_RADIUS * (1 - _SQUARED) / root**3)
    return east, north


def moved(lon: Floats, lat: Floats, bearing: Floats, distance: Floats) -> tuple[Floats, Floats]:
    """Return the longitudes and latitudes at a bearing in degrees and a distance in metres.

    For at most some hundred metres: it takes the ellipsoid for a plane, which is within 1 mm of
    the geodesic at 30 m up to 85 degrees of latitude.
    """
    east, north = metres_per_degree(lat)
    angle = np.radians(bearing)
    x = lon + distance * np.sin(angle) / east
    return (x + 180) % 360 - 180, lat + distance * np.cos(angle) / north
