"""A cluster of two workers, a survey for it, and what it must give."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import geobike
from tests.support.making import photo, town


@pytest.fixture(scope="module")
def cluster() -> Iterator[geobike.Cluster]:
    with geobike.Cluster(workers=2) as opened:
        yield opened


@pytest.fixture
def plan(tmp_path: Path) -> dict[str, Path]:
    """A town with one photo for every way a photo can end, and enough for several partitions."""
    folders = town(tmp_path)
    for i in range(120):
        place = (4.001 + 0.0001 * i, 52.005)
        photo(folders["photos"] / "more" / f"{i}.jpg", lon_lat=place, size=(80 + i, 20))
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("file,latitude,longitude\nwest.jpg,52.005,4.006\nnot_there.jpg,52,4\n")
    return folders | {"manifest": manifest}


def same(one: geobike.SurveyResult, other: geobike.SurveyResult) -> None:
    """Assert that two surveys found the same, to the last row and bit."""
    for frame in ("photos", "detections", "areas"):
        pd.testing.assert_frame_equal(getattr(one, frame), getattr(other, frame), check_exact=True)
    for frame in ("bicycles", "stops", "tallies", "places"):
        pd.testing.assert_frame_equal(
            getattr(one.counted, frame), getattr(other.counted, frame), check_exact=True
        )
    assert one.counted.total == other.counted.total
    assert one.ledger == other.ledger
    assert one.model == other.model


@contextmanager
def on_workers(cluster: geobike.Cluster, home: Any, name: str, other: Any) -> Iterator[None]:
    """Have another function or method stand for the one of that name, on the workers alone."""
    cluster._client.run(_exchange, home, name, other)
    try:
        yield
    finally:
        cluster._client.run(_restore, home, name)


_exchanged: dict[str, Any] = {}  # of this process


def _exchange(home: Any, name: str, other: Any) -> None:
    _exchanged[name] = getattr(home, name)
    setattr(home, name, other)


def original(name: str) -> Any:
    """Return, on a worker, what another stands for."""
    return _exchanged[name]


def _restore(home: Any, name: str) -> None:
    if name in _exchanged:  # a worker that died began anew
        setattr(home, name, _exchanged.pop(name))
