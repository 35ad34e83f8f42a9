"""Ranges from hand counts: draws of what a person would have counted on every look.

The estimate is a separate ratio estimator by strata (Cochran 1977, chapter 6): a look that nobody
counted has the mean of the counted ones where the detector found nothing, else what the detector
found times the ratio of counted to found bicycles in its stratum. A look that was counted has its
count.

The range comes from draws (`donors`). In each, an area's uncounted part is multiplied by a factor
of its own, for racks, light and trees differ by area, and sixty counts cannot tell how. The upper
end supposes that a rack may stand where the detector saw nothing and no hand count met it, the
lower end that there is none. All figures are sums over the same draws, so that areas, streets and
the whole survey never contradict each other, and nothing depends on the order of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.config import AREA_SPREAD
from geobike.errors import InputError
from geobike.estimates import donors, strata
from geobike.estimates.donors import Floats, Pool, Rows

DRAWS: Final = 2000
DRAWN: Final = ("list", "sheet")
"""Origins of hand counts that chance chose. A person's own choice says nothing of other looks."""

_ENDS: Final = (0.025, 0.975)


class Sums(NamedTuple):
    """Bicycles in groups of parts, such as areas."""

    groups: "pd.Index[Any]"
    estimate: Floats
    """Best estimate by group."""
    low: Floats
    """Draws by groups, without an unseen rack; differences and ranks are read from these."""
    high: Floats
    """The same draws, in which a rack may be unseen."""

    def ends(self) -> tuple[Floats, Floats]:
        """Return the ends of the 95 % range by group."""
        low = np.quantile(self.low, _ENDS[0], axis=0)
        return low, np.maximum(np.quantile(self.high, _ENDS[1], axis=0), low)


@dataclass(frozen=True)
class Draws:
    """What may stand on every look, given the hand counts; `sums` adds it up by any grouping."""

    parts: pd.DataFrame
    """What areas get of each look: as `parts.share_out` returns it."""
    counted: Rows
    """Row numbers of the looks that were counted by hand."""
    bicycles: Floats
    """Their counts, draws by looks: a range that a person gave differs from draw to draw."""
    expected: Floats
    """Of every look, what is expected there."""
    found: Floats
    """Of every look, what the detector found."""
    pools: tuple[Pool, ...]
    factor: Floats
    """Of the uncounted part: draws by areas, in the order of `areas`."""
    areas: "pd.Index[str]"
    seed: np.random.SeedSequence

    def sums(self, labels: "pd.Series[Any]", *, times: "pd.Series[float] | None" = None) -> Sums:
        """Return the bicycles in each group of parts.

        `labels`, on the index of `parts`, names the group of each part; parts with NA are left out.
        `times` multiplies the parts. Two calls of one survey draw the same: sums of areas are the
        sums of the whole, draw by draw.

        Memory is draws by groups; time, draws by looks.
        """
        rows = _rows(self, labels, times)
        count = len(rows.groups)
        low = np.empty((len(self.factor), count))
        high = np.empty_like(low)
        for draw, (plain, racks) in enumerate(self._looks()):
            factor = np.append(self.factor[draw], 1.0)
            low[draw] = rows.add(plain, factor)
            high[draw] = low[draw] if racks is plain else rows.add(racks, factor)
        ones = np.ones(self.factor.shape[1] + 1)
        return Sums(rows.groups, rows.add(self.expected, ones), low, high)

    def by_area(self) -> tuple[Sums, Sums]:
        """Return the bicycles in each area, and of the whole survey with what lies outside."""
        code = self.areas.get_indexer(pd.Index(self.parts["area_id"]))
        code[code < 0] = len(self.areas)
        every = self.sums(pd.Series(code, index=self.parts.index))
        inside = slice(len(self.areas))
        areas = Sums(
            self.areas, every.estimate[inside], every.low[:, inside], every.high[:, inside]
        )
        whole = (part.sum(axis=-1, keepdims=True) for part in every[1:])
        return areas, Sums(pd.Index(["all"]), *whole)

    def _looks(self) -> Iterator[tuple[Floats, Floats]]:
        """Yield for each draw the bicycles on every look, without and with unseen racks.

        The generators begin anew in each call.
        """
        chance = [np.random.default_rng(child) for child in _children(self.seed, len(self.pools))]
        hides = [donors.may_hide(pool, self.found) for pool in self.pools]
        values = np.zeros(len(self.found))
        for draw in range(len(self.factor)):
            values[self.counted] = self.bicycles[draw]
            racks = values
            for pool, rng in zip(self.pools, chance, strict=True):
                chosen = np.searchsorted(pool.chances[draw], rng.random(len(pool.looks)), "right")
                values[pool.looks] = pool.times * pool.values[draw][chosen]
            for pool, hidden, rng in zip(self.pools, hides, chance, strict=True):
                if pool.rack[draw] > 0:
                    met = (rng.random(len(hidden), dtype=np.float32) < pool.rack[draw]) & hidden
                    if met.any():
                        racks = values.copy() if racks is values else racks
                        racks[pool.looks[met]] = pool.times[met] * pool.rack_value
            yield values, racks


def _children(seed: np.random.SeedSequence, count: int) -> list[np.random.SeedSequence]:
    """Return the same children in every call, as `spawn` does not."""
    return [
        np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, number))
        for number in range(count)
    ]


