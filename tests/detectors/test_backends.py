"""The table of detector backends: what reads it, and what a new entry reaches."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import geobike
from geobike import doctor
from geobike.detections import choice
from geobike.detections.choice import Choice
from geobike.detectors import backends
from geobike.detectors.protocol import Backend
from geobike.errors import InputError
from tests.support.making import FakeDetector, town

ROOT = Path(__file__).parents[2]


def toy(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program of a user whose table has one backend more."""
    return subprocess.run(
        [sys.executable, "-m", "tests.support.toy_backend", *map(str, arguments)],
        capture_output=True, text=True, timeout=400, check=False, cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "HF_HOME": "/nonexistent"},
    )  # fmt: skip


def test_the_readme_lists_every_detector_and_where_its_photos_go() -> None:
    section = (ROOT / "README.md").read_text("utf-8").split("## Which detector\n")[1]
    rows = dict(re.findall(r"^\| `(\w+)`[^|]*\| ([^|]+) \|", section.split("\n## ")[0], re.M))
    assert sorted(rows) == sorted(backends.kinds())
    stays = {kind for kind, goes_to in rows.items() if goes_to == "nobody"}
    assert stays == set(backends.kinds()) - set(backends.sending())


@pytest.mark.slow
def test_a_new_backend_is_in_the_help_in_doctor_and_makes_a_map(tmp_path: Path) -> None:
    folder = town(tmp_path)
    shown = " ".join(toy("map", "--help").stdout.replace("│", " ").split())
    assert "toy: counts the width of a photo." in shown
    found = toy("doctor", "--model", "block").stdout
    assert "--detector toy: no-such-package not installed" in found
    assert "pip install 'geobike[toys]'" in found
    assert "toy box: open, with model block" in found
    done = toy(
        "map", folder["photos"], "--areas", folder["areas"],
        "--out", tmp_path / "out", "--detector", "toy",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    areas = json.loads((tmp_path / "out" / "areas.geojson").read_text())["features"]
    counts = {one["properties"]["name"]: one["properties"]["bicycle_count"] for one in areas}
    assert (counts["west"], counts["east"]) == (3, 5)
    unknown = toy("detect", folder["photos"], "--detector", "toys")
    assert unknown.returncode == 2
    assert "detector 'toys' is not known; did you mean toy?" in unknown.stderr


def test_every_backend_is_described_once() -> None:
    for name, entry in backends.BACKENDS.items():
        assert name == entry.name
        assert f"{name}: {entry.help}." in backends.describe()


def test_doctor_lists_a_backend_that_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Backend(name="plain", help="-", create=lambda _: FakeDetector(), advice="-")
    monkeypatch.setitem(backends.BACKENDS, "plain", plain)
    found = {one.what: one.found for one in doctor.examine({})}
    assert found["--detector plain"] == "nothing to install"


def test_auto_takes_no_backend_that_sends_photos() -> None:
    assert not [
        entry.name for entry in backends.BACKENDS.values() if entry.auto and entry.sends_photos
    ]


class Sending(FakeDetector):
    host = "photos.example.org/detect"


def test_a_backend_that_sends_photos_without_saying_so_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sly = Backend(name="sly", help="this machine", create=lambda _: Sending(), advice="-")
    monkeypatch.setitem(backends.BACKENDS, "sly", sly)
    with pytest.raises(InputError, match=r"sly would send photos to photos\.example\.org"):
        choice.create(Choice(kind="sly"))


def test_only_a_backend_that_sends_photos_takes_an_endpoint() -> None:
    for kind in backends.kinds():
        if kind in backends.sending():
            assert Choice(kind=kind, endpoint="https://example.org").sends_photos
        else:
            with pytest.raises(InputError, match="only with --detector huggingface"):
                geobike.DetectorChoice(kind=kind, endpoint="https://example.org")


def test_a_kind_that_is_not_known_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'openvin' is not known; did you mean openvino\?"):
        geobike.DetectorChoice(kind="openvin")
