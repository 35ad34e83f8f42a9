"""`geobike map --engine dask`: photos, store and map in a bucket that the workers read and fill."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geobike.detections.store.sqlite import Store
from tests.support import tiny_onnx
from tests.support.making import photo, squares
from tests.support.object_store import Bucket
from tests.support.program import geobike as command

pytest.importorskip("distributed")
pytest.importorskip("onnxruntime")

PHOTOS = 60


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that finds two bicycles in every photo."""
    logits = np.full((1, 2, 92), -9, np.float32)
    logits[:, :, 2] = 9  # bicycle, in COCO's numbering
    boxes = np.array([[[0.2, 0.5, 0.1, 0.2], [0.7, 0.5, 0.1, 0.2]]], np.float32)
    inputs = {"pixel_values": ("float32", (1, 3, 32, 32))}
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny_onnx.answering(inputs, logits=logits, pred_boxes=boxes))
    return path


@pytest.fixture
def street(tmp_path: Path) -> Path:
    folder = tmp_path / "survey"
    for i in range(PHOTOS):
        photo(folder / "photos" / f"{i:02d}.jpg", lon_lat=(4.001 + 0.0003 * i, 52.005))
    (folder / "photos" / "copy.jpg").write_bytes((folder / "photos" / "00.jpg").read_bytes())
    (folder / "photos" / "cut.jpg").write_bytes((folder / "photos" / "01.jpg").read_bytes()[:-300])
    photo(folder / "photos" / "nowhere.jpg")
    squares(folder / "areas.geojson", ["west", "east"])
    return folder


def test_a_survey_from_bucket_to_bucket_gives_what_one_machine_gives(
    bucket: Bucket, street: Path, model: Path, tmp_path: Path
) -> None:
    bucket.put(street)
    arguments = [
        "map", f"{bucket.address}/photos", "--areas", f"{bucket.address}/areas.geojson",
        "--detector", "onnx", "--model", model, "--classes", "coco91",
        "--pictures", "none",
    ]  # fmt: skip
    spread = [*arguments, "--engine", "dask", "--out", f"{bucket.address}/out"]
    done = command(*spread)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert f"Detected now: {PHOTOS} photos" in done.stdout
    shards = [key for key in bucket.all_keys() if key.startswith("out/shards/2")]
    assert len(shards) == 2

    alone = command(*arguments, "--out", tmp_path / "out", "--store", tmp_path / "store.sqlite")
    assert alone.returncode == 0, alone.stderr
    for name in ("areas.geojson", "photos.geojson", "detections.csv"):
        assert bucket.read(f"out/{name}") == (tmp_path / "out" / name).read_bytes()
    ours, theirs = (
        json.loads(text)
        for text in (bucket.read("out/summary.json"), (tmp_path / "out/summary.json").read_text())
    )
    for part in ("ledger", "detector", "counting", "inputs", "warnings"):
        assert ours[part] == theirs[part]
    assert gpd.read_file(tmp_path / "out/areas.geojson")["bicycle_count"].sum() == 2 * PHOTOS

    again = command(*spread)
    assert "Detected now: 0 photos" in again.stdout


def test_a_folder_of_shards_is_beside_the_map(street: Path, model: Path, tmp_path: Path) -> None:
    done = command(
        "map", street / "photos", "--areas", street / "areas.geojson", "--engine", "dask",
        "--detector", "onnx", "--model", model, "--classes", "coco91",
        "--pictures", "none", "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(tmp_path / "out" / "shards")
    assert rows["label"].tolist() == ["bicycle"] * 2 * PHOTOS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "add --engine dask"),
        (["--engine", "dask", "--scheduler", "nonsense"], "'nonsense' is not a valid address"),
        (["--engine", "dask", "--store", "{sqlite}"], "SQLite is not shared across machines"),
        (["--store", "{folder}"], "a folder of shards, add --engine dask"),
    ],
)
def test_a_mistake_is_reported_in_one_line(
    street: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    with Store(tmp_path / "store.sqlite"):
        pass
    places = {"sqlite": tmp_path / "store.sqlite", "folder": tmp_path}
    done = command(
        "map", street / "photos", "--areas", street / "areas.geojson", "--out", tmp_path / "out",
        *(option.format(**places) for option in options),
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
