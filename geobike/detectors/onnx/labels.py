"""The names of the class numbers of detection models that do not name them themselves.

COCO numbers its 80 classes 1 to 90, with gaps. Some models keep those numbers (DETR, YOLOS,
RF-DETR: 91 columns, the gaps are called `N/A`), others close the gaps (RT-DETR, D-FINE: 80).
So bicycle is number 2 in one and 1 in the other, and a class is looked up by name alone. The number
of columns does not tell: a model of one's own may have 80 classes too.

Source: the category list of COCO 2017 (instances_val2017.json).
"""

import ast
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from geobike.detectors import check
from geobike.errors import InputError, ModelUnavailable
from geobike.io import files

NO_CLASS: Final = "N/A"

COCO_91: Final[tuple[str, ...]] = (
    "N/A", "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "N/A", "stop sign", "parking meter", "bench", "bird", "cat",
    "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "N/A", "backpack",
    "umbrella", "N/A", "N/A", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard",
    "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "N/A", "wine glass", "cup", "fork", "knife", "spoon", "bowl",
    "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut",
    "cake", "chair", "couch", "potted plant", "bed", "N/A", "dining table", "N/A", "N/A", "toilet",
    "N/A", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven",
    "toaster", "sink", "refrigerator", "N/A", "book", "clock", "vase", "scissors", "teddy bear",
    "hair drier", "toothbrush",
)  # fmt: skip  # one name a line would hide the table

COCO_80: Final = tuple(name for name in COCO_91 if name != NO_CLASS)


_MOST_NAMES: Final = 100_000


def numbered(names: tuple[str, ...]) -> dict[int, str]:
    """Return names by class number, counted from 0."""
    return dict(enumerate(names))


NAMINGS: Final = {"coco80": COCO_80, "coco91": COCO_91}
"""Names by what `--classes` calls them."""


def chosen(classes: str | Path) -> dict[int, str]:
    """Return names by number as `--classes` gives them: `coco80`, `coco91`, or those of a file.

    A file has one name per line, counted from 0, or is JSON: a config.json with `id2label`, or the
    table alone. Raises InputError.
    """
    if names := NAMINGS.get(str(classes)):
        return numbered(names)
    files.refuse_special(classes)
    try:
        text = Path(classes).read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(
            f"classes {classes}: cannot be read ({getattr(error, 'strerror', None) or error}); "
            f"give {', '.join(NAMINGS)} or a file of names in UTF-8"
        ) from None
    given = literal(text) if text.lstrip()[:1] in ("{", "[") else text.rstrip().splitlines()
    if isinstance(given, dict):
        given = given.get("id2label", given)
    try:
        return _table(given, f"classes {classes}")
    except ModelUnavailable as error:
        raise InputError(str(error)) from None


def fingerprint(names: Mapping[int, str] | None) -> str:
    """Return what tells a naming from another in a model's version; empty for none and COCO's 80.

    One file's answers under two namings must not be mixed in a store.
    """
    if not names or dict(names) == numbered(COCO_80):
        return ""
    text = json.dumps(sorted(names.items()), ensure_ascii=True)
    return f"+classes:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def from_config(config: Mapping[str, Any], place: str) -> dict[int, str] | None:
    """Return `id2label` of a model's config.json; None where it has none.

    Raises ModelUnavailable, naming `place`, where it is not a table of names by number.
    """
    given = config.get("id2label")
    return None if given is None else _table(given, f"id2label of {place}")


def from_metadata(metadata: Mapping[str, str], place: str) -> dict[int, str] | None:
    """Return the names that an ONNX file carries under `id2label` or `names`; None without.

    Both JSON and a Python literal are found in the wild. Raises ModelUnavailable as above.
    """
    for key in ("id2label", "names"):
        if key in metadata:
            return _table(literal(metadata[key]), f"{key} in the metadata of {place}")
    return None


def literal(text: str) -> Any:
    """Return what a text says, as JSON or as a Python literal; None where it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _table(given: Any, place: str) -> dict[int, str]:
    if isinstance(given, list):
        given = dict(enumerate(given))
    if isinstance(given, dict) and len(given) > _MOST_NAMES:
        raise ModelUnavailable(f"{place} names {len(given):,} classes, more than any model has")
    try:
        names = {int(number): check.clean_label(str(name)) for number, name in given.items()}
    except (AttributeError, TypeError, ValueError, OverflowError):
        names = {}
    if not names or min(names) < 0 or len(names) < len(given):
        raise ModelUnavailable(
            f"{place} is not a table of names by number, each once, like {{'1': 'bicycle'}}"
        )
    named = {number: name for number, name in names.items() if name}
    for number, name in named.items():
        if wrong := check.wrong_label(name):
            raise ModelUnavailable(f"{place}: class {number} has {wrong}; correct that name")
    return names | {number: f"LABEL_{number}" for number in names.keys() - named.keys()}
