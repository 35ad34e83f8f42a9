"""Our reading of a model against transformers' own, number for number.

The models are small and their weights random: what is held is the arithmetic around a model, and
for that no trained weights are needed. Needs the extra `parity`.
"""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from geobike.detectors.onnx import labels, postprocessing, preprocessing
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.detectors.protocol import FLOOR

torch = pytest.importorskip("torch", reason="needs the extra `parity`: torch is not installed")
transformers = pytest.importorskip("transformers", reason="needs the extra `parity`: transformers")
pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")

from tests.support.random_models import enlivened, export  # noqa: E402 - it needs torch

SIZES = [(640, 480), (480, 640), (1333, 500), (3024, 4032), (1001, 333), (97, 801)]


def detr():
    backbone = transformers.ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 16, 32],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage4"],
    )
    config = transformers.DetrConfig(
        backbone_config=backbone,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        num_queries=50,
        id2label=labels.numbered(labels.COCO_91),
    )
    model = enlivened(transformers.DetrForObjectDetection(config))
    with torch.no_grad():
        model.class_labels_classifier.weight *= 3
    return model.eval(), transformers.DetrImageProcessorPil()


def dfine():
    backbone = transformers.HGNetV2Config(
        stem_channels=[3, 8, 8],
        stage_in_channels=[8, 16, 32, 32],
        stage_mid_channels=[8, 8, 16, 16],
        stage_out_channels=[16, 32, 32, 64],
        stage_num_blocks=[1, 1, 1, 1],
        stage_numb_of_layers=[1, 1, 1, 1],
        hidden_sizes=[16, 32, 32, 64],
        depths=[1, 1, 1, 1],
        embedding_size=8,
        out_features=["stage2", "stage3", "stage4"],
    )
    config = transformers.DFineConfig(
        backbone_config=backbone,
        encoder_hidden_dim=32,
        encoder_in_channels=[32, 32, 64],
        encoder_ffn_dim=32,
        encoder_attention_heads=2,
        d_model=32,
        num_queries=50,
        decoder_in_channels=[32, 32, 32],
        decoder_ffn_dim=32,
        decoder_layers=2,
        decoder_attention_heads=2,
        hidden_expansion=0.5,
        num_denoising=0,
        id2label=labels.numbered(labels.COCO_80),
    )
    model = enlivened(transformers.DFineForObjectDetection(config))
    with torch.no_grad():
        for head in model.model.decoder.class_embed:
            head.weight *= 3
            head.bias -= 3
    return model.eval(), transformers.RTDetrImageProcessorPil()


@pytest.fixture(scope="module")
def photo():
    """Soft noise: something everywhere, and nothing that a resize would make jump."""
    noise = np.random.default_rng(7).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(6))


@pytest.fixture(scope="module", params=[detr, dfine])
def exported(request, photo, tmp_path_factory):
    """Return model, processor, the answer to `photo` and the ONNX file of one architecture."""
    torch.manual_seed(3)
    model, processor = request.param()
    inputs = processor(images=photo, return_tensors="pt")
    with torch.no_grad():
        answer = model(pixel_values=inputs["pixel_values"])
    path = tmp_path_factory.mktemp(request.param.__name__) / "onnx" / "model.onnx"
    return model, processor, answer, export(model, inputs["pixel_values"], path)


def their_detections(processor, names, answer, photo):
    """Return label, score and box as transformers' post-processing gives them, clipped."""
    (found,) = processor.post_process_object_detection(
        answer, threshold=FLOOR, target_sizes=[(photo.height, photo.width)]
    )
    rows = []
    for score, label, box in zip(found["scores"], found["labels"], found["boxes"], strict=True):
        edges = np.clip(box.numpy(), 0, [photo.width, photo.height] * 2)
        if edges[2] > edges[0] and edges[3] > edges[1]:
            rows.append((names[int(label)], float(score), *map(float, edges)))
    return sorted(rows, key=lambda row: -row[1])  # stable, so equal scores keep their order


def held(ours, theirs, *, scores, pixels):
    """Assert that both are the same detections, within these tolerances."""
    assert len(theirs) > 10, "too few detections to hold anything against"
    mine = [(one.label, one.score, *one.box) for one in ours]
    assert [row[0] for row in mine] == [row[0] for row in theirs]
    assert [row[1] for row in mine] == pytest.approx([row[1] for row in theirs], abs=scores)
    for row, other in zip(mine, theirs, strict=True):
        assert row[2:] == pytest.approx(other[2:], abs=pixels)


