"""How often ranges hold the truth, in towns whose bicycles are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import geobike
from geobike import schema
from geobike.estimates import strata
from tests.support import simulated_town
from tests.support.simulated_town import KINDS, Surveyed


@dataclass(frozen=True)
class Sampled:
    """A survey of which chance drew photos that a person counted."""

    survey: Surveyed
    looks: pd.DataFrame
    hand_counts: pd.DataFrame


def sampled(kind: str, seed: int, *, listed: int = 60, sheets: int = 180) -> Sampled:
    """Return a simulated survey, with `listed` photos and `sheets` thumbnails counted by hand."""
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind)])
    survey = simulated_town.surveyed(simulated_town.built(rng, KINDS[kind]))
    looks = geobike.find_looks(survey.counted.exposure)
    chosen = _drawn(rng, looks, listed, sheets)
    counts = {
        "photo_id": chosen,
        "bicycles": survey.bicycles.loc[chosen].to_numpy(),
        "origin": "list",
    }
    return Sampled(survey, looks, schema.table(schema.HAND_COUNTS, counts))


def _drawn(rng: np.random.Generator, looks: pd.DataFrame, listed: int, sheets: int) -> list[str]:
    stratum = strata.codes(looks["bicycle_count"])
    found = looks["bicycle_count"].to_numpy(dtype=float)
    size = np.bincount(stratum, minlength=5)
    mean = np.bincount(stratum, found, minlength=5) / np.maximum(size, 1)
    low = size[:2] * (0.7, 1.3)
    number = np.zeros(5, dtype=int)
    number[:2] = np.minimum(size[:2], np.round(sheets * low / low.sum()))
    number[2:] = np.minimum(size[2:], 8)
    wanted = size * (0.5 + 0.5 * mean)
    while number[2:].sum() < min(listed, size[2:].sum()):
        gain = np.where(number < size, wanted / np.maximum(number, 0.5), -1)
        number[2 + int(np.argmax(gain[2:]))] += 1
    rows = [
        rng.choice(np.flatnonzero(stratum == one), number[one], replace=False) for one in range(5)
    ]
    return looks["photo_id"].iloc[np.concatenate(rows)].tolist()


@dataclass(frozen=True)
class Held:
    """Whether ranges held the truth."""

    areas: pd.DataFrame
    """A row for each area of each survey: `held`, `hand_counted`, `true`, `estimate`, `width`."""
    whole: pd.DataFrame
    """A row for each survey."""

    def figures(self) -> dict[str, float]:
        """Return the shares that held: of areas, of those without a hand count, of surveys."""
        blind = self.areas["hand_counted"] == 0
        return {
            "areas": float(self.areas["held"].mean()),
            "areas without hand counts": float(self.areas.loc[blind, "held"].mean()),
            "whole surveys": float(self.whole["held"].mean()),
        }


def held(surveys: list[Sampled], **options: Any) -> Held:
    """Estimate the surveys and hold the ranges against the truth."""
    areas, whole = zip(*(_held(one, **options) for one in surveys), strict=True)
    return Held(pd.concat(areas, ignore_index=True), pd.DataFrame(whole))


def _held(one: Sampled, **options: Any) -> tuple[pd.DataFrame, dict[str, float]]:
    exposure = one.survey.counted.exposure
    found = geobike.estimate(one.looks, exposure, one.hand_counts, **options)
    here = exposure.assign(true=exposure["photo_id"].map(one.survey.bicycles))
    true = here.groupby("area_id")["true"].mean()
    figures = found.areas.loc[true.index].rename(columns=lambda name: name.split("_")[-1])
    low, high, estimate = (figures[name] for name in ("low", "high", "stop"))
    areas = pd.DataFrame(
        {
            "held": (low <= true + 1e-9) & (true <= high + 1e-9),
            "hand_counted": figures["counted"].astype(int),
            "true": true,
            "estimate": estimate,
            "width": high - low,
        }
    )
    rate, truth = found.whole, one.survey.bicycles.mean()
    return areas, {
        "held": rate.low <= truth <= rate.high,
        "true": truth,
        "estimate": rate.bicycles_per_stop,
        "width": rate.high - rate.low,
    }


def surveys(kinds: tuple[str, ...], number: int, **options: Any) -> Iterator[Sampled]:
    """Yield `number` surveys of each kind of town."""
    for kind in kinds:
        for seed in range(number):
            yield sampled(kind, seed, **options)
