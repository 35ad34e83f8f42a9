"""Options: which detector finds the bicycles."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from geobike.options import Option


@dataclass(frozen=True, kw_only=True)
class DetectorSettings:
    """Which detector to use. `geobike.DetectorChoice` adds the token."""

    _table: ClassVar = "detector"
    _panel: ClassVar = "The detector"

    kind: Annotated[str, Option("What detects the bicycles.", metavar="NAME", flag="detector")] = (
        "auto"
    )
    model: Annotated[
        str | None,
        Option(
            "A name on Hugging Face, the path of an ONNX file, or a name that the store knows.",
            metavar="MODEL",
            path=".onnx",
        ),
    ] = None
    classes: Annotated[
        str | None,
        Option(
            "Names of the classes of a model on this machine that does not carry them: coco80, "
            "coco91 (COCO's own numbers), or a file with one name per line, or id2label as JSON.",
            metavar="coco80|coco91|FILE",
            path="",
            words=("coco80", "coco91"),
            default_text="the model's own",
        ),
    ] = None
    endpoint: Annotated[
        str | None,
        Option("Full URL of a server with Hugging Face's interface.", metavar="URL"),
    ] = None
    bill_to: Annotated[
        str | None, Option("Hugging Face organisation that pays.", metavar="ORG")
    ] = None
