"""`geobike map --config`: every option from a file, and a survey run again from its summary."""

import json
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import typer

from geobike import cli, config
from geobike.cli import engines
from geobike.cli.declared import takes_declared
from geobike.options import Declared, declared
from geobike.survey import locating, run
from geobike.survey.options import Survey
from tests.conftest import ROOT
from tests.support.hosted_scenarios import TOKEN
from tests.support.making import photo, squares
from tests.support.options import OPTIONS, arguments, as_field, toml, two_values
from tests.support.program import geobike

SAMPLE = ROOT / "data" / "sample"
NAMES = [one.name for one in OPTIONS]


def settings_of(*typed: str) -> dict[str, Any]:
    """Return every option as a command that takes all of them gets it."""
    got: dict[str, Any] = {}

    @takes_declared
    def command(
        survey: config.SurveySettings,
        detector: config.DetectorSettings,
        page: config.PageSettings,
        where: config.RunSettings,
    ) -> None:
        for settings in (survey, detector, page, where):
            got.update(vars(settings))

    app = typer.Typer(add_completion=False)
    app.command()(command)
    app(list(typed), standalone_mode=False)
    return got


def written(folder: Path, one: Declared, value: Any) -> Path:
    """Write a survey file with one option, and the areas, without which there is no survey."""
    tables: dict[str, dict[str, Any]] = {"survey": {"areas": "/areas.geojson"}}
    tables.setdefault(one.table, {})[one.name] = value
    file = folder / "survey.toml"
    file.write_text(toml(tables))
    return file


@pytest.mark.parametrize("one", OPTIONS, ids=NAMES)
def test_each_option_is_taken_from_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: Declared
) -> None:
    monkeypatch.chdir(tmp_path)
    value = two_values(one)[0]
    written(tmp_path, one, value)
    got = settings_of("--config", "survey.toml")
    assert got[one.name] == as_field(value)
    plain = settings_of("--areas", "/areas.geojson")
    others = {name for name in NAMES if name != one.name}
    assert {name: got[name] for name in others - {"areas"}} == {
        name: plain[name] for name in others - {"areas"}
    }


@pytest.mark.parametrize("one", OPTIONS, ids=NAMES)
def test_the_command_line_wins_over_the_file(tmp_path: Path, one: Declared) -> None:
    in_file, typed = two_values(one)
    if one.type is bool:
        typed = not in_file  # the default, named
    file = written(tmp_path, one, in_file)
    got = settings_of("--config", str(file), *arguments(one, typed))
    assert got[one.name] == as_field(typed)


def test_an_option_that_is_typed_wins_also_where_it_says_the_default(tmp_path: Path) -> None:
    (threshold,) = (one for one in OPTIONS if one.name == "threshold")
    file = written(tmp_path, threshold, 0.3)
    assert settings_of("--config", str(file), "--threshold", "0.5")["threshold"] == 0.5
    assert settings_of("--config", str(file))["threshold"] == 0.3


def called(monkeypatch: pytest.MonkeyPatch, *typed: str) -> dict[str, Any]:
    """Run `geobike map` up to where photos would be read; return what it would have run."""
    seen: dict[str, Any] = {}

    class Reached(Exception):
        pass

    def stop(survey: Survey, **how: Any) -> None:
        seen.update(how, survey=survey)
        raise Reached

    def choose(name: str, scheduler: str | None) -> Any:
        seen.update(engine_name=name, scheduler=scheduler)
        return nullcontext()

    monkeypatch.setattr(run, "run", stop)
    monkeypatch.setattr(engines, "choose", choose)
    monkeypatch.setattr(sys, "argv", ["geobike", "map", *typed])
    with pytest.raises(SystemExit):  # as after any exception that is no geobike's
        cli.main()
    assert "survey" in seen
    return seen


def test_a_survey_runs_with_every_option_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    tables: dict[str, dict[str, Any]] = {"survey": {}, "page": {}, "detector": {}}
    left_out = ("detections", "dry_run")  # with which nothing is detected
    for one in OPTIONS:
        if one.name not in left_out:
            tables[one.table][one.name] = two_values(one)[0]
    (tmp_path / "in" / "survey.toml").write_text(toml(tables))
    (tmp_path / "in" / tables["detector"]["token_file"]).write_text(TOKEN)
    seen = called(monkeypatch, "--config", "in/survey.toml")
    survey = seen["survey"]
    for section, made in (
        (config.SurveySettings, survey),
        (config.PageSettings, survey.page),
        (config.DetectorSettings, survey.detector),
    ):
        for one in declared(section):
            if one.name not in left_out:
                given = as_field(two_values(one)[0])
                paths = tuple(f"in/{item}" for item in given) if one.many else f"in/{given}"
                is_path = one.option.path is not None and one.name != "language"
                assert getattr(made, one.name) == (paths if is_path else given), one.name
    assert survey.detector.token == TOKEN
    assert seen["store"] == f"in/{tables['survey']['store']}"
    assert seen["engine_name"] == "dask"
    assert seen["scheduler"] == tables["survey"]["scheduler"]


