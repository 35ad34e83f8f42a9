"""Writes the truth: by photo, by bicycle on a photo, by place and by neighbourhood."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import Point, Polygon
from shapely.ops import unary_union

from data.town import files, geography, truth
from data.town.places import RACKS, Place, places, standing
from data.town.plan import IN_MANIFEST, SIZE, Shot, seen_twice, shots

IN_SIGHT = 25.0  # metres along its street that a photo counts as seen
ACROSS = 30.0  # degrees from straight across the street within which one side of it is seen
BESIDE = 6.0  # metres from the middle of the street: what lies on that side of it

Looks = Mapping[str, Sequence[Mapping[str, Any]]]
"""Of each photo: the bicycles that it shows, as truth.named() gives them."""


def write_truth(taken: Sequence[Shot], looks: Looks, path: Path) -> None:
    """Write what each photo shows, and where its camera truly was.

    `bicycles` is what a person would count, ridden ones too; `ridden` says how many of them are.
    """
    rows = []
    for shot in taken:
        seen = [truth.look(one) for one in looks[shot.name]]
        counted = [one["bicycle"] for one in looks[shot.name] if truth.look(one).half_visible]
        lon, lat = geography.lon_lat(shot.spot)
        rows.append(
            {
                "file": shot.name,
                "in_view": sum(one.in_view for one in seen),
                "half_visible": len(counted),
                "bicycles": len(counted),
                "ridden": counted.count(truth.RIDDEN),
                "place_id": shot.at.place_id,
                "lon_true": f"{lon:.7f}",
                "lat_true": f"{lat:.7f}",
                "heading_true": f"{shot.heading:.1f}",
            }
        )
    pd.DataFrame(rows).to_csv(path, index=False)


def write_seen(taken: Sequence[Shot], looks: Looks, path: Path) -> None:
    """Write each bicycle that is in view on a photo, with its box in pixels as it was taken."""
    wide, high = SIZE
    rows = []
    for shot in taken:
        for one in looks[shot.name]:
            look = truth.look(one)
            if look.in_view:
                left, top, right, bottom = look.box
                row = {"file": shot.name, "bicycle": one["bicycle"], "visible": look.visible}
                row |= {"whole": look.whole, "half_visible": int(look.half_visible)}
                edges = (left * wide, top * high, right * wide, bottom * high)
                sides = ("x_min", "y_min", "x_max", "y_max")
                rows.append(row | {k: round(v, 1) for k, v in zip(sides, edges, strict=True)})
    pd.DataFrame(rows).to_csv(path, index=False)


def write_places(survey: str, path: Path) -> None:
    """Write every place of the town, photographed or not, and what stands there."""
    counts = standing(survey, seen_twice())
    photos = Counter(shot.at.place_id for shot in _located(survey))
    rows = []
    for place_id, place in places().items():
        lon, lat = geography.lon_lat(place.stands_at)
        rows.append(
            {
                "place_id": place_id,
                "street": place.street,
                "area": place.area,
                "lon": f"{lon:.7f}",
                "lat": f"{lat:.7f}",
                "length_m": f"{place.line.length:.1f}",
                "stand": place.stand,
                "bicycles": counts[place_id],
                "photos": photos[place_id],
            }
        )
    pd.DataFrame(rows).to_csv(path, index=False)


def write_areas_truth(survey: str, path: Path) -> None:
    """Write how many bicycles stand in each neighbourhood and per 100 m of its streets.

    Over all its streets, and over the pieces of street that a photo was taken of (`seen_`).
    """
    counts = standing(survey, seen_twice())
    seen = {shot.at.place_id for shot in _located(survey)}
    covered = _covered_shares(survey)
    rows = []
    for name in geography.outlines():
        whole = _sums(name, counts, set(places()))
        part = _sums(name, counts, seen)
        rows.append(
            {
                "name": name,
                **{column: _number(value) for column, value in whole.items()},
                **{f"seen_{column}": _number(value) for column, value in part.items()},
                "covered_share": f"{covered[name]:.3f}",
            }
        )
    pd.DataFrame(rows).to_csv(path, index=False)


def write_change(path: Path) -> None:
    """Write how many bicycles stood in each neighbourhood in spring and in autumn.

    Over all its places, and over those that both surveys photographed (`both_`).
    """
    both = seen_twice()
    counts = {survey: standing(survey, both) for survey in ("spring", "autumn")}
    rows = []
    for name in geography.outlines():
        here = [place_id for place_id, place in places().items() if place.area == name]
        row: dict[str, object] = {"name": name}
        for survey, standing_there in counts.items():
            row[survey] = sum(standing_there[place_id] for place_id in here)
        row["both_places"] = len(both.intersection(here))
        for survey, standing_there in counts.items():
            row[f"both_{survey}"] = sum(standing_there[i] for i in both.intersection(here))
        rows.append(row)
    pd.DataFrame(rows).to_csv(path, index=False)


def write_racks(path: Path) -> None:
    """Write the racks: how many bicycles each holds, where that is known, and since when."""
    rows = []
    for place in places().values():
        if place.rack is not None:
            _, _, _, capacity, _, year = RACKS[place.rack]
            row = {"rack_id": place.place_id, "street": place.street, "capacity": capacity}
            point = Point(geography.lon_lat(place.stands_at))
            rows.append(row | {"date": f"{year}-06-01", "geometry": point})
    table = gpd.GeoDataFrame(rows, crs="EPSG:4326")
    files.write_features(table.astype({"capacity": "Int64"}).astype({"capacity": object}), path)


def _located(survey: str) -> list[Shot]:
    """Return the photos of the town whose position is known, by EXIF or manifest."""
    return [
        shot
        for shot in shots(survey)
        if shot.at.place_id in places()
        and (shot.exif in ("whole", "sideways") or IN_MANIFEST in shot.name)
    ]


def _sums(area: str, counts: Mapping[str, int], among: set[str]) -> dict[str, float]:
    """Sum up a neighbourhood: bicycles that stand in it; of a border's street, half its length."""
    chosen = [place for place_id, place in places().items() if place_id in among]
    bicycles = sum(counts[place.place_id] for place in chosen if place.area == area)
    metres = sum(place.shares.get(area, 0) * place.line.length for place in chosen)
    per_100m = 100 * bicycles / metres if metres else float("nan")
    return {"bicycles": bicycles, "street_km": metres / 1000, "bicycles_per_100m": per_100m}


