"""Bicycles that stand in a street or an area, each place once, as a person would count them.

What was detected there once, over all photos, is multiplied by how many bicycles a person counts
for one that is detected, on the looks of that street. Where nothing is detected there, that ratio
is that of all looks of the survey, whatever street or area they are in. On looks without a detected
bicycle, what the detector missed is added.
"""

import numpy as np
import pandas as pd

from geobike.estimates.donors import Floats
from geobike.estimates.draws import Draws, Sums


def once(
    draws: Draws,
    labels: "pd.Series[str]",
    *,
    found: "pd.Series[float]",
    found_in_all: float,
    detected_once: "pd.Series[float]",
    empty: "pd.Series[bool]",
) -> Sums:
    """Return the bicycles in each group of parts.

    `labels` is as for `Draws.sums`. By group, `found` is the sum of what is detected on its looks,
    `detected_once` that of all its photos with each place once; `found_in_all` is that of all looks
    of the survey; `empty` says by row number which looks show no detected bicycle. NaN where it
    takes a ratio and nothing is detected on any look. Memory is four times draws by groups.
    """
    nothing = empty.to_numpy()[draws.parts["look"]]
    times = pd.Series(~nothing, index=labels.index, dtype=float)
    code, groups = pd.factorize(labels, sort=True)
    every = pd.Series(code, index=labels.index).replace(-1, len(groups))  # last, what has no label
    some, none = (draws.sums(every, times=each) for each in (times, 1 - times))
    by, places = (
        np.asarray(by_group.reindex(groups).fillna(0.0), dtype=np.float64)
        for by_group in (found, detected_once)
    )
    parts = (
        _once(with_some, without[..., : len(groups)], by, places, found_in_all)
        for with_some, without in zip(some[1:], none[1:], strict=True)
    )
    return Sums(pd.Index(groups), *parts)


def _once(some: Floats, none: Floats, found: Floats, places: Floats, found_in_all: float) -> Floats:
    """Return the bicycles by group, of one estimate or of every draw.

    `some` may have more columns than groups: those of looks without a group.
    """
    seen = some[..., : len(found)]
    in_all = some.sum(axis=-1, keepdims=True) / (found_in_all or np.nan)
    ratio = np.divide(seen, found, out=np.broadcast_to(in_all, seen.shape).copy(), where=found > 0)
    takes_ratio = (places > 0) | (seen > 0)
    return np.asarray(np.where(takes_ratio, places * ratio, 0.0) + none, dtype=np.float64)
