"""What people counted on photos, read from a table of truth or from hand counts that were drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from geobike.errors import InputError
from geobike.estimates import hand_counts
from geobike.io import delimited
from geobike.io.matching import match
from geobike.reporting import report, report_number

_FILE: Final = ("file", "filename", "photo", "photo_id")
_COUNT: Final = ("bicycles", "bicycle_count", "count", "true")
_RIDDEN: Final = ("ridden",)
_DRAWN: Final = ("origin",)  # which `geobike sample` writes
_MOST: Final = 1_000_000  # bicycles on one photo that nobody counted
_NOT_COUNTED: Final = "photos counted manually but not by the survey"


def read(path: Path, counted: "pd.Series[str]", *, parked: bool) -> pd.DataFrame:
    """Return `low`, `high` and `origin` by `photo_id`, for the photos that the survey counted.

    `low` and `high` are the ends of what a person counted, and mostly one number. Where the table
    tells how many are ridden, these are left out if `parked` ones count. Photos that the survey did
    not count, and drawn ones that nobody counted yet, are left out and reported. Raises InputError.
    """
    rows = _read_table(path)
    if _find_column(rows, _DRAWN) is not None:
        return _read_hand_counts(path, counted, parked=parked)
    file, counts = _column(rows, _FILE, path), _counts(rows, _COUNT, path)
    if parked and _find_column(rows, _RIDDEN) is not None:
        ridden = _counts(rows, _RIDDEN, path)
        for line in rows.index[ridden > counts]:
            raise InputError(f"truth {path} line {line}: more are ridden than there are")
        counts = counts - ridden
    photo_id = match(file, counted)
    for twice in photo_id[photo_id.notna() & photo_id.duplicated()]:
        raise InputError(f"truth {path}: {twice} is duplicated")
    if photo_id.isna().any():
        report(_NOT_COUNTED, file[photo_id.isna()].tolist())
    true = counts.set_axis(photo_id)[photo_id.notna().to_numpy()]
    if true.empty:
        raise InputError(f"truth {path}: names no photo that the survey counted")
    return pd.DataFrame({"low": true, "high": true, "origin": hand_counts.OWN})


def _read_hand_counts(path: Path, counted: "pd.Series[str]", *, parked: bool) -> pd.DataFrame:
    found = hand_counts.read_all(path, counted, parked=parked).set_index("photo_id")
    done = found[found["bicycles"].notna()]
    report_number(
        "photo is not counted by hand yet, or cannot be judged, and is left out",
        "photos are not counted by hand yet, or cannot be judged, and are left out",
        number=len(found) - len(done),
    )
    here = done.index.isin(counted)
    if not here.all():
        report(_NOT_COUNTED, done.index[~here].tolist())
    true = done[here]
    if true.empty:
        raise InputError(f"truth {path}: holds no count of a photo that the survey counted")
    low = true["bicycles"].astype(int)
    high = true["bicycles_high"].fillna(true["bicycles"]).astype(int)
    return pd.DataFrame({"low": low, "high": high, "origin": true["origin"]})


def _read_table(path: Path) -> pd.DataFrame:
    """Return the cells of a CSV as text, by the number of their line."""
    found = delimited.read_cells(path, f"truth {path}")
    lines = found.rows
    return pd.DataFrame(list(lines.values()), index=list(lines), columns=found.header, dtype="str")


def _counts(rows: pd.DataFrame, names: Sequence[str], path: Path) -> "pd.Series[int]":
    text = _column(rows, names, path)
    counts = pd.to_numeric(text, errors="coerce")
    for line in rows.index[~counts.between(0, _MOST) | (counts % 1 != 0)]:
        raise InputError(f"truth {path} line {line}: {text[line]!r} is not a valid count")
    return counts.astype(int)


def _column(rows: pd.DataFrame, names: Sequence[str], path: Path) -> "pd.Series[str]":
    number = _find_column(rows, names)
    if number is not None:
        return rows.iloc[:, number].str.strip()
    columns = ", ".join(map(str, rows.columns))
    raise InputError(
        f"truth {path}: no column {' or '.join(names)}; the columns are {columns[:200]}"
    )


def _find_column(rows: pd.DataFrame, names: Sequence[str]) -> int | None:
    found = (number for number, name in enumerate(rows) if str(name).strip().lower() in names)
    return next(found, None)
