"""How often ranges hold the sample's truth: both seasons, hand counts typed from it, 20 seeds.

All full photos are listed and one contact sheet is drawn. The truth is what a person would count on
every look, shared out over the areas as the estimates share it. Beside it, what the detector alone
says: a number of bicycles without a range, right where it is off by less than one in twenty.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd

import geobike
from benchmarks.measure import Row
from geobike import schema
from geobike.estimates import sampling

SEEDS: Final = 20
NEAR: Final = 0.05  # share by which a number without a range may be off
SAMPLE: Final = Path(__file__).parents[1] / "data" / "sample"
SEASONS: Final = {"spring": SAMPLE, "autumn": SAMPLE / "autumn"}
_NAMES: Final = ["bicycles_per_stop", "bicycles_per_stop_low", "bicycles_per_stop_high"]


class _Known(NamedTuple):
    """A survey, its looks, and what a person would count on each."""

    result: geobike.SurveyResult
    looks: pd.DataFrame
    parked: "pd.Series[float]"


def run(_: Path) -> Iterator[Row]:
    for season, folder in SEASONS.items():
        yield from _rows(season, _survey(folder))


def _survey(folder: Path) -> _Known:
    plan = geobike.Survey(
        photos=folder / "photos",
        areas=SAMPLE / "areas.geojson",
        streets=SAMPLE / "streets.geojson",
        threshold=0.3,
        detector=geobike.DetectorChoice(kind="cached"),
    )
    if (folder / "manifest.csv").is_file():
        plan = replace(plan, manifest=folder / "manifest.csv")
    result = geobike.run(plan, store=folder / "detections.sqlite")
    truth = pd.read_csv(folder / "truth.csv", index_col="file")
    looks = geobike.find_looks(result.counted.exposure)
    parked = (truth["bicycles"] - truth["ridden"])[looks["photo_id"]].astype(float)
    return _Known(result, looks, parked)


def _rows(season: str, known: _Known) -> Iterator[Row]:
    everything = known.looks.assign(origin="list").rename(columns={"photo_id": "file"})
    true = _areas(known, everything)[_NAMES[0]]
    whole = _whole(known)
    drawn = [sampling.draw(known.looks, seed=seed, sheets=1) for seed in range(SEEDS)]
    areas = pd.concat(_areas(known, rows) for rows in drawn)
    low, high = areas[_NAMES[1]], areas[_NAMES[2]]
    goal = true.reindex(areas.index)
    held = ((low <= goal + 1e-9) & (goal <= high + 1e-9))[goal.notna()]
    found = known.result.areas.set_index("area_id")["detected_per_stop"].reindex(true.index)
    width = (high - low).mean() / true.mean()
    near = ((found - true).abs() <= NEAR * true)[true.notna()]
    yield Row(
        f"{season}: ranges of areas that hold",
        100 * held.mean(),
        note=f"{SEEDS} seeds, {true.notna().sum()} areas; width {width:.0%} of the mean area; "
        f"the detector alone is within {NEAR:.0%} in {near.mean():.0%} of areas",
        unit="%",
    )
    rates = [_estimates(known, rows).whole for rows in drawn]
    holds = [rate.low <= whole <= rate.high for rate in rates]
    width = sum(rate.high - rate.low for rate in rates) / SEEDS / whole
    alone = rates[0].detected_per_stop
    yield Row(
        f"{season}: ranges of the whole survey that hold",
        100 * sum(holds) / SEEDS,
        note=f"{SEEDS} seeds; {whole:.2f} bicycles per stop, the detector says {alone:.2f}; "
        f"width {width:.0%}",
        unit="%",
    )


def _whole(known: _Known) -> float:
    """Return what a person would count per stop, a stop being the mean of its visits."""
    weight = known.result.counted.exposure.groupby("photo_id")["weight"].first()
    weight = weight[known.parked.index]
    return float((known.parked * weight).sum() / weight.sum())


def _areas(known: _Known, rows: pd.DataFrame) -> pd.DataFrame:
    return _estimates(known, rows).areas.reindex(columns=_NAMES).astype(float)


def _estimates(known: _Known, rows: pd.DataFrame) -> geobike.Estimates:
    typed = {"photo_id": rows["file"], "origin": rows["origin"]}
    typed["bicycles"] = known.parked[rows["file"]].to_numpy()
    by_hand = schema.table(schema.HAND_COUNTS, typed)
    counted, photos = known.result.counted, known.result.photos
    return geobike.estimate_areas(counted, photos, by_hand).estimates
