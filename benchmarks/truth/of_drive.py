"""Rows of the drive."""

from collections.abc import Iterator
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import geobike
from benchmarks.measure import Row
from benchmarks.truth import drive, figures
from benchmarks.truth.drive import EXACT, NOISES, Noise
from benchmarks.truth.estimates import WAYS
from benchmarks.truth.figures import Found
from benchmarks.truth.matching import match

CAR: Final = ("grenslaan1", "scheidweg1", "binnenstraat1")
# Words -> the passes that are counted together.
SURVEYS: Final = {
    "car, one pass": CAR,
    "phone": ("walk1",),
    "car and phone, one day": (*CAR, "walk1"),
    "one street on two days": ("grenslaan1", "grenslaan2"),
    "all": (*CAR, "walk1", "grenslaan2"),
}
# Border street -> its passes, its side with more bicycles and that with fewer.
BORDERS: Final = {
    "Grenslaan": (("grenslaan1", "grenslaan2"), "Noorderkwartier", "Zuiderkwartier"),
    "Scheidweg": (("scheidweg1",), "Oosterkwartier", "Noorderkwartier"),
}


def rows() -> Iterator[Row]:
    for way in WAYS:
        for noise in NOISES:
            yield from _places(f"drive, {noise.words}, {way}", compare(way, noise, SURVEYS["all"]))
            for street, (passes, *sides) in BORDERS.items():
                given = compare(way, noise, passes)
                yield from _ratios(f"drive, {noise.words}, {way}: sides of {street}", given, sides)
        for words, passes in SURVEYS.items():
            numbers = figures.total(compare(way, EXACT, passes))
            yield _off(f"drive, {words}, {way}: error of the total", numbers)


def compare(way: str, noise: Noise, passes: tuple[str, ...]) -> Found:
    """Return a way's estimate from the photos of these passes, beside the truth."""
    photos = taken(noise, passes)
    boxes = drive.detections(photos)
    estimate = WAYS[way](photos, boxes, drive.areas())
    matched = match(boxes, drive.seen()).reindex(estimate.bicycles.index)
    return Found(estimate, drive.truth(matched, estimate.bicycles["photo_id"]))


def taken(noise: Noise, passes: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return the photos of these passes, with the areas in which they lie."""
    photos = drive.photos(noise)
    chosen = photos["photo_id"].str.split("/").str[0].isin(passes)
    return geobike.assign_areas(photos[chosen].reset_index(drop=True), drive.areas())


def on_the_right_side(given: Found) -> float:
    """Return the share of boxes of parked bicycles that lie on their side of the street."""
    truth = given.truth[given.truth["street"] != "Pleintje"]  # a square has no sides
    said = given.estimate.bicycles.loc[truth.index]
    return float((_left(truth["street"], said) == _left(truth["street"], truth)).mean())


def _left(streets: "pd.Series[str]", points: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell for each point whether it lies left of its street, which is straight."""
    lines = drive.streets().set_index("name").geometry
    ends = np.array([np.asarray(lines[name].coords)[[0, -1]] for name in streets])
    way, to = ends[:, 1] - ends[:, 0], points[["lon", "lat"]].to_numpy() - ends[:, 0]
    left: NDArray[np.bool_] = way[:, 0] * to[:, 1] - way[:, 1] * to[:, 0] > 0
    return left


def _places(words: str, given: Found) -> Iterator[Row]:
    shares = {
        "in the right area": figures.in_the_right_area(given),
        "on the right side": on_the_right_side(given),
    }
    for what, share in shares.items():
        note = f"of {len(given.truth)} boxes of parked bicycles"
        yield Row(f"{words}: {what}", round(100 * share, 1), unit="%", note=note)
    for area, numbers in figures.by_area(given).iterrows():
        yield _off(f"{words}: error in {area}", numbers)


def _ratios(words: str, given: Found, sides: list[str]) -> Iterator[Row]:
    """Bicycles on one side over those on the other, against distinct bicycles found there."""
    rates, once = given.estimate.rates, figures.by_area(given)["estimated"]
    true = given.truth.groupby("area")["bicycle_id"].nunique()
    yield _ratio(f"{words}, per look", rates.reindex(sides), true)
    yield _ratio(f"{words}, all together", once.reindex(sides), true)


def _ratio(words: str, numbers: "pd.Series[float]", true: "pd.Series[int]") -> Row:
    fuller, other = numbers.index
    note = f"true {true[fuller] / true[other]:.1f}"
    if numbers.isna().any():
        silent = " and ".join(numbers.index[numbers.isna()])
        return Row(f"{words}, ratio", None, unit="", note=f"{note}; no photo counts in {silent}")
    if not numbers[other]:
        return Row(f"{words}, ratio", None, unit="", note=f"{note}; no bicycle in {other}")
    return Row(f"{words}, ratio", round(numbers[fuller] / numbers[other], 2), unit="", note=note)


def _off(words: str, numbers: "pd.Series[float]") -> Row:
    note = f"{numbers['estimated']:.0f} for {numbers['true']:.0f} distinct bicycles found"
    return Row(words, figures.error(numbers), unit="%", note=note)
