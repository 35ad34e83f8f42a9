"""Which photos to count by hand: a few full ones with care, many empty ones at a glance.

Where the detector found three bicycles or more, it misses most: these photos are listed, to be
counted one by one. Where it found fewer, they are put on contact sheets, on which one sees at once
where bicycles stand: a rack that it missed altogether is rare, but no estimate holds without it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from geobike import schema
from geobike.errors import InputError
from geobike.estimates import strata
from geobike.reporting import report

SEED: Final = 1

LIST: Final = 60
"""Photos that are listed by default, and the least with which the whole survey has a range."""

LEAST: Final = 30
"""The least with which areas have a range."""

SHEETS: Final = 3
PAGE: Final = 60
"""Photos on a contact sheet."""

SECONDS: Final = {"list": 25, "sheet": 3}
"""That it takes to count one photo."""

_MOST: Final = {"list": 5000, "sheets": 100}  # to be counted: more is a slip of the keyboard
_SHEET_STRATA: Final = (0, 1)  # up to 2 detected
_SHEET_WEIGHTS: Final = (0.7, 1.3)
_LIST_STRATA: Final = (2, 3, 4)


def draw(
    looks: pd.DataFrame, *, seed: int = SEED, list_size: int = LIST, sheets: int = SHEETS
) -> pd.DataFrame:
    """Return the photos to count by hand: one row each, in the order in which they are counted.

    `looks` is a looks frame. From each stratum photos are drawn at random without replacement: for
    the list by the number of looks and how many bicycles they show, for the contact sheets by the
    number of looks. The columns are `number` (on the list, or on its page), `file`, `stratum`,
    `stratum_size` (looks in it), `drawn` (of these), `origin` (list or sheet), `page` and `seed`.
    Whoever stops half-way has counted a sample of the same kind: every part of the list, and every
    page, takes its share of each stratum. A larger sample holds the smaller one of the same seed.

    Raises InputError for sizes that cannot be, and where there is no look. Says so where there are
    fewer looks than were asked for, and what cannot be estimated then.

    The seed and the name of a photo make a number that is the photo's for good (permanent random
    number sampling, Ohlsson 1995): neither the order of the rows nor other photos change it. Shares
    are near Neyman's allocation, as far as the spread is known beforehand (Cochran 1977, 5.5).

    Examples:
        >>> from geobike import schema
        >>> from geobike.estimates import sampling
        >>> names = [f"{number:03}.jpg" for number in range(400)]
        >>> found = {"photo_id": names, "stop_id": names, "bicycle_count": [0, 0, 1, 4] * 100}
        >>> drawn = sampling.draw(schema.table(schema.LOOKS, found), sheets=1)
        >>> drawn.groupby(["origin", "stratum"]).size()
        origin  stratum
        list    3-5        60
        sheet   0          31
                1-2        29
        dtype: int64
    """
    schema.check(looks, schema.LOOKS)
    _check(looks, list_size=list_size, sheets=sheets)
    lots = _lots(looks, seed)
    parts = [_list(lots, list_size), *_pages(lots, sheets)]
    drawn = pd.concat(parts, ignore_index=True)
    _report(drawn, lots, list_size=list_size, sheets=sheets)
    return drawn.assign(
        stratum_size=drawn["stratum"].map(strata.of(looks["bicycle_count"]).value_counts()),
        drawn=drawn["stratum"].map(drawn["stratum"].value_counts()),
        seed=seed,
    )


def allocate(
    size: int, weights: Sequence[float], available: Sequence[int], *, least: int
) -> list[int]:
    """Return how many of `size` each stratum gets, by weight: `least` at least, or all it has.

    One after the other goes to the stratum that is most behind its share (Webster's method of
    apportionment), so that no stratum gets fewer when `size` grows.

    >>> allocate(60, [10, 100, 900], [300, 300, 30], least=8)
    [8, 22, 30]
    """
    out = [min(least, number) for number in available]
    while sum(out) < min(size, sum(available)):
        behind = [
            weight / (2 * got + 1) if got < number else -1.0
            for weight, got, number in zip(weights, out, available, strict=True)
        ]
        out[int(np.argmax(behind))] += 1
    return out


def minutes(drawn: pd.DataFrame) -> float:
    """Return how long it takes to count rows of a sample: 25 s a listed photo, 3 s on a sheet."""
    return float(drawn["origin"].map(SECONDS).astype("float64").sum()) / 60


def _check(looks: pd.DataFrame, *, list_size: int, sheets: int) -> None:
    if looks.empty:
        raise InputError("no photo of this survey was counted, so that there is none to draw")
    if not LEAST <= list_size <= _MOST["list"]:
        raise InputError(
            f"--list {list_size} is not from {LEAST} to {_MOST['list']:,}; with fewer than {LEAST} "
            "photos no estimate has a range"
        )
    if not 1 <= sheets <= _MOST["sheets"]:
        raise InputError(
            f"--sheets {sheets} is not from 1 to {_MOST['sheets']}; without any, what the detector "
            "missed altogether is not known, and no estimate has a range"
        )


def _lots(looks: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the looks in the order of the number that each draws, with their stratum."""
    lots = [
        hashlib.blake2b(f"{seed}\n{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for name in looks["photo_id"]
    ]
    codes = strata.codes(looks["bicycle_count"])
    return looks.assign(lot=lots, code=codes).sort_values(["lot", "photo_id"])


def _list(lots: pd.DataFrame, size: int) -> pd.DataFrame:
    by_stratum = [lots[lots["code"] == code] for code in _LIST_STRATA]
    weights = [float((0.5 + 0.5 * one["bicycle_count"]).sum()) for one in by_stratum]
    available = [len(one) for one in by_stratum]
    sizes = allocate(size, weights, available, least=6 if size < 50 else 8)
    chosen = [one.iloc[:part] for one, part in zip(by_stratum, sizes, strict=True)]
    return _mixed(chosen, "list", page=None)


def _pages(lots: pd.DataFrame, sheets: int) -> Iterator[pd.DataFrame]:
    """Yield the contact sheets; one more leaves the earlier ones as they are."""
    by_stratum = [lots[lots["code"] == code] for code in _SHEET_STRATA]
    available = [len(one) for one in by_stratum]
    weights = [share * size for share, size in zip(_SHEET_WEIGHTS, available, strict=True)]
    before = [0] * len(by_stratum)
    for page in range(1, sheets + 1):
        until = allocate(page * PAGE, weights, available, least=6)
        parts = zip(by_stratum, before, until, strict=True)
        yield _mixed([one.iloc[start:end] for one, start, end in parts], "sheet", page=page)
        before = until


def _mixed(chosen: Sequence[pd.DataFrame], origin: str, *, page: int | None) -> pd.DataFrame:
    """Return what was chosen, in an order of which each part has its share of each stratum."""
    places = [(np.arange(len(one)) + 0.5) / max(len(one), 1) for one in chosen]
    both = pd.concat(one.assign(place=place) for one, place in zip(chosen, places, strict=True))
    mixed = both.sort_values(["place", "lot"])
    return pd.DataFrame(
        {
            "number": np.arange(1, len(mixed) + 1),
            "file": mixed["photo_id"].to_numpy(),
            "stratum": strata.of(mixed["bicycle_count"]).to_numpy(),
            "origin": origin,
            "page": pd.array([page] * len(mixed), dtype="Int64"),
        }
    )


def _report(drawn: pd.DataFrame, lots: pd.DataFrame, *, list_size: int, sheets: int) -> None:
    """Say where there are fewer looks than asked for, and what a short list cannot tell."""
    number = drawn["origin"].value_counts()
    listed, glanced = (int(number.get(origin, 0)) for origin in ("list", "sheet"))
    if listed < list_size:
        report(
            f"{listed} looks show 3 bicycles or more by the detector, and {list_size} were to be "
            "listed: all are on the list"
        )
    elif listed < (wanted := min(LIST, int(lots["code"].isin(_LIST_STRATA).sum()))):
        report(
            f"with {listed} listed photos areas get a range, and the whole survey none: that takes "
            f"--list {wanted}"
        )
    if glanced < sheets * PAGE:
        report(
            f"{glanced} looks show 2 bicycles or fewer by the detector, and {sheets * PAGE} were "
            "to be on contact sheets: all are on them"
        )
