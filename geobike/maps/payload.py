"""The data of the page: the values of the frames as plain JSON, and the metrics they belong to."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import pandas as pd
import shapely

from geobike import certainty, config, metrics, schema, sums
from geobike.errors import InputError
from geobike.maps import basemap, context, racks
from geobike.maps.encoding import encode_json
from geobike.maps.numbers import finite, time
from geobike.maps.options import PageOptions, is_wms, words
from geobike.maps.periods import ledger as ledger_of
from geobike.maps.periods import periods
from geobike.maps.photos import Pictures, photos, ridden
from geobike.maps.places import looks as looks_of
from geobike.maps.places import places
from geobike.maps.shapes import centres, outlines, simplified
from geobike.maps.streets import streets
from geobike.version import __version__


@dataclass(frozen=True)
class Provenance:
    """How the numbers were computed."""

    label: str
    model: str
    threshold: float
    timezone: str
    ledger: Mapping[str, int]
    estimates: Mapping[str, Any] | None = None
    """What hand counts say of the whole survey; None without."""

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError(
                f"timezone {self.timezone!r} is not known; give a name such as Europe/Amsterdam"
            ) from None
        if not 0 <= self.threshold <= 1:
            raise InputError(f"threshold {self.threshold!r} is not between 0 and 1")
        unknown = set(self.ledger) - set(schema.STATUSES)
        if unknown:
            raise InputError(f"the ledger counts an unknown status: {', '.join(sorted(unknown))}")


@dataclass(frozen=True, kw_only=True)
class Looks:
    """How counting grouped the photos, and what it made of the streets; all may be unknown."""

    visits: pd.DataFrame | None = None
    """Visits frame; without it each photo is a place of its own."""
    stops: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    stretches: pd.DataFrame | None = None
    """Stretches frame; without it a street that was seen is taken to be seen whole."""


NO_LOOKS: Final = Looks()


@dataclass(frozen=True)
class Racks:
    """The racks to draw."""

    racks: gpd.GeoDataFrame | None = None
    """Racks frame; None for none."""
    walk: float = config.WALK
    """Metres from a rack within which bicycles were counted as near it."""


NO_RACKS: Final = Racks()


def page_data(
    areas: gpd.GeoDataFrame,
    taken: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    tallies: pd.DataFrame,
    pictures: Pictures,
    provenance: Provenance,
    page: PageOptions,
    context_layers: Iterable[basemap.Layer],
    looks: Looks = NO_LOOKS,
    supply: Racks = NO_RACKS,
) -> dict[str, Any]:
    """Check what `geobike.maps.build` was given and return what the page draws from."""
    schema.check(areas, schema.AREA_COUNTS)
    schema.check(taken, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    schema.check(tallies, schema.TALLIES)
    if areas.empty:
        raise InputError("there are no areas to draw; give at least one polygon")
    if looks.visits is not None:
        schema.check(looks.visits, schema.VISITS)
    found = _shown(areas)
    known_of = _Known(provenance.estimates, page.min_photos)
    shapes, shifted = simplified(areas)
    catalogue = words(page.language)
    if metrics.SHARE not in areas:  # squares were counted in place of streets
        catalogue |= {name: catalogue[squares] for name, squares in _SQUARES.items()}
    timezone, ids = provenance.timezone, areas["area_id"]
    period, names = periods(taken, timezone)
    lines, street_of = streets(looks.streets, looks.stops, looks.stretches, ids)
    spots, stood = places(taken, looks.visits, period, street_of, ids, shifted)
    shown = photos(
        taken,
        detections,
        pictures,
        period,
        stood,
        tallies,
        ids,
        timezone=timezone,
        threshold=provenance.threshold,
        shifted=shifted,
    )
    if shown["details"] is None:  # else the page adds up its photos
        spots["looks"] = looks_of(stood)
    known = period >= 0
    period_of = pd.Series(period[known].to_numpy(), index=taken.loc[known, "photo_id"])
    ledger = provenance.ledger
    return {
        "title": catalogue["title"] if page.title == config.TITLE else page.title,
        "label": provenance.label,
        "model": provenance.model,
        "threshold": provenance.threshold,
        "timezone": timezone,
        "language": catalogue["language"],
        "min_photos": page.min_photos,
        "source": page.source,
        "version": __version__,
        "hidden": _hidden(page) if pictures.files else None,
        "words": catalogue,
        "ledger": {status: int(ledger[status]) for status in schema.STATUSES if ledger.get(status)},
        "periods": names,
        "ledgers": ledger_of(taken, period, len(names)),
        "ridden": _ridden(taken, detections, period, len(names)),
        **_statistics(found),
        "areas": encode_json(_areas(areas, shapes, found, timezone, known_of.groups(areas, found))),
        "photos": shown,
        "places": spots,
        "streets": lines,
        "covered": metrics.SHARE in areas,
        "averages": known_of.averages(areas, found),
        "estimates": _estimates(provenance.estimates),
        "tallies": encode_json(_tallies(tallies, period_of, ids)),
        "racks": racks.drawn(supply.racks, walk=supply.walk, streets=looks.streets),
        **_backgrounds(context_layers, areas),
        "tiles": None
        if page.tiles is None
        else {"url": page.tiles, "wms": is_wms(page.tiles), "attribution": page.attribution},
    }


def _ridden(
    taken: gpd.GeoDataFrame, detections: pd.DataFrame, period: "pd.Series[int]", count: int
) -> dict[str, Any] | None:
    """Return how many bicycles on counted photos are ridden and so do not count, also by period."""
    each = ridden(taken, detections).where(taken["status"] == schema.COUNTED, 0)
    if not each.any():
        return None
    then = each.groupby(period).sum().reindex(range(count), fill_value=0)
    return {"whole": int(each.sum()), "periods": then.tolist()}


def _estimates(estimates: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what the page says of the hand counts; the rest is in the summary."""
    if estimates is None:
        return None
    keys = ("hand_counted", "found_of_100", "missing")
    by_hand = certainty.BY_HAND
    whole = [estimates.get(f"{by_hand}{end}") for end in ("", "_low", "_high")]
    return {key: estimates[key] for key in keys} | {"of": by_hand, "whole": whole}


