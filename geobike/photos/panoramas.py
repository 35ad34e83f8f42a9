"""Panoramas: pictures that detectors see squeezed, so that they miss bicycles in them."""

import re
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geobike import schema

WIDE: Final = 2.4
"""Long side over short side of a strip; phones that fill their screen give 20:9 and 21:9."""

_DETECTOR_SIDE: Final = 640  # pixels: a smaller photo loses nothing
_NAMESPACE: Final = b"http://ns.google.com/photos/1.0/panorama/"
_MOST: Final = 1 << 18  # bytes of XMP that are looked at
_PREFIX: Final = re.compile(rb"xmlns:([A-Za-z][\w.-]{0,31})\s*=\s*[\"']" + re.escape(_NAMESPACE))
_FLAT: Final = (b"perspective", b"rectilinear", b"planar", b"flat")
_REASON: Final = (
    "a panorama, in which a detector misses bicycles; cut it into photos, or pass --panoramas count"
)


def is_named_in(xmp: bytes) -> bool:
    """Tell whether an XMP packet gives a panorama's projection.

    The packet is searched as text, not parsed: what XML may refer to is not followed. Source:
    Google, Photo Sphere XMP Metadata, GPano:ProjectionType.
    """
    if _NAMESPACE not in xmp:
        return False
    packet = xmp[:_MOST]
    for prefix in {found[1] for found in _PREFIX.finditer(packet)}:
        name = re.escape(prefix) + rb":ProjectionType(?:\s*=\s*[\"']|\s*>)\s*([A-Za-z]{1,32})"
        found = re.search(name, packet)
        if found is not None:
            return found[1].lower() not in _FLAT
    return False


def among(
    width: npt.NDArray[np.int32], height: npt.NDArray[np.int32], named: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Tell which photos are panoramas, by what their XMP says or by their shape."""
    long, short = np.maximum(width, height), np.minimum(width, height)
    return named | (long > _DETECTOR_SIDE) & (long > WIDE * short)


def skip(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos; panoramas that have no status yet are `failed`, with a reason."""
    schema.check(photos, schema.PHOTOS)
    if "panorama" not in photos:
        return photos
    out = photos.copy(deep=False)
    rows = out["status"].isna() & out["panorama"]
    out.loc[rows, "status"] = schema.FAILED
    out.loc[rows, "reason"] = _REASON
    return out
