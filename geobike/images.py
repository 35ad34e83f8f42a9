"""Pixels: safe decoding, upright size, and the small pictures that the map shows.

Photos are untrusted. Only formats that cameras write are opened, nothing larger than a limit is
decoded, and whatever Pillow raises on a broken file becomes UnreadablePhoto with a plain reason.
"""

import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from geobike.errors import UnreadablePhoto

MAX_PIXELS: Final = 200_000_000
"""Largest photo that is decoded: the largest phone sensors on sale give 200 megapixels."""

SUFFIXES: Final = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif")
)
"""Endings of files that are taken for photos, in lower case."""

THUMBNAIL_SIDE: Final = 240  # pixels: 240 px at quality 60 is about 7 kB a photo
_THUMBNAIL_QUALITY: Final = 60

_FORMATS: Final = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "HEIF")
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

Box = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax in upright pixels of the original."""


def upright_size(data: bytes, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Return width and height in upright pixels, without decoding more than is needed.

    Raises UnreadablePhoto when the file is no photo, is too large, or is plainly cut short.
    """
    with _opened(data, max_pixels) as (image, orientation):
        if image.format not in ("JPEG", "MPO") or _may_be_cut_short(data):
            image.load()  # the only sure way to find a missing end
        width, height = image.size
    return (height, width) if orientation >= 5 else (width, height)


def read_upright(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a photo to an upright RGB image. Raises UnreadablePhoto."""
    with _opened(_bytes(source), max_pixels) as (image, orientation):
        return _upright_rgb(image, orientation)


def thumbnail(
    source: Path | bytes,
    *,
    hide: Iterable[Box] = (),
    side: int = THUMBNAIL_SIDE,
    max_pixels: int = MAX_PIXELS,
) -> bytes:
    """Return a small JPEG without any metadata; what lies in the boxes of `hide` is pixelated.

    `side` is the longest side in pixels. Raises UnreadablePhoto.
    """
    with _opened(_bytes(source), max_pixels) as (image, orientation):
        full_width = image.height if orientation >= 5 else image.width
        image.draft("RGB", (2 * side, 2 * side))  # lets the JPEG decoder itself shrink
        small = _upright_rgb(image, orientation)
    small.thumbnail((side, side))
    for box in hide:
        _pixelate(small, box, scale=small.width / full_width)
    out = BytesIO()
    # A new image carries no EXIF, no colour profile, no comment.
    Image.frombytes("RGB", small.size, small.tobytes()).save(
        out, "JPEG", quality=_THUMBNAIL_QUALITY, optimize=True
    )
    return out.getvalue()


def _bytes(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise UnreadablePhoto(f"cannot be read: {error.strerror or error}") from None


# Pillow's limit and Python's warning filters are process-wide; both are changed only under this
# lock, and only while a header is read.
_HEADER_LOCK = threading.Lock()


@contextmanager
def _opened(data: bytes, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    """Open a photo and give it with its EXIF orientation; translate every failure."""
    try:
        with _HEADER_LOCK, warnings.catch_warnings(), _without_pillows_own_limit():
            warnings.simplefilter("ignore")  # a doubtful EXIF block is the exif module's business
            _register_heic(data)
            image = Image.open(BytesIO(data), formats=_known_formats())
            orientation = int(image.getexif().get(_ORIENTATION_TAG) or 1)
        if image.width * image.height > max_pixels:
            raise UnreadablePhoto(
                f"{image.width} x {image.height} pixels is over the limit of "
                f"{max_pixels / 1e6:g} megapixels (--max-megapixels)"
            )
        with image:
            yield image, orientation
    except UnreadablePhoto:
        raise
    except MemoryError:
        raise UnreadablePhoto("needs more memory to decode than there is") from None
    except UnidentifiedImageError:
        raise UnreadablePhoto("not a photo: " + _what_it_is(data)) from None
    except Exception as error:  # noqa: BLE001 - decoders raise anything on broken files
        raise UnreadablePhoto(f"cannot be decoded: {str(error)[:120]}") from None


@contextmanager
def _without_pillows_own_limit() -> Iterator[None]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _register_heic(data: bytes) -> None:
    """Teach Pillow HEIC, the format of iPhones, when such a file is at hand."""
    if data[4:8] != b"ftyp" or data[8:12] not in _HEIC_BRANDS or "HEIF" in Image.OPEN:
        return
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise UnreadablePhoto("HEIC photos need an extra: pip install 'geobike[heic]'") from None
    register_heif_opener()


def _known_formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _may_be_cut_short(jpeg: bytes) -> bool:
    """Tell whether the last scan has no end marker after it.

    Inside a scan every FF is followed by 00 or a restart marker, so a marker is a marker; what
    phones append behind the picture may mislead, which is why the caller then decodes.
    """
    start_of_scan, end_of_image = b"\xff\xda", b"\xff\xd9"
    return jpeg.rfind(end_of_image) < jpeg.rfind(start_of_scan)


def _what_it_is(data: bytes) -> str:
    if not data:
        return "the file is empty"
    return f"the file begins with {data[:8]!r}"


def _upright_rgb(image: Image.Image, orientation: int) -> Image.Image:
    if image.mode.startswith("I;16"):  # 16-bit grey: convert() would cut it off at white
        image = image.point(lambda value: value / 256).convert("L")
    rgb = image.convert("RGB")
    transpose = _TO_UPRIGHT.get(orientation)
    return rgb if transpose is None else rgb.transpose(transpose)


_GROWTH: Final = 0.15  # of the box on each side: hair and hands stand out of a detector's box
_CELLS: Final = 4  # a face of 4 x 4 cells tells no one apart


def _pixelate(image: Image.Image, box: Box, *, scale: float) -> None:
    """Replace a box, a little grown, by a few flat cells."""
    xmin, ymin, xmax, ymax = (edge * scale for edge in box)
    grow_x, grow_y = (xmax - xmin) * _GROWTH, (ymax - ymin) * _GROWTH
    area = (
        max(0, int(xmin - grow_x)),
        max(0, int(ymin - grow_y)),
        min(image.width, int(xmax + grow_x) + 1),
        min(image.height, int(ymax + grow_y) + 1),
    )
    width, height = area[2] - area[0], area[3] - area[1]
    if width <= 0 or height <= 0:
        return
    # Cells as wide as they are high; a tall figure gets more of them down than across.
    cells = (min(_CELLS, width), max(1, min(height, round(_CELLS * height / width))))
    patch = image.crop(area).resize(cells, Image.Resampling.BOX)
    image.paste(patch.resize((width, height), Image.Resampling.NEAREST), area)