_RANKS: Final = ("rank_low", "rank_high")
"""The columns of areas that were compared by draws, where there are any."""
_GROUPS: Final = {certainty.ABOVE: 1, certainty.ALIKE: 0, certainty.BELOW: -1}

_SQUARES: Final = {"streets_seen": "squares_seen", "short_streets_seen": "short_squares_seen"}
"""Words for areas without streets, by the words in whose place they come."""


class _Known(NamedTuple):
    """What averages and groups depend on, besides the areas."""

    estimates: Mapping[str, Any] | None
    min_photos: int

    def averages(
        self, areas: gpd.GeoDataFrame, found: list[metrics.Metric]
    ) -> dict[str, float | None]:
        """Return the average of each metric."""
        return {
            one.name: finite(certainty.average(areas, one, estimates=self.estimates))
            for one in found
        }

    def groups(self, areas: gpd.GeoDataFrame, found: list[metrics.Metric]) -> list[dict[str, int]]:
        """Return of each area on which side of the averages it is, by metric."""
        areas = areas.reset_index(drop=True)
        sides = {
            one.name: certainty.groups(areas, one, **self._asdict()).map(_GROUPS).dropna()
            for one in found
        }
        told: list[dict[str, int]] = [{} for _ in range(len(areas))]
        for name, side in sides.items():
            for row, group in zip(side.index.tolist(), side.tolist(), strict=True):
                told[row][name] = int(group)
        return told


