"""One survey in four formats: GDAL, psycopg, pyarrow and a reader of JSON find the same sums."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio
import pytest

from geobike import saved
from tests.support.postgis import Server
from tests.support.sample_survey import SAMPLE

SUMS = {
    "photos": ("photos", "count(*)"),
    "photos counted": ("photos", "sum(CASE WHEN status = 'counted' THEN 1 ELSE 0 END)"),
    "detected on photos": ("photos", "sum(bicycle_count)"),
    "parked on photos": ("photos", "sum(parked_count)"),
    "ridden on photos": ("photos", "sum(ridden_count)"),
    "bicycles": ("bicycles", "count(*)"),
    "boxes": ("detections", "count(*)"),
    "boxes kept": ("detections", "sum(CASE WHEN kept THEN 1 ELSE 0 END)"),
    "stops": ("stops", "count(*)"),
    "photos of stops": ("stops", "sum(photo_count)"),
    "detected on stops": ("stops", "sum(bicycle_count)"),
    "racks": ("racks", "count(*)"),
    "capacity of racks": ("racks", "sum(capacity)"),
    "detected near racks": ("racks", "sum(detected_near)"),
    "stops of areas": ("areas", "sum(stop_count)"),
    "detected once in areas": ("areas", "sum(detected_once)"),
    "parked in areas": ("areas", "sum(parked_count)"),
    "racks of areas": ("areas", "sum(rack_count)"),
    "capacity of areas": ("areas", "sum(rack_capacity)"),
    "covered km of areas": ("areas", "sum(covered_km)"),
    "m of streets": ("streets", "sum(length_m)"),
    "covered m of streets": ("streets", "sum(covered_m)"),
    "stops of streets": ("streets", "sum(stop_count)"),
    "capacity of streets": ("streets", "sum(rack_capacity)"),
    "kerb in view of streets": ("streets", "sum(kerb_seen_share)"),
}
"""What is added up -> its table, and how, in SQL."""


def by_sql(ask: Callable[[str], Any], schema: str = "") -> dict[str, float]:
    """Add up with the SQL of whoever is asked."""
    return {
        name: float(ask(f"SELECT {what} AS value FROM {schema}{table}"))
        for name, (table, what) in SUMS.items()
    }


def in_geopackage(folder: Path) -> dict[str, float]:
    """Add up with GDAL, which asks SQLite."""

    def ask(sql: str) -> Any:
        return pyogrio.read_dataframe(folder / "survey.gpkg", sql=sql)["value"].iloc[0]

    return by_sql(ask)


def in_postgis(folder: Path, database: Server) -> dict[str, float]:
    psycopg = pytest.importorskip("psycopg")
    saved.to_postgis(folder, "spring", dsn=database.dsn())
    with psycopg.connect(database.dsn()) as connected:
        return by_sql(lambda sql: connected.execute(sql).fetchone()[0], "geobike.")


def in_tables(read: Callable[[str], pd.DataFrame]) -> dict[str, float]:
    """Add up tables with SQLite, which knows nothing of where they come from."""
    with sqlite3.connect(":memory:") as memory:
        for table in {table for table, _ in SUMS.values()}:
            read(table).to_sql(table, memory, index=False)
        return by_sql(lambda sql: memory.execute(sql).fetchone()[0])


def in_parquet(folder: Path) -> dict[str, float]:
    parquet = pytest.importorskip("pyarrow.parquet")
    wkb = ["geometry", "bbox"]

    def read(table: str) -> pd.DataFrame:
        found = parquet.read_table(folder / f"{table}.parquet", partitioning=None)
        return found.drop_columns([name for name in wkb if name in found.schema.names]).to_pandas()

    return in_tables(read)


def in_text(folder: Path) -> dict[str, float]:
    def read(table: str) -> pd.DataFrame:
        if table == "detections":
            return pd.read_csv(folder / "detections.csv")
        features = json.loads((folder / f"{table}.geojson").read_text("utf-8"))["features"]
        return pd.DataFrame([feature["properties"] for feature in features])

    return in_tables(read)


@pytest.fixture(scope="module")
def survey(written_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sums") / "out"
    shutil.copytree(written_sample, folder)
    saved.export(folder, ["gpkg", "parquet"])
    return folder


FILES = {"gpkg": in_geopackage, "parquet": in_parquet}


@pytest.mark.parametrize("name", FILES)
def test_an_analyst_finds_the_same_sums_in_every_file(survey: Path, name: str) -> None:
    assert FILES[name](survey) == pytest.approx(in_text(survey), rel=1e-9)


def test_an_analyst_finds_the_same_sums_in_postgis(survey: Path, database: Server) -> None:
    assert in_postgis(survey, database) == pytest.approx(in_text(survey), rel=1e-9)


def test_the_sums_are_those_of_what_was_given_and_fit_together(survey: Path) -> None:
    sums = in_text(survey)
    racks = json.loads((SAMPLE / "racks.geojson").read_text("utf-8"))["features"]
    known = [one["properties"]["capacity"] for one in racks]
    truth = pd.read_csv(SAMPLE / "areas_truth.csv")
    assert sums["racks"] == sums["racks of areas"] == len(racks)
    assert sums["capacity of racks"] == sums["capacity of streets"] == sum(filter(None, known))
    assert sums["m of streets"] == pytest.approx(1000 * truth["street_km"].sum(), abs=5)
    assert sums["covered m of streets"] == pytest.approx(1000 * sums["covered km of areas"], abs=9)
    assert sums["photos"] == len(list((SAMPLE / "photos").rglob("*.jpg")))
    assert sums["photos of stops"] == sums["photos counted"] == 176  # as the sample's README says
    assert sums["bicycles"] == sums["detected on photos"]
    assert sums["boxes kept"] == sums["bicycles"] + 2  # on the photo outside the town
    assert sums["parked on photos"] == sums["parked in areas"] == sums["detected on photos"]
    assert sums["stops of areas"] == pytest.approx(sums["stops"], abs=0.5)
