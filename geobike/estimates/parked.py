"""Bicycles that stand in a street or an area, each place once, as a person would count them.

What was detected there once, over all photos, is multiplied by how many bicycles a person counts
for one that is detected. The looks that people count are a sample of the photos: where a car took
one every 5 m they are a fifth, and the ratio of one street's looks may rest on four boxes. So only
what was detected on the looks takes their own ratio. What was detected on other photos takes one
that is drawn towards that of all looks, as Poisson counts and ratios with a gamma distribution have
it (Clayton & Kaldor 1987). On looks without a detected bicycle, what the detector missed is added.
The kerb that no photo has in view is taken to be as full as the rest.

The draws also hold what is not known where every look was counted: the ratio on other photos; how
much more or less stands along a kerb than its photos show (`HIDDEN`); and chance, for what stands
there is a whole number, with the variance of a Poisson distribution.
"""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from geobike.estimates.donors import Floats
from geobike.estimates.draws import Draws, Sums

HIDDEN: Final = 0.2
"""Standard deviation, over surveys, of the logarithm of what stands along a kerb by what its photos
show: bicycles behind cars and each other, those that count twice, and those of other streets. From
simulated streets (`docs/accuracy.md`)."""

SEEN: Final = ("found", "detected_once", "on_looks", "kerb")

_COMMON, _OWN, _WHOLE = range(100, 103)
"""Generators: chance of the survey, of groups, of whole numbers. Those of pools have lower ones."""


def once(
    draws: Draws,
    labels: "pd.Series[str]",
    *,
    seen: pd.DataFrame,
    found_in_all: float,
    empty: "pd.Series[bool]",
    spread: float,
) -> Sums:
    """Return the bicycles in each group of parts.

    `labels` is as for `Draws.sums`. `seen` has a row for each group and the columns `SEEN`: what is
    detected on its looks, on all its photos with each place once, how much of that on its looks,
    and the share of the kerb in view. `found_in_all` is what is detected on all looks of the
    survey; `empty` says by row number which looks show no detected bicycle. `spread` is the
    coefficient of variation of the ratio over groups.

    NaN where it takes a ratio and nothing is detected on any look, and where the kerb is not known.
    Memory is eight times draws by groups.
    """
    nothing = empty.to_numpy()[draws.parts["look"]]
    times = pd.Series(~nothing, index=labels.index, dtype=float)
    code, groups = pd.factorize(labels, sort=True)
    every = pd.Series(code, index=labels.index).replace(-1, len(groups))  # last, what has no label
    some, none = (draws.sums(every, times=each) for each in (times, 1 - times))
    table = seen.reindex(groups)
    shown = _Seen(found_in_all, spread, *(table[name].to_numpy(dtype=float) for name in SEEN))
    chance = _chance(draws, some.estimate, len(groups), spread)
    estimate, low, high = (
        shown.parked(with_some, without[..., : len(groups)], by_chance)
        for with_some, without, by_chance in zip(
            some[1:], none[1:], (_CERTAIN, chance, chance), strict=True
        )
    )
    return Sums(pd.Index(groups), estimate, *_whole(low, high, _rng(draws, _WHOLE)))


class _Chance(NamedTuple):
    """Factors with a mean of 1, draws by groups or by 1."""

    of_all: Floats
    """Of the ratio of all looks."""
    of_ratio: Floats
    """Of the ratio of each group on photos that are no looks."""
    hidden: Floats


_CERTAIN: Final = _Chance(*3 * (np.ones(1),))


class _Seen(NamedTuple):
    """What is known of each group."""

    found_in_all: float
    spread: float
    found: Floats
    places: Floats
    on_looks: Floats
    kerb: Floats

    def parked(self, some: Floats, none: Floats, chance: _Chance) -> Floats:
        """Return the bicycles by group, of one estimate or of every draw.

        `some` are those that people count on looks with detected bicycles, `none` those on others.
        `some` may have more columns than groups: those of looks without a group.
        """
        on_looks = some[..., : len(self.found)]
        in_all = some.sum(axis=-1, keepdims=True) / (self.found_in_all or np.nan) * chance.of_all
        whole = np.broadcast_to(in_all, on_looks.shape).copy()
        own = np.divide(on_looks, self.found, out=whole, where=self.found > 0)
        expected = self.spread**2 * in_all * self.found  # by 1 / cv², as the prior weighs
        other = in_all + (own - in_all) * expected / (1 + expected)
        number = self.on_looks * own + (self.places - self.on_looks) * other * chance.of_ratio
        takes_ratio = (self.places > 0) | (on_looks > 0)
        kerb = np.where(self.kerb > 0, self.kerb, np.nan)
        return (np.where(takes_ratio, number, 0.0) + none) / kerb * chance.hidden


def _chance(draws: Draws, some: Floats, groups: int, spread: float) -> _Chance:
    """Return what chance makes of ratios; `some` is as many bicycles as they rest on, by group."""
    common, own = _rng(draws, _COMMON), _rng(draws, _OWN)
    count = len(draws.factor)
    hidden = np.exp(HIDDEN * common.standard_normal((count, 1)))
    of_all = _gammas(common, np.array([some.sum()]), count)
    of_ratio = np.ones((count, groups))
    if spread > 0:
        of_ratio = _gammas(own, some[:groups] + 1 / spread**2, count)
    return _Chance(of_all, of_ratio, hidden)


def _gammas(rng: np.random.Generator, shape: Floats, count: int) -> Floats:
    least = np.maximum(shape, 1.0)
    return rng.gamma(least, size=(count, len(shape))) / least


def _whole(low: Floats, high: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return whole numbers of these means, those of `high` never below those of `low`."""
    known = ~np.isnan(low)
    least = np.where(known, rng.poisson(np.where(known, low, 0.0)), np.nan)
    more = rng.poisson(np.where(known, np.maximum(high - low, 0.0), 0.0))
    return least, least + more


def _rng(draws: Draws, number: int) -> np.random.Generator:
    """Return the same chance in every call, so that streets and areas share that of the survey."""
    key = (*draws.seed.spawn_key, number)
    return np.random.default_rng(np.random.SeedSequence(draws.seed.entropy, spawn_key=key))
