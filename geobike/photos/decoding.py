"""Decode photos within limits and upright, and find the size of a photo without decoding it.

Photos are untrusted: `images` opens only formats that cameras write, nothing larger than a limit is
decoded, and `truncation` finds what is missing.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image

from geobike.config import MAX_MEGAPIXELS
from geobike.errors import UnreadablePhoto
from geobike.io import files, remote
from geobike.photos import budget, images, jpeg, opening, orientation, png, scans, truncation

MAX_PIXELS: Final = MAX_MEGAPIXELS * 1_000_000
"""Largest photo that is decoded."""

SUFFIXES: Final = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif", ".avif")
)
"""Suffixes of photo files, in lower case."""

TargetSize = Callable[[tuple[int, int]], tuple[int, int]]
"""From the upright (width, height) of a photo to the size to decode it at."""

_DRAFT_RATIO: Final = 1.85
"""The JPEG decoder reduces a photo to no less than this multiple of the target size. On 35 real
photos no bicycle count then changes; at 1.5 two change by one. At much more, a photo of 12
megapixels would no longer be halved for DETR."""

MAX_BYTES: Final = 2_000_000_000
"""Largest file that is read; 200 megapixels without compression take 1.2 GB."""

_PIXELS: Final = budget.PixelBudget(MAX_PIXELS)


def read_bytes(path: str | Path, *, sha256: str | None = None, follow_links: bool = True) -> bytes:
    """Read a local or remote photo, and verify its SHA-256 if one is given.

    `follow_links` as in `opening.open_regular`. Raises UnreadablePhoto.
    """
    try:
        if remote.is_remote(path):
            data = files.read_bytes(path)
        else:
            data = _read_local(path, follow_links=follow_links)
    except OSError as error:
        raise UnreadablePhoto(f"cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise UnreadablePhoto("needs more memory to read than is available") from None
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise UnreadablePhoto("the file has changed since it was first read")
    return data


def _read_local(path: str | Path, *, follow_links: bool) -> bytes:
    with opening.open_regular(path, follow_links=follow_links) as file:
        check_file_size(os.fstat(file.fileno()).st_size)
        return file.read()


def check_file_size(size: int) -> None:
    """Raise UnreadablePhoto for a file of more than MAX_BYTES."""
    if size > MAX_BYTES:
        raise UnreadablePhoto(
            f"the file of {size / 1e9:.1f} GB is over the limit of {MAX_BYTES / 1e9:g} GB"
        )


def read_header(file: BinaryIO, max_pixels: int = MAX_PIXELS) -> tuple[tuple[int, int], bytes]:
    """Return (width, height) in upright pixels and the XMP packet, without decoding.

    Raises UnreadablePhoto for a file that is not a photo or is too large.
    """
    with images.opened(file, max_pixels) as (image, turn):
        xmp = image.info.get("xmp")
        return orientation.upright(image.size, turn), xmp if isinstance(xmp, bytes) else b""


def is_quick(data: bytes) -> bool:
    """Tell whether `upright_size` needs no pixels: of a JPEG that ends with its end marker."""
    return data.startswith(jpeg.SOI) and not truncation.may_be_truncated(data)


def is_regular(data: bytes, *, max_pixels: int = MAX_PIXELS) -> bool:
    """Tell whether a JPEG says its size as usual, and that it has no more than usual of anything.

    Raises UnreadablePhoto as `upright_size` does for a JPEG that `is_quick` and can be opened.
    """
    header = jpeg.read_header(BytesIO(data))
    scans.check_number(data)
    if header is None or header.size is None:
        return False
    images.check_pixels(*header.size, max_pixels)
    return True


def upright_size(data: bytes, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Return width and height in upright pixels, without decoding more than is needed.

    Raises UnreadablePhoto for a file that is not a photo, is too large, or is plainly truncated.
    """
    with _PIXELS.held() as hold, _opened_bytes(data, max_pixels) as (image, turn):
        if image.format not in ("JPEG", "MPO") or truncation.may_be_truncated(data):
            hold(image)
            image.load()  # the only reliable way to detect a truncated file
            png.check_complete(BytesIO(data))
        return orientation.upright(image.size, turn)


def read_upright(
    source: str | Path | bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    target_size: TargetSize | None = None,
) -> Image.Image:
    """Decode a photo to an upright RGB image, resized to `target_size` if that is given.

    A smaller size costs less, as the JPEG decoder itself can reduce by 2, 4 or 8. Raises
    UnreadablePhoto.

    Examples:
        >>> import geobike
        >>> geobike.read_image("sample/photos/day2/1532_held_sideways.jpg").size
        (480, 360)
    """
    data = _bytes(source)
    with _PIXELS.held() as hold, _opened_bytes(data, max_pixels) as (image, turn):
        hold(image)
        if target_size is None:
            image.load()
            truncation.check_end(data, image)
            return _upright_rgb(image, turn)
        swapped = turn >= 5
        size = target_size(image.size[::-1] if swapped else image.size)
        size = size[::-1] if swapped else size  # as the pixels are stored
        image.draft("RGB", (int(_DRAFT_RATIO * size[0]), int(_DRAFT_RATIO * size[1])))
        image.load()
        truncation.check_end(data, image)
        # Bilinear, as in the preprocessing of detectors: their input stays nearly the same.
        small = _rgb(image).resize(size, Image.Resampling.BILINEAR)
        return orientation.rotated(small, turn)


def read_small(
    source: str | Path | bytes, *, side: int, max_pixels: int = MAX_PIXELS
) -> tuple[Image.Image, tuple[int, int]]:
    """Decode a photo to an upright RGB image of at most `side` pixels along its longest side.

    Returns it with the upright (width, height) of the original. Raises UnreadablePhoto.
    """
    data = _bytes(source)
    with _PIXELS.held() as hold, _opened_bytes(data, max_pixels) as (image, turn):
        hold(image)
        size = orientation.upright(image.size, turn)
        image.draft("RGB", (2 * side, 2 * side))  # lets the JPEG decoder itself reduce
        small = _upright_rgb(image, turn)
        small.thumbnail((side, side))
    return small, size


def _bytes(source: str | Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else read_bytes(source)


@contextmanager
def _opened_bytes(data: bytes, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    png.check_chunks(BytesIO(data))  # including those after the pixels
    with images.opened(BytesIO(data), max_pixels) as opened:
        scans.check_number(data)
        yield opened


def _upright_rgb(image: Image.Image, turn: int) -> Image.Image:
    return orientation.rotated(_rgb(image).convert("RGB"), turn)  # a copy that outlives the file


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # 16-bit grey: convert() would clip it
        image = image.point(lambda value: value / 256).convert("L")
    return image if image.mode == "RGB" else image.convert("RGB")
