"""The sample's town photographed from one end to the other, which the sample's own photos are not.

Each photo shows what stands in one of the pieces of 25 m that `places.csv` has, as the sample's do.
What the detector finds is drawn from what it found on the sample's photos of as many bicycles.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import geobike
from geobike import areas, parking, schema, streets
from geobike.estimates import sampling
from tests.support.sample_survey import SAMPLE

AROUND = {"width": 2000, "height": 1024, "turn_px": 2048.0, "horizon_px": 512.0}
"""Each photo looks around, so that it has the kerb of its piece in view; but for a sliver, so that
it still has a direction, as stops of cameras that look all around have not."""

FULL = 8
"""Bicycles in one piece; what is found of more is drawn as a share."""


@dataclass(frozen=True)
class Town:
    """What stands there, and where."""

    places: pd.DataFrame
    """`places.csv` with `street_id` and `number`, in which the pieces of a street follow on."""
    on_street: gpd.GeoSeries
    heading: np.ndarray[Any, np.dtype[np.float64]]
    """Along the street, so that a photo shows both its sides."""
    areas: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    racks: gpd.GeoDataFrame

    @property
    def parked(self) -> "pd.Series[int]":
        """Bicycles by `street_id`."""
        return self.places.groupby("street_id")["bicycles"].sum()


def built() -> Town:
    polygons = areas.read(SAMPLE / "areas.geojson")
    lines = streets.read(SAMPLE / "streets.geojson", polygons)
    network = streets.build(lines, polygons, areas.row_at(polygons))
    places = pd.read_csv(SAMPLE / "places.csv")
    points = gpd.points_from_xy(places["lon"], places["lat"], crs=schema.CRS).to_crs(network.plane)
    row = shapely.STRtree(network.shapes).nearest(np.asarray(points))
    line = network.shapes[row]
    along = shapely.line_locate_point(line, np.asarray(points))
    here, ahead = (shapely.line_interpolate_point(line, along + step) for step in (-1, 1))
    east, north = (axis(ahead) - axis(here) for axis in (shapely.get_x, shapely.get_y))
    ids = network.streets["street_id"].to_numpy()[row]
    number = pd.Series(along).groupby(ids).rank(method="first").astype(int)
    middle = shapely.line_interpolate_point(line, along)
    return Town(
        places.assign(street_id=ids, number=number),
        gpd.GeoSeries(middle, crs=network.plane).to_crs(schema.CRS),
        np.degrees(np.arctan2(east, north)) % 360,
        polygons,
        lines,
        parking.read(SAMPLE / "racks.geojson", polygons),
    )


@dataclass(frozen=True)
class Surveyed:
    """A survey of the town."""

    town: Town
    photos: gpd.GeoDataFrame
    counted: geobike.Counted

    def by_hand(self, *, seed: int, sheets: int = 1) -> geobike.Counted:
        """Return the same with photos drawn by geobike and counted without an error."""
        looks = geobike.find_looks(self.counted.exposure)
        drawn = sampling.draw(looks, seed=seed, sheets=sheets)
        true = self.town.places.set_index("place_id")["bicycles"].loc[drawn["file"]].to_numpy()
        typed = {"photo_id": drawn["file"], "bicycles": true, "origin": drawn["origin"]}
        counts = schema.table(schema.HAND_COUNTS, typed)
        return geobike.estimate_areas(self.counted, self.photos, counts).counted

    def judged(self, counted: geobike.Counted | None = None) -> pd.DataFrame:
        """Return the streets whose shortage is known, with the true figures beside."""
        found = pd.DataFrame((counted or self.counted).streets).set_index("street_id")
        found = found[found["shortage"].notna()]
        parked = self.town.parked.reindex(found.index).fillna(0)
        places = found["rack_capacity"].astype(float)
        lacking = np.ceil(parked - 0.9 * places - 1e-6).clip(lower=0)
        return found.assign(true_pressure=(parked / places).where(places > 0), true=lacking)


def surveyed(
    town: Town, *, seed: int, every: int = 1, share: float = 1, misses: bool = True
) -> Surveyed:
    """Photograph every n-th piece of each street, or a share of them that chance draws.

    A detector that `misses` errs as the sample's.
    """
    places = town.places
    taken = ((places["number"] + seed) % every == 0).to_numpy()
    taken = taken & (np.random.default_rng(seed).random(len(places)) < share)
    number = places["bicycles"].to_numpy()
    found = _detected(number, seed) if misses else number
    ids = places["place_id"].to_numpy()[taken]
    start = pd.Timestamp("2026-05-12T09:00Z")
    shown = {
        "photo_id": ids,
        "heading": town.heading[taken],
        "taken_at": start + pd.to_timedelta(np.arange(len(ids)), unit="s"),
        "area_id": places["area"].to_numpy()[taken],
        **AROUND,
    }
    photos = schema.geotable(schema.PHOTOS, shown, town.on_street[taken].to_numpy())
    boxes = schema.table(
        schema.DETECTIONS,
        {"photo_id": ids.repeat(found[taken]), "label": "bicycle", "score": 0.9, "kept": True},
    )
    counts = geobike.count_per_photo(photos, boxes)
    counted = geobike.count_areas(
        counts,
        boxes,
        town.areas,
        streets=town.streets,
        racks=town.racks,
        rules=geobike.CountingRules(place=False),
    )
    return Surveyed(town, counts, counted)


def _detected(number: np.ndarray[Any, Any], seed: int) -> np.ndarray[Any, Any]:
    """Return what a photo of so many bicycles shows to the detector, as on the sample's photos."""
    rng = np.random.default_rng(seed)
    known = _sample_photos()
    shares = (known["found"] / known["true"])[known["true"] > FULL].to_numpy()
    out = np.round(rng.choice(shares, len(number)) * number).astype(int)
    few = known[known["true"] <= FULL]
    for true in np.unique(number[number <= FULL]):
        nearest = (few["true"] - true).abs()
        pool = few.loc[nearest == nearest.min(), "found"].to_numpy()
        out[number == true] = rng.choice(pool, (number == true).sum())
    return out


@cache
def _sample_photos() -> pd.DataFrame:
    """Return the parked bicycles that the sample's photos show, and how many were found."""
    plan = geobike.Survey(
        photos=SAMPLE / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv",
        threshold=0.3,
        detector=geobike.DetectorChoice(kind="cached"),
    )
    photos = geobike.run(plan, store=SAMPLE / "detections.sqlite").photos
    photos = photos[photos["status"] == schema.COUNTED]
    truth = pd.read_csv(SAMPLE / "truth.csv", index_col="file").loc[photos["photo_id"]]
    true = (truth["bicycles"] - truth["ridden"]).to_numpy()
    return pd.DataFrame({"true": true, "found": photos["bicycle_count"].astype(int).to_numpy()})
