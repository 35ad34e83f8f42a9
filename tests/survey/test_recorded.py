"""A survey of which the store has the answers says the same as one that has none."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

import geobike
from benchmarks import broken
from geobike.detections.choice import Choice
from geobike.photos import headers
from geobike.survey.result import SurveyResult

NAMES = re.compile(rb"_[0-9a-f]{32}\b|'sha256-[^']*'")
"""Names that the page gives its elements anew each time, and digests of scripts with them."""
TIMES = "summary.json"  # says when, and how many were detected now


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not broken.SAMPLE.is_dir():
        pytest.skip(f"needs {broken.SAMPLE}")
    made = tmp_path_factory.mktemp("broken")
    broken.make(made, 400, broken=True)  # each of the 20 ways once
    (copy := made / "photos" / "copies").mkdir()
    for photo in sorted((made / "photos" / "0000").iterdir())[:60]:  # broken ones too
        (copy / photo.name).write_bytes(photo.read_bytes())
    return made


def surveyed(folder: Path, store: Path | None, *, megapixels: float = 200) -> SurveyResult:
    plan = geobike.Survey(
        photos=folder / "photos",
        areas=folder / "areas.geojson",
        detector=Choice(kind="onnx", model=str(folder / "model.onnx")),
        max_megapixels=megapixels,
    )
    return geobike.run(plan, store=store)


def files(result: SurveyResult, folder: Path) -> dict[str, bytes]:
    result.write(folder)
    written = (file for file in folder.rglob("*") if file.is_file() and file.name != TIMES)
    return {str(file.relative_to(folder)): NAMES.sub(b"", file.read_bytes()) for file in written}


def forget_files(store: Path) -> None:
    with closing(sqlite3.connect(store)) as opened, opened:
        opened.execute("DELETE FROM files")


@pytest.fixture(scope="module")
def store(folder: Path) -> Path:
    """Return a store with the answers for all photos that can be decoded."""
    surveyed(folder, folder / "store.sqlite")
    return folder / "store.sqlite"


@pytest.fixture(autouse=True)
def many(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a few hundred photos as thousands are, while no file is known by its name."""
    monkeypatch.setattr(headers, "MANY", 100)
    forget_files(store)


def test_recorded_answers_change_no_status_no_line_and_no_byte(
    folder: Path, store: Path, tmp_path: Path
) -> None:
    alone, recorded = surveyed(folder, None), surveyed(folder, store)
    assert alone.ledger.photos["unreadable"] > 15
    assert alone.ledger.photos["duplicate"] > 50
    assert recorded.ledger == alone.ledger
    assert recorded.detected_now == 0
    pd.testing.assert_frame_equal(recorded.photos, alone.photos)
    assert files(recorded, tmp_path / "recorded") == files(alone, tmp_path / "alone")


def test_the_limit_of_pixels_of_a_later_run_holds_for_recorded_photos(
    folder: Path, store: Path
) -> None:
    alone = surveyed(folder, None, megapixels=0.01)  # the pictures are of two shapes
    recorded = surveyed(folder, store, megapixels=0.01)
    over = alone.photos["reason"].str.contains("--max-megapixels", na=False)
    assert 0 < over.sum() < len(over)
    pd.testing.assert_frame_equal(recorded.photos, alone.photos)
    assert recorded.ledger == alone.ledger
