"""An input is hashed as it is read, so that a summary names the bytes that were used."""

import hashlib
from pathlib import Path

import pytest

from geobike.errors import InputError
from geobike.io.inputs import Inputs


def test_the_hash_is_of_the_bytes_that_were_read_whatever_the_file_holds_later(
    tmp_path: Path,
) -> None:
    path = tmp_path / "areas.geojson"
    path.write_bytes(b"before")
    inputs = Inputs()
    with inputs.open("areas", path) as file:
        read = file.path.read_bytes()
    path.write_bytes(b"after")
    (known,) = inputs.read["areas"]
    assert known.name == "areas.geojson"
    assert known.sha256 == hashlib.sha256(read).hexdigest() == hashlib.sha256(b"before").hexdigest()


def test_a_file_that_is_changed_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    path.write_bytes(b"before")
    inputs = Inputs()

    def reads() -> None:
        with inputs.open("areas", path) as file:
            file.path.write_bytes(b"longer than before")

    with pytest.raises(InputError, match=r"areas\.geojson: was changed while it was read"):
        reads()
    assert inputs.read == {}


def test_a_folder_has_no_hash_and_a_missing_file_is_left_to_its_reader(tmp_path: Path) -> None:
    inputs = Inputs()
    with inputs.open("areas", tmp_path):
        pass
    with inputs.open("manifest", tmp_path / "no.csv") as file:
        assert not file.path.exists()
    assert [one.sha256 for found in inputs.read.values() for one in found] == [None, None]


def test_an_error_of_a_reader_is_not_hidden_by_the_check(tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    path.write_bytes(b"before")

    def reads() -> None:
        with Inputs().open("areas", path):
            path.write_bytes(b"longer than before")
            raise InputError("no polygon")

    with pytest.raises(InputError, match="no polygon"):
        reads()
