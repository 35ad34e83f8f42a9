"""Compact encodings of large data; the page decodes them with the browser's DecompressionStream."""

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_LARGE: Final = 500_000  # characters of JSON; below, readable text costs little


def encode_json(value: Any) -> Any:
    """Return the value itself if it is small, else its JSON, gzipped, as base64 text."""
    text = _json(value)
    return _text(text.encode()) if len(text) > _LARGE else value


def pack_json(value: Any) -> str:
    """Return the JSON of a value, gzipped, as base64 text."""
    return _text(_json(value).encode())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode_columns(columns: Sequence[npt.NDArray[np.int32]]) -> str:
    """Return integer columns of one length as base64 of one gzip block.

    Signs go to the lowest bit (zigzag encoding), then the bytes are written plane by plane, lowest
    first: small numbers give long runs of zero bytes, which compress to almost nothing.
    """
    given = [np.asarray(column, dtype=np.int32) for column in columns]
    signed = np.concatenate([np.empty(0, dtype=np.int32), *given])
    zigzag = ((signed << 1) ^ (signed >> 31)).astype("<u4")
    return _text(zigzag.view(np.uint8).reshape(-1, 4).T.tobytes())


def _text(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, compresslevel=6, mtime=0)).decode()
