"""How often ranges hold the truth: 200 surveys each of five kinds of simulated town; and speed.

Stops, samples and estimates are geobike's own. GEOBIKE_SURVEYS sets another number of surveys.
What stands beside is what an independent simulation of the method gave, before it was built.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

import geobike
from benchmarks.measure import Row, in_child
from geobike import schema
from geobike.estimates import sampling
from tests.support import coverage
from tests.support.simulated_town import KINDS, built

SURVEYS: Final = int(os.environ.get("GEOBIKE_SURVEYS", "200"))
PLANNED: Final = {
    "base": (96.2, 95.7, 96.7),
    "racks": (95.6, 95.3, 92.5),
    "sparse": (96.6, 97.6, 98.3),
    "drift": (95.5, 96.0, 98.3),
    "hard": (93.0, 95.4, 97.5),
}
"""Percent of areas, of areas without a hand count, and of whole surveys whose range held."""


def run(_: Path) -> Iterator[Row]:
    for kind in KINDS:
        yield from _rows(kind)
    for looks in (2_200, 100_000):
        spent = in_child(_estimate, looks)
        yield Row(f"estimates of {looks:,} looks", spent.seconds, memory=spent.megabytes)


def _rows(kind: str) -> Iterator[Row]:
    surveys = (coverage.surveyed(kind, seed) for seed in range(SURVEYS))
    held = coverage.held(one for survey in surveys for one in coverage.sampled(survey))
    figures = held.figures()
    areas, whole = held.areas, held.whole
    error = np.sqrt(((whole["estimate"] - whole["true"]) ** 2).mean()) / whole["true"].mean()
    notes = {
        "areas": f"width {_share(areas['width'], areas['true'])} of the mean area",
        "whole surveys": f"error {error:.0%}, width {_share(whole['width'], whole['true'])}",
    }
    for (name, share), planned in zip(figures.items(), PLANNED[kind], strict=True):
        what = f"{kind}: ranges of {name} that hold"
        note = "; ".join(filter(None, [f"{SURVEYS} surveys", notes.get(name, "")]))
        yield Row(what, 100 * share, planned, "planned", note, unit="%")


def _share(width: "pd.Series[float]", true: "pd.Series[float]") -> str:
    return f"{width.mean() / true.mean():.0%}"


def _estimate(looks: int) -> int:
    """Estimate a survey with streets; the time of making it is a small part."""
    town = built(np.random.default_rng(1), KINDS["base"], areas=round(looks / 36))
    count = len(town.found)
    names = pd.Series([f"{number:06}.jpg" for number in range(count)])
    shown = {"stop_id": names, "photo_id": names, "area_id": pd.Series(town.area).astype("str")}
    numbers = {"weight": 1.0, "share": 1.0, "bicycle_count": town.found}
    exposure = schema.table(schema.EXPOSURE, shown | numbers)
    found = geobike.find_looks(exposure)
    drawn = sampling.draw(found)
    bicycles = pd.Series(town.bicycles, index=names).loc[drawn["file"]].to_numpy()
    counts = {"photo_id": drawn["file"], "bicycles": bicycles, "origin": drawn["origin"]}
    geobike.estimate(
        found,
        exposure,
        schema.table(schema.HAND_COUNTS, counts),
        street_of_stop=pd.Series(town.street, index=names).astype("str"),
        metres_of_stop=pd.Series(20.0, index=names),
    )
    return count
