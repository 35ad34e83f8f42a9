"""The examples in the docstrings of the public functions: there, and right.

They run in a folder that holds `sample`, as `geobike sample-data sample` leaves it.
"""

import doctest
import inspect
from pathlib import Path

import pytest

import geobike
from geobike import sample

FUNCTIONS = [name for name in geobike.__all__ if inspect.isfunction(getattr(geobike, name))]


def examples(name: str) -> list[doctest.DocTest]:
    """Return the examples in a function's docstring."""
    function = inspect.unwrap(getattr(geobike, name))
    return [
        found for found in doctest.DocTestFinder().find(function, name, globs={}) if found.examples
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one's own, with the sample in it."""
    made = tmp_path_factory.mktemp("examples")
    sample.write(made / "sample")
    return made


def test_the_stages_are_among_the_public_functions() -> None:
    assert {"find_photos", "locate", "assign_areas", "detect_photos", "run"} <= set(FUNCTIONS)


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_an_example_that_holds(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    found = examples(name)
    assert found, f"geobike.{name} has no example in its docstring"
    for test in found:
        said: list[str] = []
        failed, tried = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
        assert tried
        assert failed == 0, "".join(said)
