"""The figures of a survey that was counted by hand in part: of areas, of streets, and in all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike import schema
from geobike.config import AREA_SPREAD
from geobike.estimates import draws as drawing
from geobike.estimates import parts, spread, strata
from geobike.estimates.donors import RACK_WEIGHT, Floats
from geobike.estimates.draws import Draws, HandCounted, Sums
from geobike.reporting import report

DRAWS: Final = drawing.DRAWS
METHOD: Final = "separate ratio by strata; Polya posterior draws"
LOOK: Final = 25.0  # metres of street that a look shows


@dataclass(frozen=True)
class Rate:
    """Bicycles per stop, and per detected bicycle, with the 95 % range."""

    bicycles_per_stop: float
    low: float
    high: float
    """The ends are NaN where there are too few hand counts."""
    detected_per_stop: float

    @property
    def in_words(self) -> str:
        """What is known of it, such as `1.7 bicycles per stop (1.4 to 2.1, 95 %)`."""
        figure = f"{self.bicycles_per_stop:.2g} bicycles per stop"
        if np.isnan(self.low):
            return figure
        if self.low == self.high:
            return f"{figure}, all counted by eye"
        digits = 3 if f"{self.low:.2g}" == f"{self.high:.2g}" else 2
        return f"{figure} ({self.low:.{digits}g} to {self.high:.{digits}g}, 95 %)"

    @property
    def found_of_100(self) -> float:
        """Of 100 bicycles that a person counts, how many the detector counts; NaN for none."""
        found = self.detected_per_stop
        return 100 * found / self.bicycles_per_stop if self.bicycles_per_stop else float("nan")


@dataclass(frozen=True)
class Estimates:
    """What hand counts say of a survey."""

    areas: pd.DataFrame
    """By `area_id`: `hand_counted`, `bicycles_per_stop` and `bicycles_per_km` with `_low` and
    `_high`; NA where there are too few hand counts, and where no stop was counted."""
    streets: pd.DataFrame | None
    """By `street_id`, the same without `bicycles_per_km`; None where no streets were given."""
    whole: Rate
    """Of all stops, also those outside the areas."""
    strata: pd.DataFrame
    """By stratum: `looks`, `hand_counted`, `mean_detected`, `mean_bicycles`."""
    hand_counted: int
    """Looks whose hand counts the estimates use."""
    missing: tuple[str, ...]
    """What more must be counted by hand for what is NA."""
    ranged: bool
    """Whether areas and streets have ranges."""
    settings: dict[str, float]
    """`draws`, `seed`, `area_spread`."""
    draws: Draws | None = field(repr=False)
    """To add up by any grouping; None where there are too few hand counts for any estimate."""
    by_area: Sums | None = field(repr=False)
    """Bicycles by area, of which ranks and groups are made."""
    stops: "pd.Series[float]" = field(repr=False)
    """Stops by `area_id`."""
    spread: pd.DataFrame | None = field(repr=False)
    """How far other streets would move each area's rate, where streets or squares are given."""

    def as_dict(self) -> dict[str, Any]:
        """Return what `summary.json` holds of the estimates: plain numbers, NaN as None."""
        rate = self.whole
        return {
            "method": METHOD,
            **self.settings,
            "unseen_rack_weight": RACK_WEIGHT,
            "hand_counted": self.hand_counted,
            "strata": [
                {key: value if key == "stratum" else _plain(value) for key, value in row.items()}
                for row in self.strata.reset_index().to_dict("records")
            ],
            "bicycles_per_stop": _plain(rate.bicycles_per_stop),
            "bicycles_per_stop_low": _plain(rate.low),
            "bicycles_per_stop_high": _plain(rate.high),
            "detected_per_stop": _plain(rate.detected_per_stop),
            "found_of_100": _plain(rate.found_of_100),
            "missing": list(self.missing),
            "sentences": list(self.sentences()),
        }

    def sentences(self) -> tuple[str, ...]:
        """Return in words what the whole survey shows, and what the detector finds of it."""
        rate = self.whole
        if np.isnan(rate.bicycles_per_stop):
            return ()
        said = f"{rate.in_words}; the detector alone says {rate.detected_per_stop:.2g}."
        found = rate.found_of_100
        if np.isnan(found):
            return (said,)
        if found <= 100:
            return said, f"Of 100 bicycles that a person counts, it finds {found:.0f}."
        return said, f"Where a person counts 100 bicycles, it counts {found:.0f}."


