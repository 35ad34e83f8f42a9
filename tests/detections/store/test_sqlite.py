import multiprocessing
import pickle
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from geobike.detections.cached import CachedDetector
from geobike.detections.store import recall
from geobike.detections.store.protocol import Model
from geobike.detections.store.sqlite import Store
from geobike.detectors.protocol import Box, Detection
from geobike.errors import DetectionFailed, StoreError
from geobike.photos.hashing import Before
from tests.conftest import ROOT
from tests.support.making import handed

DETR = Model("facebook/detr-resnet-50", "hosted:example")
OTHER = Model("facebook/detr-resnet-50", "sha256:abc")
FOUND = [
    Detection("bicycle", 0.987654321, Box(1.5, 2.25, 30.0, 40.125)),
    Detection("naïve <b>", 0.05001, Box(0, 0, 1, 1)),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "detections.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as opened:
        yield opened


def test_what_was_put_comes_back_exactly_also_nothing(store: Store) -> None:
    store.put("a", DETR, FOUND)
    store.put("b", DETR, [])
    assert dict(store.get(["a", "b", "c"], DETR)) == {"a": FOUND, "b": []}


def test_a_photo_without_objects_is_answered_and_not_missing(store: Store) -> None:
    store.put("empty", DETR, [])
    assert store.missing(["empty", "new"], DETR) == ["new"]


def test_another_version_of_a_model_is_another_detector(store: Store) -> None:
    store.put("a", DETR, FOUND)
    assert store.missing(["a"], OTHER) == ["a"]
    store.put("a", OTHER, [])
    assert store.models() == {DETR: 1, OTHER: 1}


def test_the_first_answer_stays(store: Store) -> None:
    store.put("a", DETR, FOUND)
    store.put("a", DETR, [])
    assert dict(store.get(["a"], DETR)) == {"a": FOUND}


def test_answers_are_there_for_the_next_run(path: Path) -> None:
    with Store(path) as store:
        store.put("a", DETR, FOUND)
    with Store(path, read_only=True) as store:
        assert dict(store.get(["a"], DETR)) == {"a": FOUND}


def test_many_photos_are_asked_for_at_once(store: Store) -> None:
    digests = [str(i) for i in range(25_000)]
    for digest in digests[:50]:
        store.put(digest, DETR, FOUND[:1])
    assert len(dict(store.get(digests, DETR))) == 50
    assert len(store.missing(digests, DETR)) == 24_950


def _fill(path: Path, start: int, together: Barrier) -> None:
    together.wait()
    with Store(path) as store:
        for i in range(start, start + 60):
            store.put(str(i), DETR, FOUND)


def test_processes_share_a_store_that_all_of_them_make(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(4)
    processes = [context.Process(target=_fill, args=(path, 30 * i, together)) for i in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    with Store(path) as store:
        assert store.models() == {DETR: 150}  # most of them put by two, and there once


def test_a_damaged_store_is_named(path: Path) -> None:
    with Store(path) as store:
        for i in range(500):
            store.put(str(i), DETR, FOUND)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with (
        pytest.raises(StoreError, match=r"detections\.sqlite: cannot be"),
        Store(path, read_only=True) as store,
    ):
        store.models()


ABC = ["a", "b", "c"]


def test_a_changed_byte_in_an_answer_is_named_and_its_photo_detected_again(path: Path) -> None:
    """SQLite notices no change within a value: another score would be believed."""
    with Store(path) as store:
        for digest in ABC:
            store.put(digest, DETR, FOUND)
    data = path.read_bytes()
    places = [at for at in range(len(data)) if data.startswith(b"0.987654321", at)]
    assert len(places) == 3
    for at in places[1:]:
        data = data[:at] + b"0.187654321" + data[at + 11 :]
    path.write_bytes(data)
    with Store(path, read_only=True) as store, pytest.raises(StoreError, match="take the store"):
        store.boxes(ABC, DETR)
    with Store(path) as store:
        with pytest.raises(StoreError, match=r"of 2 photos, the first [abc] are not those that"):
            store.boxes(ABC, DETR)
        again = store.missing(ABC, DETR)
        assert len(again) == 2
        for digest in again:
            store.put(digest, DETR, FOUND)
        assert dict(store.get(ABC, DETR)) == dict.fromkeys(ABC, FOUND)


def test_a_store_from_before_checksums_is_read_and_gets_them(path: Path) -> None:
    with Store(path) as store:
        store.put("a", DETR, FOUND)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE answers DROP COLUMN crc32")
    with Store(path, read_only=True) as store:
        assert dict(store.get("a", DETR)) == {"a": FOUND}
    with Store(path) as store, Store(path) as other:
        store.put("b", DETR, FOUND)
        other.put("c", DETR, [])
        assert dict(store.get(ABC, DETR)) == {"a": FOUND, "b": FOUND, "c": []}
    with closing(sqlite3.connect(path)) as connection:
        kept = dict(connection.execute("SELECT sha256, crc32 IS NULL FROM answers"))
    assert kept == {"a": 1, "b": 0, "c": 0}


@pytest.mark.parametrize("read_only", [False, True])
def test_a_store_that_is_open_sees_checksums_that_another_process_adds(
    path: Path, read_only: bool
) -> None:
    with Store(path) as store:
        store.put("a", DETR, FOUND)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE answers DROP COLUMN crc32")
    with Store(path, read_only=read_only) as reader:
        with Store(path) as writer:
            writer.put("b", DETR, FOUND)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE answers SET boxes = '[]' WHERE sha256 = 'b'")
        with pytest.raises(StoreError, match="of photo b are not those that were stored"):
            reader.boxes(["b"], DETR)


def test_a_recorded_store_is_read_where_nothing_can_be_written(path: Path) -> None:
    with Store(path) as store:
        store.put("a", DETR, FOUND)
    alone = path.parent / "alone"
    alone.mkdir()
    shutil.copyfile(path, alone / "store.sqlite")
    before = (alone / "store.sqlite").read_bytes()
    with Store(alone / "store.sqlite", read_only=True) as store:
        assert dict(store.get(["a"], DETR)) == {"a": FOUND}
        with pytest.raises(StoreError, match="cannot be written"):
            store.put("b", DETR, [])
    assert (alone / "store.sqlite").read_bytes() == before


def test_a_file_that_is_not_a_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.sqlite"
    text.write_text("I am no database, only a text of some length, as such files go. " * 20)
    with pytest.raises(StoreError, match=r"notes\.sqlite: cannot be opened"):
        Store(text)
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(StoreError, match="not a store of geobike"):
        Store(foreign)
    with pytest.raises(StoreError, match="no such file"):
        Store(tmp_path / "nothing.sqlite", read_only=True)


@pytest.mark.parametrize(
    "boxes",
    [
        '[["bicycle"]]',
        '[["bicycle", 0.5, 1, 2, 3, null]]',
        '[["bicycle", 0.5, 1, 2, 3, "4"]]',
        '[["bicycle", 0.5, 1, 2, 3, 4], ["bicycle", 0.5]]',
        "[[7, 0.5, 1, 2, 3, 4]]",
        '[["bicycle", 0.5, 1, 2',
        "null",
        pytest.param("[" * 100_000, id="nested"),
        pytest.param(f'[["bicycle", 1{"0" * 400}, 1, 2, 3, 4]]', id="digits"),
        pytest.param(f'[["bicycle", 1{"0" * 5000}, 1, 2, 3, 4]]', id="more digits"),
        '[["bicycle", 7, 1, 2, 3, 4]]',
        '[["bicycle", -0.5, 1, 2, 3, 4]]',
        '[["bicycle", NaN, 1, 2, 3, 4]]',
        '[["bicycle", Infinity, 1, 2, 3, 4]]',
        '[["bicycle", 0.5, 1, 2, NaN, 4]]',
        '[["bicycle", 0.5, -Infinity, 2, 3, 4]]',
        '[["bicycle", 0.5, 1, 2, 3, 9e136]]',
        '[["bicycle", 0.5, 3, 2, 1, 4]]',
        '[["bicycle", 0.5, 1, 4, 3, 2]]',
        '[["", 0.5, 1, 2, 3, 4]]',
        r'[["\ud800", 0.5, 1, 2, 3, 4]]',
        '[[["bicycle"], 0.5, 1, 2, 3, 4]]',
        pytest.param(b'[["bi\xff", 0.5, 1, 2, 3, 4]]', id="not UTF-8"),
    ],
)
def test_damaged_boxes_are_named_not_counted(
    path: Path, store: Store, boxes: str | bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    for photo in ("before", "a", "behind"):
        store.put(photo, DETR, FOUND)
    with sqlite3.connect(path) as connection:
        # As from before checksums; another program may have written it so, too.
        change = "UPDATE answers SET boxes = CAST(? AS TEXT), crc32 = NULL WHERE sha256 = 'a'"
        connection.execute(change, (boxes,))
    connection.close()
    said = f"store {path}: the boxes of photo a are damaged"
    for read in (Store.boxes, lambda opened, *asked: list(opened.get(*asked))):
        with Store(path) as opened, pytest.raises(StoreError, match=said) as refused:
            read(opened, ["before", "a", "behind"], DETR)
        assert len(str(refused.value)) < len(said) + 300
    assert len(store.boxes(["before", "behind"], DETR)) == 2 * len(FOUND)
    assert capfd.readouterr().err == ""  # no "Exception ignored in"


@pytest.mark.parametrize("detector", [None, 7, "", b"\xff", b"bi\xff"])
def test_a_detector_without_a_name_is_a_damaged_store(
    path: Path, store: Store, detector: str | bytes | int | None
) -> None:
    table = "CREATE TABLE answers (sha256 TEXT, detector, version TEXT, boxes TEXT, answered_at)"
    text = "CAST(? AS TEXT)" if isinstance(detector, bytes) else "?"
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE answers")
        connection.execute(table)
        connection.execute(f"INSERT INTO answers VALUES ('a', {text}, '1', '[]', '')", (detector,))
    connection.close()
    with pytest.raises(StoreError, match=r"detections\.sqlite: (damaged|cannot be read)"):
        store.models()


def test_the_handed_store_whose_text_is_not_utf_8_is_named(shared: Path) -> None:
    file = handed(shared, "store-UnicodeDecodeError.sqlite")
    with pytest.raises(StoreError, match=r"store-UnicodeDecodeError\.sqlite: cannot be opened"):
        Store(file, read_only=True)


def test_a_name_that_no_file_can_hold_is_no_traceback(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        store.put("a", Model("\ud800", "1"), [])
    with pytest.raises(StoreError, match="cannot be read"):
        store.missing(["a"], Model("\ud800", "1"))


def test_the_recorded_detector_says_that_it_does_not_know(path: Path) -> None:
    with pytest.raises(DetectionFailed, match="not among the detections recorded in"):
        CachedDetector(DETR, path).detect(None)  # type: ignore[arg-type]  # it never looks


def test_hashes_are_kept_by_key_and_the_last_one_counts(path: Path) -> None:
    with Store(path) as store:
        assert store.hashes(["a"]) == {}
        store.keep_hashes({"a": "1", "b": "2"})
        store.keep_hashes({"a": "3"})
    with Store(path, read_only=True) as store:
        assert store.hashes(["a", "b", "c"]) == {"a": "3", "b": "2"}


def test_photos_with_an_answer_of_any_detector_are_known_to_threads_and_processes(
    path: Path,
) -> None:
    with Store(path) as store:
        assert store.recall("1") is None, "nothing has an answer yet"
        store.put("a", DETR, FOUND)
        store.put("b", OTHER, [])
        store.keep_headers({"a": b"record"}, "1", whole=True)
        store.keep_headers({"b": b"of its head"}, "1", whole=False)
        opens = pickle.loads(pickle.dumps(store.recall("1")))
        with opens() as before, ThreadPoolExecutor(3) as pool:
            found = list(pool.map(before, "abc"))
        assert found == [Before(b"record"), Before(decoded=True), Before()]
        other = store.recall("2")
    assert other is not None
    with other() as before:
        assert before("a") == Before(decoded=True), "another edition read that header"


def test_processes_that_hash_photos_import_no_pandas() -> None:
    program = "import sys, geobike.detections.store.recall; print('pandas' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout == "False\n", found.stderr


def test_without_its_file_a_store_knows_no_photo_and_every_photo_is_opened(path: Path) -> None:
    with Store(path) as store:
        store.put("a", DETR, FOUND)
        opens = store.recall("1")
    path.unlink()
    assert opens is not None
    with opens() as before:
        assert before("a") == Before()
    assert not path.exists()


def test_a_store_that_another_program_holds_keeps_no_photo_waiting_twice(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(path) as store:
        store.put("a", DETR, FOUND)
        opens = store.recall("1")
    assert opens is not None
    monkeypatch.setattr(recall, "_WAIT_FOR_ONE", 0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")  # so that one who writes keeps readers out
        with opens() as before:
            assert before("a").decoded
            other.execute("BEGIN EXCLUSIVE")
            assert not before("a").decoded
            other.execute("ROLLBACK")
            assert not before("a").decoded, "asked again, each photo might wait"


def test_headers_are_those_of_the_edition_that_asks_and_are_left_out_where_damaged(
    path: Path,
) -> None:
    with Store(path) as store:
        store.keep_headers({"a": b"of a", "b": b"of b"}, "1", whole=True)
        store.keep_headers({"b": b"of b again"}, "2", whole=True)
        assert store.headers(["a", "b", "c"], "1") == {"a": b"of a"}
        assert store.headers(["a", "b", "c"], "2") == {"b": b"of b again"}
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE headers SET record = CAST('of A' AS BLOB) WHERE sha256 = 'a'")
    with Store(path) as store:
        assert store.headers(["a"], "1") == {}


def test_a_store_from_before_headers_were_kept_gets_a_place_for_them(path: Path) -> None:
    with Store(path) as store:
        store.put("a", DETR, FOUND)
        store.keep_hashes({"key": "a"})
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("DROP TABLE headers")
    with Store(path, read_only=True) as store:
        assert store.headers(["a"], "1") == {}
        store.keep_headers({"a": b"of a"}, "1", whole=True)
        assert store.headers(["a"], "1") == {}, "what is only read is not changed"
    with Store(path) as store:
        assert store.headers(["a"], "1") == {}
        store.keep_headers({"a": b"of a"}, "1", whole=True)
        assert store.headers(["a"], "1") == {"a": b"of a"}
        assert store.hashes(["key"]) == {"key": "a"}


def test_a_recorded_store_and_one_that_cannot_be_written_do_without_digests(
    path: Path, sample: Path
) -> None:
    recorded = shutil.copyfile(sample / "detections.sqlite", path.parent.parent / "old.sqlite")
    before = recorded.read_bytes()
    with Store(recorded) as store:
        store.keep_hashes({"a": "1"})
        assert store.hashes(["a"]) == {}
        store.keep_headers({"1": b"of 1"}, "1", whole=True)
        assert store.headers(["1"], "1") == {}
    assert recorded.read_bytes() == before
    with Store(path) as store:
        store.put("a", DETR, FOUND)
    with Store(path, read_only=True) as store:
        store.keep_hashes({"a": "1"})
        assert store.hashes(["a"]) == {}


@pytest.fixture
def sample() -> Path:
    return ROOT / "data" / "sample"


def test_a_store_that_another_program_keeps_locked_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall, "WAIT", 0.1)
    path = tmp_path / "store.sqlite"
    with Store(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="is locked; another program uses it: wait until"):
            store.put("0" * 64, Model("m", "1"), [])
