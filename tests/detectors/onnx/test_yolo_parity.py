"""Our reading of YOLO exports against ultralytics' own, number for number.

The models have random weights: what is held is the arithmetic around a model. Needs the dependency
group `yolo` (`make parity-yolo`).
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from geobike.detectors.onnx import preprocessing
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.detectors.protocol import FLOOR

ultralytics = pytest.importorskip("ultralytics", reason="needs the dependency group `yolo`")
torch = pytest.importorskip("torch", reason="needs the dependency group `yolo`")
pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")

# torch's and ultralytics' own warnings, of their exporter and of each other.
pytestmark = pytest.mark.filterwarnings("ignore")

SIDE = 320
SURE = 200  # boxes compared; ultralytics keeps 300, and some of those may have no area
SIZES = [(SIDE, 240), (240, SIDE), (SIDE, 200), (SIDE, 213)]
EXPORTS = [("yolo11n", {}), ("yolo11n", {"nms": True}), ("yolo11n", {"dynamic": True}),
           ("yolov10n", {})]  # fmt: skip


def noise(size: tuple[int, int]) -> Image.Image:
    """Soft noise: something everywhere."""
    levels = np.random.default_rng(7).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(levels).filter(ImageFilter.GaussianBlur(4))


def enlivened(name: str) -> Any:
    """Return a model of random weights whose answer depends on the photo, and has sure scores."""
    torch.manual_seed(0)
    model = ultralytics.YOLO(f"{name}.yaml")
    network = model.model
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # the statistics of the photos below alone
                module.reset_running_stats()
            elif isinstance(module, torch.nn.Conv2d):
                module.weight.mul_(2)
        network.train()
        pixels = np.stack([np.asarray(noise((SIDE, SIDE)).rotate(turn)) for turn in (0, 90, 180)])
        network(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255)
        network.eval()
        for part in ("cv2", "cv3", "one2one_cv2", "one2one_cv3"):
            for branch in getattr(network.model[-1], part, None) or []:
                branch[-1].reset_parameters()
                if part.endswith("cv3"):  # few boxes score nearly 1
                    branch[-1].bias.fill_(-6)
                else:
                    branch[-1].weight.mul_(3)
    network.names = {number: f"thing {number}" for number in range(80)}
    return model


@pytest.fixture(scope="module", params=EXPORTS, ids=lambda one: "-".join((one[0], *one[1])))
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name, options = request.param
    folder = tmp_path_factory.mktemp("yolo")
    enlivened(name).save(folder / f"{name}.pt")
    model = ultralytics.YOLO(folder / f"{name}.pt")
    return Path(model.export(format="onnx", imgsz=SIDE, simplify=False, verbose=False, **options))


@pytest.mark.parametrize("size", SIZES)
def test_a_photo_ends_in_the_same_detections_as_with_ultralytics(
    exported: Path, size: tuple[int, int]
) -> None:
    photo = noise(size)
    ours = OnnxDetector(exported).detect(photo)
    bgr = np.ascontiguousarray(np.asarray(photo)[..., ::-1])
    (found,) = ultralytics.YOLO(exported, task="detect").predict(
        bgr, conf=FLOOR, imgsz=SIDE, verbose=False
    )
    theirs = [
        (found.names[int(number)], float(score), *map(float, sides))
        for number, score, sides in zip(
            found.boxes.cls, found.boxes.conf, found.boxes.xyxy, strict=True
        )
    ]
    # Boxes in the grey alone have no area on the photo, and are left out here.
    theirs = [row for row in theirs if row[2] < row[4] and row[3] < row[5]]
    assert len(theirs) > 2, "too few detections to hold anything against"
    assert len(ours) == len(theirs) or len(theirs) >= SURE
    # Added up in another order, which random weights enlarge; equal scores are in any order, and
    # may be cut where there are too many.
    for one in ours[:SURE]:
        alike = [row for row in theirs if row[0] == one.label and abs(row[1] - one.score) < 1e-3]
        assert any(row[2:] == pytest.approx(tuple(one.box), abs=0.5) for row in alike), one


@pytest.mark.parametrize("auto", [False, True])
def test_a_photo_is_put_on_grey_as_ultralytics_puts_it(auto: bool) -> None:
    from ultralytics.data.augment import LetterBox

    chance = np.random.default_rng(3)
    for width, height in chance.integers(2, 900, (200, 2)).tolist():
        theirs = LetterBox((256, 320), auto=auto, stride=32)(
            image=np.full((height, width, 3), 255, np.uint8)
        )
        preparation = preprocessing.Preprocessing(letterbox=(256, 320), stride=32 if auto else None)
        ours = preprocessing.pixels(Image.new("RGB", (width, height), "white"), preparation)
        np.testing.assert_allclose(ours[0].transpose(1, 2, 0) * 255, theirs, atol=1e-3)