def test_paths_are_relative_to_the_file_from_wherever_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "surveys" / "[2024]"  # no pattern: the name of a folder
    photo(folder / "photos" / "a.jpg", lon_lat=(4.005, 52.005))
    squares(folder / "areas.geojson", ["west"])
    (folder / "survey.toml").write_text(
        '[survey]\nphotos = "photos/*.jpg"\nareas = "areas.geojson"\nout = "result"\n'
        '[page]\nlanguage = "nl"\n[detector]\nkind = "cached"\n'
    )
    photos = geobike("map", "--config", folder / "survey.toml", "--dry-run", cwd=tmp_path)
    assert photos.returncode == 0, photos.stderr
    monkeypatch.chdir(tmp_path / "surveys")
    seen = called(monkeypatch, "--config", "[2024]/survey.toml")
    survey = seen["survey"]
    assert locating.locate_and_assign(survey).given == 1
    assert survey.areas == "[2024]/areas.geojson"
    assert seen["store"] == str(Path("[2024]/result/detections.sqlite"))
    typed = called(monkeypatch, "--config", "[2024]/survey.toml", "--areas", "areas.geojson")
    assert typed["survey"].areas == "areas.geojson"  # of the command line: relative to here


@pytest.mark.parametrize(
    "url", ["s3://bucket/photos", "https://example.test/a?b=c", "abfs://box@account/photos"]
)
def test_urls_stay_as_they_are(tmp_path: Path, url: str) -> None:
    for one in OPTIONS:
        if one.option.path == "":
            value = [url] if one.many else url
            assert settings_of("--config", str(written(tmp_path, one, value)))[one.name] == (
                as_field(value)
            )


@pytest.mark.parametrize(
    "value", ["--threshold", "<script>alert(1)</script>", "$(id)", "a;b", "[red]", "%s{0}", "'\"\\"]
)
def test_a_text_of_the_file_is_only_text(tmp_path: Path, value: str) -> None:
    (title,) = (one for one in OPTIONS if one.name == "title")
    (labels,) = (one for one in OPTIONS if one.name == "labels")
    assert settings_of("--config", str(written(tmp_path, title, value)))["title"] == value
    got = settings_of("--config", str(written(tmp_path, labels, [value, "b"])))
    assert got["labels"] == (value, "b")
    assert got["threshold"] == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[survey]\ntreshold = 0.3", '[survey] has no option "treshold"; did you mean threshold?'),
        ("[survey]\nthreshold = 'high'", '[survey] threshold is "high", expected a number'),
        ("[survey]\nthreshold = 7", "threshold 7 is not from 0.05"),
        ("[survey]\ntimezone = 'Mars'", "timezone 'Mars' is not known"),
        ("[page]\nshow_people = 1", "[page] show_people is 1, expected true or false"),
        ("", "--areas is missing"),
    ],
)
def test_a_mistake_in_the_file_is_one_message_and_exit_2(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "s.toml").write_text(text)
    areas = ["--areas", "areas.geojson", "photos"] if text else ["photos"]
    done = geobike("map", "--config", "s.toml", *areas, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_areas_that_stand_among_the_photos_are_named(tmp_path: Path) -> None:
    done = geobike("map", "photos", "Areas.GeoJSON", cwd=tmp_path)
    assert done.returncode == 2
    assert "--areas is missing; Areas.GeoJSON looks like areas" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_rule_against_sending_holds_for_a_survey_file_too(tmp_path: Path) -> None:
    (tmp_path / "geobike.toml").write_text("[privacy]\nupload = false\n")
    (tmp_path / "s.toml").write_text(
        '[survey]\nphotos = "p"\nareas = "a"\n[detector]\nkind = "huggingface"\n'
    )
    done = geobike("map", "--config", "s.toml", cwd=tmp_path, env={"HF_TOKEN": TOKEN})
    assert done.returncode == 2
    assert "forbids sending photos" in done.stderr


def without_chance(page: str) -> str:
    """Return a page without the random ids that Folium gives, and what is hashed of them."""
    return re.sub(
        r"'sha256-[^']+'", "", re.sub(r"\b[0-9a-f]{32}\b", "", re.sub(r"_[0-9a-f]{32}", "", page))
    )


def test_a_survey_is_run_again_from_its_summary(tmp_path: Path) -> None:
    options = (
        "--manifest", SAMPLE / "manifest.csv", "--threshold", "0.3", "--timezone",
        "Europe/Amsterdam", "--population-column", "population", "--context",
        SAMPLE / "streets.geojson", "--min-photos", "3", "--language", "nl", "--label", "bicycle",
        "--label", "motorcycle", "--title", "Fietsen [2024]", "--store",
        SAMPLE / "detections.sqlite", "--detector", "cached", "--source", "Sample",
        "--blur", "car", "--format", "geojson",
    )  # fmt: skip
    first = geobike(
        "map", SAMPLE / "photos", "--areas", SAMPLE / "areas.geojson", *options,
        "--out", tmp_path / "first",
    )  # fmt: skip
    assert first.returncode == 0, first.stderr
    summary = json.loads((tmp_path / "first" / "summary.json").read_text())
    (tmp_path / "first" / "again.toml").write_text(toml(summary["settings"]))
    for name, file in (("second", "summary.json"), ("third", "again.toml")):
        done = geobike(
            "map", "--config", tmp_path / "first" / file, "--out", tmp_path / name, cwd="/"
        )
        assert done.returncode == 0, done.stderr
        for path in sorted((tmp_path / "first").glob("*[!.toml]")):
            new = tmp_path / name / path.name
            if path.name == "map.html":
                assert without_chance(new.read_text()) == without_chance(path.read_text())
            elif path.name != "summary.json":
                assert new.read_bytes() == path.read_bytes(), path.name
        again = json.loads((tmp_path / name / "summary.json").read_text())
        for part in ("started_at", "finished_at"):
            again[part] = summary[part]
        again["sha256"]["map.html"] = summary["sha256"]["map.html"]  # compared above
        assert again == summary
