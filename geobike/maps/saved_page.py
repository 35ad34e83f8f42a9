"""What a saved map holds for other files of its survey: its words, and the pictures on it."""

import base64
import gzip
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_BLOCK: Final = re.compile(r'<script type="application/json" id="[^"]+">(.*?)</script>', re.DOTALL)
_START: Final = "data:image/jpeg;base64,"


class SavedPage(NamedTuple):
    """What was read of a page."""

    words: Mapping[str, Any]
    """The catalogue in its language."""
    pictures: Mapping[str, bytes]
    """JPEGs by `photo_id`: who is unrecognisable on the page is so here."""


def read(html: str) -> SavedPage:
    """Return words and pictures of a page that geobike wrote.

    Raises ValueError, LookupError or TypeError for a page without geobike's data.
    """
    block = _BLOCK.search(html)
    if block is None:
        raise ValueError("it holds no data of geobike's")
    data = json.loads(block[1])
    details = data["photos"]["details"] or []
    if isinstance(details, str):  # packed, as `encoding.encode_json` does
        details = json.loads(gzip.decompress(base64.b64decode(details)))
    pictures = {str(one["id"]): _jpeg(one["image"]) for one in details if "image" in one}
    return SavedPage(dict(data["words"]), pictures)


def _jpeg(address: Any) -> bytes:
    if not str(address).startswith(_START):
        raise ValueError("it holds a picture that is no JPEG")
    return base64.b64decode(str(address).removeprefix(_START), validate=True)
