"""The command line as a user meets it: what it prints, where, and how it exits."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.making import photo, squares
from tests.support.program import geobike


def test_what_packages_log_is_not_printed() -> None:
    program = (
        "import logging, geobike.cli as cli; "
        "cli.app = lambda: logging.getLogger('store').error('trying again'); cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["map", "nowhere", "--areas", "{areas}"], "nowhere: no such file or folder"),
        (["map", "{photos}", "--areas", "no.geojson"], "areas no.geojson: no such file"),
        (
            ["map", "{photos}", "--areas", "{areas}", "--threshold", "2"],
            "threshold 2 is not from 0.05",
        ),
        (
            ["map", "{photos}", "--areas", "{areas}", "--name-column", "x"],
            "no column 'x' (--name-column)",
        ),
        (
            ["map", "{photos}", "--areas", "{areas}", "--manifest", "m.csv"],
            "manifest m.csv: no such",
        ),
        (["map", "{photos}", "--areas", "{areas}", "--timezone", "x"], "timezone 'x' is not known"),
        (
            ["map", "{photos}", "--areas", "{areas}", "--endpoint", "http://x"],
            "photos leave the machine",
        ),
        (["map", "{photos}", "--areas", "{areas}", "--detector", "cached"], "no such file"),
        (["map", "{photos}", "--areas", "{areas}", "--model", "no.onnx"], "no.onnx"),
        (["detect", "nowhere.jpg"], "nowhere.jpg: no such file or folder"),
        (["classify", "{photos}"], "name a model"),
        (
            ["detect", "{photos}", "--detector", "cached"],
            "needs the store that holds them: --store",
        ),
        (
            ["map", "{photos}", "--areas", "{areas}", "--positions", "manifest,exfi"],
            "'exfi' is not a position source; the nearest is exif",
        ),
        (["locate", "{photos}", "--positions", "manifest"], "add --manifest FILE, or exif"),
        (["locate", "{photos}", "--max-megapixels", "nan"], "--max-megapixels nan is not above 0"),
        (["locate", "{photos}", "--max-megapixels", "-1"], "--max-megapixels -1 is not above 0"),
    ],
)
def test_a_users_mistake_is_one_message_and_exit_2(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005))
    names = {"photos": tmp_path / "photos", "areas": squares(tmp_path / "areas.geojson", ["a"])}
    filled = [argument.format(**names) for argument in arguments]
    out = ["--out", tmp_path / "out"] if arguments[0] == "map" else []
    done = geobike(*filled, *out)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_reasons_that_look_like_markup_are_printed_as_they_are(tmp_path: Path) -> None:
    photos = photo(tmp_path / "photos" / "a.jpg").parent
    (tmp_path / "m.csv").write_text("file,lat,lon\na.jpg,[red]x[/red],4\n")
    done = geobike("locate", photos, "--manifest", tmp_path / "m.csv")
    assert done.returncode == 0, done.stderr
    assert "[red]x[/red]" in done.stdout


def test_a_file_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    photo(tmp_path / "\x1b[2Jwiped.jpg").write_bytes(b"no photo")
    (tmp_path / "m.csv").write_text("file,lat,lon\n\x1b[31mred.jpg,52,4\n")
    done = geobike("locate", tmp_path, "--manifest", tmp_path / "m.csv")
    assert "\\x1b[31mred.jpg" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["map", "--help"], ["--version"]])
def test_help_and_version_answer(arguments: list[str]) -> None:
    done = geobike(*arguments)
    assert done.returncode == 0
    assert "geobike" in done.stdout
