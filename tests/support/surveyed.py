"""The sample as a finished survey, and variants of its folder."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import geobike
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample"


def survey_of_sample(**options: Any) -> geobike.Survey:
    """Return the survey of the sample that `make map` makes, with other options."""
    given = {
        "photos": SAMPLE / "photos",
        "areas": SAMPLE / "areas.geojson",
        "manifest": SAMPLE / "manifest.csv",
        "streets": SAMPLE / "streets.geojson",
        "threshold": 0.3,
        "timezone": "Europe/Amsterdam",
        "detector": geobike.DetectorChoice(kind="cached"),
    }
    return geobike.Survey(**(given | options))


@pytest.fixture(scope="session")
def surveyed_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample's survey; not to be changed."""
    folder = tmp_path_factory.mktemp("sample") / "out"
    result = geobike.run(survey_of_sample(), store=SAMPLE / "detections.sqlite")
    result.write(folder)
    return folder


Edit = Callable[[list[dict[str, Any]]], None]


def edited(folder: Path, to: Path, *, summary: Edit | Any = None, **tables: Edit) -> Path:
    """Copy a survey's folder, with properties of features and the summary changed by functions."""
    shutil.copytree(folder, to)
    account = json.loads((to / "summary.json").read_text("utf-8"))
    for table, edit in tables.items():
        path = to / f"{table}.geojson"
        content = json.loads(path.read_text("utf-8"))
        edit(content["features"])
        path.write_text(json.dumps(content), "utf-8")
        account["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    if summary is not None:
        summary(account)
    (to / "summary.json").write_text(json.dumps(account), "utf-8")
    return to
