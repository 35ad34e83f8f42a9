"""Open photos with Pillow: of formats that cameras write, within limits, and without its warnings.

Whatever Pillow raises for a damaged file becomes UnreadablePhoto with a plain reason.
"""

import importlib
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import BinaryIO, Final

from PIL import Image, UnidentifiedImageError

from geobike.errors import UnreadablePhoto
from geobike.photos import jpeg, orientation, png

MAX_SIDE: Final = 65_500
"""Longest side of a photo that is decoded, as of a JPEG: a strip of one pixel takes gigabytes."""

_MAGIC_BYTES: Final = 12  # that identify the format
_FORMATS: Final = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "HEIF", "AVIF")
_PLUGINS: Final = ("Jpeg", "Mpo", "Png", "WebP", "Tiff", "Avif")
_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")

_SUBFILE_TYPE: Final = 254  # 1: a smaller version of another picture in the file
_DNG_VERSION: Final = 50706

_SIGNS: Final = {
    jpeg.SOI: "JPEG",
    b"\x89PNG": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    **{b"ftyp" + brand: "HEIC" for brand in _HEIC_BRANDS},
    b"ftypavif": "AVIF",
    b"WEBP": "WebP",
}
"""What a file of a format that is read begins with, at once or after some bytes of size."""

_HEADER_LOCK: Final = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Let Pillow warn of nothing: the exif module reports doubtful EXIF.

    Python's warning filters are process-wide, so that one thread at a time is within. Read no more
    than a header there.
    """
    with _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def opened(file: BinaryIO, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    """Open a photo, and yield it with its EXIF orientation.

    Every failure becomes UnreadablePhoto.
    """
    file.seek(0)
    start = file.read(_MAGIC_BYTES)
    file.seek(0)
    with _WithoutPillowsLimit():
        yield from _open(file, start, max_pixels)


def _open(file: BinaryIO, start: bytes, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    try:
        with quiet():
            _register_heic(start)
            if start.startswith(jpeg.SOI):
                jpeg.read_header(file)  # rejects files that Pillow would take minutes for
            # To reach EXIF after the pixels, Pillow would decode them.
            late_exif = png.exif_block(file)
            image = Image.open(file, formats=_known_formats())
            check_pixels(*image.size, max_pixels)
            _check_mode(image)
            _check_whole(image)
            if image.format == "PNG" and "exif" not in image.info:
                image.info["exif"] = late_exif or None
            turn = orientation.of(image)
        with image:
            yield image, turn
    except UnreadablePhoto:
        raise
    except MemoryError:
        raise UnreadablePhoto("needs more memory to decode than is available") from None
    except UnidentifiedImageError:
        raise UnreadablePhoto(_describe(start)) from None
    except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
        raise UnreadablePhoto(f"cannot be decoded: {str(error)[:120]}") from None


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Raise UnreadablePhoto for a photo of more than `max_pixels`, or with a side over MAX_SIDE."""
    if max(width, height) > MAX_SIDE:
        raise UnreadablePhoto(
            f"{width} x {height} pixels: a side is over the limit of {MAX_SIDE:,} pixels"
        )
    if width * height > max_pixels:
        raise UnreadablePhoto(
            f"{width} x {height} pixels is over the limit of "
            f"{max_pixels / 1e6:g} megapixels (--max-megapixels)"
        )


class _WithoutPillowsLimit:
    """Raise Pillow's own pixel limit, which some decoders check a second time, while we decode.

    The limit is process-wide and photos are decoded in several threads: the first thread to enter
    raises it, the last to leave restores it. It never becomes None, which is no limit, since Pillow
    looks at it twice as it crops, perhaps in a thread that is not within.
    """

    _lock = threading.Lock()
    _inside = 0
    _limit: int | None = None

    def __enter__(self) -> None:
        with self._lock:
            if _WithoutPillowsLimit._inside == 0:
                _WithoutPillowsLimit._limit = Image.MAX_IMAGE_PIXELS
                if Image.MAX_IMAGE_PIXELS is not None:
                    Image.MAX_IMAGE_PIXELS = sys.maxsize
            _WithoutPillowsLimit._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            _WithoutPillowsLimit._inside -= 1
            if _WithoutPillowsLimit._inside == 0:
                Image.MAX_IMAGE_PIXELS = _WithoutPillowsLimit._limit


def _register_heic(start: bytes) -> None:
    """Register the HEIC decoder with Pillow, when the first such file is opened."""
    if start[4:8] != b"ftyp" or start[8:12] not in _HEIC_BRANDS or "HEIF" in Image.OPEN:
        return
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise UnreadablePhoto("HEIC photos need an extra: pip install 'geobike[heic]'") from None
    register_heif_opener()


def _known_formats() -> tuple[str, ...]:
    _import_plugins()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


@cache
def _import_plugins() -> None:
    """Let Pillow know the formats that are read, and none of the forty others."""
    for name in _PLUGINS:
        with suppress(ImportError):  # Pillow before 11.3 has none for AVIF
            importlib.import_module(f"PIL.{name}ImagePlugin")


def _check_mode(image: Image.Image) -> None:
    """Raise UnreadablePhoto for pixels that would all become black or white in eight bits."""
    if image.mode in ("I", "F"):
        raise UnreadablePhoto(
            "its pixels have 32 bits, of which nothing says what is white; save it with 8"
        )


def _check_whole(image: Image.Image) -> None:
    """Raise UnreadablePhoto for raw data in a TIFF, of which Pillow opens a preview."""
    tags = getattr(image, "tag_v2", None)
    if image.format == "TIFF" and tags is not None:
        reduced = tags.get(_SUBFILE_TYPE, 0)
        if _DNG_VERSION in tags or (isinstance(reduced, int) and reduced & 1):
            raise UnreadablePhoto(
                "raw data of a camera, of which only a preview could be read; give the JPEG "
                "beside it, or save it as JPEG"
            )


def _describe(start: bytes) -> str:
    """Return what is wrong with a file that no decoder knows."""
    if not start:
        return "not a photo: the file is empty"
    for sign, name in _SIGNS.items():
        if start.startswith(sign) or sign in (start[4:12], start[8:12]):
            return f"cannot be decoded: this {name} file is damaged or cut off"
    return f"not a photo: the file begins with {start[:8]!r}"
