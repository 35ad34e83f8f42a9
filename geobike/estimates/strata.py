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

LISTED: Final = slice(2, None)
"""The strata that are listed photo by photo; those before them are seen on contact sheets."""

_MOST: Final = (0, 2, 5, 10)  # found on a look of each stratum but the last
_ALONE: Final = 6  # hand counts of a stratum that stands alone; of fewer none is known well


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


def describe(looks: pd.DataFrame, bicycles: "pd.Series[float]") -> pd.DataFrame:
    """Return, by the names of the strata, what was found and what was counted by hand.

    `looks` is a looks frame, `bicycles` the hand counts on its index, NA where there is none.
    Columns: `looks` and `hand_counted`, numbers of looks; `mean_detected` of all of them;
    `mean_bicycles` of those that were counted by hand.
    """
    stratum = codes(looks["bicycle_count"])
    number = np.bincount(stratum, minlength=len(NAMES))
    known = bicycles.notna().to_numpy()
    counted = np.bincount(stratum[known], minlength=len(NAMES))
    found = np.bincount(stratum, looks["bicycle_count"].to_numpy(dtype=float), minlength=len(NAMES))
    by_hand = np.bincount(stratum[known], bicycles[known].to_numpy(), minlength=len(NAMES))
    with np.errstate(invalid="ignore"):
        means = {"mean_detected": found / number, "mean_bicycles": by_hand / counted}
    return pd.DataFrame(
        {"looks": number, "hand_counted": counted, **means},
        index=pd.Index(NAMES, name="stratum"),
    )


def merge(described: pd.DataFrame) -> list[list[int]]:
    """Return the numbers of the strata that are estimated together.

    A stratum with fewer than 6 hand counts joins the next higher one, the highest the one below.
    Looks without a detected bicycle stay apart: there the number of bicycles is estimated,
    elsewhere its ratio to what the detector found.
    """
    looks, counted = described["looks"].to_numpy(), described["hand_counted"].to_numpy()
    pools: list[list[int]] = []
    pool: list[int] = []
    for stratum in range(1, len(NAMES)):
        pool.append(stratum)
        if counted[pool].sum() >= min(_ALONE, looks[pool].sum()):
            pools.append(pool)
            pool = []
    if pool:
        pools[-1:] = [pools[-1] + pool] if pools else [pool]
    return [[0], *pools]


_LIST: Final = 30  # photos of the shortest list
_SHEET: Final = 60  # photos of a contact sheet
_JUDGED: Final = 0.9  # of them that can be judged, at least
_WHOLE: Final = 60  # photos of the list without which the whole survey has no range


def lacking(described: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return what is missing for an estimate, and what else is missing for its range.

    The least that the method was shown to hold with: 30 listed photos and one contact sheet of 60,
    of which a tenth may be photos that cannot be judged; or all looks where there are fewer.
    """
    least = [
        _lack(described.iloc[:1], _ALONE, "looks without a detected bicycle"),
        _lack(described.iloc[1:], _ALONE, "looks with detected bicycles"),
    ]
    ranges = [
        _lack(described.iloc[LISTED], _LIST * _JUDGED, "looks with 3 detected bicycles or more"),
        _lack(described.iloc[: LISTED.start], _SHEET * _JUDGED, "looks with 0 to 2"),
    ]
    return [text for text in least if text], [text for text in ranges if text]


def lacking_for_whole(described: pd.DataFrame) -> str:
    """Return what is missing for the range of the whole survey; empty where nothing is."""
    listed = "looks with 3 detected bicycles or more"
    return _lack(described.iloc[LISTED], _WHOLE * _JUDGED, listed)


def _lack(some: pd.DataFrame, least: float, named: str) -> str:
    looks, counted = int(some["looks"].sum()), int(some["hand_counted"].sum())
    wanted = min(looks, int(np.ceil(least)))
    return "" if counted >= wanted else f"{counted} of {looks} {named} counted, {wanted} needed"
