"""Whatever a name, a file, a model or a server holds: messages are lines, bounded, and private."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from tests.support.forked import Done, run_all
from tests.support.hosted_scenarios import TOKEN, Reply, finds, says, thing
from tests.support.hosted_service import FakeService
from tests.support.making import jpeg, photo
from tests.support.running import tables
from tests.support.tiny_onnx import COCO_80, answering, coloured, metadata_entry

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs names that Windows refuses")

CONTROL = "\x1b[2J\x1b]0;title\x07\u202egpj\u2066\x7f\x9b31m\u200b\r\n\t\x00"
LONG = "long" * 1000
EVIL = f"evil {CONTROL} {LONG}"
"""What may stand in a file, a model or an answer."""

CELL = EVIL.replace("\x00", "")
"""What may stand in a table; one with a NUL is refused as a whole."""

LABEL = CELL[:900]
"""What may be a label; a longer one is refused."""

NAME = CELL[:60]
"""What may be the name of a file."""

BOUND = 1000 + len("geobike: warning: ")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "jan.jansen"


@pytest.fixture(scope="module")
def given(home: Path) -> Path:
    """A folder of inputs, in the user's home, that all are hostile in some way."""
    folder = home / "survey"
    photos = folder / f"photos {NAME}"
    photo(photos / f"{NAME}.jpg", lon_lat=(4.005, 52.005))
    photo(photos / f"{NAME} outside.jpg", lon_lat=(9, 9))
    photo(photos / f"{NAME} nowhere.jpg")
    (photos / f"{NAME} cut.jpg").write_bytes(jpeg(size=(640, 480))[:-900])
    (photos / f"{NAME} text.jpg").write_text(EVIL)
    (photos / f"{NAME}.mp4").write_text("other")
    (photos / f"{NAME} kind.{NAME[5:20]}").write_text("other")
    os.mkfifo(photos / f"{NAME} fifo.jpg")
    outside = photo(folder / "outside.jpg")
    (photos / f"{NAME} link.jpg").symlink_to(outside)
    Path(os.fsdecode(os.fsencode(photos) + b"/\xff\xfe.jpg")).write_bytes(jpeg())
    shapes = [box(4, 52, 4.02, 52.01), box(4.01, 52, 4.03, 52.01), box(4, 52, 4, 52)]
    columns = {"name": [EVIL, f"{EVIL} 2", "x"], NAME: [EVIL] * 3}
    areas = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
    areas.to_file(folder / "areas.geojson", driver="GeoJSON")
    for number in range(2):
        areas.to_file(folder / "layers.gpkg", layer=f"{NAME} {number}", driver="GPKG")
    table = [
        ("file", "latitude", "longitude", "heading", "time", NAME),
        *((f"{CELL}{n}.jpg", CELL, "4", CELL, CELL, CELL) for n in range(4)),
        (f"{NAME}.jpg", "52.005", "4.005", "999", CELL, CELL),
    ]
    (folder / "manifest.csv").write_text("\n".join(map(quoted, table)))
    boxes = [
        ("photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"),
        *((f"{CELL}{n}", f"{LABEL} bicycle", "0.5", "0", "0", "9", "9") for n in range(4)),
        (f"{NAME}.jpg", "bicycle", "0.5", "0", "0", "9", "9"),
    ]
    (folder / "boxes.csv").write_text("\n".join(map(quoted, boxes)))
    (folder / "wrong.csv").write_text(quoted([CELL, f"{NAME} 2"]) + "\n" + quoted([CELL, CELL]))
    (folder / f"{NAME}.geojson").write_text(EVIL)
    (folder / "evil.toml").write_text(f"[survey]\n{json.dumps(NAME)} = 1\n")
    (folder / "bad.toml").write_text(EVIL)
    (folder / "truth.csv").write_text(quoted(["file", "bicycles"]) + "\n" + quoted([CELL, "x"]))
    classes = {"names": json.dumps([LABEL, *COCO_80[1:]])}
    entry = b"".join(metadata_entry(*one) for one in classes.items())
    (folder / "named.onnx").write_bytes(coloured(1) + entry)
    none = np.zeros(1, np.float32)
    (folder / "odd.onnx").write_bytes(
        answering({NAME.replace("\x00", ""): ("float32", (1,))}, out=none)
    )
    (folder / "no.onnx").write_text(EVIL)
    return folder


def names() -> list[str]:
    with TemporaryDirectory() as folder:  # runs writes tables
        return list(runs(Path(folder)))