def estimate(
    looks: pd.DataFrame,
    exposure: pd.DataFrame,
    hand_counts: pd.DataFrame,
    *,
    street_of_stop: "pd.Series[str] | None" = None,
    unseen: "pd.Series[float] | None" = None,
    metres_of_stop: "pd.Series[float] | None" = None,
    draws: int = DRAWS,
    seed: int = 0,
    area_spread: float = AREA_SPREAD,
) -> Estimates:
    """Return what a person would have counted: of areas, streets and the whole survey.

    `looks` is a looks frame, `exposure` the exposure frame that it was found in, `hand_counts` a
    hand counts frame. `street_of_stop` gives by `stop_id` the street, or the square where no
    streets are given; `unseen` by `area_id` the share of the street length that was not seen;
    `metres_of_stop` by `stop_id` the metres of covered street that it stands for, which bicycles
    per kilometre need. `area_spread` is the coefficient of variation of what areas differ by in
    what the detector misses. Same seed, same figures.

    Rates per stop are of the stops that were seen, and their ranges for what nobody counted there;
    bicycles per kilometre are for all streets of the area, the seen ones taken as a random sample.
    Too few hand counts are reported, and what needs more is NA. Raises SchemaError for a frame of
    another kind, InputError for options that cannot be used.

    Examples:
        >>> import pandas as pd
        >>> import geobike
        >>> from geobike import schema
        >>> names = [f"{n}.jpg" for n in range(6)]
        >>> seen = {"stop_id": names, "photo_id": names, "area_id": ["west"] * 3 + ["east"] * 3}
        >>> found = {"weight": 1.0, "share": 1.0, "bicycle_count": [0, 4, 0, 0, 5, 12]}
        >>> exposure = schema.table(schema.EXPOSURE, seen | found)
        >>> looks = geobike.find_looks(exposure)
        >>> counts = {"photo_id": names, "bicycles": [0, 5, 1, 0, 5, 20], "origin": "list"}
        >>> by_hand = schema.table(schema.HAND_COUNTS, counts)
        >>> estimates = geobike.estimate(looks, exposure, by_hand)
        >>> estimates.areas["bicycles_per_stop"].round(2).to_dict()
        {'east': 8.33, 'west': 2.0}
        >>> estimates.sentences()[1]
        'Of 100 bicycles that a person counts, it finds 68.'
    """
    schema.check(looks, schema.LOOKS)
    schema.check(exposure, schema.EXPOSURE)
    drawing.check(draws, seed, area_spread)
    looks = looks.sort_values("photo_id", ignore_index=True)
    counted = drawing.drawn(looks, hand_counts)
    by_hand = pd.Series(counted.expected, index=counted.look).reindex(looks.index)
    described = strata.describe(looks, by_hand)
    fatal, ranges = strata.lacking(described)
    whole = strata.lacking_for_whole(described)
    missing = tuple(_missing(fatal, ranges, whole))
    for text in missing:
        report(text)
    shared = parts.share_out(looks, exposure)
    stops = shared.groupby("area_id")["stops"].sum()
    other = None
    if street_of_stop is not None:
        known = pd.Series(1.0, index=stops.index) if unseen is None else unseen
        other = spread.street_spread(shared, street_of_stop, known)
    areas = _hand_counted(shared, "area_id", counted)
    streets = None
    found = float(shared["detected"].sum() / shared["stops"].sum())
    rate = Rate(np.nan, np.nan, np.nan, found)
    model = by_area = None
    if not fatal:
        model = drawing.draw(
            looks,
            shared,
            counted,
            described,
            draws=draws,
            seed=seed,
            area_spread=area_spread,
        )
        by_area, everywhere = model.by_area()
        areas = areas.join(_rates(by_area, stops, not ranges))
        rate = _whole(everywhere, shared, not (ranges or whole))
        if metres_of_stop is not None and other is not None:
            areas = areas.join(_per_km(model, metres_of_stop, stops, other, not ranges))
        if street_of_stop is not None:
            street = shared["stop_id"].map(street_of_stop)
            streets = _of_streets(model, street, counted, not ranges)
    settings = {"draws": draws, "seed": seed, "area_spread": area_spread}
    return Estimates(
        areas=areas,
        streets=streets,
        whole=rate,
        strata=described,
        hand_counted=len(counted.look),
        missing=missing,
        ranged=not (fatal or ranges),
        settings=settings,
        draws=model,
        by_area=by_area,
        stops=stops,
        spread=other,
    )


