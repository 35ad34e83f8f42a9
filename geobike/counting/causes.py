"""The likely cause of a survey that counted no photo at all, from its frame."""

from typing import Final

import geopandas as gpd

from geobike import schema
from geobike.reporting import one_line

_CAUSES: Final = {
    schema.OUTSIDE: (
        "outside all areas",
        "check that the areas are of the same place, and their CRS (--crs)",
    ),
    schema.UNLOCATED: (
        "without a position",
        "give their positions with --manifest, and check them with geobike locate",
    ),
    schema.UNREADABLE: ("unreadable", "check that the files are whole"),
    schema.FAILED: ("without an answer of the detector", "run again, or choose another model"),
    schema.DUPLICATE: ("a duplicate", "name each photo once"),
}
"""What the status of most photos means, and a remedy."""

_MANIFEST: Final = (
    "check that the manifest names these photos, by their paths in the photo folder, and gives "
    "latitude and longitude in degrees"
)


def why_nothing_counted(counts: gpd.GeoDataFrame, *, manifest: bool) -> str | None:
    """Return the likely cause why no photo is counted, with a remedy; None where one is.

    `manifest` says whether there was one. The cause is the status that most photos have. A photo
    without bicycles is counted too.
    """
    schema.check(counts, schema.COUNTS)
    statuses = counts["status"].value_counts()
    if statuses.get(schema.COUNTED, 0) or statuses.empty:
        return None
    status = str(statuses.index[0])
    what, remedy = _CAUSES[status]
    if status == schema.UNLOCATED and manifest:
        remedy = _MANIFEST
    reason = counts.loc[counts["status"] == status, "reason"].dropna().mode()
    if (reason == schema.SWAPPED).any():
        remedy = "swap latitude and longitude of the photos, or of the areas"
    said = f" ({one_line(reason.iloc[0], limit=100)})" if len(reason) else ""
    return (
        f"no photo is counted: {statuses.iloc[0]} of {len(counts)} are {what}{said}; {remedy}"
        if len(counts) > 1
        else f"no photo is counted: the only one is {what}{said}; {remedy}"
    )
