"""Thumbnails of the photos for the map, with people anonymized."""

from collections.abc import Collection, Iterable
from io import BytesIO
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
from PIL import Image

from geobike import schema
from geobike.errors import UnreadablePhoto
from geobike.io.matching import isin
from geobike.photos import decoding
from geobike.photos.anonymizing import Box, pixelate
from geobike.progress import Track, silent
from geobike.reporting import report

LIMIT: Final = 500
"""Most thumbnails on a map: at 7 kB each, more would be too large for an e-mail."""

_PERSON: Final = "person"  # as models trained on COCO call it

_HIDDEN_SCORE: Final = 0.2
"""Lowest score that is hidden: a false person costs a few pixels, a missed one more."""


SIDE: Final = 240
"""Longest side of a thumbnail in pixels: 240 at quality 60 take about 7 kB."""

_QUALITY: Final = 60


def make(
    counts: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    *,
    hide: Collection[str] = (_PERSON,),
    limit: int = LIMIT,
    max_pixels: int = decoding.MAX_PIXELS,
    track: Track = silent,
) -> dict[str, bytes]:
    """Return JPEGs without metadata by `photo_id`, for counted photos.

    Boxes of the labels in `hide`, in any letter case, are pixelated beyond recognition. If people
    are to be hidden and no box is labelled `person`, no photo has a thumbnail; nor has a photo
    without any box, since perhaps no detector processed it. Both are reported.

    Of more than `limit` photos, those with most bicycles have one. A photo that no longer exists
    has none: its detections may be old.
    """
    schema.check(counts, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    shown = counts[(counts["status"] == schema.COUNTED) & counts["path"].notna()]
    if _PERSON in (label.casefold() for label in hide):
        shown = _without_strangers(shown, detections)
    if len(shown) > limit:
        report(
            f"the map shows pictures of {limit} of {len(shown)} photos, those with most bicycles"
        )
        shown = shown.nlargest(limit, "bicycle_count")
    hidden = _boxes(detections, hide, shown["photo_id"])
    pictures = {}
    for photo_id, path, digest in track(
        zip(shown["photo_id"], shown["path"], shown["sha256"], strict=True),
        "Making thumbnails",
        total=len(shown),
    ):
        try:
            # A file that has since replaced the photo must not be shown in its place.
            data = decoding.read_bytes(path, sha256=digest)
            pictures[photo_id] = thumbnail(
                data, anonymize=hidden.get(photo_id, ()), max_pixels=max_pixels
            )
        except UnreadablePhoto:
            continue
    return pictures


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
        pixelate(small, box, scale=small.width / full_width)
    out = BytesIO()
    # A new image carries no EXIF, no colour profile, no comment.
    Image.frombytes("RGB", small.size, small.tobytes()).save(
        out, "JPEG", quality=_QUALITY, optimize=True
    )
    return out.getvalue()


def _without_strangers(shown: gpd.GeoDataFrame, detections: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the photos that a detector of people has processed."""
    if shown.empty:
        return shown
    labels = detections["label"].dropna().unique()  # few, of millions of boxes
    if _PERSON not in (label.casefold() for label in labels):
        report(
            f"the map has no pictures: no box is labelled {_PERSON!r}, so people on them would not "
            "be hidden; --show-people adds the pictures as they are, and --blur LABEL with it "
            "hides people who are labelled otherwise"
        )
        return shown.iloc[:0]
    known = isin(shown["photo_id"], detections["photo_id"])
    if not known.all():
        report(
            "photos without any box have no picture on the map, as people on them would not be "
            "hidden (--show-people adds them)",
            shown.loc[~known, "photo_id"].tolist(),
        )
    return shown[known]


def _boxes(
    detections: pd.DataFrame, labels: Collection[str], photo_ids: "pd.Series[str]"
) -> dict[str, list[Box]]:
    """Return the boxes of the labels by photo."""
    sure = detections[detections["score"] >= _HIDDEN_SCORE]
    sure = sure[isin(sure["photo_id"], photo_ids)]
    sure = sure[sure["label"].str.casefold().isin([label.casefold() for label in labels])]
    boxes: dict[str, list[Box]] = {}
    for photo_id, *box in sure[["photo_id", "xmin", "ymin", "xmax", "ymax"]].itertuples(
        index=False, name=None
    ):
        xmin, ymin, xmax, ymax = box
        boxes.setdefault(photo_id, []).append((xmin, ymin, xmax, ymax))
    return boxes
