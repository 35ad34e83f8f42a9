"""The small pictures behind the numbers, with nobody to be recognised on them."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from geobike import images, schema
from geobike.errors import UnreadablePhoto, report
from geobike.progress import Track, silent

LIMIT: Final = 500
"""Photos that the map shows as pictures: at 7 kB each, more would outgrow an e-mail."""

_PERSON: Final = "person"
_PERSON_SCORE: Final = 0.2
"""Lowest score of a person that is hidden: a false one costs a few pixels, a missed one more."""


def make(
    counts: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    *,
    limit: int = LIMIT,
    max_pixels: int = images.MAX_PIXELS,
    track: Track = silent,
) -> dict[str, bytes]:
    """Return JPEGs without metadata by `photo_id`, people pixelated, for counted photos.

    Where there are more than `limit`, those with most bicycles. A photo that is no longer there
    has no picture: its detections may have been recorded long ago.
    """
    schema.check(counts, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    shown = counts[counts["status"] == schema.COUNTED]
    if len(shown) > limit:
        report(
            f"the map shows pictures of {limit} of {len(shown)} photos, those with most bicycles"
        )
        shown = shown.nlargest(limit, "bicycle_count")
    people = _people(detections)
    pictures = {}
    for photo_id, path in track(
        zip(shown["photo_id"], shown["path"], strict=True), "Making thumbnails", total=len(shown)
    ):
        try:
            pictures[photo_id] = images.thumbnail(
                Path(path), hide=people.get(photo_id, ()), max_pixels=max_pixels
            )
        except UnreadablePhoto:
            continue
    return pictures


def _people(detections: pd.DataFrame) -> dict[str, list[images.Box]]:
    """Return the boxes of people by photo."""
    is_person = detections["label"].str.casefold() == _PERSON
    sure = detections[is_person & (detections["score"] >= _PERSON_SCORE)]
    boxes: dict[str, list[images.Box]] = {}
    for photo_id, *box in sure[["photo_id", "xmin", "ymin", "xmax", "ymax"]].itertuples(
        index=False, name=None
    ):
        xmin, ymin, xmax, ymax = box
        boxes.setdefault(photo_id, []).append((xmin, ymin, xmax, ymax))
    return boxes