def quoted(cells: tuple[str, ...] | list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def runs(folder: Path) -> dict[str, list[object]]:
    """Return a run for every stage and input, by what it shows."""
    photos = folder / f"photos {NAME}"
    areas, manifest, boxes = (
        folder / name for name in ("areas.geojson", "manifest.csv", "boxes.csv")
    )
    gone = folder / f"{NAME} gone"
    alone = ["map", "--manifest", manifest, "--detections", boxes]
    detected = ["map", photos, "--areas", areas, "--out", folder / "out"]
    right = tables(folder / "right")
    return {
        "photos": ["locate", photos],
        "photos with a manifest": ["locate", photos, "--manifest", manifest],
        "photos written": ["locate", photos, "--out", folder / f"{NAME}.parquet"],
        "no photos": ["locate", gone],
        "a path of 4,000 characters": ["locate", folder / "/".join(["d" * 199] * 19)],
        "tables that are text": [*alone, "--areas", areas, "--manifest", folder / "bad.toml"],
        "a pattern without photos": ["locate", f"{gone}*.jpg"],
        "tables": [*alone, "--areas", areas, "--out", folder / f"out {NAME}"],
        "photos and boxes": [*detected, "--detections", boxes, "--manifest", manifest],
        "a label that is not there": [
            *alone, "--areas", areas, "--label", NAME, "--out", folder / "out2",
        ],
        "layers": [*alone, "--areas", folder / "layers.gpkg", "--out", folder / "out3"],
        "a layer that is not there": [
            *alone, "--areas", folder / "layers.gpkg", "--layer", NAME, "--out", folder / "o",
        ],
        "areas that are text": [*alone, "--areas", folder / f"{NAME}.geojson", "--out", gone],
        "no areas": [*alone, "--areas", f"{gone}.geojson", "--out", gone],
        "a column that is not there": [
            *alone, "--areas", areas, "--name-column", f"{NAME} 2", "--out", gone,
        ],
        "a column of text as population": [
            *alone, "--areas", areas, "--population-column", NAME, "--out", gone,
        ],
        "a column of text as ids": [
            *alone, "--areas", areas, "--id-column", NAME, "--out", gone,
        ],
        "a crs": [*alone, "--areas", areas, "--crs", NAME, "--out", gone],
        "an encoding": [*alone, "--areas", areas, "--encoding", NAME, "--out", gone],
        "a wrong manifest": [
            "map", "--manifest", folder / "wrong.csv", "--detections", boxes, "--areas", areas,
        ],
        "wrong boxes": [
            "map", "--manifest", manifest, "--detections", folder / "wrong.csv", "--areas", areas,
        ],
        "no manifest": ["map", "--manifest", gone, "--detections", boxes, "--areas", areas],
        "no boxes": ["map", "--manifest", manifest, "--detections", gone, "--areas", areas],
        "a context that is text": [*right, "--context", folder / f"{NAME}.geojson", "--out", gone],
        "streets that are text": [*right, "--streets", folder / f"{NAME}.geojson", "--out", gone],
        "a language": [*right, "--language", f"{gone}.json", "--out", gone],
        "a format": [*right, "--format", NAME, "--out", gone],
        "a position source": [*right, "--positions", NAME, "--out", gone],
        "a time zone": [*right, "--timezone", NAME, "--out", gone],
        "a survey file": ["map", "--config", folder / "evil.toml"],
        "a survey file that is none": ["map", "--config", folder / "bad.toml"],
        "no survey file": ["map", "--config", gone],
        "an out that is a file": [*right, "--out", folder / f"{NAME}.geojson"],
        "a store that is text": [
            *detected, "--store", folder / f"{NAME}.geojson", "--detector", "cached",
        ],
        "no store": [*detected, "--store", gone, "--detector", "cached"],
        "no model": [*detected, "--model", f"{gone}.onnx"],
        "a model that is text": [*detected, "--model", folder / "no.onnx"],
        "a model of another kind": [*detected, "--model", folder / "odd.onnx"],
        "a model with such names": [*detected, "--model", folder / "named.onnx", "--label", "x"],
        "what a model finds": [
            "detect", photos, "--model", folder / "named.onnx", "--threshold", "0.05",
        ],
        "a picture of boxes": [
            "detect", photos / f"{NAME}.jpg", "--model", folder / "named.onnx",
            "--draw", folder / f"{NAME}.xyz",
        ],
        "a truth that is none": ["evaluate", folder / "truth.csv", "--survey", folder / "out"],
        "no survey": ["evaluate", folder / "truth.csv", "--survey", gone],
        "a sample over files": ["sample-data", folder],
        "a token file": [
            "classify", photos, "--classifier", "huggingface", "--token-file", gone,
        ],
        "an endpoint": [
            "classify", photos, "--classifier", "huggingface", "--endpoint", f"http://{NAME}",
        ],
        "a detector": ["detect", photos, "--detector", NAME],
        "doctor": ["doctor", "--model", folder / "named.onnx"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def done(home: Path, given: Path) -> dict[str, Done]:
    pytest.importorskip("onnxruntime")
    every = runs(given)
    arguments = [[str(one) for one in run] for run in every.values()]
    env = {"HOME": str(home), "HF_TOKEN": TOKEN, "COLUMNS": "5000"}
    return dict(zip(every, run_all(arguments, cwd=given, env=env), strict=True))


def check(done: Done, home: Path) -> None:
    """Assert that what was printed steers no terminal, is bounded, and names no home."""
    for text in (done.stdout, done.stderr):
        unseen = {sign for sign in text if not sign.isprintable() and sign != "\n"}
        assert unseen == set()
        assert str(home) not in text
        assert home.name not in text
    assert max(map(len, done.stderr.split("\n"))) <= BOUND
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 2, 3, 4)


@pytest.mark.parametrize("name", names())
def test_hostile_names_and_contents_give_bounded_lines(
    done: dict[str, Done], home: Path, name: str
) -> None:
    one = done[name]
    check(one, home)
    told = [line for line in one.stderr.splitlines() if line.strip()]
    if one.returncode in (2, 3) and "Usage:" not in one.stderr and name != "doctor":
        assert told[-1].startswith("geobike: ")
    if name not in ("what a model finds", "a picture of boxes"):  # JSON: what was found, whole
        assert max(map(len, one.stdout.split("\n"))) <= BOUND + 200


def test_a_long_message_keeps_its_beginning_and_its_end(done: dict[str, Done]) -> None:
    said = done["a path of 4,000 characters"].stderr
    assert said.startswith("geobike: ~/survey/ddd")
    assert said.endswith(": no such file or folder\n")


def test_json_holds_hostile_names_whole(done: dict[str, Done]) -> None:
    found = json.loads(done["what a model finds"].stdout)
    assert f"{NAME}.jpg" in found


@pytest.fixture
def service() -> Iterator[FakeService]:
    with FakeService() as opened:
        yield opened


@pytest.mark.parametrize(
    "reply",
    [
        says(400, EVIL),
        says(401, EVIL),
        says(403, EVIL),
        says(503, EVIL, estimated_time=0.01),
        says(404, EVIL, headers={"x-error-message": NAME.split("\r")[0]}),
        Reply(200, EVIL.encode(), "text/html"),
        Reply(200, json.dumps({EVIL: EVIL}).encode()),
        Reply(302, b"", headers={"location": f"http://{'x' * 5000}.example/\x1b[2J"}),
        finds(thing(label=EVIL)),
        finds(thing(label=CONTROL.replace("\x00", ""))),
        finds(thing(score=EVIL)),
        finds(thing(box=(EVIL, 1, 2, 3))),
    ],
)
def test_what_a_server_answers_gives_bounded_lines(
    given: Path, home: Path, service: FakeService, reply: Reply
) -> None:
    service.play([reply])
    photos = str(given / f"photos {NAME}" / f"{NAME}.jpg")
    url = service.url("facebook/detr-resnet-50")
    arguments = ["detect", photos, "--detector", "huggingface", "--endpoint", url]
    env = {"HOME": str(home), "HF_TOKEN": TOKEN}
    (one,) = run_all([arguments], cwd=given, env=env)
    check(one, home)


def test_what_is_written_names_no_home(done: dict[str, Done], given: Path, home: Path) -> None:
    written = [
        path for path in given.glob("out*/*") if path.suffix in (".json", ".geojson", ".csv")
    ]
    assert len(written) >= 8, done["tables"].stderr
    for path in written:
        text = path.read_text("utf-8")
        if path.name == "summary.json":
            summary = json.loads(text)
            del summary["settings"]  # relative to the folder, to run it again
            text = json.dumps(summary)
            assert all(len(one) <= 1000 for one in summary["warnings"])
        assert home.name not in text, path.name
