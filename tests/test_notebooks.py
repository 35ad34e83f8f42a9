"""Notebooks are run by nbmake, from a clean kernel; here is what it does not look at."""

import json
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT
from tests.support.hosted_scenarios import DETR, TOKEN, VIT
from tests.support.hosted_service import FakeService

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TUTORIAL = FOLDER / "00-tutorial.ipynb"
ROUTER = '"https://router.huggingface.co/hf-inference/models/"'


def outputs(path: Path) -> list[object]:
    """Return what is left of a run in a notebook: outputs and numbers of executions."""
    code = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert code, path.name
    return [*(one for cell in code for one in cell["outputs"])] + [
        cell["execution_count"] for cell in code if cell["execution_count"] is not None
    ]


def test_notebooks_are_kept_without_outputs_and_without_a_token() -> None:
    assert len(NOTEBOOKS) == 7
    assert {path.name: outputs(path) for path in NOTEBOOKS if outputs(path)} == {}
    assert [path.name for path in NOTEBOOKS if re.search(r"\bhf_\w{8,}", path.read_text())] == []


def test_each_notebook_asks_a_question_and_ends_with_something_to_try() -> None:
    for path in NOTEBOOKS:
        cells = nbformat.read(path, 4).cells
        assert re.match(r"# .+\?\n", cells[0].source), path.name
        assert cells[-1].source.startswith("## Try"), path.name


def test_links_between_notebooks_lead_somewhere() -> None:
    links = [
        (path.name, target)
        for path in NOTEBOOKS
        for target in re.findall(r"\]\(([\w.-]+\.ipynb)\)", path.read_text())
    ]
    assert links
    assert [link for link in links if not (FOLDER / link[1]).is_file()] == []


def test_the_tutorial_opens_and_installs_from_the_project_s_own_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    repository = project["urls"]["Repository"].removeprefix("https://github.com/")
    text = TUTORIAL.read_text()
    badge = re.findall(r"\(https://colab\.research\.google\.com/github/([\w./-]+)\)", text)
    assert badge == [f"{repository}/blob/main/{TUTORIAL.relative_to(ROOT).as_posix()}"]
    assert re.findall(r"git\+https://github\.com/([\w./-]+)", text) == [repository]


def test_with_a_token_the_tutorial_asks_both_models(
    service: FakeService, tutorial: Callable[..., str]
) -> None:
    said = tutorial(service.url(""), API_TOKEN=f"{TOKEN}\n")  # as pasted
    asked = [seen.path.partition("/models/")[2] for seen in service.requests]
    assert asked == [VIT, DETR]
    assert [seen.status for seen in service.requests] == [200, 200]
    assert "RECORDED" not in said
    assert "mountain bike, all-terrain bike, off-roader" in said  # the service's best label
    assert re.search(r"detection +bicycle +1 ", said)  # its one bicycle that scores above 0.5
    assert TOKEN not in said
    assert all(b"Exif" not in seen.body for seen in service.requests)  # no position


def test_a_refused_token_stops_the_tutorial_with_the_service_s_reason(
    service: FakeService, tutorial: Callable[..., str]
) -> None:
    wrong = "hf_wrong_token"
    with pytest.raises(Exception, match=r"401: .*Invalid username or password") as stopped:
        tutorial(service.url(""), HF_TOKEN=wrong)
    assert wrong not in str(stopped.value)


def test_without_a_token_the_tutorial_marks_both_answers_as_recorded(
    service: FakeService, tutorial: Callable[..., str]
) -> None:
    said = tutorial(service.url(""))
    assert not service.requests
    assert said.count("RECORDED. There is no token") == 2
    for model in ("EfficientNet-Lite0", "DEIMv2-Femto"):
        assert f"the answer of another model: {model}" in said


def test_the_tutorial_runs_away_from_the_project_and_again(
    tmp_path: Path, tutorial: Callable[..., str]
) -> None:
    for _ in range(2):
        assert "8 boxes, 6 bicycles" in tutorial("", folder=tmp_path)
    assert (tmp_path / "sample" / "photos").is_dir()


@pytest.fixture
def tutorial() -> Callable[..., str]:
    """Run the tutorial against a service and with these variables; return all that it shows."""

    def run(address: str, *, folder: Path = FOLDER, **variables: str) -> str:
        text = TUTORIAL.read_text()
        assert text.count(json.dumps(ROUTER)[1:-1]) == 1
        book = nbformat.reads(text.replace(json.dumps(ROUTER)[1:-1], rf"\"{address}\""), 4)
        tokens = {"API_TOKEN", "HF_TOKEN"}
        environment = {k: v for k, v in os.environ.items() if k not in tokens} | variables
        client = NotebookClient(book, resources={"metadata": {"path": str(folder)}})
        client.execute(env=environment)
        return "".join(map(_shown, book.cells))

    return run


def _shown(cell: nbformat.NotebookNode) -> str:
    outputs = cell.get("outputs", [])
    texts = [output.get("text", "") + str(output.get("data", {})) for output in outputs]
    return "".join(texts)
