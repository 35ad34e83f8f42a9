"""Which store a path opens, whoever opens it, and that both kinds behave alike."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from geobike.detections.store.opening import default_path, open_shared, open_store
from geobike.detections.store.protocol import DetectionStore, Model
from geobike.detectors.protocol import Box, Detection
from geobike.errors import InputError, StoreError

pytest.importorskip("pyarrow", reason="needs the extra `cluster`: pyarrow")

MODEL = Model("fake", "1")
BICYCLE = Detection("bicycle", 0.7, Box(0, 1, 2, 3))
Open = Callable[[Path], DetectionStore]
KINDS = pytest.mark.parametrize("open_kind", [open_store, open_shared])


@KINDS
def test_both_kinds_keep_answers_and_hashes(tmp_path: Path, open_kind: Open) -> None:
    with open_kind(tmp_path / "store") as store:
        assert not store.has_answers()
        assert store.models() == {}
        assert store.missing(["b", "a"], MODEL) == ["b", "a"]
        store.put("a", MODEL, [BICYCLE, BICYCLE])
        store.put("none", MODEL, [])
        store.keep_hashes({"key": "a"})
    with open_kind(tmp_path / "store") as store:
        assert store.has_answers()
        assert store.models() == {MODEL: 2}
        assert store.missing(["b", "a", "none"], MODEL) == ["b"]
        assert store.hashes(["key", "other"]) == {"key": "a"}
        boxes = store.boxes(["b", "a"], MODEL)
    assert boxes["photo"].tolist() == [1, 1]
    assert boxes["label"].tolist() == ["bicycle", "bicycle"]
    assert boxes[["score", *Box._fields]].drop_duplicates().to_numpy().tolist() == [
        [0.7, 0, 1, 2, 3]
    ]


@KINDS
def test_boxes_are_changed_as_they_are_read(tmp_path: Path, open_kind: Open) -> None:
    def doubled(boxes: pd.DataFrame) -> pd.DataFrame:
        return boxes.assign(score=boxes["score"] * 2)

    with open_kind(tmp_path / "store") as store:
        store.put("a", MODEL, [BICYCLE])
        assert store.boxes(["a"], MODEL, transform=doubled)["score"].tolist() == [1.4]


@KINDS
def test_an_existing_store_of_either_kind_is_read_and_never_changed(
    tmp_path: Path, open_kind: Open
) -> None:
    with open_kind(tmp_path / "store") as store:
        store.put("a", MODEL, [BICYCLE])
    with open_store(tmp_path / "store", "existing") as store:
        assert store.missing(["a", "b"], MODEL) == ["b"]
        store.keep_hashes({"key": "a"})
    with open_kind(tmp_path / "store") as store:
        assert store.hashes(["key"]) == {}


def test_where_nothing_exists_the_store_is_empty_and_nothing_is_made(tmp_path: Path) -> None:
    for path in (None, tmp_path / "nothing"):
        with open_store(path, "existing") as store:
            assert not store.has_answers()
            assert store.missing(["a"], MODEL) == ["a"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("opener", [open_store, open_shared])
def test_recorded_detections_must_be_there(tmp_path: Path, opener: Callable[..., object]) -> None:
    with pytest.raises(StoreError, match="no such"):
        opener(tmp_path / "nothing", "read")
    with pytest.raises(InputError, match="--store F"):
        opener(None, "read")
    assert list(tmp_path.iterdir()) == []


def test_a_kind_that_the_engine_cannot_use_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"a folder; name a file, .* add --engine dask"):
        open_store(tmp_path)
    with pytest.raises(StoreError, match=r"stays on this machine; --store detections\.sqlite"):
        open_store("s3://bucket/detections.sqlite")
    with open_store(tmp_path / "detections.sqlite"):
        pass
    with pytest.raises(StoreError, match="not shared across machines; name another --store"):
        open_shared(tmp_path / "detections.sqlite")
    with pytest.raises(InputError, match="need a folder to write to: --store FOLDER"):
        open_shared(None)


def test_a_remote_output_folder_holds_shards_but_no_file_that_stays_here() -> None:
    assert default_path("out", shared=False) == str(Path("out", "detections.sqlite"))
    assert default_path("s3://bucket/out", shared=True) == "s3://bucket/out/shards"
    with pytest.raises(InputError, match=r"say where: --store detections\.sqlite"):
        default_path("s3://bucket/out", shared=False)
