"""Which bicycles are ridden: those with a person on them.

A person rides a bicycle where their box is above it, does not reach below it, and overlaps it. A
passer-by in front of a rack reaches the ground; and one person rides one bicycle.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

PERSON_SCORE: Final = 0.3  # least score of a person
_ASIDE: Final = 0.1  # of the bicycle's width, by which the rider's middle may be beside it
_ABOVE: Final = 0.25  # of the person's height that must be above the bicycle
_BELOW: Final = 0.1  # of the bicycle's height by which the rider may reach below it
_SHARED: Final = 0.2  # of the person's area that must be in the bicycle's box
_TALL: Final = 0.5  # of the bicycle's height: a smaller person is far behind it

_SIDES: Final = ["xmin", "ymin", "xmax", "ymax"]
_PAIRS: Final = 2_000_000  # of a bicycle and a person that are looked at together

_Rows = npt.NDArray[np.intp]


def ridden(bicycles: pd.DataFrame, persons: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return for each bicycle whether a person rides it.

    Both frames have `photo`, a number, and the sides of boxes in pixels; a photo's boxes may be in
    any rows. Persons who score less than 0.3 are for the caller to leave out.

    Examples:
        >>> import pandas as pd
        >>> sides = ["photo", "xmin", "ymin", "xmax", "ymax"]
        >>> two = pd.DataFrame([[1, 100, 200, 200, 260], [1, 300, 200, 400, 260]], columns=sides)
        >>> rider_and_walker = pd.DataFrame(
        ...     [[1, 120, 130, 170, 250], [1, 320, 130, 370, 290]], columns=sides
        ... )
        >>> ridden(two, rider_and_walker).tolist()
        [True, False]
    """
    out = np.zeros(len(bicycles), dtype=bool)
    crowded = _crowded(bicycles, persons)
    for part in crowded:
        some = np.flatnonzero(np.isin(bicycles["photo"].to_numpy(), part))
        them = persons[persons["photo"].isin(part)]
        out[some] = _ridden(bicycles.iloc[some], them)
    return out


def _crowded(bicycles: pd.DataFrame, persons: pd.DataFrame) -> list[npt.NDArray[Any]]:
    """Return photos with both, in parts with a bounded number of pairs."""
    both = pd.concat(
        [bicycles["photo"].value_counts(), persons["photo"].value_counts()], axis=1, join="inner"
    )
    pairs = both.prod(axis=1).cumsum()
    return [group.index.to_numpy() for _, group in both.groupby(pairs // _PAIRS)]


def _ridden(bicycles: pd.DataFrame, persons: pd.DataFrame) -> npt.NDArray[np.bool_]:
    numbered = [
        frame[["photo", *_SIDES]].assign(row=np.arange(len(frame))) for frame in (bicycles, persons)
    ]
    pairs = numbered[0].merge(numbered[1], on="photo", suffixes=("", "_p"))
    share = _share(pairs)
    fits = _fits(pairs) & (share >= _SHARED)
    best = np.argsort(-share[fits], kind="stable")
    bicycle, person = (pairs.loc[fits, name].to_numpy()[best] for name in ("row", "row_p"))
    out = np.zeros(len(bicycles), dtype=bool)
    while len(bicycle):  # the best pair of both its bicycle and its person is one of the riders
        first = _is_first(bicycle) & _is_first(person)
        out[bicycle[first]] = True
        left = ~(np.isin(bicycle, bicycle[first]) | np.isin(person, person[first]))
        bicycle, person = bicycle[left], person[left]
    return out


def _fits(pairs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    width, height = pairs["xmax"] - pairs["xmin"], pairs["ymax"] - pairs["ymin"]
    middle = (pairs["xmin_p"] + pairs["xmax_p"]) / 2
    over = middle.between(pairs["xmin"] - _ASIDE * width, pairs["xmax"] + _ASIDE * width)
    above = pairs["ymin"] - pairs["ymin_p"] >= _ABOVE * (pairs["ymax_p"] - pairs["ymin_p"])
    tall = pairs["ymax_p"] - pairs["ymin_p"] >= _TALL * height
    below = pairs["ymax_p"] > pairs["ymax"] + _BELOW * height
    fits: npt.NDArray[np.bool_] = (over & above & tall & ~below).to_numpy()
    return fits


def _share(pairs: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the share of each person's area that is in the bicycle's box."""
    sides = {}
    for axis in "xy":
        high = np.minimum(pairs[f"{axis}max"], pairs[f"{axis}max_p"])
        low = np.maximum(pairs[f"{axis}min"], pairs[f"{axis}min_p"])
        sides[axis] = np.maximum(high - low, 0)
    area = (pairs["xmax_p"] - pairs["xmin_p"]) * (pairs["ymax_p"] - pairs["ymin_p"])
    share: pd.Series[float] = sides["x"] * sides["y"] / area.where(area > 0)
    return np.asarray(share.fillna(0.0), dtype=np.float64)


def _is_first(rows: _Rows) -> npt.NDArray[np.bool_]:
    return ~pd.Series(rows).duplicated().to_numpy()
