"""Rows of the sample: each of its surveys that is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd

import geobike
from benchmarks.measure import Row
from benchmarks.truth import figures
from benchmarks.truth.estimates import WAYS
from benchmarks.truth.figures import Found
from benchmarks.truth.matching import match

FOLDER: Final = Path(__file__).parents[2] / "data" / "sample"
SURVEYS: Final = {"sample": FOLDER, "sample, autumn": FOLDER / "autumn"}
THRESHOLD: Final = 0.3  # as `make map` has it
RIDDEN: Final = "ridden"  # what `seen.csv` calls a bicycle with somebody on it


def rows() -> Iterator[Row]:
    for words, folder in SURVEYS.items():
        if (folder / "truth.csv").is_file():
            yield from _survey(words, folder)


def _survey(words: str, folder: Path) -> Iterator[Row]:
    result = surveyed(folder)
    yield from _photos(words, result, folder)
    for way, estimate in WAYS.items():
        given = estimate(result.photos, result.detections, result.areas)
        said = f"{words}, {way}"
        if (folder / "seen.csv").is_file() and (folder / "places.csv").is_file():
            matched = match(result.detections, seen(folder)).reindex(given.bicycles.index)
            yield from _bicycles(said, Found(given, truth(matched, folder)))
        if (folder / "areas_truth.csv").is_file():
            yield _ranking(said, given.rates, folder)


def surveyed(folder: Path) -> geobike.SurveyResult:
    """Run a survey of the sample on what its store holds."""
    manifest = folder / "manifest.csv"
    return geobike.run(
        geobike.Survey(
            photos=folder / "photos",
            areas=FOLDER / "areas.geojson",
            manifest=manifest if manifest.is_file() else None,
            detector=geobike.DetectorChoice(kind="cached"),
            threshold=THRESHOLD,
            timezone="Europe/Amsterdam",
        ),
        store=folder / "detections.sqlite",
    )


def seen(folder: Path) -> pd.DataFrame:
    """Return `seen.csv` with the names that the drive's table has."""
    return pd.read_csv(folder / "seen.csv").rename(
        columns={"file": "frame", "bicycle": "bicycle_id"}
    )


def truth(matched: "pd.Series[str]", folder: Path) -> pd.DataFrame:
    """Return for each box of a parked bicycle its `bicycle_id` and `area`."""
    parked = matched[matched.notna() & (matched != RIDDEN)]
    area = pd.read_csv(folder / "places.csv").set_index("place_id")["area"]
    place = parked.str.rpartition("-")[0]
    return pd.DataFrame({"bicycle_id": parked, "area": place.map(area)}).dropna(subset="area")


def _photos(words: str, result: geobike.SurveyResult, folder: Path) -> Iterator[Row]:
    """Boxes against what a person would count on the same photos, photo by photo and by area."""
    counted = result.photos[result.photos["status"] == "counted"]
    true = counted["photo_id"].map(pd.read_csv(folder / "truth.csv").set_index("file")["bicycles"])
    by_photo = pd.DataFrame(
        {
            "area_id": counted["area_id"],
            "estimated": counted["bicycle_count"].astype(float),
            "true": true,
        }
    ).dropna()
    off = (by_photo["estimated"] - by_photo["true"]).abs().mean()
    note = f"mean absolute error, {len(by_photo)} photos"
    yield Row(f"{words}: error of a photo", round(off, 2), unit="bicycles", note=note)
    sums = by_photo[["estimated", "true"]].sum()
    yield _off(f"{words}: error of all photos together", sums, "on the photos")
    areas = by_photo.groupby("area_id")[["estimated", "true"]].sum()
    off = (areas["estimated"] - areas["true"]).abs().sum() / areas["true"].sum()
    note = f"sum of the errors of {len(areas)} areas, of what their photos show"
    yield Row(f"{words}: error by area", round(100 * off, 1), unit="%", note=note)


def _bicycles(words: str, given: Found) -> Iterator[Row]:
    share = round(100 * figures.in_the_right_area(given), 1)
    note = f"of {len(given.truth)} boxes of parked bicycles"
    yield Row(f"{words}: in the right area", share, unit="%", note=note)
    areas = figures.by_area(given)
    off = (areas["estimated"] - areas["true"]).abs().sum() / areas["true"].sum()
    note = f"sum of the errors of {len(areas)} areas, of distinct bicycles found"
    yield Row(f"{words}: error by area of bicycles", round(100 * off, 1), unit="%", note=note)
    yield _off(f"{words}: error of the total", figures.total(given), "distinct bicycles found")


def _ranking(words: str, rates: "pd.Series[float]", folder: Path) -> Row:
    """How bicycles per photo order the areas, against those that stand along all their streets."""
    table = pd.read_csv(folder / "areas_truth.csv").set_index("name")
    both = pd.DataFrame({"estimated": rates, "true": table["bicycles_per_100m"]}).dropna()
    order = both.rank().corr().loc["estimated", "true"]
    note = f"rank correlation over {len(both)} areas with bicycles per 100 m of all streets"
    return Row(f"{words}: order of the areas", round(order, 2), unit="", note=note)


def _off(words: str, numbers: "pd.Series[float]", of: str) -> Row:
    note = f"{numbers['estimated']:.0f} for {numbers['true']:.0f} {of}"
    return Row(words, figures.error(numbers), unit="%", note=note)
