"""How accurate the counts are: a survey's counts compared with manual counts.

The survey is read from the files it wrote, so that anyone who has them can check it.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from geobike import saved, schema
from geobike.counting import counts
from geobike.detections import filtering
from geobike.detectors.protocol import FLOOR
from geobike.evaluation import truths

THRESHOLDS: Final = tuple(round(FLOOR + 0.05 * step, 2) for step in range(19))
"""Thresholds tried, from the floor of the store to 0.95."""


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
    """Per photo: `photo_id`, `counted`, `true`, ends `low` and `high` of what a person gave, and
    `origin`, who chose it: drawn for the `list` or a contact `sheet`, or a person's `own` choice.
    Of a range, `true` is the number nearest to what was counted, as for `agreement`."""
    agreement: Agreement
    """At the threshold of the survey; a count within a person's range is exact."""
    threshold: float
    by_threshold: pd.DataFrame
    """One row for each of THRESHOLDS: `threshold` and the fields of Agreement."""
    of: int | None = None
    """Photos that the survey counted, compared or not; None where that is not known."""

    @property
    def best_threshold(self) -> float:
        """The threshold with the least mean absolute error: chosen on these same photos."""
        errors = self.by_threshold["mean_absolute_error"].to_numpy()
        return float(self.by_threshold["threshold"].to_numpy()[errors.argmin()])


def evaluate(truth: str | Path, survey: str | Path) -> Evaluation:
    """Compare a survey's counts with manual counts.

    `truth` is a CSV with the columns `file` and `bicycles`, or a `hand_counts.csv` that
    `draw_sample` wrote and people filled in; `survey` is the folder that `geobike map` wrote.
    Photos that the survey did not count, and those without a manual count, are left out and
    reported. Raises InputError.

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
    known = truths.read(Path(truth), counted, parked=finished.count == "parked")
    threshold = finished.threshold

    def counts_at(level: float) -> "pd.Series[int]":
        rules = asdict(replace(finished.rules, threshold=level))
        return counts.kept_boxes(filtering.filter_detections(detections, **rules), known.index)

    tried = [(level, counts_at(level)) for level in THRESHOLDS]
    rows = [{"threshold": t, **vars(agree(at, _nearest(known, at)))} for t, at in tried]
    now = counts_at(threshold)
    true = _nearest(known, now)
    compared = {"photo_id": known.index, "counted": now.array, "true": true.array}
    photos = pd.DataFrame(
        compared | {name: known[name].array for name in ("low", "high", "origin")}
    )
    return Evaluation(photos, agree(now, true), threshold, pd.DataFrame(rows), len(counted))


def _nearest(known: pd.DataFrame, counted: "pd.Series[int]") -> "pd.Series[int]":
    """Return the number nearest to what was counted of those that a person gave."""
    return counted.clip(known["low"], known["high"]).astype(int)


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
