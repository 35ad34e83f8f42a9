"""Detections as shards: what many workers write at once, and what damage is found."""

import json
import multiprocessing
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from geobike.detections.store import parquet as shards_module
from geobike.detections.store.parquet import Shards, new_name
from geobike.detections.store.protocol import Model
from geobike.detections.store.sqlite import Store
from geobike.detectors.protocol import Box, Detection
from geobike.errors import GeobikeWarning, MissingPackageError, StoreError
from tests.support.making import handed

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

MODEL = Model("fake", "1")
BICYCLE = Detection("bicycle", 0.1 + 0.2, Box(1 / 3, 2, 3e4, 4.5))
CAR = Detection("voiture éclair", 0.05000000000000001, Box(0, 0, 1, 1))


def found(
    store: Shards | Store, digests: list[str], model: Model = MODEL
) -> dict[str, list[Detection]]:
    """Return what a store says of each photo that it knows."""
    missing = store.missing(digests, model)
    known = [digest for digest in digests if digest not in missing]
    boxes = store.boxes(known, model)
    out: dict[str, list[Detection]] = {digest: [] for digest in known}
    columns = ["photo", "label", "score", *Box._fields]
    for photo, label, score, *box in boxes[columns].itertuples(index=False, name=None):
        out[known[photo]].append(Detection(label, score, Box(*box)))
    return out


def test_what_is_put_comes_back_to_the_last_bit_as_from_the_store_of_one_machine(
    tmp_path: Path,
) -> None:
    answers = {"a": [BICYCLE, CAR], "b": [], "c": [CAR]}
    Shards(tmp_path / "shards").put_shard(answers, MODEL)
    with Store(tmp_path / "store.sqlite") as store:
        for digest, boxes in answers.items():
            store.put(digest, MODEL, boxes)
        alike = found(store, ["d", "c", "b", "a"])
    again = Shards(tmp_path / "shards")
    assert found(again, ["d", "c", "b", "a"]) == alike == answers
    assert again.missing(["d", "b", "a", "e"], MODEL) == ["d", "e"]
    assert again.models() == {MODEL: 3}


