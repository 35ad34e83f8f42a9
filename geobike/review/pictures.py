"""Pictures of photos for the page: upright, without metadata, people unrecognisable."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from io import BytesIO
from typing import Final

from PIL import Image

from geobike.detectors.protocol import Box as Rectangle
from geobike.errors import UnreadablePhoto
from geobike.photos import decoding
from geobike.photos.anonymizing import Box, pixelate
from geobike.review.album import Album, path_of

SHEET_SIDE: Final = 640
"""Longest side of a picture on a contact sheet: sharp at twice the pixels of the screen."""

_QUALITY: Final = {None: 92, SHEET_SIDE: 80}
_KEPT: Final = 120_000_000
"""Bytes of pictures kept, so that going back shows a photo at once."""


class Pictures:
    """JPEGs of the photos of an album, whole or small."""

    def __init__(self, album: Album, *, show_people: bool, max_pixels: int) -> None:
        self._album = album
        self._show_people = show_people
        self._max_pixels = max_pixels
        self._made: OrderedDict[tuple[int, bool], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def whole(self, number: int) -> bytes:
        """Return a photo with all its pixels. Raises InputError, UnreadablePhoto."""
        return self._get(number, small=False)

    def small(self, number: int) -> bytes:
        """Return a photo for a contact sheet. Raises InputError, UnreadablePhoto."""
        return self._get(number, small=True)

    def _get(self, number: int, *, small: bool) -> bytes:
        key = (number, small)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = self._make(number, small=small)
        with self._lock:
            self._made[key] = made
            while sum(map(len, self._made.values())) > _KEPT and len(self._made) > 1:
                self._made.popitem(last=False)
        return made

    def _make(self, number: int, *, small: bool) -> bytes:
        photo = self._album.photo(number)
        if not self._show_people and not self._album.is_detected(number):
            raise UnreadablePhoto(
                "no detector has looked at it, so people on it could not be hidden; "
                "where you may see them, start geobike review with --show-people"
            )
        # The boxes are of this very file: another in its place would show people.
        data = decoding.read_bytes(path_of(photo), sha256=photo.sha256, follow_links=False)
        hidden = () if self._show_people else self._album.people(number)
        return jpeg(data, hidden, side=SHEET_SIDE if small else None, max_pixels=self._max_pixels)


def jpeg(data: bytes, hidden: Iterable[Box], *, side: int | None = None, max_pixels: int) -> bytes:
    """Return a JPEG of a photo with the boxes `hidden` pixelated, of all pixels or up to `side`.

    Raises UnreadablePhoto.
    """
    if side is None:
        image = decoding.read_upright(data, max_pixels=max_pixels)
        scale = 1.0
    else:
        image, (width, _) = decoding.read_small(data, side=side, max_pixels=max_pixels)
        scale = image.width / width
    for box in hidden:
        for place in Rectangle(*box).places(
            image.width / scale
        ):  # two on a panorama, over its seam
            pixelate(image, place, scale=scale)
    out = BytesIO()
    # A new image carries no EXIF, no colour profile, no comment.
    Image.frombytes("RGB", image.size, image.tobytes()).save(out, "JPEG", quality=_QUALITY[side])
    return out.getvalue()
