"""How often ranges hold the truth, in towns whose bicycles are known."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import geobike
from geobike import schema
from geobike.estimates import sampling
from tests.support import simulated_town
from tests.support.simulated_town import KINDS, Surveyed


@dataclass(frozen=True)
class Sampled:
    """A survey of which chance drew photos that a person counted."""

    survey: Surveyed
    looks: pd.DataFrame
    hand_counts: pd.DataFrame


def surveyed(kind: str, seed: int) -> Surveyed:
    """Return a survey of a town of this kind, stops and counts made by geobike."""
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind)])
    return simulated_town.surveyed(simulated_town.built(rng, KINDS[kind]))


def sampled(
    survey: Surveyed, *, samples: int = 1, listed: int = 60, sheets: int = 3
) -> Iterator[Sampled]:
    """Yield samples of a survey, drawn by geobike and counted without an error."""
    looks = geobike.find_looks(survey.counted.exposure)
    own = int(survey.bicycles.sum())  # else all towns would draw photos of the same names
    for number in range(samples):
        seed = 1000 * own + number
        drawn = sampling.draw(looks, seed=seed, list_size=listed, sheets=sheets)
        bicycles = survey.bicycles.loc[drawn["file"]].to_numpy()
        counts = {"photo_id": drawn["file"], "bicycles": bicycles, "origin": drawn["origin"]}
        yield Sampled(survey, looks, schema.table(schema.HAND_COUNTS, counts))


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


def held(surveys: Iterable[Sampled], **options: Any) -> Held:
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
    assert found.draws is not None
    _, whole = found.draws.by_area()  # also where so few hand counts give no range to the whole
    low, high = (end[0] / len(one.looks) for end in whole.ends())
    truth = one.survey.bicycles.mean()
    return areas, {
        "held": low <= truth <= high,
        "true": truth,
        "estimate": found.whole.bicycles_per_stop,
        "width": high - low,
    }
