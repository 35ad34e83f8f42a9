"""Bicycles that stand in a street or an area, each place once, as a person would count them.

What was detected there once, over all photos, is multiplied by how many bicycles a person counts
for one that is detected, on the looks of that street. Where nothing is detected there, that ratio
is the whole survey's. On looks without a detected bicycle, what the detector missed is added.
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
    detected_once: "pd.Series[float]",
    empty: "pd.Series[bool]",
) -> Sums:
    """Return the bicycles in each group of parts.

    `labels` is as for `Draws.sums`. By group, `found` is the sum of what is detected on its looks,
    `detected_once` that of all its photos with each place once; `empty` says by row number which
    looks show no detected bicycle. Memory is four times draws by groups.
    """
    nothing = empty.to_numpy()[draws.parts["look"]]
    times = pd.Series(~nothing, index=labels.index, dtype=float)
    some, none = draws.sums(labels, times=times), draws.sums(labels, times=1 - times)
    by, places = (
        np.asarray(by_group.reindex(some.groups).fillna(0.0), dtype=np.float64)
        for by_group in (found, detected_once)
    )
    parts = (
        _once(with_some, without, by, places)
        for with_some, without in zip(some[1:], none[1:], strict=True)
    )
    return Sums(some.groups, *parts)


def _once(some: Floats, none: Floats, found: Floats, places: Floats) -> Floats:
    """Return the bicycles by group, of one estimate or of every draw."""
    every = some.sum(axis=-1, keepdims=True) / max(float(found.sum()), 1e-9)
    ratio = np.divide(some, found, out=np.broadcast_to(every, some.shape).copy(), where=found > 0)
    return np.asarray(places * ratio + none, dtype=np.float64)
