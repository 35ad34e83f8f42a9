"""Detectors with random weights, and ONNX files of them as they stand on the hub.

Needs the extra `parity`.
"""

import json
import warnings

import torch

from tests.support.tiny_onnx import metadata_entry

GAIN = 2.4  # about the square root of 6, which keeps a signal's size through torch's own draw


def enlivened(model):
    """Redraw the weights, large enough that an answer depends on every level of the photo.

    With transformers' own start all queries answer alike, whatever they are shown.
    """
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
                module.reset_parameters()
                module.weight *= GAIN
            elif isinstance(module, torch.nn.Embedding):
                module.reset_parameters()
    return model


class Exported(torch.nn.Module):
    """A model with the two outputs that detectors on the hub have."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        answer = self.model(pixel_values=pixel_values)
        return answer.logits, answer.pred_boxes


def export(model, pixel_values, path):
    """Write an ONNX file with the exporter that the files on the hub were made with.

    The file carries the names of its classes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fixed = pixel_values.shape[2] == pixel_values.shape[3]  # D-FINE's; DETR's follow the photo
    axes = {0: "batch"} | ({} if fixed else {2: "height", 3: "width"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own: the exporter is old, traces are not general
        torch.onnx.export(
            Exported(model),
            (pixel_values,),
            path,
            input_names=["pixel_values"],
            output_names=["logits", "pred_boxes"],
            dynamic_axes={"pixel_values": axes, "logits": {0: "batch"}, "pred_boxes": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    with path.open("ab") as file:
        file.write(metadata_entry("id2label", json.dumps(model.config.id2label)))
    return path
