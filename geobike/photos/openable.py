"""Whether Pillow opens a JPEG: known from another photo with the same header, but for its EXIF.

Pillow takes a tenth of a millisecond to open a photo, ten times as long as its hash where it is
small. All photos of a camera have the same header, and of their EXIF Pillow reads three entries.
"""

from io import BytesIO
from typing import Final

from geobike.errors import UnreadablePhoto
from geobike.photos import decoding, jpeg, scans, tiff

_MOST: Final = 64
_MULTI_PICTURE: Final = b"MPF\0"
"""Where it stands in a header, Pillow looks into other parts of the file as well."""

_opened: frozenset[tuple[bytes, bytes]] = frozenset()
"""`jpeg.Header.around_exif` of photos that Pillow has opened; replaced, never changed, as several
threads may be here."""


def check(data: bytes, *, max_pixels: int = decoding.MAX_PIXELS) -> None:
    """Raise UnreadablePhoto as `decoding.upright_size` does."""
    header = _header(data)
    if header is None or header.around_exif not in _opened:
        size = decoding.upright_size(data, max_pixels=max_pixels)
        if header is not None and header.size in (size, size[::-1]):
            _remember(header)
        return
    scans.check_number(data)
    assert header.size is not None  # noqa: S101 - for the type checker
    decoding.check_pixels(*header.size, max_pixels)


def _header(data: bytes) -> jpeg.Header | None:
    """Return the header of a JPEG that need not be decoded, and whose EXIF Pillow does read."""
    if not decoding.is_quick(data):
        return None
    try:
        header = jpeg.read_header(BytesIO(data))
    except UnreadablePhoto:
        return None
    return header if header is not None and tiff.is_plain(header.exif) else None


def _remember(header: jpeg.Header) -> None:
    global _opened
    around = header.around_exif
    if around is not None and not any(_MULTI_PICTURE in part for part in around):
        _opened = (_opened if len(_opened) < _MOST else frozenset()) | {around}
