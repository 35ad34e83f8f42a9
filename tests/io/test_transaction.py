"""Files that belong together appear together, and no other run writes meanwhile."""

import threading
from pathlib import Path

import pytest

from geobike.errors import InputError
from geobike.io import files, locking
from geobike.io.transaction import READY, exclusive, transaction


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir() if file.name != locking.NAME}


def test_the_files_of_a_transaction_replace_those_of_the_run_before(tmp_path: Path) -> None:
    for name in ("a.txt", "old.txt", "mine.txt"):
        (tmp_path / name).write_text("before")
    with transaction(tmp_path, last="a.txt") as out:
        (out.staging / "a.txt").write_text("new")
        (out.staging / "b.txt").write_text("new")
        out.discard("old.txt")
        assert (tmp_path / "a.txt").read_text() == (tmp_path / "old.txt").read_text() == "before"
    assert contents(tmp_path) == {"a.txt": "new", "b.txt": "new", "mine.txt": "before"}


def test_a_transaction_that_fails_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("before")

    def fails() -> None:
        with transaction(tmp_path, last="a.txt") as out:
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
    with transaction(tmp_path, last="map.html") as out:
        for name in ("z.csv", "map.html", "a.csv"):
            (out.staging / name).write_text(name)
    assert moved == [READY, "a.csv", "z.csv", "map.html"]


def test_a_message_names_the_folder_of_the_user_and_not_where_the_parts_are_written(
    tmp_path: Path,
) -> None:
    def fails() -> None:
        with transaction(tmp_path / "out", last="a.txt") as out:
            raise InputError(f"{out.staging / 'a.txt'}: cannot be written: No space left")

    with pytest.raises(InputError) as caught:
        fails()
    assert str(caught.value) == f"{tmp_path / 'out' / 'a.txt'}: cannot be written: No space left"


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    def fails() -> None:
        with transaction(tmp_path / "out", last="a.txt"):
            pass

    with pytest.raises(InputError, match=r"out: cannot be written: File exists"):
        fails()


def write(folder: Path, *names: str) -> None:
    with transaction(folder, last=names[-1]) as out:
        for name in names:
            (out.staging / name).write_text("new")


def test_ctrl_c_between_two_moves_does_not_leave_half_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = Path.replace

    def interrupted(source: Path, target: Path) -> Path:
        if target.name == "b.txt" and not raised:
            raised.append(True)
            raise KeyboardInterrupt
        return move(source, target)

    raised: list[bool] = []
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, "a.txt", "b.txt", "c.txt")
    assert raised
    assert contents(tmp_path) == dict.fromkeys(("a.txt", "b.txt", "c.txt"), "new")


@pytest.mark.parametrize("order", ["", "[]", '{"last": "a.txt"}', "\0"])
def test_a_folder_that_looks_like_a_stopped_run_is_refused_with_the_remedy(
    tmp_path: Path, order: str
) -> None:
    (tmp_path / READY).mkdir()
    (tmp_path / READY / ".order.json").write_text(order)
    said = r"geobike-ready: is not what a stopped run.*; remove it"
    with pytest.raises(InputError, match=said), exclusive(tmp_path):
        pass


def test_what_a_stopped_run_had_to_remove_is_never_outside_its_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / READY).mkdir(parents=True)
    (tmp_path / "mine.txt").write_text("mine")
    (out / READY / ".order.json").write_text('{"last": "", "obsolete": ["../mine.txt"]}')
    with pytest.warns(UserWarning, match="an earlier run was stopped"), exclusive(out):
        pass
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_another_thread_is_another_run(tmp_path: Path) -> None:
    refused: list[str] = []

    def other() -> None:
        try:
            with exclusive(tmp_path):
                pass
        except InputError as error:
            refused.append(str(error))

    with exclusive(tmp_path), exclusive(tmp_path):  # within itself it may be taken again
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1
    assert refused[0].endswith(
        "another run is writing into this folder; wait until it is done, or name another folder "
        "(--out)"
    )
    other()  # after the run its lock is gone
    assert len(refused) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_made_only_to_be_locked_goes_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "a" / "b"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
