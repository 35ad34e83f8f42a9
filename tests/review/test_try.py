"""A photo tried on the page, without a survey: what a detector finds on it."""

import json
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import numpy as np
import pytest
from PIL import Image

import geobike
from geobike.detectors.onnx.labels import COCO_80
from tests.support import reviewed, tiny_onnx
from tests.support.making import squares
from tests.support.program import geobike as program
from tests.support.reviewed import Look, Served

pytest.importorskip("uvicorn", reason="needs the extra `review`")
pytest.importorskip("onnxruntime", reason="needs the extra `local`")

FOUND = [
    ("person", 3.0, (0.5, 0.5, 0.2, 0.6)),
    ("bicycle", 2.0, (0.25, 0.5, 0.1, 0.2)),
    ("bicycle", 1.5, (0.5, 0.72, 0.3, 0.3)),  # the person sits on it
    ("bicycle", 0.1, (0.75, 0.5, 0.1, 0.2)),
]
"""What the model finds in whatever it is shown: logit, and middle and size as shares."""

AGAIN = ("bicycle", 1.0, (0.25, 0.51, 0.1, 0.2))
"""What it finds twice."""

SIZE = (400, 200)
ROOT = Path(__file__).parents[2]


def model(path: Path, *, labels: tuple[str, ...] = ("bicycle", "person")) -> Path:
    """Write a model that finds those of FOUND with these labels."""
    kept = [one for one in [*FOUND, AGAIN] if one[0] in labels]
    names = [name if name in labels else f"thing {n}" for n, name in enumerate(COCO_80)]
    logits = np.full((1, len(kept), 80), -9, np.float32)
    for row, (name, logit, _) in enumerate(kept):
        logits[0, row, COCO_80.index(name)] = logit
    boxes = np.array([[box for _, _, box in kept]], np.float32)
    inputs = {"pixel_values": ("float32", (1, 3, 32, 32))}
    content = tiny_onnx.answering(inputs, logits=logits, pred_boxes=boxes)
    path.write_bytes(content + tiny_onnx.metadata_entry("names", json.dumps(names)))
    return path


def photo() -> bytes:
    """Return a photo in fine stripes, of which nothing is left where people are hidden."""
    stripes = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    stripes[:, ::8] = stripes[:, 1::8] = 255
    out = BytesIO()
    Image.fromarray(stripes).save(out, "JPEG", quality=95)
    return out.getvalue()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Served]:
    chosen = model(tmp_path / "tiny.onnx")
    with reviewed.served("--try", "--detector", "onnx", "--model", chosen) as running:
        yield running


def tried(page: Served, data: bytes) -> Any:
    """Return what the program answers to a photo."""
    asked = urllib.request.Request(page.address + "try", data, {"Origin": page.origin})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)
    except HTTPError as error:
        return json.load(error)


def drop(reader: reviewed.Reader, data: bytes, name: str) -> None:
    """Drop a file on the page, as from a folder."""
    reader.until("document.querySelector('.gb-drop')?.clientWidth")
    reader.page.evaluate(
        """([name, data]) => {
            const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
            const dropped = new DataTransfer();
            dropped.items.add(new File([bytes], name, { type: "image/jpeg" }));
            const view = [...document.querySelectorAll(".gb-view")].find((each) => !each.hidden);
            for (const kind of ["dragenter", "dragover", "drop"]) {
                view.dispatchEvent(new DragEvent(kind, { dataTransfer: dropped, bubbles: true }));
            }
        }""",
        [name, b64encode(data).decode()],
    )
    reader.until("document.querySelectorAll('.gb-box-name').length")


def labels(reader: reviewed.Reader) -> list[str]:
    """Return what is written at the boxes that are shown."""
    return sorted(reader.page.locator(".gb-box-name").all_text_contents())


def slide(reader: reviewed.Reader, least: float) -> None:
    reader.page.get_by_label("Score above").fill(f"{least:.2f}")


def test_the_answer_is_what_the_model_says_in_pixels_of_the_photo(page: Served) -> None:
    found = tried(page, photo())
    assert found["size"] == list(SIZE)
    for box, (label, logit, (x, y, width, height)) in zip(found["boxes"], FOUND, strict=True):
        assert box["label"] == label
        assert box["score"] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4)
        shares = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        assert box["box"] == pytest.approx(np.multiply(shares, (*SIZE, *SIZE)), abs=0.01)


