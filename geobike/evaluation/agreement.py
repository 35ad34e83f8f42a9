"""How accurate the counts are: a survey's counts compared with manual counts.

The survey is read from the files it wrote, so that anyone who has them can check it.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from geobike import saved, schema
from geobike.counting import counts
from geobike.detections import filtering
from geobike.detectors.protocol import FLOOR
from geobike.errors import InputError
from geobike.io import delimited
from geobike.io.matching import match
from geobike.reporting import report

THRESHOLDS: Final = tuple(round(FLOOR + 0.05 * step, 2) for step in range(19))
"""Thresholds tried, from the floor of the store to 0.95."""

_FILE: Final = ("file", "filename", "photo", "photo_id")
_MOST: Final = 1_000_000  # bicycles on one photo that nobody counted
_COUNT: Final = ("bicycles", "bicycle_count", "count", "true")
_RIDDEN: Final = ("ridden",)


@dataclass(frozen=True)
class Agreement:
    """Agreement of counts with the ground truth, over photos that have both; bicycles per photo."""

    photos: int
    mean_absolute_error: float
    bias: float
    """Mean of counted minus true: below zero, bicycles are missed."""
    root_mean_square_error: float
    correlation: float
    """Pearson's r; NaN where either count is the same on every photo."""
    share_exact: float
    share_within_one: float


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` returns."""

    photos: pd.DataFrame
    """Per photo: `photo_id`, `counted`, `true`."""
    agreement: Agreement
    """At the threshold of the survey."""
    threshold: float
    by_threshold: pd.DataFrame
    """One row for each of THRESHOLDS: `threshold` and the fields of Agreement."""

    @property
    def best_threshold(self) -> float:
        """The threshold with the least mean absolute error: chosen on these same photos."""
        errors = self.by_threshold["mean_absolute_error"].to_numpy()
        return float(self.by_threshold["threshold"].to_numpy()[errors.argmin()])


def evaluate(truth: str | Path, survey: str | Path) -> Evaluation:
    """Compare a survey's counts with manual counts.

    `truth` is a CSV with the columns `file` and `bicycles`; `survey` is the folder that
    `geobike map` wrote. Photos that the survey did not count, and those without a manual count, are
    left out and reported. Raises InputError.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos",
        ...     areas="sample/areas.geojson",
        ...     manifest="sample/manifest.csv",
        ...     threshold=0.3,
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> _ = result.write("out")
        >>> evaluation = geobike.evaluate("sample/truth.csv", "out")
        >>> round(evaluation.agreement.mean_absolute_error, 2)  # bicycles per photo
        0.59
    """
    finished = saved.read(survey)
    detections, photos = finished.detections(), finished.photos()
    counted = photos.loc[photos["status"] == schema.COUNTED, "photo_id"].reset_index(drop=True)
    true = _read_truth(Path(truth), counted, parked=finished.count == "parked")
    threshold = finished.threshold

    def counts_at(level: float) -> "pd.Series[int]":
        filtered = filtering.filter_detections(
            detections,
            labels=finished.labels,
            threshold=level,
            max_overlap=finished.max_overlap,
            count=finished.count,
        )
        return counts.kept_boxes(filtered, true.index)

    rows = [{"threshold": t, **vars(agree(counts_at(t), true))} for t in THRESHOLDS]
    now = counts_at(threshold)
    photos = pd.DataFrame({"photo_id": true.index, "counted": now.array, "true": true.array})
    return Evaluation(photos, agree(now, true), threshold, pd.DataFrame(rows))


def agree(counted: "pd.Series[int]", true: "pd.Series[int]") -> Agreement:
    """Return the agreement of two series of counts on the same index."""
    error = (counted - true).to_numpy(dtype=float)
    varied = counted.nunique() > 1 and true.nunique() > 1
    return Agreement(
        photos=len(error),
        mean_absolute_error=float(np.abs(error).mean()),
        bias=float(error.mean()),
        root_mean_square_error=float(np.sqrt((error**2).mean())),
        correlation=float(np.corrcoef(counted, true)[0, 1]) if varied else float("nan"),
        share_exact=float((error == 0).mean()),
        share_within_one=float((np.abs(error) <= 1).mean()),
    )


def _read_truth(path: Path, counted: "pd.Series[str]", *, parked: bool) -> "pd.Series[int]":
    """Return the manual counts by `photo_id`, for the photos that the survey counted.

    Where the table tells how many of them are ridden, these are left out if `parked` ones count.
    """
    rows = _read_table(path)
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
        report("photos counted manually but not by the survey", file[photo_id.isna()].tolist())
    true = counts.set_axis(photo_id)[photo_id.notna().to_numpy()]
    if true.empty:
        raise InputError(f"truth {path}: names no photo that the survey counted")
    return true


def _read_table(path: Path) -> pd.DataFrame:
    """Return the cells of a CSV as text, by the number of their line."""
    try:
        with delimited.open_text(path) as file:
            delimiter, skip = delimited.sniff(file)
            rows = delimited.read_rows(file, delimiter, skip=skip)
            _, header = next(rows, (1, []))
            lines = dict(rows)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"truth {path}: cannot be read: {error}") from None
    for line, cells in lines.items():
        if fault := delimited.width_fault(len(cells), len(header)):
            raise InputError(f"truth {path} line {line}: {fault}")
    return pd.DataFrame(list(lines.values()), index=list(lines), columns=header, dtype="str")


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
