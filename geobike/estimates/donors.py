"""Donors: hand counts that stand for looks which nobody counted.

A pool holds the hand counts of one stratum, or of several that are estimated together. A look that
was not counted takes the number of a donor where the detector found nothing, else what it found
times the donor's ratio. Which donor is chance; how likely each is differs from draw to draw, as the
Polya posterior has it (Ghosh & Meeden 1997): the weights of n donors are Dirichlet. Weights that
add up to n give a mean too small a variance; with n - 4 it is that of Student's t with n - 1
degrees of freedom, s² / n * (n - 1) / (n - 3).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

RACK_WEIGHT: Final = 0.2
"""Weight of a rack of which the detector saw next to nothing and that no hand count met."""

LOST: Final = 4.0
"""What the weights of n donors lack of n, so that means vary as Student's t has it."""

_RACK: Final = 15.0  # bicycles of it, where no hand count is a rack
_IS_RACK: Final = 10.0  # hand counts from which its size is taken
_FOUND: Final = 1.5  # bicycles that the detector finds of it, where it finds one or two
_MISSED: Final = 2  # detected bicycles up to which a look may hide it


@dataclass(frozen=True)
class Pool:
    """Donors of some looks, with their chances in each draw."""

    looks: Rows
    """Row numbers of the looks that take from it."""
    times: Floats
    """What each of them multiplies: 1, or what the detector found."""
    mean: float
    """The expected value: mean of the donors, or the ratio of their sums."""
    values: Floats
    """Draws by donors: bicycles, or bicycles by detected ones."""
    chances: Floats
    """Draws by donors: cumulative chances; the last is 1."""
    rack: Floats
    """Chance of the unseen rack in each draw; 0 where looks cannot hide one."""
    rack_value: float
    """Its bicycles, or those by detected ones."""


def rack_size(bicycles: Floats) -> float:
    """Return how many bicycles an unseen rack holds: as those that were counted."""
    racks = bicycles[bicycles >= _IS_RACK]
    return float(np.median(racks)) if len(racks) else _RACK


def pool(
    looks: Rows,
    found: Floats,
    donors: Rows,
    bicycles: Floats,
    *,
    expected: Floats,
    rack: float,
    rng: np.random.Generator,
) -> Pool:
    """Return the pool of `looks` with these donors.

    `found` is what the detector found on every look, `donors` row numbers of looks; `bicycles` are
    their hand counts, draws by donors, and `expected` the same without the chance of ranges. All
    looks of a pool have detected bicycles, or none has.
    """
    plain = not found[donors].any()
    times = np.ones(len(looks)) if plain else found[looks]
    by = np.ones(len(donors)) if plain else found[donors]
    values, sizes = _distinct(bicycles / by)
    number = len(donors)
    each = max(number - LOST, number / 2) / number
    hides = found[looks] <= _MISSED
    weight = RACK_WEIGHT if hides.any() else 0.0
    gammas = rng.gamma(np.append(each * sizes, weight), size=(len(bicycles), len(sizes) + 1))
    seen = np.cumsum(gammas[:, :-1], axis=1)
    total = np.maximum(seen[:, -1], np.finfo(float).tiny)
    chances = seen / total[:, None]
    chances[:, -1] = 1.0
    return Pool(
        looks=looks,
        times=times,
        mean=float(expected.sum() / by.sum()),
        values=values,
        chances=chances,
        rack=gammas[:, -1] / (total + gammas[:, -1]),
        rack_value=rack if plain else rack / _FOUND,
    )


def _distinct(values: Floats) -> tuple[Floats, Floats]:
    """Return the columns that differ and how often each comes: equal donors are one of more weight.

    A hundred contact sheet photos without a bicycle are then one donor.
    """
    columns, sizes = np.unique(values, axis=1, return_counts=True)
    return np.asarray(columns), sizes.astype(float)


def may_hide(pool: Pool, found: Floats) -> npt.NDArray[np.bool_]:
    """Return which looks of the pool may hide an unseen rack."""
    return found[pool.looks] <= _MISSED
