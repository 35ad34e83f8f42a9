"""A survey that counts no photo says why, last, and does not end as if all were well."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.making import photo, squares
from tests.support.program import geobike

BOXES = "file,label,score,xmin,ymin,xmax,ymax\na.jpg,bicycle,0.9,1,2,3,4\nb.jpg,,,,,,\n"
INSIDE = ["a.jpg,52.005,4.005", "b.jpg,52.006,4.006"]


def survey(
    folder: Path, rows: list[str], *more: object, photos: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a survey of two photos with the positions of a manifest."""
    squares(folder / "areas.geojson", ["west"])
    (folder / "boxes.csv").write_text(BOXES)
    (folder / "manifest.csv").write_text("\n".join(["file,latitude,longitude", *rows]) + "\n")
    for width, name in enumerate(("a.jpg", "b.jpg") if photos else (), start=20):
        photo(folder / "photos" / name, size=(width, 20))
    given = {"manifest": "manifest.csv", "detections": "boxes.csv", "areas": "areas.geojson"}
    options = [part for name, file in given.items() for part in (f"--{name}", folder / file)]
    folders = [folder / "photos"] if photos else []
    return geobike("map", *folders, *options, "--out", folder / "out", *more)


@pytest.mark.parametrize(
    ("rows", "photos", "cause"),
    [
        (
            ["a.jpg,12,4", "b.jpg,12,5"],
            False,
            "2 of 2 are outside all areas (in none of the areas)",
        ),
        (
            ["a.jpg,4.005,52.005", "b.jpg,4.006,52.006"],
            False,
            "(in none of the areas, but in one with latitude and longitude swapped); swap latitude",
        ),
        (["a.jpg,52.005,", "b.jpg,,"], False, "2 of 2 are without a position"),
        (["x.jpg,52.005,4.005"], True, "check that the manifest names these photos"),
        (["a.jpg,12,4"], True, "1 of 2 are "),
    ],
)
def test_a_survey_that_counts_nothing_warns_last_with_the_cause_and_exits_with_4(
    tmp_path: Path, rows: list[str], photos: bool, cause: str
) -> None:
    done = survey(tmp_path, rows, photos=photos)
    assert done.returncode == 4
    last = done.stderr.splitlines()[-1]
    assert last.startswith("geobike: warning: no photo is counted: ")
    assert cause in last
    assert done.stderr.count("no photo is counted") == 1
    assert (tmp_path / "out" / "map.html").exists()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert cause in summary["warnings"][-1]


def test_where_no_photo_is_counted_nothing_is_said_of_bicycles(tmp_path: Path) -> None:
    done = survey(tmp_path, ["a.jpg,12.123456,4", "b.jpg,12.123456,5"])
    assert "0 of 1 areas can be compared" in done.stdout
    for said in ("Each place counted once", "Ridden", "Bicycles found by the detector"):
        assert said not in done.stdout
    assert "the photos are from (4.00000, 12.12346) to (5.00000, 12.12346)" in done.stderr


def test_an_empty_survey_may_be_allowed(tmp_path: Path) -> None:
    done = survey(tmp_path, ["a.jpg,12,4", "b.jpg,12,5"], "--allow-empty")
    assert done.returncode == 0
    assert "geobike: warning: no photo is counted" in done.stderr.splitlines()[-1]


def test_photos_that_show_no_bicycle_are_counted(tmp_path: Path) -> None:
    done = survey(tmp_path, INSIDE, "--threshold", "0.95")
    assert (done.returncode, "warning" in done.stderr) == (0, False)
    assert survey(tmp_path, INSIDE).returncode == 0


def test_the_crs_is_not_suspected_where_most_photos_have_no_position(tmp_path: Path) -> None:
    done = survey(tmp_path, ["a.jpg,12,4", "b.jpg,,", "c.jpg,,"])
    assert "no photo is in any area: 2 of 3 have no position at all" in done.stderr
    assert "--crs" not in done.stderr


def test_files_that_are_not_read_are_in_the_account(tmp_path: Path) -> None:
    for name in ("a.dng", "a.MOV", "a.AAE", "b.mov"):
        photo(tmp_path / "photos" / name, format="JPEG")
    done = survey(tmp_path, INSIDE, photos=True)
    assert done.returncode == 0
    assert "4  1 .aae, 1 .dng, 2 .mov" in done.stdout
    account = json.loads((tmp_path / "out" / "summary.json").read_text())["ledger"]
    assert account["not_read"] == {".aae": 1, ".dng": 1, ".mov": 2}
    assert account["files_given"] == account["photos_given"] + 4 == 6
