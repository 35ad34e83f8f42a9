"""Strata: looks grouped by what the detector found on them, from which hand counts are drawn.

Where the detector found nothing, a glance tells; where it found eleven, it often missed a rack. So
each group is drawn from, and estimated, by itself.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema

NAMES: Final = ("0", "1-2", "3-5", "6-10", "11+")
"""Names of the strata, which say how many bicycles the detector found."""

_MOST: Final = (0, 2, 5, 10)  # found on a look of each stratum but the last


def codes(bicycle_count: "pd.Series[Any]") -> npt.NDArray[np.intp]:
    """Return the number of the stratum of each count: its place in `NAMES`."""
    return np.searchsorted(_MOST, bicycle_count.to_numpy(dtype=float))


def of(bicycle_count: "pd.Series[Any]") -> "pd.Series[str]":
    """Return the name of the stratum of each count.

    Examples:
        >>> import pandas as pd
        >>> from geobike.estimates import strata
        >>> strata.of(pd.Series([0, 2, 3, 40])).tolist()
        ['0', '1-2', '3-5', '11+']
    """
    names = np.array(NAMES, dtype=object)[codes(bicycle_count)]
    return pd.Series(names, index=bicycle_count.index, dtype=schema.TEXT)
