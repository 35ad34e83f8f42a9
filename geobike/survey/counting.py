"""Counting with the areas and the streets at hand: what `run` does after detection."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geobike import areas as area_room
from geobike import config, metrics, parking
from geobike import streets as street_room
from geobike.counting import stage
from geobike.estimates import looks, parts, spread


def count_areas(
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    streets: gpd.GeoDataFrame | None = None,
    rules: stage.Rules | None = None,
    racks: gpd.GeoDataFrame | None = None,
    walk: float = config.WALK,
) -> stage.Counted:
    """Count what the kept boxes show of each area: `areas` of what is returned holds the figures.

    `photos` is a counts frame, as `count_per_photo` returns it, `detections` its detections frame,
    `areas` an areas frame. `streets` are street lines, as `read_streets` returns them: from them
    follows how much of each area was seen; without them, squares of 150 m with a stop are counted.
    `rules` say how bicycles are placed and stops are made. `racks`, as `read_racks` returns them,
    add places to park: pressure and shortage by street and by area. `walk` is the distance in
    metres that bicycles may stand from a rack.

    Examples:
        >>> import geobike
        >>> from geobike import schema
        >>> from shapely import box
        >>> points = schema.points([4.36, 4.361], [52.01, 52.01])
        >>> taken = {"photo_id": ["a.jpg", "b.jpg"], "area_id": ["1", "1"]}
        >>> photos = schema.geotable(schema.PHOTOS, taken, points)
        >>> kept = {"photo_id": ["a.jpg", "a.jpg"], "kept": [True, True]}
        >>> boxes = schema.table(schema.DETECTIONS, kept)
        >>> names = {"area_id": ["1", "2"], "name": ["Centre", "East"], "area_km2": [3.05, 3.05]}
        >>> shapes = [box(4.35, 52.0, 4.37, 52.02), box(4.37, 52.0, 4.39, 52.02)]
        >>> areas = schema.geotable(schema.AREAS, names, shapes)
        >>> counted = geobike.count_areas(geobike.count_per_photo(photos, boxes), boxes, areas)
        >>> counted.areas[["name", "detected_per_stop", "stop_count", "bicycle_count", "status"]]
             name  detected_per_stop  stop_count  bicycle_count    status
        0  Centre                1.0         2.0              2  too_thin
        1    East                NaN         0.0           <NA>    unseen
    """
    rules = rules or stage.Rules()
    row_at = area_room.row_at(areas)
    network = None if streets is None else street_room.build(streets, areas, row_at)
    counted = stage.count(
        photos,
        detections,
        areas,
        row_at=row_at,
        network=network,
        rules=rules,
    )
    counted = replace(counted, areas=_with_spread(counted))
    if racks is None:
        return counted
    if network is not None and counted.streets is not None:
        kerb = stage.kerb_in_view(photos, counted, network, areas["area_id"], rules=rules)
        counted = replace(
            counted,
            areas=counted.areas.assign(**{metrics.KERB: kerb.areas.to_numpy()}),
            streets=counted.streets.assign(**{metrics.KERB: kerb.streets}),
        )
    demand = parking.Demand(
        bicycles=counted.bicycles,
        stops=counted.stops,
        areas=counted.areas,
        streets=counted.streets,
        street_of_bicycle=counted.street_of_bicycle,
    )
    found = parking.measure(racks, demand, row_at=row_at, network=network, walk=walk)
    return replace(
        counted,
        areas=found.areas,
        streets=found.streets,
        racks=found.racks,
        supply=found.total,
    )


def _with_spread(counted: stage.Counted) -> gpd.GeoDataFrame:
    """Return the areas with how far other streets would move what was detected per stop."""
    shared = parts.share_out(looks.find(counted.exposure), counted.exposure)
    found = spread.street_spread(shared, counted.street_of_stop, unseen(counted.areas))
    ends = spread.ends(found).reindex(counted.areas["area_id"])
    columns = {f"detected_per_stop_{end}": ends[end].to_numpy() for end in ends}
    return counted.areas.assign(**columns)


def unseen(areas: gpd.GeoDataFrame) -> "pd.Series[float]":
    """Return by `area_id` the share of the street length that was not seen, 1 if not known."""
    seen = areas["covered_share"] if "covered_share" in areas else pd.Series(0.0, areas.index)
    return 1 - seen.fillna(0.0).set_axis(areas["area_id"])
