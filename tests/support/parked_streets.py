"""Streets with racks, photographed and counted by hand: bicycles hide behind cars and each other.

What stands in each street is known, what a person counts on each photo follows from what shows.
"""

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import geobike
from geobike import schema
from geobike.estimates import sampling
from tests.support import simulated_streets
from tests.support.simulated_streets import APART, LENGTH, Array, Poses, Street, lon_lat

PER_PLACE = 1.2  # bicycles
_START = pd.Timestamp("2026-05-12T09:00Z")
_STREET, _PASS, _PHOTO = (pd.Timedelta(seconds=each) for each in (600, 18_000, 1))


@dataclass(frozen=True)
class Way:
    """How streets are photographed, and what stands in them."""

    car: bool = True
    """Cameras to the left and the right."""
    phone: bool = False
    around: bool = False
    """Cameras that look all around."""
    cars: float = 0.45
    """Share of the places along the kerb where a car is parked."""
    dense: float = 1.0
    """Of the bicycles that could stand there; streets differ by a gamma distribution."""
    error: float = 1.0
    """Metres of the position, twice as many degrees of the heading."""
    spacing: float = 5.0
    every: int = 1


@dataclass(frozen=True)
class Surveyed:
    """A survey, with what is true of each street."""

    photos: gpd.GeoDataFrame
    counted: geobike.Counted
    parked: Array
    """Bicycles in each street."""
    by_person: "pd.Series[int]"
    """By `photo_id`, what a person counts."""

    def by_hand(self, *, seed: int | None = None) -> geobike.Counted:
        """Return the same with all looks counted by hand, or those that a seed draws."""
        looks = geobike.find_looks(self.counted.exposure).assign(origin="list")
        if seed is not None:
            looks = sampling.draw(looks, seed=seed).rename(columns={"file": "photo_id"})
        number = self.by_person[looks["photo_id"].astype("str")].to_numpy()
        typed = {"photo_id": looks["photo_id"], "bicycles": number, "origin": looks["origin"]}
        counts = schema.table(schema.HAND_COUNTS, typed)
        return geobike.estimate_areas(self.counted, self.photos, counts).counted

    def judged(self, counted: geobike.Counted) -> pd.DataFrame:
        """Return the streets whose shortage is known, with the true figures beside."""
        found = pd.DataFrame(counted.streets)
        found["parked"] = self.parked[found["name"].astype(int)]
        places = found["rack_capacity"].astype(float)
        lacking = np.ceil(found["parked"] - 0.9 * places - 1e-6).clip(lower=0)
        found = found.assign(true_pressure=found["parked"] / places, true=lacking)
        return found[found["shortage"].notna()]


def surveyed(seed: int, way: Way = Way(), *, number: int = 16) -> Surveyed:
    """Photograph some streets."""
    rng = np.random.default_rng(seed)
    streets = list(_streets(rng, way, number))
    photos, boxes, persons = [], [], {}
    for place, street in enumerate(streets):
        for one, poses in enumerate(_passes(rng, street, way)):
            table, found = simulated_streets.passed(rng, street, poses, place, one, every=way.every)
            taken = _START + place * _STREET + one * _PASS + np.arange(len(table)) * _PHOTO
            photos.append(table.assign(taken_at=taken))
            boxes.append(found)
            counted = simulated_streets.by_person(street, poses)
            persons |= {name: len(counted[row]) for row, name in table["photo_id"].items()}
    return _counted(streets, pd.concat(photos, ignore_index=True), boxes, pd.Series(persons), way)


def _streets(rng: np.random.Generator, way: Way, number: int) -> Any:
    for street in simulated_streets.streets(rng, number, dense=1.0):
        stays = rng.random(len(street.x)) < min(1.0, way.dense * rng.gamma(2, 0.5))
        stays[:1] = True
        bicycles = {
            name: getattr(street, name)[stays] for name in ("x", "y", "yaw", "tall", "quality")
        }
        cars = street.cars[rng.random(len(street.cars)) < way.cars / 0.45]
        yield replace(street, **bicycles, cars=cars)


def _passes(rng: np.random.Generator, street: Street, way: Way) -> list[Poses]:
    errors = {"gps": way.error, "compass": 2 * way.error, "spacing": way.spacing}
    found = [simulated_streets.driven(rng, **errors)] if way.car else []
    found += [simulated_streets.around(rng, **errors)] if way.around else []
    return found + ([simulated_streets.walked(rng, street, **errors)] if way.phone else [])


def _counted(
    streets: list[Street],
    photos: pd.DataFrame,
    boxes: list[pd.DataFrame],
    persons: "pd.Series[int]",
    way: Way,
) -> Surveyed:
    taken, north = photos.pop("taken_at"), photos["north"]
    found = simulated_streets.as_frames(photos, pd.concat(boxes, ignore_index=True))
    side = np.where((north + APART / 2) % APART >= APART / 2, "north", "south")
    located = found.photos.assign(taken_at=taken, area_id=pd.array(side, dtype=schema.TEXT))
    parked = np.array([len(street.x) for street in streets])
    counted = geobike.count_areas(
        gpd.GeoDataFrame(located),
        found.detections,
        simulated_streets.sides(len(streets)),
        streets=_lines(len(streets)),
        racks=_racks(np.maximum(1, np.round(parked / PER_PLACE))),
        rules=geobike.CountingRules(
            position_error=max(1.5 * way.error, 1.0), heading_error=max(2 * way.error, 1.0)
        ),
    )
    return Surveyed(located, counted, parked, persons)


def _lines(number: int) -> gpd.GeoDataFrame:
    ends = np.array([0.0, LENGTH])
    lines = [
        shapely.LineString(np.column_stack(lon_lat(ends, np.full(2, APART * place))))
        for place in range(number)
    ]
    names = [str(place) for place in range(number)]
    return gpd.GeoDataFrame({"name": names}, geometry=lines, crs=schema.CRS)


def _racks(places: Array) -> gpd.GeoDataFrame:
    count = len(places)
    lon, lat = lon_lat(np.full(count, LENGTH / 2), APART * np.arange(count) + 4.0)
    known = {"rack_id": [str(n) for n in range(count)], "capacity": pd.array(places, "Int64")}
    return schema.geotable(schema.RACKS, known, schema.points(lon, lat))
