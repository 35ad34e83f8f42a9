"""What a position may be, whichever source gives it."""

from collections.abc import Collection
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.errors import SchemaError

_LARGEST: Final = 1e9  # metres of error, beyond any on Earth

_RANGES: Final = {
    "lon": ("longitude", -180.0, 180.0, "from -180 to 180"),
    "lat": ("latitude", -90.0, 90.0, "from -90 to 90"),
    "heading": ("heading", 0.0, np.nextafter(360, 0), "from 0 to below 360"),
    "accuracy": ("position error", 0.0, _LARGEST, "0 or more metres"),
}


def check(
    found: pd.DataFrame, photos: gpd.GeoDataFrame, *, source: str, known: Collection[str]
) -> None:
    """Raise SchemaError where a source gives a photo what cannot be true.

    `found` is the positions frame that the source of that name gave for the photos, `known` the
    names of all sources. A bad value in a user's file is for the source to report; one that comes
    this far is an error in the source, and would put a photo where it was not taken.
    """
    schema.check(found, schema.POSITIONS)
    if not found.index.equals(photos.index):
        raise SchemaError(f"the positions of {source} are not on the index of the photos")
    for column, (name, low, high, said) in _RANGES.items():
        value = found[column]
        wrong = (value.notna() & ~value.between(low, high)).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            raise SchemaError(
                f"{source} gives the photo {photos['photo_id'].iloc[row]!r} the {name} "
                f"{value.iloc[row]:g}, which is not {said}"
            )
    half = (found["lon"].notna() != found["lat"].notna()).to_numpy()
    if half.any():
        photo = photos["photo_id"].iloc[int(half.argmax())]
        raise SchemaError(f"{source} gives the photo {photo!r} only one of longitude and latitude")
    unknown = found["source"].dropna()
    unknown = unknown[~unknown.isin(list(known))]
    if len(unknown):
        raise SchemaError(
            f"{source} names {unknown.iloc[0]!r} as the source of a position; "
            f"known are {', '.join(known)}"
        )
