"""From boxes on photos to numbers of areas: the steps of counting in their order.

boxes -> bicycles on the ground -> stops -> what they show of each area -> sums of areas
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import config, metrics, schema
from geobike.counting import (
    counts,
    coverage,
    exposure,
    headings,
    kerb,
    places,
    placing,
    riding,
    stops,
    tallies,
    views,
)
from geobike.reporting import report
from geobike.streets import Network


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How bicycles are placed and stops are made."""

    place: bool = True
    """Put bicycles where they stand; else they are where the camera was."""
    field_of_view: float | None = None
    """Degrees across a photo that does not say its focal length."""
    heading_offset: float = 0.0
    """Degrees that are added to every heading."""
    position_error: float = config.POSITION_ERROR
    """Metres, for photos that do not say theirs."""
    heading_error: float = config.HEADING_ERROR
    """Degrees."""
    stop_distance: float = config.STOP_DISTANCE
    """Metres from the first photo of a stop."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What counting gives; the frames are described in `geobike.schema`."""

    bicycles: pd.DataFrame
    visits: pd.DataFrame
    """Visits frame, on the index of the photos."""
    stops: gpd.GeoDataFrame
    tallies: pd.DataFrame
    areas: gpd.GeoDataFrame
    """Area counts frame."""
    streets: gpd.GeoDataFrame | None
    """Streets frame; None where no streets were given."""
    stretches: pd.DataFrame | None
    """Stretches frame: which pieces of the streets were seen; None where no streets were given."""
    exposure: pd.DataFrame
    """Exposure frame: what each visit of a stop shows of each area."""
    street_of_stop: "pd.Series[str]"
    """By `stop_id`; the square of 150 m where there is no street."""
    metres_of_stop: "pd.Series[float] | None"
    """By `stop_id`: covered street that it stands for; None where no streets were given."""
    street_of_bicycle: "pd.Series[str] | None"
    """`street_id` of each bicycle, on their index: that of the stop whose photo shows it."""
    square_m: float
    """Side of the squares of ground in which each place counts once, in metres."""
    racks: gpd.GeoDataFrame | None = None
    """Racks frame; None where no racks were given."""
    supply: Mapping[str, Any] = field(default_factory=dict)
    """Places and bicycles of all areas together, as in `summary.json`; empty without racks."""

    @property
    def beside(self) -> int:
        """Bicycles on counted photos that stand in none of the areas."""
        return int(self.bicycles["area_id"].isna().sum())

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """Places frame: found when it is asked for, since no file has it."""
        return places.find_places(self.bicycles, size_m=self.square_m)

    @cached_property
    def total(self) -> dict[str, float]:
        """`bicycle_count`, `detected_once`, `detected_at_least` of the whole survey."""
        all_together = places.count_once(self.bicycles, size_m=self.square_m)
        return {str(name): all_together[name].iloc[0].item() for name in all_together}


def count(
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    row_at: exposure.RowAt,
    network: Network | None = None,
    rules: Rules = Rules(),
) -> Counted:
    """Count what the kept boxes of the counted photos show of each area.

    `photos` is a counts frame, `detections` its detections frame, `areas` an areas frame, of which
    `row_at` gives the row at a place, -1 for none. Without a network of streets, how well an area
    was seen is judged by the squares of 150 m with a stop.
    """
    turned = _turned(photos, rules)
    bicycles = _placed(turned, detections, areas, row_at, rules)
    if rules.place:
        _report_headings(photos, bicycles, rules)
    seen = views.views(turned, field_of_view=rules.field_of_view)
    looking = turned.assign(heading=turned["heading"].mask(views.all_around(seen)))
    visits = stops.find_stops(looking, reach=rules.stop_distance)
    found = stops.describe_stops(looking, visits)
    half = pd.Series(np.degrees(seen.half), index=photos.index)
    shown = exposure.share_out(turned, visits, bicycles, areas, row_at=row_at, half_view=half)
    tallied = tallies.tally(turned, bicycles, shown)
    size = places.square_size(turned, position_error_m=rules.position_error)
    measured = _measured(turned, bicycles, areas["area_id"], size)
    square = coverage.square_of_stop(found)
    streets = street = seen_pieces = None
    if network is None:
        squares = coverage.squares_seen(square, shown).reindex(measured.index)
        measured["streets_seen"] = squares.fillna(0)
    else:
        covered = coverage.cover(found, network, areas["area_id"])
        found["street_id"] = covered.street_of_stop
        measured = measured.join(covered.areas)
        street = coverage.street_of_bicycle(covered, bicycles, visits, turned, found)
        streets = coverage.describe_streets(network, covered, bicycles, street)
        seen_pieces = covered.stretches
    return Counted(
        bicycles=bicycles,
        visits=visits,
        stops=found,
        tallies=tallied,
        areas=counts.per_area(areas, turned, tallied, measured),
        streets=streets,
        stretches=seen_pieces,
        street_of_bicycle=street,
        exposure=shown,
        street_of_stop=coverage.street_or_square(found, square),
        metres_of_stop=None if streets is None else coverage.metres_of_stop(found, streets),
        square_m=size,
    )


