import math
from pathlib import Path

import pytest

from geobike.errors import InputError
from geobike.exports.summary import write_summary
from tests.support.exported import read_json


def test_an_old_file_stays_whole_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write_summary({"old": True}, path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_summary({"new": math.nan}, path)
    assert read_json(path) == {"old": True}
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"summary\.json: cannot be written"):
        write_summary({}, tmp_path / "file" / "summary.json")
