"""Every statistic of an area, once: numerator, denominator, and where it is shown.

Counting, the frames, the files and the map page read this list; the page gets it as data. A new
metric is one more `Metric` in METRICS, and its words (`NAME` and `short_NAME`) in the catalogues
`maps/page/words-*.json`.

A metric is a sum over what photos show, or such a sum divided by another sum or by a constant of
the area. Sums add up over areas, so the page can show any period from the sums that it was sent;
`values` is the formula, and the page's `geobike.valuesOf` is the same one. Some metrics come from
the whole survey at once, such as bicycles with each place counted once: those are columns that
counting brings, and a period has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import pandas as pd

Place = Literal["map", "table", "popup", "download"]
"""Places on the page; the legend follows the map. Every metric is in the frame and in the files."""

EVERYWHERE: Final[frozenset[Place]] = frozenset({"map", "table", "popup", "download"})


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One statistic of an area: a column of the area counts frame."""

    name: str
    numerator: str
    """Name of a sum, or a column that counting brings from the whole survey."""
    denominator: str | None = None
    """Name of a sum, or a column of the areas frame; None for a plain number."""
    per: float = 1
    """The denominator is counted in units of this many."""
    unit: str
    digits: int
    """Decimals that a reader sees; values that look the same get the same colour."""
    percent: bool = False
    """Whether it is a share from 0 to 1, which a reader sees in percent."""
    low: str | None = None
    high: str | None = None
    """Columns with the ends of its range, where a range is estimated."""
    needs: str | None = None
    """Optional column of the areas without which the metric is not there."""
    least_share: float = 0
    """Share of the streets that must have been seen; below it the metric is NA."""
    share_of: str = "covered_share"
    """Column of the areas with that share."""
    is_whole: bool = False
    """Whether its values are whole numbers."""
    tells_looking: bool = False
    """Whether it says how much was looked at, and so is known where nobody looked: 0."""
    shown: frozenset[Place] = EVERYWHERE
    order: int = 0
    """Among the choices that colour the map; the lowest colours it at the start."""

    @property
    def ranges(self) -> tuple[str, ...]:
        """Columns of its range."""
        return tuple(column for column in (self.low, self.high) if column is not None)


PHOTOS: Final = "photo_count"
"""Photos taken in the area."""
STOPS: Final = "stop_count"
"""Stops, each shared out over the areas whose ground it shows."""
BICYCLES: Final = "bicycle_count"
"""Bicycles that stand in the area, on all photos."""
ON_STOPS: Final = "bicycles_on_stops"
"""Bicycles that stand in the area, on the first photo of a visit, mean over the visits."""
SHOWN: Final = "bicycles_shown"
"""Bicycles on the photos that were taken in the area, wherever these bicycles stand."""
SUMS: Final = (PHOTOS, STOPS, BICYCLES, ON_STOPS, SHOWN)
"""What is added up over the rows of a tallies frame, of which each is a column."""

LOOKED: Final = (PHOTOS, STOPS, BICYCLES)
"""Sums of which one at least is above 0 where anything was seen of an area."""

ONCE: Final = "detected_once"
AT_LEAST: Final = "detected_at_least"
SHARE: Final = "covered_share"
ENOUGH: Final = 0.7
"""Share of an area's streets that must have been seen before its total means something."""
KNOWN: Final = 0.9
"""Share of the racks whose capacity must be known before bicycles are divided by places."""
KERB: Final = "kerb_seen_share"
KERB_ENOUGH: Final = 0.8
"""Share of the kerb that must have been in view before its bicycles are set beside its places."""
RACKS: Final = "rack_count"
"""Column of areas whose racks are known."""

