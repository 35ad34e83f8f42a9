"""Decode photos within limits and upright, and find the size of a photo without decoding it.

Photos are untrusted. Only formats that cameras write are opened, nothing larger than a limit is
decoded, and whatever Pillow raises for a damaged file becomes UnreadablePhoto with a plain reason.
"""

import hashlib
import os
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image, UnidentifiedImageError

from geobike.config import MAX_MEGAPIXELS
from geobike.errors import UnreadablePhoto
from geobike.io import files, remote
from geobike.photos import jpeg, opening, png, scans

MAX_PIXELS: Final = MAX_MEGAPIXELS * 1_000_000
"""Largest photo that is decoded."""

MAX_SIDE: Final = 65_500
"""Longest side of a photo that is decoded, as of a JPEG: a strip of one pixel takes gigabytes."""

SUFFIXES: Final = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif", ".avif")
)
"""Suffixes of photo files, in lower case."""

_MAGIC_BYTES: Final = 12  # that identify the format
_FORMATS: Final = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "HEIF", "AVIF")
_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_ORIENTATION_TAG: Final = 0x0112
_TO_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

TargetSize = Callable[[tuple[int, int]], tuple[int, int]]
"""From the upright (width, height) of a photo to the size to decode it at."""

_DRAFT_RATIO: Final = 1.85
"""The JPEG decoder reduces a photo to no less than this multiple of the target size. On 35 real
photos no bicycle count then changes; at 1.5 two change by one. At much more, a photo of 12
megapixels would no longer be halved for DETR."""


_BLOCK: Final = 4  # pixels, along a side: half a block of a JPEG, or more where it is reduced
_GREY: Final = {127, 128}  # of every band

MAX_BYTES: Final = 2_000_000_000
"""Largest file that is read; 200 megapixels without compression take 1.2 GB."""


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