@pytest.mark.parametrize(
    ("processor", "columns", "names"),
    [
        ("DetrImageProcessorPil", 92, labels.COCO_91),
        ("YolosImageProcessorPil", 92, labels.COCO_91),
        ("RTDetrImageProcessorPil", 80, labels.COCO_80),
    ],
)
def test_the_same_raw_answer_is_read_as_transformers_reads_it(processor, columns, names, photo):
    chance = np.random.default_rng(11)
    answers = {
        "logits": chance.normal(-2, 3, (1, 300, columns)).astype(np.float32),
        "pred_boxes": chance.uniform(0, 1, (1, 300, 4)).astype(np.float32),  # many leave the photo
    }
    numbered = labels.numbered(names)
    ours = postprocessing.read(answers, names=numbered, width=photo.width, height=photo.height)
    answer = SimpleNamespace(**{name: torch.from_numpy(a) for name, a in answers.items()})
    theirs = their_detections(getattr(transformers, processor)(), numbered, answer, photo)
    # Both compute in float32; only the last bits of exp and of sums differ.
    held(ours, theirs, scores=1e-6, pixels=1e-3)


def test_rf_detrs_own_export_is_read_as_sigmoid_with_its_own_numbers(photo):
    chance = np.random.default_rng(13)
    logits = chance.normal(-3, 2, (1, 300, 91)).astype(np.float32)
    boxes = chance.uniform(0, 1, (1, 300, 4)).astype(np.float32)
    numbered = labels.numbered(labels.COCO_91)
    ours = postprocessing.read(
        {"dets": boxes, "labels": logits}, names=numbered, width=photo.width, height=photo.height
    )
    # rfdetr's PostProcess has the rule of RT-DETR's: the best pairs of query and class.
    answer = SimpleNamespace(logits=torch.from_numpy(logits), pred_boxes=torch.from_numpy(boxes))
    theirs = their_detections(transformers.RTDetrImageProcessorPil(), numbered, answer, photo)
    held(ours, theirs, scores=1e-6, pixels=1e-3)


def test_a_photo_ends_in_the_same_detections_as_with_transformers(exported, photo):
    model, processor, answer, path = exported
    ours = OnnxDetector(path).detect(photo)
    # onnxruntime adds up in another order than torch; off by 1e-6 and 0.001 pixels when written.
    # Scaling the photo's levels wrong by 0.2 % moves boxes by 7 pixels and more.
    theirs = their_detections(processor, model.config.id2label, answer, photo)
    held(ours, theirs, scores=1e-5, pixels=0.01)


def test_photos_that_go_through_together_are_answered_as_one_by_one(exported, photo):
    *_, path = exported
    photos = [photo.rotate(angle) for angle in range(0, 360, 30)]
    alone = OnnxDetector(path, batch=1)
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(OnnxDetector(path, batch=4).detect, photos))
    for ours, image in zip(together, photos, strict=True):
        theirs = [(one.label, one.score, *one.box) for one in alone.detect(image)]
        held(ours, theirs, scores=1e-5, pixels=0.01)


def test_the_files_of_the_repository_lead_to_the_same_detections(exported, photo):
    model, processor, _, path = exported
    by_convention = OnnxDetector(path).detect(photo)
    root = path.parent.parent
    model.config.save_pretrained(root)
    processor.save_pretrained(root)
    by_files = OnnxDetector(path).detect(photo)
    for name in ("config.json", "preprocessor_config.json"):
        (root / name).unlink()
    assert by_files == by_convention


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "processor",
    [
        "DetrImageProcessorPil",
        "RTDetrImageProcessorPil",
        "YolosImageProcessorPil",
        "ViTImageProcessorPil",
    ],
)
def test_a_photo_is_prepared_as_transformers_prepares_it(processor, size, photo):
    processor = getattr(transformers, processor)()
    image = photo.resize(size)
    wanted = processor(images=image, return_tensors="np")["pixel_values"]
    ours = preprocessing.pixels(
        image, preprocessing.from_config(processor.to_dict(), "the processor")
    )
    assert ours.shape == wanted.shape
    # The same arithmetic in another order: 1e-5 is a four-hundredth of one of 256 levels.
    np.testing.assert_allclose(ours, wanted, atol=1e-5)
