"""Files appear whole, together, or not at all."""

from pathlib import Path

import pytest

from geobike.errors import InputError
from geobike.io import files


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_the_files_of_a_transaction_replace_those_of_the_run_before(tmp_path: Path) -> None:
    for name in ("a.txt", "old.txt", "mine.txt"):
        (tmp_path / name).write_text("before")
    with files.transaction(tmp_path, last="a.txt") as out:
        (out.staging / "a.txt").write_text("new")
        (out.staging / "b.txt").write_text("new")
        out.discard("old.txt")
        assert (tmp_path / "a.txt").read_text() == (tmp_path / "old.txt").read_text() == "before"
    assert contents(tmp_path) == {"a.txt": "new", "b.txt": "new", "mine.txt": "before"}


def test_a_transaction_that_fails_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("before")

    def fails() -> None:
        with files.transaction(tmp_path, last="a.txt") as out:
            (out.staging / "a.txt").write_text("new")
            out.discard("a.txt")
            with files.atomic_open(out.staging / "no" / "\0"):
                pass

    with pytest.raises(ValueError, match="null byte"):
        fails()
    assert contents(tmp_path) == {"a.txt": "before"}


def test_the_file_that_vouches_for_the_others_is_moved_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[str] = []
    move = Path.replace

    def noted(source: Path, target: Path) -> Path:
        moved.append(target.name)
        return move(source, target)

    monkeypatch.setattr(Path, "replace", noted)
    with files.transaction(tmp_path, last="map.html") as out:
        for name in ("z.csv", "map.html", "a.csv"):
            (out.staging / name).write_text(name)
    assert moved == ["a.csv", "z.csv", "map.html"]


def test_a_message_names_the_folder_of_the_user_and_not_where_the_parts_are_written(
    tmp_path: Path,
) -> None:
    def fails() -> None:
        with files.transaction(tmp_path / "out", last="a.txt") as out:
            raise InputError(f"{out.staging / 'a.txt'}: cannot be written: No space left")

    with pytest.raises(InputError) as caught:
        fails()
    assert str(caught.value) == f"{tmp_path / 'out' / 'a.txt'}: cannot be written: No space left"


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    def fails() -> None:
        with files.transaction(tmp_path / "out", last="a.txt"):
            pass

    with pytest.raises(InputError, match=r"out: cannot be written: File exists"):
        fails()
