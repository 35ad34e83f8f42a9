"""Files appear whole, together, or not at all."""

from pathlib import Path

from geobike.io import files


def test_two_that_write_the_same_file_do_not_share_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with files.atomic_open(path) as one, files.atomic_open(path) as other:
        one.write("one")
        other.write("other")
    assert path.read_text() == "one"  # the last to finish
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_may_have_the_longest_name_there_is(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 251}.txt"
    with files.atomic_open(path) as file:
        file.write("all")
    assert path.read_text() == "all"
