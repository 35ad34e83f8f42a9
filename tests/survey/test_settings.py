"""A survey's settings as tables: what is read from a file, what is written, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

import geobike
from geobike import config
from geobike.errors import InputError
from geobike.options import declared
from geobike.survey import settings
from tests.support.making import FakeDetector
from tests.support.options import OPTIONS, as_field, toml, two_values


def refused(folder: Path, text: str, name: str = "survey.toml") -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        settings.read(file)
    said = str(error.value)
    assert said.startswith(f"{file}: ")
    assert "\n" not in said
    return said.removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[survey]\nlabel = ['x']", '[survey] has no option "label"; did you mean labels?'),
        ("[survey]\nname-column = 'x'", "did you mean name_column?"),
        ('[page]\npicture = "none"', "did you mean pictures?"),
        ("[detector]\ndetector = 'onnx'", "did you mean kind?"),
        ("[survey]\ntitle = 'x'", "did you mean title in [page]?"),
        ("[survey]\nconfig = 'other.toml'", '[survey] has no option "config"'),
        ("[survey]\nxyzzy = 1", "`geobike map --help` lists the options"),
        ("[pages]\n", 'table "pages" is not known; did you mean [page]?'),
        ("[zzz]\n", 'table "zzz" is not known; there are [detector], [page], [survey]'),
        ("threshold = 0.3", "'threshold' is outside a table; write threshold below [survey]"),
        ("survey = 3", "survey is 3, expected a table [survey]"),
        ("[[survey]]\nareas = 'a'", "expected a table [survey]"),
        ("[privacy]\nupload = false", "[privacy] belongs in geobike.toml"),
    ],
)
def test_an_unknown_key_or_table_names_the_nearest(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


WRONG: dict[type, list[Any]] = {
    str: [3, True, {"a": "b"}, [["x"]]],
    int: ["3", 3.5, True, [3]],
    float: ["0.5", True, [0.5], 10**400],
    bool: [0, "true", [True]],
}


@pytest.mark.parametrize("one", OPTIONS, ids=[one.name for one in OPTIONS])
def test_a_value_of_the_wrong_type_is_named_with_what_is_expected(tmp_path: Path, one: Any) -> None:
    wrong = list(WRONG[one.type])
    if one.many and not one.single:
        wrong.append("x")  # one text is no list
    if one.choices:
        wrong.append("something else")
    for value in wrong:
        file = {"settings": {one.table: {one.name: value}}}
        said = refused(tmp_path, json.dumps(file), "summary.json")
        assert said.startswith(f"[{one.table}] {one.name} is ")
        assert ", expected " in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[survey]\nareas = "a\\u0000b"', "without NUL characters"),
        ("[survey]\ntimezone = 2024-01-01", 'timezone is "2024-01-01", expected text'),
        ("[survey", "cannot be read as TOML"),
        ("[survey]\nareas = 'a'\nareas = 'b'", "cannot be read as TOML"),
        ("a = " + "[" * 100_000, "cannot be read as TOML"),
    ],
)
def test_text_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "holds no settings"),
        ("[1]", "holds no settings"),
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"settings": []}', "settings is [], expected tables"),
        ('{"settings": {"survey": {"areas": "\\ud800"}}}', "text in Unicode"),
        ('{"settings": {"survey": {"threshold": null}}}', "threshold is null, expected a number"),
    ],
)
def test_a_json_file_that_is_not_a_summary_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text, "summary.json")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            settings.read(path)
    (tmp_path / "latin.toml").write_bytes(b"[page]\ntitle = 'caf\xe9'")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        settings.read(tmp_path / "latin.toml")


def test_a_mark_that_windows_editors_write_is_read_over(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("[page]\ntitle = 'x'\n", encoding="utf-8-sig")
    assert settings.read(tmp_path / "s.toml") == {"title": "x"}


@pytest.mark.parametrize("key", ["token", "hf_token", "HF_TOKEN", "token_files"])
def test_a_token_is_not_taken_from_a_file_nor_repeated(tmp_path: Path, key: str) -> None:
    said = refused(tmp_path, f"[detector]\n{key} = 'hf_secret'")
    assert "token_file" in said
    assert "hf_secret" not in said


def whole_survey(folder: Path, **more: Any) -> geobike.Survey:
    """Return a survey of which every option differs from its default, its paths in a folder."""
    made: dict[type, dict[str, Any]] = {}
    for section in (config.SurveySettings, config.PageSettings, config.DetectorSettings):
        made[section] = {}
        for one in declared(section):
            value = as_field(two_values(one)[0])
            if one.option.path is not None and one.name != "language":
                value = tuple(str(folder / v) for v in value) if one.many else str(folder / value)
            made[section][one.name] = value
    page = geobike.PageOptions(**made[config.PageSettings])
    chosen = geobike.DetectorChoice(**made[config.DetectorSettings], token="hf_secret")
    return geobike.Survey(**made[config.SurveySettings] | {"page": page, "detector": chosen} | more)


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_what_is_written_is_read_again_option_by_option(tmp_path: Path, suffix: str) -> None:
    survey = whole_survey(tmp_path / "in")
    (tmp_path / "out").mkdir()
    tables = settings.write(survey, store=tmp_path / "in" / "s.sqlite", folder=tmp_path / "out")
    text = json.dumps({"settings": tables}) if suffix == ".json" else toml(tables)
    assert str(tmp_path) not in text
    assert "hf_secret" not in text
    file = tmp_path / "out" / f"file{suffix}"
    file.write_text(text)
    read = settings.read(file)
    for section, made in (
        (config.SurveySettings, survey),
        (config.PageSettings, survey.page),
        (config.DetectorSettings, survey.detector),
    ):
        for one in declared(section):
            assert read[one.name] == getattr(made, one.name), one.name
    assert read["store"] == str(tmp_path / "in" / "s.sqlite")


def test_urls_are_written_without_credentials(tmp_path: Path) -> None:
    survey = geobike.Survey(
        photos=["s3://key:secret@bucket/photos", "https://host/p.jpg?sig=secret"],
        areas="https://anna:secret@host/areas.geojson",
        detector=geobike.DetectorChoice(
            kind="huggingface", endpoint="https://anna:secret@models.test/detr?key=secret"
        ),
    )
    tables = settings.write(survey, store=None, folder=tmp_path)
    assert "secret" not in json.dumps(tables)
    assert tables["survey"]["photos"] == ["s3://bucket/photos", "https://host/p.jpg"]
    assert tables["detector"]["endpoint"] == "https://models.test/detr"


def test_a_remote_folder_keeps_paths_as_they_were_given() -> None:
    survey = geobike.Survey(photos="photos", areas=Path("a.geojson"))
    tables = settings.write(survey, store=None, folder="s3://bucket/survey")
    assert tables["survey"]["photos"] == "photos"
    assert tables["survey"]["areas"] == "a.geojson"


def test_a_detector_of_ones_own_is_run_again_from_the_store() -> None:
    survey = geobike.Survey(photos="photos", areas="a", detector=FakeDetector())
    tables = settings.write(survey, store="s.sqlite", folder=".")
    assert tables["detector"] == {"kind": "cached", "model": "fake"}


def test_a_name_that_is_not_utf_8_does_not_stop_the_writing() -> None:
    survey = geobike.Survey(photos="caf\udce9", areas="a")
    json.dumps(settings.write(survey, store=None, folder="."), ensure_ascii=False).encode()


def test_a_word_that_names_classes_is_not_made_a_path(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[detector]\nclasses = "coco80"\n')
    assert settings.read(file) == {"classes": "coco80"}
    file.write_text('[detector]\nclasses = "names.txt"\n')
    assert settings.read(file) == {"classes": str(tmp_path / "names.txt")}
