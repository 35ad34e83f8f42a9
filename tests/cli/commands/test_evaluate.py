"""`geobike evaluate` as a user meets it."""

import geopandas as gpd
import pandas as pd

from tests.cli.commands.conftest import SAMPLE, Mapped
from tests.support.program import geobike


def test_evaluating_the_sample_tells_how_far_its_detector_is_off(sample_map: Mapped) -> None:
    done = geobike("evaluate", SAMPLE / "truth.csv", "--survey", sample_map.out)
    assert done.returncode == 0, done.stderr
    assert "176" in done.stdout
    photos = gpd.read_file(sample_map.out / "photos.geojson").set_index("photo_id")["bicycle_count"]
    truth = pd.read_csv(SAMPLE / "truth.csv", index_col="file")
    true = truth["bicycles"] - truth["ridden"]  # a survey of parked bicycles
    counted = photos.dropna()
    off = (counted - true[counted.index]).abs().mean()
    assert f"{off:.2f}" in done.stdout
    found, there = int(counted.sum()), int(true[counted.index].sum())
    first = f"Counted {found} of {there} bicycles, {1 - found / there:.0%} missed."
    assert done.stdout.splitlines()[0] == first