class _Rows(NamedTuple):
    """Parts of looks in groups; parts of one group and area that share a factor are one cell."""

    groups: "pd.Index[Any]"
    look: Rows
    part: Floats
    cell: Rows
    column: Rows  # of each cell, in the draws of the areas' factors
    group: Rows  # of each cell

    def add(self, looks: Floats, factor: Floats) -> Floats:
        """Return the sums of the groups."""
        cells = np.bincount(self.cell, looks[self.look] * self.part, minlength=len(self.column))
        found = np.bincount(self.group, cells * factor[self.column], minlength=len(self.groups))
        return found.astype(float, copy=False)


def _rows(draws: Draws, labels: "pd.Series[Any]", times: "pd.Series[float] | None") -> _Rows:
    part = draws.parts["part"] if times is None else draws.parts["part"] * times
    code, groups = pd.factorize(labels, sort=True)
    used = (code >= 0) & (part != 0).to_numpy()
    look = draws.parts["look"].to_numpy()[used]
    column = draws.areas.get_indexer(pd.Index(draws.parts["area_id"]))[used]
    column[column < 0] = len(draws.areas)  # outside
    outside = len(draws.areas) + 1
    column[np.isin(look, draws.counted)] = outside  # counted: no factor
    cell, found = pd.factorize(code[used] * (outside + 1) + column)
    group, of_cell = np.divmod(np.asarray(found, dtype=np.intp), outside + 1)
    return _Rows(pd.Index(groups), look, part.to_numpy()[used], cell, of_cell, group)


class HandCounted(NamedTuple):
    """The looks that were drawn and counted by hand."""

    look: Rows
    low: Floats
    high: Floats

    @property
    def expected(self) -> Floats:
        """The middle of ranges."""
        return (self.low + self.high) / 2


def drawn(looks: pd.DataFrame, hand_counts: pd.DataFrame) -> HandCounted:
    """Return the hand counts that chance chose, of photos on which a look is counted."""
    schema.check(hand_counts, schema.HAND_COUNTS)
    look = pd.Index(looks["photo_id"]).get_indexer(pd.Index(hand_counts["photo_id"]))
    used = hand_counts["origin"].isin(DRAWN) & hand_counts["bicycles"].notna()
    known = used.to_numpy() & (look >= 0)
    low = hand_counts["bicycles"].to_numpy()[known]
    high = hand_counts["bicycles_high"].fillna(hand_counts["bicycles"]).to_numpy()[known]
    order = np.argsort(look[known])
    return HandCounted(look[known][order], low[order], high[order])


def draw(
    looks: pd.DataFrame,
    shared: pd.DataFrame,
    counted: HandCounted,
    described: pd.DataFrame,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    area_spread: float = AREA_SPREAD,
) -> Draws:
    """Return the draws of a survey.

    `looks` is in order of `photo_id`, `shared` its parts, `described` its strata.
    """
    typed, spread, weights, picks = _children(np.random.SeedSequence(seed), 4)
    bicycles = _typed(counted, draws, np.random.default_rng(typed))
    found = looks["bicycle_count"].to_numpy(dtype=float)
    pools = tuple(_pools(looks, counted, bicycles, described, weights))
    expected = np.zeros(len(looks))
    for pool in pools:
        expected[pool.looks] = pool.times * pool.mean
    expected[counted.look] = counted.expected
    areas = pd.Index(sorted(shared["area_id"].dropna().unique()), dtype=schema.TEXT)
    shape = (draws, len(areas) + 1)
    rng = np.random.default_rng(spread)
    factor = rng.lognormal(-(area_spread**2) / 2, area_spread, shape)
    return Draws(shared, counted.look, bicycles, expected, found, pools, factor, areas, picks)


def check(draws: int, seed: int, area_spread: float) -> None:
    """Raise InputError for options that cannot be used."""
    if draws < 100:
        raise InputError(f"draws is {draws}; a range takes 100 or more")
    if seed < 0:
        raise InputError(f"seed is {seed}; give 0 or more")
    if not 0 <= area_spread <= 1:
        raise InputError(f"area spread {area_spread:g} is not from 0 to 1")


def _typed(counted: HandCounted, draws: int, rng: np.random.Generator) -> Floats:
    """Return the counts, draws by looks: uniform in a range, for a person gives no better."""
    ranged = np.flatnonzero(counted.high > counted.low)
    out = np.tile(counted.low, (draws, 1))
    width = counted.high[ranged] - counted.low[ranged]
    out[:, ranged] += rng.random((draws, len(ranged))) * width
    return out


def _pools(
    looks: pd.DataFrame,
    counted: HandCounted,
    bicycles: Floats,
    described: pd.DataFrame,
    seed: np.random.SeedSequence,
) -> Iterator[Pool]:
    stratum = strata.codes(looks["bicycle_count"])
    found = looks["bicycle_count"].to_numpy(dtype=float)
    free: npt.NDArray[np.bool_] = np.ones(len(looks), dtype=bool)
    free[counted.look] = False
    rack = donors.rack_size(counted.expected)
    merged = strata.merge(described)
    for one, child in zip(merged, _children(seed, len(merged)), strict=True):
        inside = np.isin(stratum, one)
        if (of_pool := np.flatnonzero(inside & free)).size:
            chosen = inside[counted.look]
            yield donors.pool(
                of_pool,
                found,
                counted.look[chosen],
                bicycles[:, chosen],
                expected=counted.expected[chosen],
                rack=rack,
                rng=np.random.default_rng(child),
            )
