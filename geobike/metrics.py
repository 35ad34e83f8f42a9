"""Every statistic of an area, once: numerator, denominator, and where it is shown.

Counting, the frames, the files and the map page read this list; the page gets it as data. A new
metric is one more `Metric` in METRICS, and its words (`NAME` and `short_NAME`) in the catalogues
`maps/page/words-*.json`.

A metric is a sum over photos, or such a sum divided by another sum or by a constant of the area.
Sums add up over areas and periods, so the page can recount any period from the photos that it
holds; `values` is the formula, and the page's `geobike.valuesOf` is the same one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import pandas as pd

Place = Literal["map", "table", "popup", "download"]
"""Places on the page; the legend follows the map. Every metric is in the frame and in the files."""

EVERYWHERE: Final[frozenset[Place]] = frozenset({"map", "table", "popup", "download"})


@dataclass(frozen=True)
class Sum:
    """A quantity that is added up over the counted photos of an area."""

    name: str
    column: str | None
    """Column of the counts frame, whole numbers >= 0; None counts the photos themselves."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One statistic of an area: a column of the area counts frame."""

    name: str
    numerator: str
    """Name of a Sum."""
    denominator: str | None = None
    """Name of a Sum, or a column of the areas frame; None for a plain count."""
    per: float = 1
    """The denominator is counted in units of this many."""
    unit: str
    digits: int
    """Decimals that a reader sees; values that look the same get the same colour."""
    low: str | None = None
    high: str | None = None
    """Columns with the ends of its range, where a range is estimated."""
    needs: str | None = None
    """Optional column of the areas frame without which the metric is not there."""
    shown: frozenset[Place] = EVERYWHERE
    order: int = 0
    """Among the choices that colour the map; the lowest colours it at the start."""

    @property
    def ranges(self) -> tuple[str, ...]:
        """Columns of its range."""
        return tuple(column for column in (self.low, self.high) if column is not None)


PHOTOS: Final = "photo_count"
"""The sum on which all depend: where it is 0, every other metric is NA."""
BICYCLES: Final = "bicycle_count"

SUMS: Final = (Sum(PHOTOS, None), Sum(BICYCLES, "bicycle_count"))

METRICS: Final = (
    Metric(
        name="photo_count",
        numerator=PHOTOS,
        unit="photos",
        digits=0,
        shown=EVERYWHERE - {"map"},
    ),
    Metric(
        name="bicycle_count",
        numerator=BICYCLES,
        unit="bicycles",
        digits=0,
        order=2,
    ),
    Metric(
        name="bicycles_per_photo",
        numerator=BICYCLES,
        denominator=PHOTOS,
        unit="bicycles / photo",
        digits=2,
        order=1,
    ),
    Metric(
        # Grows with the number of photos: comparable only between areas photographed similarly.
        name="bicycles_per_km2",
        numerator=BICYCLES,
        denominator="area_km2",
        unit="bicycles / km²",
        digits=2,
        order=3,
    ),
    Metric(
        name="bicycles_per_1000_inhabitants",
        numerator=BICYCLES,
        denominator="population",
        per=1000,
        unit="bicycles / 1,000 inhabitants",
        digits=2,
        needs="population",
        order=4,
    ),
)
"""In the order of the columns: in the frame, in the files, in the table, in the popup."""


def available(columns: Sequence[str], metrics: Sequence[Metric] = METRICS) -> list[Metric]:
    """Return the metrics for areas that have these columns."""
    return [metric for metric in metrics if metric.needs is None or metric.needs in columns]


def values(metric: Metric, areas: "pd.DataFrame") -> "pd.Series[Any]":
    """Return the metric of each area from its sums and constants, each a column of `areas`.

    Where no photo was counted, all but the number of photos is NA: nobody looked, which is not 0.
    A rate is NA too where its denominator is 0 or NA.
    """
    total = areas[metric.numerator]
    if metric.numerator != PHOTOS or metric.denominator is not None:
        total = total.mask(areas[PHOTOS] == 0)
    if metric.denominator is None:
        return total
    by = areas[metric.denominator].astype("float64") / metric.per
    return total.astype("float64") / by.mask(by == 0)
