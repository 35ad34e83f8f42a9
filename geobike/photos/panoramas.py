"""Panoramas: pictures that detectors see squeezed, so that they miss bicycles in them."""

import math
import re
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

WIDE: Final = 2.4
"""Long side over short side of a strip; phones that fill their screen give 20:9 and 21:9. From
there on a detector that sees the whole misses a fifth of the bicycles and more (`make bench`)."""

_DETECTOR_SIDE: Final = 640  # pixels: a smaller photo loses nothing
_NAMESPACE: Final = b"http://ns.google.com/photos/1.0/panorama/"
_MOST: Final = 1 << 18  # bytes of XMP that are looked at
_PREFIX: Final = re.compile(rb"xmlns:([A-Za-z][\w.-]{0,31})\s*=\s*[\"']" + re.escape(_NAMESPACE))
_FLAT: Final = ("perspective", "rectilinear", "planar", "flat")
_ALL_AROUND: Final = "equirectangular"
_SQUARES: Final = 0.02  # share by which the shape of a picture may be off
_LARGEST: Final = 1e6  # pixels of a side

_nan: Final = math.nan


class Panorama(NamedTuple):
    """What a photo says of itself as a panorama."""

    turn_px: float = _nan
    """Pixels of 360 degrees, in an equirectangular picture; NaN in others."""
    horizon_px: float = _nan
    """Row of what is as high as the camera, in an equirectangular picture."""
    heading: float = _nan
    """Direction of the middle column, clockwise from north, from 0 to below 360."""


def read(xmp: bytes, size: tuple[int, int]) -> Panorama | None:
    """Return what an XMP packet says of a panorama of this (width, height); None if it is none.

    The packet is searched as text, not parsed: what XML may refer to is not followed. Source:
    Google, Photo Sphere XMP Metadata. Sizes there are those of the picture that was stitched, of
    which the file may be a copy in another size.
    """
    if _NAMESPACE not in xmp:
        return None
    packet = xmp[:_MOST]
    for prefix in {found[1] for found in _PREFIX.finditer(packet)}:
        projection = _value(packet, prefix, b"ProjectionType", rb"[A-Za-z]{1,32}")
        if projection is not None:
            kind = projection.decode().lower()
            if kind in _FLAT:
                return None
            return _sphere(packet, prefix, size) if kind == _ALL_AROUND else Panorama()
    return None


def among(
    width: npt.NDArray[np.int32], height: npt.NDArray[np.int32], named: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Tell which photos are panoramas, by what their XMP says or by their shape."""
    return named | is_strip(width, height)


def is_strip(width: npt.NDArray[Any], height: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which photos are much longer in one direction, and larger than what a detector sees."""
    long, short = np.maximum(width, height), np.minimum(width, height)
    strip: npt.NDArray[np.bool_] = (long > _DETECTOR_SIDE) & (long > WIDE * short)
    return strip


def is_double(width: npt.NDArray[Any], height: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which photos are twice as wide as high, as pictures all around are."""
    double: npt.NDArray[np.bool_] = np.abs(width - 2.0 * height) <= _SQUARES * width
    return double & (width > 0)


def _sphere(packet: bytes, prefix: bytes, size: tuple[int, int]) -> Panorama:
    """Return the projection of an equirectangular picture; without, where it is not known."""

    def number(name: bytes) -> float:
        text = _value(packet, prefix, name, rb"-?[0-9]{1,9}(?:\.[0-9]{1,12})?")
        return _nan if text is None else float(text)

    full = number(b"FullPanoWidthPixels"), number(b"FullPanoHeightPixels")
    cropped = number(b"CroppedAreaImageWidthPixels"), number(b"CroppedAreaImageHeightPixels")
    left, top = number(b"CroppedAreaLeftPixels"), number(b"CroppedAreaTopPixels")
    heading = number(b"PoseHeadingDegrees")
    if any(map(math.isnan, (*full, *cropped, left, top))):
        whole = abs(size[0] - 2 * size[1]) <= _SQUARES * size[0]
        return Panorama(size[0], size[1] / 2, heading % 360) if whole else Panorama()
    inside = left >= 0 and top >= 0 and left + cropped[0] <= full[0] + 1
    if not (inside and 0 < cropped[0] <= full[0] + 1 <= _LARGEST and cropped[1] > 0):
        return Panorama()
    across, down = size[0] / cropped[0], size[1] / cropped[1]
    if abs(across - down) > _SQUARES * across:
        return Panorama()  # rotated, or cropped since
    middle = (left + cropped[0] / 2) / full[0] - 0.5
    return Panorama(full[0] * across, (full[1] / 2 - top) * across, (heading + 360 * middle) % 360)


def _value(packet: bytes, prefix: bytes, name: bytes, form: bytes) -> bytes | None:
    """Return the value of a property, written as an attribute or as an element."""
    key = re.escape(prefix) + b":" + name
    found = re.search(key + rb"(?:\s*=\s*[\"']|\s*>)\s*(" + form + rb")\s*[\"'<]", packet)
    return None if found is None else found[1]