def test_each_model_has_answers_of_its_own(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    other = Model("fake", "2")
    shards.put_shard({"a": [BICYCLE]}, MODEL)
    shards.put_shard({"a": [], "b": []}, other)
    assert found(shards, ["a", "b"]) == {"a": [BICYCLE]}
    assert shards.missing(["a", "b"], MODEL) == ["b"]
    assert shards.models() == {MODEL: 1, other: 2}


def test_a_shard_that_is_moved_away_no_longer_answers(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.put_shard({"a": [CAR]}, MODEL, name="1.parquet")
    shards.put_shard({"a": [BICYCLE], "b": []}, MODEL, name="2.parquet")
    assert found(shards, ["a"]) == {"a": [CAR]}
    (tmp_path / "1.parquet").unlink()
    assert found(shards, ["a"]) == {"a": [BICYCLE]}
    (tmp_path / "2.parquet").unlink()
    assert shards.missing(["a", "b"], MODEL) == ["a", "b"]
    assert shards.models() == {}


def test_more_shards_than_are_read_at_once_are_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards_module, "_TOGETHER", 2)
    shards = Shards(tmp_path)
    answers = {f"{i}": [BICYCLE] * (i % 3) for i in range(7)}
    for digest, boxes in answers.items():
        shards.put_shard({digest: boxes}, MODEL)
    assert found(shards, list(answers)[::-1]) == answers
    assert len(list(shards.queries(answers, MODEL))) == 4


def test_a_shard_that_another_machine_adds_is_seen(tmp_path: Path) -> None:
    mine = Shards(tmp_path)
    assert mine.missing(["a"], MODEL) == ["a"]
    Shards(tmp_path).put_shard({"a": [BICYCLE]}, MODEL)
    assert mine.missing(["a"], MODEL) == []


def test_of_two_answers_for_one_photo_the_first_counts(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    first, second = new_name(), new_name()
    assert first < second
    shards.put_shard({"a": [CAR, CAR]}, MODEL, name=second)
    shards.put_shard({"a": [BICYCLE]}, MODEL, name=first)
    assert found(shards, ["a"]) == {"a": [BICYCLE]}
    assert shards.models() == {MODEL: 1}


def test_one_shard_tells_which_photos_it_holds(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.put_shard({"a": [BICYCLE], "b": []}, MODEL, name="one.parquet")
    assert shards.answered("one.parquet") == {"a", "b"}
    assert shards.answered("none.parquet") == set()


def test_any_program_can_read_a_shard(tmp_path: Path) -> None:
    Shards(tmp_path).put_shard({"a": [BICYCLE], "b": []}, MODEL)
    (file,) = tmp_path.iterdir()
    rows = pd.read_parquet(file)
    assert rows.columns.tolist() == [
        "sha256", "detector", "version", "label", "score", "xmin", "ymin", "xmax", "ymax",
    ]  # fmt: skip
    assert rows["label"].isna().tolist() == [False, True]


def test_a_folder_of_shards_reads_as_one_table(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.put_shard({"a": [BICYCLE]}, MODEL)
    shards.put_shard({"b": [CAR]}, MODEL)
    shards.keep_hashes({"a key": "a"})
    assert pd.read_parquet(tmp_path)["label"].tolist() == ["bicycle", "voiture éclair"]


def test_digests_of_files_are_remembered_beside_the_detections(tmp_path: Path) -> None:
    Shards(tmp_path).keep_hashes({"k1": "a", "k2": "b"})
    shards = Shards(tmp_path)
    shards.keep_hashes({})
    shards.keep_hashes({"k3": "c"})
    assert shards.hashes(["k1", "k3", "k4"]) == {"k1": "a", "k3": "c"}
    assert shards.models() == {}


@pytest.mark.parametrize("name", ["README.md", "half"])
def test_damage_to_what_only_saves_time_is_reported_and_stops_nothing(
    tmp_path: Path, name: str
) -> None:
    Shards(tmp_path).put_shard({"a": [BICYCLE]}, MODEL)
    Shards(tmp_path).keep_hashes({"k1": "a"})
    if name == "half":
        [file] = (tmp_path / "_files").iterdir()
        file.write_bytes(file.read_bytes()[:200])
    else:
        (tmp_path / "_files" / name).write_text("notes")
    with pytest.warns(GeobikeWarning, match=r"move it to another folder; its photos are read aga"):
        assert Shards(tmp_path).hashes(["k1"]) == {}
    assert Shards(tmp_path).missing(["a"], MODEL) == []


def put_many(folder: Path, number: int) -> None:
    for i in range(20):
        Shards(folder).put_shard({f"{number}-{i}": [BICYCLE] * i}, MODEL)


def test_processes_that_write_and_one_that_reads_do_not_disturb_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=put_many, args=(tmp_path, n)) for n in range(2)]
    for writer in writers:
        writer.start()
    shards = Shards(tmp_path)
    digests = [f"{n}-{i}" for n in range(2) for i in range(20)]
    while any(writer.is_alive() for writer in writers):
        for digest, boxes in found(shards, digests).items():  # whole, whenever it is seen
            assert len(boxes) == int(digest.partition("-")[2])
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert shards.missing(digests, MODEL) == []


def test_what_a_killed_writer_left_is_passed_over(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.put_shard({"a": []}, MODEL)
    (tmp_path / f".part-{new_name()}").write_bytes(b"PAR1 half a sh")
    assert shards.missing(["a"], MODEL) == []


def parquet_of_another_program(path: Path) -> None:
    pd.DataFrame({"sha256": ["a"], "label": ["bicycle"]}).to_parquet(path)


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("x.parquet", lambda path: path.write_bytes(b""), "x.parquet is damaged"),
        ("x.parquet", lambda path: path.write_bytes(b"PAR1 and no more"), "x.parquet is damaged"),
        ("x.parquet", parquet_of_another_program, "x.parquet is not a shard of geobike"),
        ("notes.txt", lambda path: path.write_text("mine"), "notes.txt is not a shard of geobike"),
        ("inside", lambda path: path.mkdir(), "inside is not a shard of geobike"),
    ],
)
def test_a_damaged_or_foreign_file_is_named(tmp_path: Path, name: str, make, said: str) -> None:
    Shards(tmp_path).put_shard({"a": []}, MODEL)
    make(tmp_path / name)
    with pytest.raises(StoreError, match=f"store {tmp_path}: {said}"):
        Shards(tmp_path).missing(["a"], MODEL)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"score": float("nan")}, "photo a has a score of nan"),
        ({"score": 7.0}, "photo a has a score of 7, not from 0 to 1"),
        ({"xmin": float("inf")}, "photo a has corners that are not pixels in order: xmin inf"),
        ({"ymax": -4.6e-71}, "photo a has corners that are not pixels in order"),
        ({"ymax": 9.3e136}, "photo a has corners that are not pixels in order"),
        ({"label": " "}, "photo a has a blank label"),
        ({"label": None}, "a box has no label, or no score or corner"),
        ({"score": None}, "a box has no label, or no score or corner"),
        ({"sha256": None}, "a row has no photo or no detector"),
        ({"version": None}, "a row has no photo or no detector"),
    ],
)
def test_a_box_that_is_none_is_named_with_its_shard(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    Shards(tmp_path).put_shard({"b": [CAR]}, MODEL, name="1.parquet")
    Shards(tmp_path).put_shard({"c": [], "a": [CAR, BICYCLE]}, MODEL, name="2.parquet")
    table = pq.read_table(tmp_path / "2.parquet")
    (name, value), row = next(iter(changed.items())), table.num_rows - 1
    values = pa.array([*table[name].to_pylist()[:row], value], table[name].type)
    pq.write_table(
        table.set_column(table.column_names.index(name), name, values), tmp_path / "2.parquet"
    )
    with pytest.raises(StoreError, match=rf"2\.parquet is damaged: {said}"):
        found(Shards(tmp_path), ["b", "c", "a"])


def test_the_handed_shard_that_differs_from_what_was_written_is_named(
    tmp_path: Path, shared: Path
) -> None:
    shutil.copyfile(handed(shared, "shard-DIFFERS-SILENTLY.parquet"), tmp_path / "1.parquet")
    (model,) = Shards(tmp_path).models()
    digests = pq.read_table(tmp_path / "1.parquet")["sha256"].unique().to_pylist()
    with pytest.raises(StoreError, match=r"1\.parquet is damaged"):
        found(Shards(tmp_path), digests, model)


def test_damage_to_a_shard_never_passes_for_an_answer(tmp_path: Path) -> None:
    answers = {f"{i}": [BICYCLE, CAR] * (i % 4) for i in range(50)}
    shards = Shards(tmp_path)
    shards.put_shard(answers, MODEL, name="1.parquet")
    whole = (tmp_path / "1.parquet").read_bytes()
    chance, damaged = random.Random(7), 0
    for _ in range(300):
        data = bytearray(whole)
        start = chance.randrange(len(data))
        for place in range(start, min(start + chance.choice([1, 1, 8, 200]), len(data))):
            data[place] = chance.randrange(256)
        (tmp_path / "1.parquet").write_bytes(data)
        try:
            assert found(Shards(tmp_path), list(answers)) == answers
        except StoreError:
            damaged += 1
    assert damaged > 200


def test_a_shard_of_text_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.put_shard({"a": [BICYCLE]}, MODEL, name="1.parquet")
    table = pq.read_table(tmp_path / "1.parquet")
    text = pa.array([b"bicycl\xff"]).cast(pa.binary())
    bad = pa.Array.from_buffers(pa.string(), 1, text.buffers())
    place = table.column_names.index("label")
    pq.write_table(table.set_column(place, table.field("label"), bad), tmp_path / "1.parquet")
    with pytest.raises(StoreError, match=r"1\.parquet is damaged"):
        found(shards, ["a"])


def test_a_truncated_shard_is_named(tmp_path: Path) -> None:
    Shards(tmp_path).put_shard({"a": [BICYCLE]}, MODEL, name="x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    (tmp_path / "x.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match=r"x\.parquet is damaged"):
        Shards(tmp_path).models()


def test_the_sqlite_store_of_one_machine_is_refused_with_the_reason(tmp_path: Path) -> None:
    with Store(tmp_path / "detections.sqlite"):
        pass
    with pytest.raises(StoreError, match="SQLite is not shared across machines"):
        Shards(tmp_path / "detections.sqlite")


def test_to_read_there_must_be_something(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such folder, or nothing in it"):
        Shards(tmp_path / "nowhere", read_only=True)


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(json.dumps({}))
    with pytest.raises(StoreError, match="cannot be written"):
        Shards(tmp_path / "file" / "below").put_shard({"a": []}, MODEL)


def test_without_pyarrow_a_store_of_shards_names_the_extra_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Shards(tmp_path).put_shard({"a": [BICYCLE]}, MODEL)
    for name in ("pyarrow", "pyarrow.compute", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    extra = r"pip install 'geobike\[cluster\]'"
    with pytest.raises(MissingPackageError, match=extra):
        Shards(tmp_path).models()
    with pytest.raises(MissingPackageError, match=extra):
        Shards(tmp_path).missing(["a"], MODEL)
