"""Looks: visits of stops, each counted on its first photo: what hand counts are drawn of."""

import pandas as pd

from geobike import schema


def find(exposure: pd.DataFrame) -> pd.DataFrame:
    """Return the looks frame of an exposure frame: one row for each visit of a stop.

    Examples:
        >>> from geobike import schema
        >>> from geobike.estimates import looks
        >>> shown = {"stop_id": "a.jpg", "photo_id": "a.jpg", "area_id": ["west", None]}
        >>> numbers = {"weight": 1.0, "share": [0.7, 0.3], "bicycle_count": [3, 1]}
        >>> looks.find(schema.table(schema.EXPOSURE, shown | numbers))
          photo_id stop_id  bicycle_count
        0    a.jpg   a.jpg              4
    """
    schema.check(exposure, schema.EXPOSURE)
    photo = pd.Series(schema.coded(exposure["photo_id"]).codes, index=exposure.index)
    first = exposure[~photo.duplicated()]
    found = {name: schema.text(first[name]).array for name in ("photo_id", "stop_id")}
    counts = exposure["bicycle_count"].groupby(photo, sort=False).sum()
    return schema.table(schema.LOOKS, found | {"bicycle_count": counts.array})
