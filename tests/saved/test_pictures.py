"""Pictures beside the map do not come between files of somebody else."""

import json
from pathlib import Path

import pytest

from geobike import saved
from geobike.errors import InputError
from geobike.io import transaction


def test_pictures_do_not_come_between_files_that_no_run_wrote(tmp_path: Path) -> None:
    pictures = tmp_path / "photos"
    saved.check_pictures(tmp_path)
    pictures.mkdir()
    saved.check_pictures(tmp_path)
    (pictures / "mine.jpg").write_text("mine")
    with pytest.raises(InputError, match=r"photos: is there and holds other files.*--out"):
        saved.check_pictures(tmp_path)
    ours = {"sha256": {f"photos/{'a' * 20}.jpg": "0"}}
    (tmp_path / "summary.json").write_text(json.dumps(ours))
    saved.check_pictures(tmp_path)  # pictures of an earlier run
    (pictures / "mine.jpg").unlink()
    pictures.rmdir()
    for make in (pictures.touch, lambda: pictures.symlink_to(tmp_path / "gone")):
        make()
        with pytest.raises(InputError, match=r"photos: is there and is no folder; .*--out"):
            saved.check_pictures(tmp_path)
        pictures.unlink()


def test_a_folder_that_a_killed_run_left_half_new_can_be_mended(tmp_path: Path) -> None:
    """Some pictures are there already, and the summary that lists them is not."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / f"{'a' * 20}.jpg").touch()
    (tmp_path / transaction.READY).mkdir()
    saved.check_pictures(tmp_path)
