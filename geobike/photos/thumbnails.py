"""Thumbnails of the photos for the map, with people and vehicles anonymized."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from geobike import schema
from geobike.detectors.protocol import Box as Rectangle
from geobike.errors import UnreadablePhoto
from geobike.io.matching import isin
from geobike.photos import decoding, hiding
from geobike.photos.anonymizing import PERSON, VEHICLE, Box, is_hidden, pixelate
from geobike.progress import Track, silent
from geobike.reporting import report

LIMIT: Final = 200
"""Most thumbnails on a map: at 25 kB each, more would be too large for an e-mail."""

_IDENTIFIED: Final = {
    PERSON: ("people", "'person'", "--show-people"),
    VEHICLE: ("vehicles", "'car' or as another vehicle", "--show-vehicles"),
}
"""What is hidden by default: its name, how boxes of it are labelled, and the option that shows it.
Without any such box the detector may know no such class, and would leave it as it is."""

SIDE: Final = 480
"""Longest side of a thumbnail in pixels, on which bicycles can be counted and the face of a person
whom the detector missed is some ten pixels wide. 480 at quality 50 take about 24 kB."""

LARGE_SIDE: Final = 960
"""Longest side of a picture beside the page: some 95 kB."""

_FEW: Final = 3
"""Pictures that an area has whatever its share."""

_QUALITY: Final = 50


def make(
    counts: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    *,
    hide: Collection[str] = (PERSON, VEHICLE),
    limit: int = LIMIT,
    side: int = SIDE,
    place: str = "the map",
    max_pixels: int = decoding.MAX_PIXELS,
    track: Track = silent,
) -> dict[str, bytes]:
    """Return small JPEGs without metadata by `photo_id`, for counted photos.

    Boxes of the labels in `hide`, in any letter case, are pixelated beyond recognition; `vehicle`
    stands for every motor vehicle. Of a doubtful person on a bicycle only the top is
    (`geobike.photos.hiding`). If people or vehicles are to be hidden and no box is labelled as
    such, no photo has a thumbnail; nor has a photo without any box, since perhaps no detector
    processed it. Both are reported.

    Of more than `limit` photos, a random share of every area has one, whatever was counted on
    them: what a detector misses shows where it found nothing. The draw is the same in every run. A
    photo that no longer exists has none: its detections may be old. `side` is the longest side in
    pixels; `place` is where the thumbnails are to be shown, in the words of a report.
    """
    shown = _shown(counts, detections, hide, place)
    if len(shown) > limit:
        report(
            f"{place} shows pictures of {limit} of {len(shown)} photos, a random share of every "
            "area; --pictures folder writes them all beside it"
        )
        shown = shown[drawn(shown, limit)]
    return dict(_made(shown, detections, hide, side, max_pixels, track))


def write(
    counts: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    folder: Path,
    *,
    hide: Collection[str] = (PERSON, VEHICLE),
    max_pixels: int = decoding.MAX_PIXELS,
    track: Track = silent,
) -> dict[str, str]:
    """Write large pictures of all counted photos into a folder; return their names by `photo_id`.

    They are what `make` would return, but for their size. A name is a digest of the `photo_id`.
    """
    folder.mkdir(exist_ok=True)
    names = {}
    for photo_id, content in _made(
        _shown(counts, detections, hide, "the map"), detections, hide, LARGE_SIDE, max_pixels, track
    ):
        names[photo_id] = (
            f"{hashlib.sha256(photo_id.encode('utf-8', 'replace')).hexdigest()[:20]}.jpg"
        )
        (folder / names[photo_id]).write_bytes(content)
    return names


def drawn(counts: gpd.GeoDataFrame, limit: int) -> npt.NDArray[np.bool_]:
    """Tell which of the photos are drawn: `limit` of them, an equal share of each area.

    The first three of an area come before the shares, so that a small one has pictures too. Photos
    are drawn by the digest of their bytes, which has nothing to do with what they show.
    """
    key = counts["sha256"].fillna(counts["photo_id"])
    order = counts.assign(key=key).sort_values("key", kind="stable")
    groups = order.groupby("area_id", dropna=False, sort=False)["key"]
    place, size = groups.cumcount(), groups.transform("size")
    share = ((place + 0.5) / size).mask(place < _FEW, place - _FEW)
    chosen = share.sort_values(kind="stable").index[:limit]
    found: npt.NDArray[np.bool_] = counts.index.isin(chosen)
    return found


def _shown(
    counts: gpd.GeoDataFrame, detections: pd.DataFrame, hide: Collection[str], place: str
) -> gpd.GeoDataFrame:
    """Return the counted photos on which everything that is to be hidden can be."""
    schema.check(counts, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    shown = counts[(counts["status"] == schema.COUNTED) & counts["path"].notna()]
    identified = [kind for kind in _IDENTIFIED if is_hidden(kind, hide)]
    return _without_strangers(shown, detections, identified, place) if identified else shown


def _made(
    shown: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    hide: Collection[str],
    side: int,
    max_pixels: int,
    track: Track,
) -> Iterator[tuple[str, bytes]]:
    hidden = hiding.regions(detections, hide, shown["photo_id"])
    for photo_id, path, digest in track(
        zip(shown["photo_id"], shown["path"], shown["sha256"], strict=True),
        "Making thumbnails",
        total=len(shown),
    ):
        try:
            # A file that has since replaced the photo must not be shown in its place.
            data = decoding.read_bytes(path, sha256=digest)
            anonymize = hidden.get(photo_id, ())
            yield photo_id, thumbnail(data, anonymize=anonymize, side=side, max_pixels=max_pixels)
        except UnreadablePhoto:
            continue


def thumbnail(
    source: str | Path | bytes,
    *,
    anonymize: Iterable[Box] = (),
    side: int = SIDE,
    max_pixels: int = decoding.MAX_PIXELS,
) -> bytes:
    """Return a small JPEG without any metadata, pixelated inside the boxes of `anonymize`.

    `side` is the longest side in pixels. Raises UnreadablePhoto.
    """
    small, (full_width, _) = decoding.read_small(source, side=side, max_pixels=max_pixels)
    for box in anonymize:
        for place in Rectangle(*box).places(full_width):  # two on a panorama, over its seam
            pixelate(small, place, scale=small.width / full_width)
    out = BytesIO()
    # A new image carries no EXIF, no colour profile, no comment.
    Image.frombytes("RGB", small.size, small.tobytes()).save(
        out, "JPEG", quality=_QUALITY, optimize=True
    )
    return out.getvalue()


def _without_strangers(
    shown: gpd.GeoDataFrame, detections: pd.DataFrame, identified: Collection[str], place: str
) -> gpd.GeoDataFrame:
    """Return the photos that a detector of people and vehicles, as asked for, has processed."""
    if shown.empty:
        return shown
    labels = detections["label"].dropna().unique()  # few, of millions of boxes
    unknown = [
        kind for kind in identified if not any(is_hidden(label, (kind,)) for label in labels)
    ]
    if unknown:
        names, labelled, options = _spoken(unknown)
        report(
            f"{place} has no pictures: no box is labelled {' or '.join(labelled)}, so "
            f"{' and '.join(names)} on them would not be hidden; {' '.join(options)} adds them all "
            "the same, and --blur LABEL with it hides what is labelled otherwise"
        )
        return shown.iloc[:0]
    known = isin(shown["photo_id"], detections["photo_id"])
    if not known.all():
        names, _, options = _spoken(identified)
        report(
            f"photos without any box have no picture on {place}, as {' and '.join(names)} on "
            f"them would not be hidden ({' '.join(options)} adds them)",
            shown.loc[~known, "photo_id"].tolist(),
        )
    return shown[known]


def _spoken(kinds: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Return what a message says of kinds: their names, their labels, their options."""
    return tuple(zip(*(_IDENTIFIED[kind] for kind in kinds), strict=True))