def kerb_in_view(
    photos: gpd.GeoDataFrame,
    counted: Counted,
    network: Network,
    area_ids: "pd.Series[str]",
    *,
    rules: Rules = Rules(),
) -> kerb.Kerb:
    """Return how much of the kerb of each street and area the counted photos have in view.

    `photos` and the rules are those that were counted.
    """
    turned = _turned(photos, rules)
    faced = turned.assign(heading=turned["heading"].fillna(0.0))
    seen = views.views(faced, field_of_view=rules.field_of_view)
    told = turned["heading"].notna().to_numpy() | views.all_around(seen)
    stop = schema.rows_of(counted.visits["stop_id"], counted.stops["stop_id"])
    street = schema.rows_of(counted.stops["street_id"], network.streets["street_id"])
    return kerb.in_view(
        network,
        seen._replace(half=np.where(told, seen.half, np.nan)),
        np.append(street, -1)[stop],
        area_ids,
    )


def _turned(photos: gpd.GeoDataFrame, rules: Rules) -> gpd.GeoDataFrame:
    return photos.assign(heading=(photos["heading"] + rules.heading_offset) % 360)


def _measured(
    photos: gpd.GeoDataFrame, bicycles: pd.DataFrame, area_ids: "pd.Series[str]", size_m: float
) -> pd.DataFrame:
    """Return by `area_id` what is no sum of tallies: each place once, and the riders."""
    once = places.count_once(bicycles, size_m=size_m, by="area_id").reindex(area_ids)
    once = once.drop(columns=metrics.BICYCLES).fillna(0)
    return once.join(riding.per_area(photos, bicycles, area_ids))


def _report_headings(photos: gpd.GeoDataFrame, bicycles: pd.DataFrame, rules: Rules) -> None:
    """Report cameras whose headings do not fit, with the offset to give instead."""
    trouble = headings.heading_trouble(
        photos,
        bicycles,
        field_of_view=rules.field_of_view,
        heading_offset=rules.heading_offset,
    )
    if trouble is not None:
        report(trouble.message)


def _placed(
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    row_at: exposure.RowAt,
    rules: Rules,
) -> pd.DataFrame:
    """Return the bicycles frame with the area in which each bicycle stands.

    Where it is not placed, that is the area of its photo.
    """
    if rules.place:
        bicycles = placing.place(
            photos,
            detections,
            field_of_view=rules.field_of_view,
            position_error_m=rules.position_error,
            heading_error=rules.heading_error,
        )
    else:
        bicycles = placing.place_at_cameras(
            photos, detections, position_error_m=rules.position_error
        )
    placed = bicycles["placed"].to_numpy()
    row = np.full(len(bicycles), -1, dtype=np.intp)
    row[placed] = row_at(*(bicycles[axis].to_numpy()[placed] for axis in ("lon", "lat")))
    of_photo = schema.rows_of(photos["area_id"], areas["area_id"])
    photo = schema.rows_of(bicycles["photo_id"], photos["photo_id"])
    row[~placed] = of_photo[photo[~placed]]
    return bicycles.assign(area_id=schema.as_codes(row, areas["area_id"]))
