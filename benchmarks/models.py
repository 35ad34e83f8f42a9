"""Detectors at their published sizes with random weights: speed does not care for trained ones.

Needs the extra `parity`. Exporting takes half a minute; the files are kept in `.cache`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from geobike.detectors.onnx import labels

CACHE = Path(__file__).parent / ".cache"

# HGNetV2-B0, the backbone of the two smaller ones, and the heads, as in D-FINE's own files.
B0 = {
    "stem_channels": [3, 16, 16],
    "stage_in_channels": [16, 64, 256, 512],
    "stage_mid_channels": [16, 32, 64, 128],
    "stage_out_channels": [64, 256, 512, 1024],
    "stage_num_blocks": [1, 1, 2, 1],
    "stage_numb_of_layers": [3, 3, 3, 3],
    "hidden_sizes": [128, 256, 512, 1024],
    "use_learnable_affine_block": True,
}
DFINE_S = {
    "encoder_in_channels": [256, 512, 1024],
    "decoder_n_points": [3, 6, 3],
    "hidden_expansion": 0.5,
    "depth_mult": 0.34,
}
DFINE_N = {
    "encoder_in_channels": [512, 1024],
    "encoder_hidden_dim": 128,
    "encoder_ffn_dim": 512,
    "encode_proj_layers": [1],
    "num_feature_levels": 2,
    "feat_strides": [16, 32],
    "d_model": 128,
    "decoder_in_channels": [128, 128],
    "decoder_ffn_dim": 512,
    "decoder_n_points": [6, 6],
    "hidden_expansion": 0.34,
    "depth_mult": 0.5,
}


def detr() -> Any:
    """DETR with ResNet-50: 41.5 million weights."""
    import transformers

    config = transformers.DetrConfig(
        backbone_config=transformers.ResNetConfig(out_features=["stage4"]),
        id2label=labels.numbered(labels.COCO_91),
    )
    return drawn(lambda: transformers.DetrForObjectDetection(config))


def dfine_s() -> Any:
    """D-FINE-S: 10.3 million weights."""
    return dfine([2, 3, 4], DFINE_S)


def dfine_n() -> Any:
    """D-FINE-N: 3.8 million weights."""
    return dfine([3, 4], DFINE_N)


def dfine(stages: list[int], heads: dict[str, Any]) -> Any:
    import transformers

    config = transformers.DFineConfig(
        backbone_config=transformers.HGNetV2Config(**B0, out_indices=stages),
        **heads,
        decoder_layers=3,
        num_denoising=0,
        id2label=labels.numbered(labels.COCO_80),
    )
    return drawn(lambda: transformers.DFineForObjectDetection(config))


def drawn(build: Callable[[], Any]) -> Any:
    """Return the model with the same random weights in every run."""
    import torch

    from tests.support.random_models import enlivened

    torch.manual_seed(3)
    return enlivened(build()).eval()


SIZES = {detr: (800, 1066), dfine_s: (640, 640), dfine_n: (640, 640)}


def exported(build: Callable[[], Any]) -> Path:
    """Return the ONNX file of a model, made at the first call."""
    path = CACHE / f"{build.__name__}-named.onnx"  # older ones do not name their classes
    if not path.is_file():
        import torch

        from tests.support.random_models import export

        unfinished = path.with_suffix(".part")
        export(build(), torch.rand(1, 3, *SIZES[build]), unfinished)
        unfinished.rename(path)
    return path
