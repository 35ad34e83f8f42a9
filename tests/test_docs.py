"""The papers and the documentation site: complete, and leading nowhere that is not there.

`make docs` builds the site; these tests need nothing of it.
"""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import geobike
from geobike import schema
from tests.conftest import ROOT

PAPERS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """What mkdocs runs while it builds the site."""
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_python_page_describes_every_public_name_once() -> None:
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    described = re.findall(r"^::: geobike\.(\w+)$", page, re.MULTILINE)
    assert sorted(described) == sorted(set(geobike.__all__) - {"__version__"})


def test_every_column_of_every_frame_is_described(hooks: ModuleType) -> None:
    frames = [name for name, value in vars(schema).items() if isinstance(value, schema.Frame)]
    for name in frames:
        rows = hooks.table("frame", name).splitlines()[2:]
        frame = getattr(schema, name)
        assert len(rows) == len(frame.columns) + len(frame.optional)


def test_a_column_that_nobody_described_stops_the_build(hooks: ModuleType) -> None:
    with pytest.raises(KeyError, match="no_such_column"):
        hooks.meaning("no_such_column", "photos")


def test_a_statistic_without_a_description_goes_by_its_name_on_the_map(
    hooks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "descriptions", dict)
    assert hooks.meaning("bicycles_per_photo", "area counts") == "Bicycles detected per photo"


def test_tables_of_files_have_the_columns_that_a_file_has(hooks: ModuleType) -> None:
    header = "photo_id,label,score,x_min,y_min,x_max,y_max,model,kept,dropped_by,ridden"
    assert hooks.columns_of("detections.csv") == header.split(",")
    assert "sha256" in hooks.columns_of("photos.geojson")
    assert "path" not in hooks.columns_of("photos.geojson")  # of this machine: never exported


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_links_between_papers_lead_to_files_and_headings(paper: Path) -> None:
    text = re.sub(r"^```.*?^```", "", paper.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        file = (paper.parent / path).resolve() if path else paper
        assert file.exists(), f"{paper.name} links to {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{paper.name} links to {target}"


def anchors(paper: Path) -> set[str]:
    """Return the anchors that GitHub and mkdocs give to plain headings."""
    headings = re.findall(r"^#+ (.+)$", paper.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_navigation() -> None:
    nav = re.findall(r"(\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    pages = {page.name for page in (ROOT / "docs").glob("*.md")}
    assert pages <= set(nav)


def test_hooks_before_a_commit_come_from_the_projects_own_environment() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {Path(hook["entry"].split()[0]).name for hook in hooks} == {
        "ruff",
        "mypy",
        "lint-imports",
    }


def test_every_test_that_the_table_of_inputs_names_is_there() -> None:
    table = (ROOT / "docs" / "inputs.md").read_text("utf-8")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", table)
    assert len(named) > 150
    missing = [
        f"{file}::{test}"
        for file, test in named
        if f"def {test}(" not in (ROOT / "tests" / file).read_text("utf-8")
    ]
    assert missing == []


def test_every_input_is_held_by_a_test_or_says_why_it_is_left() -> None:
    rows = re.findall(
        r"^\| (?:[ABU]|fuzz)[^|]*\| ([^|]+) \| ([^|]+) \| ([^|]*)\|$",
        (ROOT / "docs" / "inputs.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert len(rows) > 100
    assert [what for what, now, tests in rows if "::" not in tests and "left: " not in now] == []
