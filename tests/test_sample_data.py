"""The sample for those who have no clone: `geobike sample-data`."""

import subprocess
import sys
from pathlib import Path

import pytest

import geobike
from geobike import cli


def test_the_sample_is_written_whole_and_its_own_command_makes_a_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["geobike", "sample-data", "my town"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0
    digests = subprocess.run(
        ["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd="my town", check=False, text=True
    )
    assert digests.returncode == 0
    command = capsys.readouterr().out.split("\n\n")[1]
    done = subprocess.run(
        ["bash", "-c", f"{Path(sys.executable).parent}/{command.strip()}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "photos given     181" in done.stdout, done.stderr
    assert (tmp_path / "out" / "map.html").is_file()


def test_a_folder_with_files_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(geobike.GeobikeError, match="contains files already"):
        geobike.sample_data(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(geobike.GeobikeError, match=r"file.*cannot be written"):
        geobike.sample_data(tmp_path / "file" / "town")


def test_a_full_disk_is_one_short_message(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # bytes a file
    try:
        with pytest.raises(geobike.GeobikeError, match=r"town: cannot be written: .*large") as no:
            geobike.sample_data(tmp_path / "town")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(str(no.value)) < 1000