def upright(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Return width and height of a photo after rotation by its EXIF orientation."""
    return size[::-1] if orientation >= 5 else size


def read_header(file: BinaryIO, max_pixels: int = MAX_PIXELS) -> tuple[tuple[int, int], bytes]:
    """Return (width, height) in upright pixels and the XMP packet, without decoding.

    Raises UnreadablePhoto for a file that is not a photo or is too large.
    """
    file.seek(0)
    start = file.read(_MAGIC_BYTES)
    file.seek(0)
    with _opened(file, start, max_pixels) as (image, orientation):
        xmp = image.info.get("xmp")
        return upright(image.size, orientation), xmp if isinstance(xmp, bytes) else b""


def is_quick(data: bytes) -> bool:
    """Tell whether `upright_size` needs no pixels: of a JPEG that ends with its end marker."""
    return data.startswith(jpeg.SOI) and not _may_be_truncated(data)


def is_regular(data: bytes, *, max_pixels: int = MAX_PIXELS) -> bool:
    """Tell whether a JPEG says its size as usual, and that it has no more than usual of anything.

    Raises UnreadablePhoto as `upright_size` does for a JPEG that `is_quick` and can be opened.
    """
    scans.check_number(data)
    header = jpeg.read_header(BytesIO(data))
    if header is None or header.size is None:
        return False
    check_pixels(*header.size, max_pixels)
    return True


def upright_size(data: bytes, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Return width and height in upright pixels, without decoding more than is needed.

    Raises UnreadablePhoto for a file that is not a photo, is too large, or is plainly truncated.
    """
    with _PIXELS.held() as hold, _opened_bytes(data, max_pixels) as (image, orientation):
        if image.format not in ("JPEG", "MPO") or _may_be_truncated(data):
            hold(image)
            image.load()  # the only reliable way to detect a truncated file
            png.check_complete(BytesIO(data))
        return upright(image.size, orientation)


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
    with _PIXELS.held() as hold, _opened_bytes(data, max_pixels) as (image, orientation):
        hold(image)
        if target_size is None:
            image.load()
            _check_end(data, image)
            return _upright_rgb(image, orientation)
        swapped = orientation >= 5
        size = target_size(image.size[::-1] if swapped else image.size)
        size = size[::-1] if swapped else size  # as the pixels are stored
        image.draft("RGB", (int(_DRAFT_RATIO * size[0]), int(_DRAFT_RATIO * size[1])))
        image.load()
        _check_end(data, image)
        # Bilinear, as in the preprocessing of detectors: their input stays nearly the same.
        small = _rgb(image).resize(size, Image.Resampling.BILINEAR)
        return _rotated(small, orientation)


def read_small(
    source: str | Path | bytes, *, side: int, max_pixels: int = MAX_PIXELS
) -> tuple[Image.Image, tuple[int, int]]:
    """Decode a photo to an upright RGB image of at most `side` pixels along its longest side.

    Returns it with the upright (width, height) of the original. Raises UnreadablePhoto.
    """
    data = _bytes(source)
    with _PIXELS.held() as hold, _opened_bytes(data, max_pixels) as (image, orientation):
        hold(image)
        size = upright(image.size, orientation)
        image.draft("RGB", (2 * side, 2 * side))  # lets the JPEG decoder itself reduce
        small = _upright_rgb(image, orientation)
        small.thumbnail((side, side))
    return small, size


def _bytes(source: str | Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else read_bytes(source)


def _opened_bytes(data: bytes, max_pixels: int) -> AbstractContextManager[tuple[Image.Image, int]]:
    png.check_chunks(BytesIO(data))  # including those after the pixels
    scans.check_number(data)
    return _opened(BytesIO(data), data[:_MAGIC_BYTES], max_pixels)


def _check_end(data: bytes, image: Image.Image) -> None:
    """Raise UnreadablePhoto for a decoded JPEG whose pixel data end before its pixels do.

    The decoder says nothing. It makes the rest grey, or blurs it where the scans of a progressive
    JPEG end early. A photo may end so too: the decoder is asked whether it would take more data.
    """
    if image.format not in ("JPEG", "MPO"):
        return
    grey = _ends_grey(image)
    if not grey and scans.is_whole(data):
        return
    found = scans.find(data)
    if scans.lacks_some(data, found):
        raise UnreadablePhoto(_ENDS_EARLY)
    if (len(found) == 1 and not grey) or not found:
        return
    with _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = Image.open(BytesIO(scans.lengthened(data, found)), formats=("JPEG",))
    with other:
        other.draft(image.mode, image.size)
        if other.tobytes() != image.tobytes():
            raise UnreadablePhoto(_ENDS_EARLY)


_ENDS_EARLY: Final = "cannot be decoded: its pixel data end early"


def _ends_grey(image: Image.Image) -> bool:
    """Tell whether the last pixels are of the grey that a decoder draws where data are missing."""
    width, height = image.size
    last = image.getpixel((width - 1, height - 1))
    if not _GREY.issuperset(last if isinstance(last, tuple) else (last,)):
        return False  # mostly
    corner = image.crop((max(0, width - _BLOCK), max(0, height - _BLOCK), width, height))
    return set(corner.tobytes()) <= _GREY


# Python's warning filters are process-wide: they are changed under a lock, while a header is read.
_HEADER_LOCK = threading.Lock()


@contextmanager
def _opened(file: BinaryIO, start: bytes, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    """Open a photo, given its first bytes too, and yield it with its EXIF orientation.

    Every failure becomes UnreadablePhoto.
    """
    with _WithoutPillowsLimit():
        yield from _open(file, start, max_pixels)


def _open(file: BinaryIO, start: bytes, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    try:
        with _HEADER_LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exif module reports doubtful EXIF
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
            orientation = _orientation(image)
        with image:
            yield image, orientation
    except UnreadablePhoto:
        raise
    except MemoryError:
        raise UnreadablePhoto("needs more memory to decode than is available") from None
    except UnidentifiedImageError:
        raise UnreadablePhoto(_describe(start)) from None
    except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
        raise UnreadablePhoto(f"cannot be decoded: {str(error)[:120]}") from None


class PixelBudget:
    """Limits the pixels that all threads decode together; a photo above the limit is decoded alone.

    Threads are served in the order in which they ask, so that a large photo is not kept waiting.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def held(self) -> Iterator[Callable[[Image.Image], None]]:
        """Yield what holds the pixels of an image until the end; it waits until there is room.

        Enter it before the image is opened: its memory is free only after it is closed.
        """
        held: list[int] = []

        def hold(image: Image.Image) -> None:
            pixels = image.width * image.height * _COPIES.get(image.format or "", 1)
            self._take(pixels)
            held.append(pixels)

        try:
            yield hold
        finally:
            with self._changed:
                self._used -= sum(held)
                self._changed.notify_all()

    def _take(self, pixels: int) -> None:
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is turn and self._fits(pixels))
                self._used += pixels
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()

    def _fits(self, pixels: int) -> bool:
        return self._used == 0 or self._used + pixels <= self._limit


_COPIES: Final = {"WEBP": 4}
"""Format -> how many copies of the pixels its decoder holds, if more than one."""
_PIXELS: Final = PixelBudget(MAX_PIXELS)


class _WithoutPillowsLimit:
    """Disable Pillow's own pixel limit, which some decoders check a second time, while we decode.

    The limit is process-wide and photos are decoded in several threads: the first thread to enter
    disables it, the last to leave restores it.
    """

    _lock = threading.Lock()
    _inside = 0
    _limit: int | None = None

    def __enter__(self) -> None:
        with self._lock:
            if _WithoutPillowsLimit._inside == 0:
                _WithoutPillowsLimit._limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            _WithoutPillowsLimit._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            _WithoutPillowsLimit._inside -= 1
            if _WithoutPillowsLimit._inside == 0:
                Image.MAX_IMAGE_PIXELS = _WithoutPillowsLimit._limit


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation to apply, 1 to 8."""
    if image.format == "TIFF":
        return 1  # Pillow rotates TIFF itself
    value = Image.Image.getexif(image).get(_ORIENTATION_TAG)  # that of a PNG may decode all of it
    return value if isinstance(value, int) and value in _TO_UPRIGHT else 1


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
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _may_be_truncated(jpeg: bytes) -> bool:
    """Return whether no end marker follows the last scan.

    Inside a scan every FF is followed by 00 or a restart marker, so no pixel looks like an end
    marker. What phones append after the picture may mislead, so the caller decodes to be sure.
    """
    start_of_scan, end_of_image = b"\xff\xda", b"\xff\xd9"
    return start_of_scan in jpeg[max(0, jpeg.rfind(end_of_image)) :]


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


def _describe(start: bytes) -> str:
    """Return what is wrong with a file that no decoder knows."""
    if not start:
        return "not a photo: the file is empty"
    for sign, name in _SIGNS.items():
        if start.startswith(sign) or sign in (start[4:12], start[8:12]):
            return f"cannot be decoded: this {name} file is damaged or cut off"
    return f"not a photo: the file begins with {start[:8]!r}"


def _upright_rgb(image: Image.Image, orientation: int) -> Image.Image:
    return _rotated(_rgb(image).convert("RGB"), orientation)  # a copy that outlives the file


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # 16-bit grey: convert() would clip it
        image = image.point(lambda value: value / 256).convert("L")
    return image if image.mode == "RGB" else image.convert("RGB")


def _rotated(image: Image.Image, orientation: int) -> Image.Image:
    transpose = _TO_UPRIGHT.get(orientation)
    return image if transpose is None else image.transpose(transpose)
