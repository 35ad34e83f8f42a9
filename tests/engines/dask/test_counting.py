"""On a cluster the workers take the boxes out of the shards and judge them, as one machine does."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import geobike
from geobike.detections.store import parquet
from geobike.detections.store.parquet import ShardQuery, Shards
from geobike.detections.store.protocol import Model
from geobike.detectors.protocol import Box, Detection
from geobike.engines.dask import worker
from geobike.errors import InputError, StoreError
from tests.support.cluster_detectors import Counting
from tests.support.cluster_surveys import on_workers, same

pytest.importorskip("distributed")
pytestmark = [pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")]

RECORDED = geobike.DetectorChoice(kind="cached")


class Crowding(Counting):
    """Finds boxes of many labels and scores, some of one score, that overlap."""

    def detect(self, image: Any) -> list[Detection]:
        labels = ("bicycle", "Bicycle", "car", "person")
        return [
            Detection(
                labels[i % 4], round(0.1 + (i * 7 % 9) / 10, 1), Box(i // 4, 0, i // 4 + 9, 20)
            )
            for i in range(image.width // 6)
        ]


@pytest.fixture(autouse=True)
def _several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each shard be read by itself; the few of these tests would all go to one worker."""
    monkeypatch.setattr(parquet, "_TOGETHER", 1)


@pytest.fixture
def counted(plan: dict[str, Path], tmp_path: Path, cluster: geobike.Cluster) -> dict[str, Any]:
    """A survey whose photos are all detected, in shards of which none is alone."""
    survey = geobike.Survey(**plan, detector=Crowding(tmp_path / "diary"))
    geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    return plan | {"detector": RECORDED}


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"labels": ("CAR", "bicycle", "boat"), "threshold": 0.3, "max_overlap": 0.2},
        {"labels": ("boat",)},
    ],
)
def test_boxes_are_judged_as_on_one_machine_row_by_row(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path, rules: dict[str, Any]
) -> None:
    survey = geobike.Survey(**plan, detector=Crowding(tmp_path / "diary"), **rules)
    alone = geobike.run(survey, store=tmp_path / "store.sqlite")
    spread = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    same(alone, spread)
    assert spread.warnings == alone.warnings
    judged = spread.detections["dropped_by"].astype("str").fillna("kept").unique()
    assert set(judged) == ({"label"} if survey.labels == ("boat",) else {
        "kept", "label", "threshold", "duplicate"
    })  # fmt: skip
    unseen = [note for note in spread.warnings if note.startswith("no box at all is labelled")]
    assert len(unseen) == ("boat" in survey.labels)


def test_of_two_answers_of_one_photo_workers_take_the_first(
    cluster: geobike.Cluster, counted: dict[str, Any], tmp_path: Path
) -> None:
    before = geobike.run(geobike.Survey(**counted), store=tmp_path / "shards", engine=cluster)
    digests = before.photos.loc[before.photos["status"] == "counted", "sha256"]
    again = {digest: [Detection("bicycle", 0.99, Box(0, 0, 1, 1))] for digest in digests}
    Shards(tmp_path / "shards").put_shard(again, before.model)
    after = geobike.run(geobike.Survey(**counted), store=tmp_path / "shards", engine=cluster)
    same(before, after)


def test_shards_of_another_model_are_left_alone(
    cluster: geobike.Cluster, plan: dict[str, Path], counted: dict[str, Any], tmp_path: Path
) -> None:
    before = geobike.run(geobike.Survey(**counted), store=tmp_path / "shards", engine=cluster)
    digests = before.photos["sha256"].dropna().unique()
    boxes_of_another = {digest: [Detection("bicycle", 0.99, Box(0, 0, 1, 1))] for digest in digests}
    Shards(tmp_path / "shards").put_shard(boxes_of_another, Model("other", "1"))
    survey = geobike.Survey(**plan, detector=Crowding(tmp_path / "diary"))
    after = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    same(before, after)
    assert after.detected_now == 0


def cannot_read(*_: object) -> None:
    raise StoreError("store elsewhere: cannot be read: no such file")


def test_a_shard_that_only_workers_cannot_read_stops_the_run_with_the_reason(
    cluster: geobike.Cluster, counted: dict[str, Any], tmp_path: Path
) -> None:
    with (
        on_workers(cluster, Shards, "query", cannot_read),
        pytest.raises(InputError, match=r"worker .*no such file; it can be read here: name a"),
    ):
        geobike.run(geobike.Survey(**counted), store=tmp_path / "shards", engine=cluster)


def cut(folder: Path) -> str:
    """Cut a shard short and return its name."""
    shard = min(folder.glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-100])
    return shard.name


def test_a_shard_that_is_damaged_while_boxes_are_taken_is_named(
    cluster: geobike.Cluster, counted: dict[str, Any], tmp_path: Path
) -> None:
    names: list[str] = []

    def track(items, description, *, total):  # noqa: ARG001
        if description == "Counting":
            names.append(cut(tmp_path / "shards"))
        yield from items

    with pytest.raises(
        StoreError, match=r"parquet is damaged, or not a Parquet file; move it"
    ) as stop:
        geobike.run(
            geobike.Survey(**counted), store=tmp_path / "shards", engine=cluster, track=track
        )
    assert f"store {tmp_path / 'shards'}: {names[0]}" in str(stop.value)


def test_a_shard_that_was_damaged_before_is_named_as_on_one_machine(
    cluster: geobike.Cluster, counted: dict[str, Any], tmp_path: Path
) -> None:
    name = cut(tmp_path / "shards")
    with pytest.raises(StoreError, match=name) as there:
        geobike.run(geobike.Survey(**counted), store=tmp_path / "shards", engine=cluster)
    with pytest.raises(StoreError) as here:
        Shards(tmp_path / "shards").models()
    assert str(there.value) == str(here.value)


def test_a_run_that_is_stopped_while_counting_leaves_nothing_to_do(
    cluster: geobike.Cluster, counted: dict[str, Any], tmp_path: Path
) -> None:
    def track(items, description, *, total):  # noqa: ARG001
        if description == "Counting":
            next(iter(items))
            raise KeyboardInterrupt
        yield from items

    survey = geobike.Survey(**counted)
    with pytest.raises(KeyboardInterrupt):
        geobike.run(survey, store=tmp_path / "shards", engine=cluster, track=track)
    wait_until_idle(cluster)
    assert geobike.run(survey, store=tmp_path / "shards", engine=cluster).ledger.bicycles_counted


def wait_until_idle(cluster: geobike.Cluster) -> None:
    """Wait for workers to say that they are done: what one has begun it ends, cancelled or not."""
    deadline = time.monotonic() + 60
    while any(cluster._client.processing().values()):
        assert time.monotonic() < deadline, "the cluster still has something to do"
        time.sleep(0.05)


class Mortal(Shards):
    """Shards whose first reader dies."""

    def query(self, asked: ShardQuery) -> pd.DataFrame:
        try:
            (Path(self.path).parent / "killed").touch(exist_ok=False)
        except FileExistsError:
            return super().query(asked)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def test_a_worker_that_dies_while_counting_takes_nothing_with_it(
    cluster: geobike.Cluster, counted: dict[str, Any], tmp_path: Path
) -> None:
    survey = geobike.Survey(**counted)
    before = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    with on_workers(cluster, worker, "Shards", Mortal):
        after = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    assert (tmp_path / "killed").exists()
    same(before, after)
