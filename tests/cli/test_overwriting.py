"""What a user gave to be read is never written over."""

import sys
from pathlib import Path

import pytest

from geobike import cli
from tests.support.making import DELFT, photo, squares


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a photo, areas and a manifest, as users have them side by side."""
    monkeypatch.chdir(tmp_path)
    photo(tmp_path / "photos" / "a.jpg", lon_lat=DELFT)
    squares(tmp_path / "areas.geojson", ["west"])
    (tmp_path / "manifest.csv").write_text("file,latitude,longitude\na.jpg,52,4\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "map.html").write_text("my thesis")
    (tmp_path / "truth.csv").write_text("file,bicycles\na.jpg,1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "map photos --areas areas.geojson --out mine",
            "map.html is there, and no survey beside it",
        ),
        ("map photos --areas areas.geojson --out .", "areas.geojson would be replaced"),
        ("locate photos --out photos/a.jpg", "a.jpg names a photo"),
        ("detect photos --out photos/a.jpg", "a.jpg names a photo"),
        ("classify photos --out photos/a.jpg", "a.jpg names a photo"),
        (
            "locate photos --manifest manifest.csv --out ./manifest.csv",
            "would overwrite what is read",
        ),
        ("evaluate truth.csv --out truth.csv", "would overwrite what is read"),
    ],
)
def test_a_run_that_would_write_over_its_input_is_refused_at_once(
    town: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    said: str,
) -> None:
    before = {path: path.read_bytes() for path in town.rglob("*") if path.is_file()}
    monkeypatch.setattr(sys, "argv", ["geobike", *command.split()])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in town.rglob("*") if path.is_file()} == before
