"""Cells of the ground as wide as a reach: what is within reach lies in one of the nine around.

Rows of cells are bands of latitude; the columns of a band are at least as wide as the reach there.
So they serve any place on earth, without a projection that fits one city only.
"""

import numpy as np

from geobike.counting.arrays import Floats, Numbers
from geobike.counting.ellipsoid import DEGREE, metres_per_degree


def bands(lat: Floats, reach: float) -> Numbers:
    """Return the number of the band at each latitude in degrees; `reach` is in metres."""
    return np.floor(lat * (DEGREE / reach)).astype(np.int64)


def numbers(lon: Floats, band: Numbers, reach: float) -> Numbers:
    """Return the number of the cell at each longitude in a band; its neighbours' are one off.

    A column is as wide as the reach where the band is nearest to a pole, and wider elsewhere.
    """
    edge = np.maximum(np.abs(band), np.abs(band + 1)) * (reach / DEGREE)
    column = np.floor(lon * (metres_per_degree(edge)[0] / reach)).astype(np.int64)
    return (band << 32) + column


def crosses(lon: Floats) -> bool:
    """Tell whether places lie on both sides of the antimeridian: `lon % 360` joins these."""
    return bool(len(lon)) and float(np.ptp(lon)) > 180