_MORE: Final = (
    "count on with geobike review OUT, or draw more with geobike sample OUT, --list and --sheets"
)


def _missing(fatal: list[str], ranges: list[str], whole: str) -> Iterator[str]:
    """Yield what must be counted before more can be said."""
    if fatal or ranges:
        what = "no estimate" if fatal else "an estimate without a range"
        yield f"hand counts give {what}: {'; '.join(fatal or ranges)}; {_MORE}"
    elif whole:
        yield f"hand counts give no range for the whole survey: {whole}; {_MORE}"


def _hand_counted(shared: pd.DataFrame, by: str, counted: HandCounted) -> pd.DataFrame:
    """Return how many looks were counted by hand that show each area or street."""
    shown = shared[(shared["stops"] > 0) | (shared["part"] > 0)]
    known = shown["look"].where(shown["look"].isin(counted.look))
    number = known.groupby(shown[by]).nunique().reindex(sorted(shared[by].dropna().unique()))
    return number.fillna(0).astype(schema.COUNT).to_frame("hand_counted")


def _rates(sums: Sums, stops: "pd.Series[float]", ranged: bool) -> pd.DataFrame:
    """Return bicycles per stop with the range, by group; NA where no stop was counted."""
    number = stops.reindex(sums.groups).to_numpy()
    low, high = sums.ends()
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.array([sums.estimate, low, high]) / np.where(number > 0, number, np.nan)
    return _columns("bicycles_per_stop", values, sums.groups, ranged)


def _columns(name: str, values: Floats, groups: "pd.Index[Any]", ranged: bool) -> pd.DataFrame:
    names = (name, f"{name}_low", f"{name}_high")
    table = pd.DataFrame(dict(zip(names, values, strict=True)), index=groups)
    return table if ranged else table.assign(**dict.fromkeys(names[1:], np.nan))


def _whole(everywhere: Sums, shared: pd.DataFrame, ranged: bool) -> Rate:
    stops = shared["stops"].sum()
    low, high = (float(end[0] / stops) if ranged else np.nan for end in everywhere.ends())
    found = float(shared["detected"].sum() / stops)
    return Rate(float(everywhere.estimate[0] / stops), low, high, found)


def _per_km(
    model: Draws,
    metres_of_stop: "pd.Series[float]",
    stops: "pd.Series[float]",
    other: pd.DataFrame,
    ranged: bool,
) -> pd.DataFrame:
    """Return bicycles that a kilometre of looks would show, in all streets of the area.

    Each stop weighs by the metres of covered street that it stands for, so that a street with many
    stops counts as one with few.
    """
    shared = model.parts
    metres = shared["stop_id"].map(metres_of_stop).astype(schema.FLOAT).fillna(0.0)
    sums = model.sums(shared["area_id"], times=metres)
    length = (shared["stops"] * metres).groupby(shared["area_id"]).sum()
    number = length.reindex(sums.groups).to_numpy()
    low, high = sums.ends()
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.array([sums.estimate, low, high]) / np.where(number > 0, number, np.nan)
        rates[1:] = spread.widen(
            rates[0],
            rates[1],
            rates[2],
            np.asarray(stops.reindex(sums.groups), dtype=np.float64),
            np.asarray(other["spread"].reindex(sums.groups), dtype=np.float64),
        )
    return _columns("bicycles_per_km", rates * 1000 / LOOK, sums.groups, ranged)


def _of_streets(
    model: Draws, street: "pd.Series[str]", counted: HandCounted, ranged: bool
) -> pd.DataFrame:
    shared = model.parts.assign(street_id=street)
    number = shared.groupby("street_id")["stops"].sum()
    table = _hand_counted(shared, "street_id", counted)
    return table.join(_rates(model.sums(street), number, ranged))


def _plain(value: Any) -> Any:
    """Return a number as JSON has it, rounded to what can be known of it."""
    if isinstance(value, int | np.integer):
        return int(value)
    return None if np.isnan(value) else float(f"{value:.6g}")
