"""The ledger accounts for every photo and bicycle. If a sum does not close, the run is wrong."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.errors import LedgerError


@dataclass(frozen=True)
class Ledger:
    """The account of one run."""

    photos_given: int
    photos: Mapping[str, int]
    """Status -> number of photos, every status named."""
    bicycles_counted: int
    """In photos that are `counted`."""
    bicycles_in_areas: int
    bicycles_beside_areas: int
    """On counted photos, standing in none of the areas: across the border of the survey."""
    bicycles_elsewhere: int
    """In photos that are not counted, such as those outside every area; never dropped silently."""
    files_given: int
    """Photos, and files of other kinds beside them."""
    not_read: Mapping[str, int]
    """Suffix -> number of files of a kind that is not read."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers, for `summary.json`."""
        return asdict(self)

    def in_words(self) -> str:
        """Return one line: "35 photos: 34 counted, 1 outside"."""
        parts = [f"{number} {status}" for status, number in self.photos.items() if number]
        noun = "photo" if self.photos_given == 1 else "photos"
        return f"{self.photos_given} {noun}: {', '.join(parts)}"


def close(
    photos_given: int,
    counts: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    bicycles_beside_areas: int = 0,
    not_read: Mapping[str, int] | None = None,
    files_given: int | None = None,
) -> Ledger:
    """Return the account of a run from its frames.

    `photos_given` is the number of photos found at the start, so that a lost row is noticed;
    `not_read` that of other files beside them, by suffix, and `files_given` that of all.
    `bicycles_beside_areas` are those on counted photos that stand in none of the areas.
    Raises LedgerError unless every photo has one status and every bicycle is in one place.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos",
        ...     areas="sample/areas.geojson",
        ...     manifest="sample/manifest.csv",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> ledger = geobike.close_ledger(
        ...     181,
        ...     result.photos,
        ...     result.detections,
        ...     result.areas,
        ...     bicycles_beside_areas=result.counted.beside,
        ... )
        >>> ledger.in_words()
        '181 photos: 176 counted, 1 outside, 2 unlocated, 1 duplicate, 1 unreadable'
    """
    schema.check(counts, schema.COUNTS)
    schema.check(detections, schema.DETECTIONS)
    schema.check(areas, schema.AREA_COUNTS)
    found = counts["status"].value_counts()
    counted = (counts["status"] == schema.COUNTED).to_numpy()
    photo = schema.rows_of(detections.loc[detections["kept"], "photo_id"], counts["photo_id"])
    in_counted = np.append(counted, False)[photo]
    ledger = Ledger(
        photos_given=photos_given,
        photos={status: int(found.get(status, 0)) for status in schema.STATUSES},
        bicycles_counted=int(in_counted.sum()),
        bicycles_in_areas=int(areas["bicycle_count"].sum()),
        bicycles_beside_areas=bicycles_beside_areas,
        bicycles_elsewhere=int((~in_counted).sum()),
        files_given=photos_given if files_given is None else files_given,
        not_read=dict(not_read or {}),
    )
    _check(ledger, counts, areas)
    return ledger


def _check(ledger: Ledger, counts: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> None:
    unknown = set(counts["status"].dropna().unique()) - set(schema.STATUSES)
    sums = {
        "photos given = photos by status": (ledger.photos_given, sum(ledger.photos.values())),
        "photos without a known status": (0, int(counts["status"].isna().sum()) + len(unknown)),
        "counted photos = photos in areas": (
            ledger.photos[schema.COUNTED],
            int(areas["photo_count"].sum()),
        ),
        "bicycles in photos = bicycles in areas and beside them": (
            ledger.bicycles_counted,
            ledger.bicycles_in_areas + ledger.bicycles_beside_areas,
        ),
        "bicycles detected = bicycles counted": (
            ledger.bicycles_counted,
            int(counts["bicycle_count"].sum()),
        ),
        "files given = photos given + files not read": (
            ledger.files_given,
            ledger.photos_given + sum(ledger.not_read.values()),
        ),
    }
    for what, (one, other) in sums.items():
        if one != other:
            raise LedgerError(f"the ledger does not close: {what}: {one} is not {other}")