def _backgrounds(layers: Iterable[basemap.Layer], areas: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return what lies above the areas, and below them."""
    given = list(layers)
    above = [layer for layer in given if isinstance(layer, context.ContextLayer)]
    below = next((layer for layer in given if isinstance(layer, basemap.Basemap)), None)
    return {
        "context": context.drawn(above, areas),
        "basemap": None if below is None else basemap.drawn(below, areas),
    }


def _shown(areas: gpd.GeoDataFrame) -> list[metrics.Metric]:
    """Return the metrics of the frame, without those that are NA throughout without streets."""
    available = metrics.available(list(areas), metrics.METRICS)
    known = [metric for metric in available if not metric.least_share or metric.share_of in areas]
    there = [metric for metric in known if metric.name in areas]
    # Of racks, a figure that is nowhere known is not offered: none was seen well enough.
    return [m for m in there if m.needs != metrics.RACKS or areas[m.name].notna().any()]


def _hidden(page: PageOptions) -> dict[str, Any]:
    """Return what is anonymized on the pictures, for the page to say so."""
    shown = {"people": page.show_people, "vehicles": page.show_vehicles}
    kinds = [kind for kind, plain in shown.items() if not plain]
    return {
        "kinds": "_and_".join(kinds) or "nothing",
        "labels": ", ".join(page.blur),
        "large": page.pictures == "folder",
    }


def _statistics(found: list[metrics.Metric]) -> dict[str, Any]:
    """Return what the page needs to show the metrics, and to compute them for a period.

    `constants` are columns of the areas, `needed` those for which metrics were requested. `roles`
    names the sums that tell whether anything was seen, and what the page counts.
    """
    needed = sorted({metric.needs or "" for metric in found} & set(schema.AREAS.optional))
    constants = {metric.denominator for metric in found} - {None, *metrics.SUMS}
    return {
        "metrics": [_metric(metric) for metric in found],
        "constants": sorted(constants | set(needed)),
        "needed": needed,
        "roles": {
            "photos": metrics.PHOTOS,
            "things": metrics.BICYCLES,
            "once": metrics.ONCE,
            "stops": metrics.STOPS,
            "onStops": metrics.ON_STOPS,
            "looked": list(metrics.LOOKED),
            "share": metrics.SHARE,
            "seen": "covered_km",
            "streetLength": "street_km",
        },
    }


def _tallies(
    tallies: pd.DataFrame, period_of: "pd.Series[int]", area_ids: "pd.Series[str]"
) -> dict[str, Any]:
    """Return the sums of each area in each period, as columns; `area` is a position."""
    found = sums.by_period(tallies, period_of).reset_index()
    found["area"] = pd.Index(area_ids).get_indexer(pd.Index(found["area_id"]))
    columns = found[found["area"] >= 0].drop(columns="area_id").astype({"period": int})
    return {str(name): columns[name].round(6).tolist() for name in columns}


def _metric(metric: metrics.Metric) -> dict[str, Any]:
    keys = ("name", "numerator", "denominator", "per", "digits", "percent", "order", "low", "high")
    return {key: getattr(metric, key) for key in (*keys, "least_share", "share_of")} | {
        "shown": sorted(metric.shown),
        "tellsLooking": metric.tells_looking,
        "exact": metric.is_whole or metric.tells_looking,
    }


def _areas(
    areas: gpd.GeoDataFrame,
    shapes: list[shapely.Geometry],
    found: list[metrics.Metric],
    timezone: str,
    groups: list[dict[str, int]],
) -> list[dict[str, Any]]:
    named = areas["name"].fillna(areas["area_id"])
    repeated = named.duplicated(keep=False)
    statistics = _statistics(found)
    ranges = [column for metric in found for column in metric.ranges if column in areas]
    columns = [*statistics["constants"], *(metric.name for metric in found), *ranges]
    places = centres(shapes)
    return [
        {
            "id": row.area_id,
            "name": f"{name} ({row.area_id})" if again else name,
            "status": row.status,
            "figures": {column: finite(getattr(row, column)) for column in columns},
            "first": time(row.first_photo_at, timezone),
            "last": time(row.last_photo_at, timezone),
            "centre": centre,
            "groups": sides,
            "rings": rings,
        }
        | _ranks(row)
        | counted
        for row, name, again, rings, centre, sides, counted in zip(
            _rows(areas),
            named,
            repeated,
            outlines(shapes),
            places,
            groups,
            racks.by_hand(areas),
            strict=True,
        )
    ]


def _ranks(row: Any) -> dict[str, Any]:
    """Return the area's range of ranks, where it was estimated."""
    rank = [finite(getattr(row, column, math.nan)) for column in _RANKS]
    return {} if None in rank else {"rank": rank}


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows by column name, as values with the types that `schema.check` has checked."""
    return iter(frame.itertuples())
