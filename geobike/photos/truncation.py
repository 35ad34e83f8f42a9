"""Whether a JPEG ends before its pixels do, of which its decoder says nothing."""

from io import BytesIO
from typing import Final

from PIL import Image

from geobike.errors import UnreadablePhoto
from geobike.photos import images, scans

_BLOCK: Final = 4  # pixels, along a side: half a block of a JPEG, or more where it is reduced
_GREY: Final = {127, 128}  # of every band
_ENDS_EARLY: Final = "cannot be decoded: its pixel data end early"


def may_be_truncated(jpeg: bytes) -> bool:
    """Return whether no end marker follows the last scan.

    Inside a scan every FF is followed by 00 or a restart marker, so no pixel looks like an end
    marker. What phones append after the picture may mislead, so the caller decodes to be sure.
    """
    start_of_scan, end_of_image = b"\xff\xda", b"\xff\xd9"
    return start_of_scan in jpeg[max(0, jpeg.rfind(end_of_image)) :]


def check_end(data: bytes, image: Image.Image) -> None:
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
    with images.quiet():
        other = Image.open(BytesIO(scans.lengthened(data, found)), formats=("JPEG",))
    with other:
        other.draft(image.mode, image.size)
        if other.tobytes() != image.tobytes():
            raise UnreadablePhoto(_ENDS_EARLY)


def _ends_grey(image: Image.Image) -> bool:
    """Tell whether the last pixels are of the grey that a decoder draws where data are missing."""
    width, height = image.size
    last = image.getpixel((width - 1, height - 1))
    if not _GREY.issuperset(last if isinstance(last, tuple) else (last,)):
        return False  # mostly
    corner = image.crop((max(0, width - _BLOCK), max(0, height - _BLOCK), width, height))
    return set(corner.tobytes()) <= _GREY
