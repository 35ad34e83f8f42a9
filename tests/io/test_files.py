"""Files appear whole, together, or not at all."""

import os
from pathlib import Path

import pytest

from geobike.errors import InputError
from geobike.io import files


def test_two_that_write_the_same_file_do_not_share_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with files.atomic_open(path) as one, files.atomic_open(path) as other:
        one.write("one")
        other.write("other")
    assert path.read_text() == "one"  # the last to finish
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_or_a_device_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name in ("pipe", "endless"):
        with (
            pytest.raises(InputError, match="is a pipe or a device; name a file"),
            files.fetch_local(tmp_path / name),
        ):
            pass


def test_a_loop_of_links_is_one_path(tmp_path: Path) -> None:
    (loop := tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert files.same(loop, loop)
    assert not files.same(loop, tmp_path / "other")


def test_a_file_may_have_the_longest_name_there_is(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 251}.txt"
    with files.atomic_open(path) as file:
        file.write("all")
    assert path.read_text() == "all"
