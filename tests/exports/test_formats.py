import sys
from pathlib import Path

import pytest

import geobike
from geobike import cli
from geobike.errors import InputError
from geobike.exports import formats
from geobike.exports.protocol import TABLES
from tests.support.making import FakeDetector, town

LISTED = r"formats are auto, geojson, csv, parquet, gpkg, coco, crow"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (("parket",), rf"format 'parket' is not known; did you mean parquet\? The {LISTED}"),
        (
            ("csv", "GeoJSON"),
            rf"format 'GeoJSON' is not known; did you mean geojson\? The {LISTED}",
        ),
        (("shapefile",), rf"format 'shapefile' is not known; the {LISTED}"),
        (("",), rf"format '' is not known; the {LISTED}"),
        ((), "no format named; name one, such as auto"),
        ("geojson", r"formats is the text 'geojson'; give a tuple"),
    ],
)
def test_a_format_that_is_not_known_is_refused_before_anything_runs(
    named: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        geobike.Survey(photos="photos", areas="areas.geojson", formats=named)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("map gone --areas gone.geojson --format csv --format geojsn", "did you mean geojson?"),
        ("locate gone --out photos.shp", "photos.shp: photos cannot be written as .shp"),
        ("detect gone --out boxes.geojson", "detections cannot be written as .geojson"),
    ],
)
def test_a_command_refuses_a_format_before_it_looks_at_a_photo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, said: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["geobike", *command.split()])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_a_survey_in_any_format_can_be_evaluated_and_counted_again(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    given = town(tmp_path)
    truth = tmp_path / "truth.csv"
    truth.write_text("file,bicycles\nwest.jpg,3\neast.jpg,4\n")
    without_streets = [
        name for name, form in formats.FORMATS.items() if "streets" not in form.needs
    ]
    for name in ("auto", *without_streets):
        survey = geobike.Survey(**given, detector=FakeDetector(), formats=(name,))
        geobike.run(survey).write(tmp_path / name)
        evaluated = geobike.evaluate(truth, tmp_path / name)
        assert evaluated.photos["counted"].tolist() == [3, 5], name


def test_each_format_has_files_of_its_own_under_its_ending() -> None:
    named = [file for form in formats.FORMATS.values() for file in set(form.files.values())]
    assert formats.named("geoparquet") is formats.FORMATS["parquet"]  # its former name
    assert len(named) == len(set(named))
    for name, form in formats.FORMATS.items():
        assert form.name == name
        assert set(form.files) <= set(TABLES)
        assert all(file.endswith(form.suffixes) for file in form.files.values())
        assert f"{name}: {form.help}" in formats.describe()


def test_a_format_of_streets_is_refused_before_anything_runs_where_there_are_none() -> None:
    with pytest.raises(InputError, match=r"--format crow needs streets; .* \(--streets\)"):
        geobike.Survey(photos="photos", areas="areas.geojson", formats=("crow",))
