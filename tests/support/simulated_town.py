"""Towns whose bicycles are known, photographed and looked at by a simulated detector. Seeded.

A town is streets of eight looks in sixty areas: most looks show nothing, streets differ, some looks
show a rack. The detector misses, doubles and invents, sees little of a dense rack and now and then
nothing of one. The frames are those of geobike, made by its own stops and counts: see `surveyed`.
"""

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

import geobike
from geobike import schema

Array = np.ndarray[Any, np.dtype[Any]]

LOOKS: Final = 8  # of a street
STREET: Final = 0.01  # degrees from one street to the next: no photo shows two
STEP: Final = 0.0005  # degrees from one look to the next: 34 m or more, so that each is a stop
PARALLEL: Final = 52.0


@dataclass(frozen=True)
class Kind:
    """What makes a kind of town."""

    mean: float = 0.9
    """Bicycles on a look without a rack."""
    racks: float = 0.015
    """Share of looks with a rack."""
    drift: float = 0.0
    """Standard deviation of the detector's recall between areas, as a logit."""


KINDS: Final = {
    "base": Kind(),
    "racks": Kind(racks=0.06),
    "sparse": Kind(mean=0.25, racks=0.003),
    "drift": Kind(drift=0.6),
    "hard": Kind(racks=0.06, drift=1.2),
}


@dataclass(frozen=True)
class Town:
    """What there is, and what the detector finds of it, by look."""

    area: Array
    street: Array
    bicycles: Array
    found: Array


def built(rng: np.random.Generator, kind: Kind, *, areas: int = 60, size: float = 25.0) -> Town:
    """Return a town; areas have `size` looks in the middle, from 1 to 250."""
    looks = np.clip(np.round(rng.lognormal(np.log(size), 0.9, areas)), 1, 250).astype(int)
    area = np.repeat(np.arange(areas), looks)
    place = np.concatenate([np.arange(number) for number in looks])
    _, street = np.unique(area * 1000 + place // LOOKS, return_inverse=True)
    busy = kind.mean * rng.gamma(1.5, 1 / 1.5, areas)[area]
    bicycles = _negative_binomial(rng, busy * rng.gamma(1.0, 1.0, street.max() + 1)[street], 0.6)
    share = np.minimum(kind.racks * rng.gamma(0.5, 2.0, areas)[area], 0.6)
    in_rack = 8 + rng.lognormal(np.log(20), 0.8, len(area)).astype(int)
    bicycles = bicycles + np.where(rng.random(len(area)) < share, in_rack, 0)
    bicycles = np.minimum(bicycles, 250)
    skill = (kind.drift * rng.standard_normal(areas))[area]
    return Town(area, street, bicycles, _detected(rng, bicycles, skill))


def _negative_binomial(rng: np.random.Generator, mean: Array, shape: float) -> Array:
    return rng.poisson(rng.gamma(shape, 1.0, mean.shape) * mean / shape)


def _detected(rng: np.random.Generator, bicycles: Array, skill: Array) -> Array:
    """Return what a detector finds: 80 % of what stands free, a tenth of what is behind."""
    free = np.round(np.where(bicycles <= 12, bicycles, 12 + 0.1 * (bicycles - 12)))
    recall = 1 / (1 + np.exp(-1.4 - skill))
    hits = rng.binomial(free.astype(int), rng.beta(5 * recall, 5 * (1 - recall)))
    found = hits + rng.poisson(0.12 * free) + rng.poisson(0.03, len(free))
    missed = (bicycles >= 20) & (rng.random(len(free)) < 0.1)
    return np.where(missed, rng.binomial(1, 0.3, len(free)), found)


@dataclass(frozen=True)
class Surveyed:
    """A town that was photographed and counted by geobike."""

    counted: geobike.Counted
    photos: gpd.GeoDataFrame
    bicycles: "pd.Series[int]"
    """The truth by `photo_id`."""


def surveyed(town: Town) -> Surveyed:
    """Photograph each look of the town once, and count it."""
    names = [f"{number:06d}.jpg" for number in range(len(town.area))]
    first = pd.Series(town.street).duplicated().eq(False).to_numpy().cumsum() - 1
    place = pd.Series(town.street).groupby(town.street).cumcount().to_numpy()
    lon = (first % 300) * STREET + place * STEP
    lat = PARALLEL + (first // 300) * STREET
    seen = {"photo_id": names, "area_id": town.area.astype(str), "heading": 90.0}
    taken = pd.Timestamp("2026-05-12T09:00Z") + pd.to_timedelta(np.arange(len(names)), unit="s")
    photos = schema.geotable(schema.PHOTOS, {**seen, "taken_at": taken}, schema.points(lon, lat))
    boxes = schema.table(
        schema.DETECTIONS,
        {"photo_id": np.repeat(names, town.found), "label": "bicycle", "score": 0.9, "kept": True},
    )
    counts = geobike.count_per_photo(photos, boxes)
    rules = geobike.CountingRules(place=False)
    counted = geobike.count_areas(counts, boxes, _areas(town, lon, lat), rules=rules)
    return Surveyed(counted, counts, pd.Series(town.bicycles, index=names))


def _areas(town: Town, lon: Array, lat: Array) -> gpd.GeoDataFrame:
    """Return areas as unions of the cells of their streets."""
    cells = gpd.GeoDataFrame(
        {"area_id": town.area.astype(str)},
        geometry=box(
            np.floor(lon / STREET + 1e-9) * STREET - STREET / 4,
            lat - STREET / 4,
            np.floor(lon / STREET + 1e-9) * STREET + STREET / 2,
            lat + STREET / 4,
        ),
        crs=schema.CRS,
    )
    shapes = cells.drop_duplicates().dissolve("area_id").reset_index()
    return schema.geotable(
        schema.AREAS,
        {"area_id": shapes["area_id"], "name": shapes["area_id"], "area_km2": 1.0},
        shapes.geometry.to_numpy(),
    )