METRICS: Final = (
    Metric(
        name="detected_per_stop",
        numerator=ON_STOPS,
        denominator=STOPS,
        unit="bicycles / stop",
        digits=2,
        low="detected_per_stop_low",
        high="detected_per_stop_high",
        order=1,
    ),
    Metric(
        name="bicycles_per_stop",
        numerator="bicycles_per_stop",
        unit="bicycles / stop",
        digits=2,
        low="bicycles_per_stop_low",
        high="bicycles_per_stop_high",
        needs="hand_counted",
    ),
    Metric(
        name="bicycles_per_km",
        numerator="bicycles_per_km",
        unit="bicycles / km",
        digits=0,
        low="bicycles_per_km_low",
        high="bicycles_per_km_high",
        needs="hand_counted",
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="stop_count",
        numerator=STOPS,
        unit="stops",
        digits=0,
        tells_looking=True,
        shown=EVERYWHERE - {"map"},
    ),
    Metric(
        name="covered_share",
        numerator=SHARE,
        unit="of the street length",
        digits=0,
        percent=True,
        needs="street_km",
        tells_looking=True,
        shown=EVERYWHERE - {"map"},
    ),
    Metric(
        name="photo_count",
        numerator=PHOTOS,
        unit="photos",
        digits=0,
        is_whole=True,
        tells_looking=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="bicycle_count",
        numerator=BICYCLES,
        unit="bicycles",
        digits=0,
        is_whole=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="detected_once",
        numerator=ONCE,
        unit="bicycles",
        digits=0,
        order=2,
    ),
    Metric(
        name="detected_at_least",
        numerator=AT_LEAST,
        unit="bicycles",
        digits=0,
        is_whole=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        # By photos, so it grows where more photos were taken of the same bicycles.
        name="bicycles_per_photo",
        numerator=SHOWN,
        denominator=PHOTOS,
        unit="bicycles / photo",
        digits=2,
        shown=frozenset({"download"}),
    ),
    Metric(
        name="bicycles_per_km2",
        numerator=ONCE,
        denominator="area_km2",
        unit="bicycles / km²",
        digits=0,
        least_share=ENOUGH,
        order=3,
    ),
    Metric(
        name="bicycles_per_1000_inhabitants",
        numerator=ONCE,
        denominator="population",
        per=1000,
        unit="bicycles / 1,000 inhabitants",
        digits=1,
        needs="population",
        least_share=ENOUGH,
        order=4,
    ),
    Metric(
        name="streets_seen",
        numerator="streets_seen",
        unit="streets",
        digits=0,
        is_whole=True,
        tells_looking=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="street_km",
        numerator="street_km",
        unit="km",
        digits=1,
        needs="street_km",
        tells_looking=True,
        shown=frozenset({"download"}),
    ),
    Metric(
        name="covered_km",
        numerator="covered_km",
        unit="km",
        digits=1,
        needs="street_km",
        tells_looking=True,
        shown=frozenset({"download"}),
    ),
    Metric(
        name="kerb_seen_share",
        numerator=KERB,
        unit="of the kerb",
        digits=0,
        percent=True,
        needs=RACKS,
        tells_looking=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="pressure",
        numerator="pressure",
        unit="bicycles / place",
        digits=2,
        needs=RACKS,
        least_share=KERB_ENOUGH,
        share_of=KERB,
        order=5,
    ),
    Metric(
        name="rack_count",
        numerator="rack_count",
        unit="racks",
        digits=0,
        needs=RACKS,
        is_whole=True,
        tells_looking=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="rack_capacity",
        numerator="rack_capacity",
        unit="places",
        digits=0,
        needs=RACKS,
        is_whole=True,
        tells_looking=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="rack_capacity_known",
        numerator="rack_capacity_known",
        unit="racks",
        digits=0,
        needs=RACKS,
        is_whole=True,
        tells_looking=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="detected_near_racks",
        numerator="detected_near_racks",
        unit="bicycles",
        digits=0,
        needs=RACKS,
        shown=frozenset({"download"}),
    ),
    Metric(
        # Of the streets that were seen well enough, each by itself: full ones are not netted.
        name="shortage",
        numerator="shortage",
        unit="places",
        digits=0,
        needs=RACKS,
        least_share=KERB_ENOUGH,
        share_of=KERB,
        is_whole=True,
        shown=frozenset({"popup", "download"}),
    ),
    Metric(
        name="shortage_net",
        numerator="shortage_net",
        unit="places",
        digits=0,
        needs=RACKS,
        least_share=KERB_ENOUGH,
        share_of=KERB,
        is_whole=True,
        shown=frozenset({"download"}),
    ),
    Metric(
        name="free_within_walk",
        numerator="free_within_walk",
        unit="places",
        digits=0,
        needs=RACKS,
        least_share=KERB_ENOUGH,
        share_of=KERB,
        is_whole=True,
        shown=frozenset({"popup", "download"}),
    ),
)
"""In the order of the columns: in the frame, in the files, in the table, in the popup."""


def available(columns: Sequence[str], metrics: Sequence[Metric] = METRICS) -> list[Metric]:
    """Return the metrics for areas that have these columns."""
    return [metric for metric in metrics if metric.needs is None or metric.needs in columns]


def looked(areas: "pd.DataFrame") -> "pd.Series[bool]":
    """Return whether anything was seen of each area, from its sums: else nothing is known."""
    return (areas[list(LOOKED)] > 0).any(axis=1)


def values(metric: Metric, areas: "pd.DataFrame") -> "pd.Series[Any]":
    """Return the metric of each area from its sums and constants, each a column of `areas`.

    Where nobody looked, all but what tells so is NA: nothing is known there, which is not 0. A
    ratio is NA too where its denominator is 0 or NA, and a total where too little was seen.
    """
    known = looked(areas) | metric.tells_looking
    if metric.least_share:
        share = metric.share_of
        known &= areas[share] >= metric.least_share if share in areas else False
    total = areas[metric.numerator].where(known)
    if metric.denominator is None:
        return total
    by = areas[metric.denominator].astype("float64") / metric.per
    return total.astype("float64") / by.mask(by == 0)