def _number(value: float) -> str:
    if value != value:  # nobody looked
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _covered_shares(survey: str) -> dict[str | None, float]:
    """Return the share of each neighbourhood's sides of streets that a photo looked at."""
    sights = _sights(survey)
    whole: Counter[str | None] = Counter()
    seen: Counter[str | None] = Counter()
    for place, right in product(places().values(), (True, False)):
        aside = BESIDE if right else -BESIDE
        area = geography.area_of(geography.beside(place.middle, place.bearing, 0, aside))
        in_sight = unary_union(sights[*_street(place), right])
        whole[area] += place.line.length
        seen[area] += place.line.intersection(in_sight).length
    return {area: seen[area] / whole[area] for area in whole}


def _sights(survey: str) -> dict[tuple[str, int, bool], list[Polygon]]:
    """Return what is in sight of the photos of each street, between junctions, on its right or not.

    A camera that looks across the street, within 30 degrees, sees one side of it; others see both.
    """
    sights = defaultdict(list)
    for shot in _located(survey):
        nearest = min(places().values(), key=lambda place: place.line.distance(Point(shot.spot)))
        turn = (shot.heading - nearest.bearing) % 360
        for right, away in ((True, 270), (False, 90)):
            if abs(turn - away) > ACROSS:
                sights[*_street(nearest), right].append(Point(shot.spot).buffer(IN_SIGHT))
    return sights


def _street(place: Place) -> tuple[str, int]:
    return place.street, place.section