def test_people_on_it_are_hidden_and_nobody_else(page: Served) -> None:
    found = tried(page, photo())
    with urllib.request.urlopen(page.address + f"tried/{found['id']}", timeout=60) as answer:
        shown = np.asarray(Image.open(BytesIO(answer.read())).convert("L"), dtype=float)
    person = shown[50:150, 165:235]
    bicycle = shown[85:115, 85:115]
    assert person.std() < 20 < 80 < bicycle.std()


def test_what_is_no_photo_is_told_in_a_line(page: Served) -> None:
    assert "not a photo" in tried(page, b"no photo")["error"]
    assert "boxes" in tried(page, photo())  # and the next one is tried


def test_without_a_label_for_people_no_photo_is_shown(tmp_path: Path) -> None:
    chosen = model(tmp_path / "tiny.onnx", labels=("bicycle",))
    options = ("--try", "--detector", "onnx", "--model", chosen)
    with reviewed.served(*options) as running:
        assert "--show-people" in tried(running, photo())["error"]
    with reviewed.served(*options, "--show-people") as running:
        assert [one["label"] for one in tried(running, photo())["boxes"]] == ["bicycle"] * 3


def test_a_dropped_photo_is_shown_with_its_boxes_and_a_threshold_to_slide(
    page: Served,
    look: Look,
) -> None:
    reader = look(page.address)
    drop(reader, photo(), "mine <b>.jpg")
    assert labels(reader) == ["bicycle 0.52", "bicycle 0.82, ridden", "bicycle 0.88"]
    assert "mine <b>.jpg, by" in reader.page.locator(".gb-state").inner_text()
    assert reader.page.locator(".gb-where:visible").inner_text() == "Bicycle: 2"
    slide(reader, 0.85)
    assert labels(reader) == ["bicycle 0.88"]
    assert reader.page.locator(".gb-where:visible").inner_text() == "Bicycle: 1"
    reader.page.get_by_label("Only").uncheck()
    assert labels(reader) == ["bicycle 0.88", "person 0.95"]
    assert not [url for url in reader.requests if not url.startswith((page.origin, "data:"))]
    with reader.page.expect_file_chooser():  # by keys alone, too
        reader.page.get_by_role("button", name="Another photo").press("Enter")


def places(shared: Path) -> list[Path]:
    """Return a photo, and a picture all around, on which bicycles are found in views alone."""
    panorama = sorted((ROOT / "data" / "drive" / "panoramas").glob("*.jpg"))[0]
    return [sorted((shared / "photos").rglob("*.jpg"))[0], panorama]


@pytest.mark.parametrize("which", [0, 1], ids=["a photo", "a panorama"])
def test_a_photo_shows_what_a_survey_of_it_finds(
    shared: Path,
    tmp_path: Path,
    look: Look,
    which: int,
) -> None:
    taken = places(shared)[which]
    chosen = geobike.DetectorChoice(
        kind="onnx",
        model=str(shared / "models" / "deimv2_hgnetv2_femto_coco.onnx"),
        classes="coco80",
    )
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.jpg").write_bytes(taken.read_bytes())
    (tmp_path / "manifest.csv").write_text("file,latitude,longitude\na.jpg,52.005,4.005\n")
    survey = geobike.Survey(
        photos=tmp_path / "one",
        manifest=tmp_path / "manifest.csv",
        areas=squares(tmp_path / "areas.geojson", ["west"]),
        detector=chosen,
        threshold=0.3,
    )
    found = geobike.run(survey).detections.query("kept")
    options = ("--detector", "onnx", "--model", chosen.model, "--classes", "coco80")
    with reviewed.served("--try", *options) as running:
        reader = look(running.address)
        drop(reader, taken.read_bytes(), "a.jpg")
        slide(reader, 0.3)
        counted = [one for one in labels(reader) if "ridden" not in one]
        assert counted == sorted(f"bicycle {score:.2f}" for score in found["score"])
    assert len(found) > 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "{tmp}/none.onnx", "--detector", "onnx"], "none.onnx"),
        (["--detector", "nothing"], "nothing"),
    ],
)
def test_a_detector_that_cannot_be_ends_in_one_line(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = program(
        "review", "--try", "--no-browser", *(one.format(tmp=tmp_path) for one in arguments)
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
