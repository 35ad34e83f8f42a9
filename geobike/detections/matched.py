"""Boxes of a table given to the photos of a survey, by their names."""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.detections import extent
from geobike.detections.imported import NO_ROWS
from geobike.errors import InputError
from geobike.io.delimited import FORMULA
from geobike.io.matching import match_rows
from geobike.reporting import report, report_number

_UPLOADED: Final = r"(?:^|[\\/])(?=[0-9]*[a-f])[0-9a-f]{8}-([^\\/]+)$"
"""A file uploaded to Label Studio: eight hexadecimal digits before its name. Where all
are decimal, as in one of fifty, it is not recognised: that may be a date."""


def apply(
    detections: pd.DataFrame, photos: gpd.GeoDataFrame, *, own: bool = False
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the photos, and the detections of those without a status or outside the areas.

    Photos are matched by name, as in a manifest. Reported are names that match no photo, and the
    number of photos without a row: they are counted as having no detections, or become `failed` if
    no detector has processed them. Not reported is that number for a survey's `own` table where the
    manifest says which photos that survey processed. Raises InputError where there are no rows and
    nothing says that an earlier survey detected in these photos, where two names match one photo,
    or none matches any, and where boxes are not in pixels of their photos (`extent.check`).
    """
    schema.check(photos, schema.PHOTOS)
    schema.check(detections, schema.DETECTIONS)
    photo_id = schema.coded(detections["photo_id"]).remove_unused_categories()
    code = photo_id.codes
    if detections.empty and "never_processed" not in photos:
        raise InputError(
            f"detections: {NO_ROWS}. If it is of a survey that found nothing, read it in that "
            "survey's folder, or give that survey's photos as --manifest, and no photo files"
        )
    row = match_photos(pd.Series(photo_id.categories, dtype="str"), photos["photo_id"])
    usable = photos["status"].isna() | (photos["status"] == schema.OUTSIDE)
    named = np.append(usable.to_numpy(), False)[row]
    kept = named[code] & detections["label"].notna().to_numpy()
    out = detections[kept].reset_index(drop=True)
    out["photo_id"] = schema.as_codes(row[code[kept]], photos["photo_id"])
    extent.check(out, photos)
    bare = photos["status"].isna()
    bare.iloc[row[named]] = False
    return _without_boxes(photos, bare, own=own), out


def match_photos(names: "pd.Series[str]", photo_ids: "pd.Series[str]") -> npt.NDArray[np.intp]:
    """Return the row of the photo that each name matches, or -1. Inexact matches are reported.

    Raises InputError where none matches, or two match one photo.
    """
    row = match_rows(names, photo_ids)
    for in_other_form in (_quoted, _uploaded):
        lost = np.flatnonzero(row < 0)
        others = in_other_form(names.iloc[lost])
        known = others.notna().to_numpy()
        if known.any():
            row[lost[known]] = match_rows(others[known], photo_ids)
    if len(row) and (row < 0).all():
        raise InputError(
            f"detections: none of their {len(names)} names matches a photo of this survey, "
            f"such as {names.iloc[0]!r}; give the boxes of these photos"
        )
    times = np.append(np.bincount(row[row >= 0], minlength=len(photo_ids)), 0)
    twice = np.flatnonzero(times[row] > 1)
    if len(twice):
        photo = row[twice[0]]
        raise InputError(
            f"detections: {' and '.join(names[row == photo][:3])} all match the photo "
            f"{photo_ids.iloc[photo]}, and their boxes would be added up; name photos by their "
            "path in the photo folder"
        )
    meant = pd.Series(photo_ids.array.take(row, allow_fill=True), index=names.index)
    other = meant.notna() & (meant != names)
    pairs = zip(names[other], meant[other], strict=True)
    report_number(
        "name in the detections is matched to a photo by path suffix",
        "names in the detections are matched to photos by path suffix",
        [f"{name} for {photo}" for name, photo in pairs],
    )
    if (row < 0).any():
        report("boxes of photos that are not there", names[row < 0].tolist())
    return row


def _quoted(names: "pd.Series[str]") -> "pd.Series[str]":
    """Return names with a quote before them, which may be theirs and not our escape, else NA."""
    return ("'" + names).where(names.str.match(FORMULA))


def _uploaded(names: "pd.Series[str]") -> "pd.Series[str]":
    """Return what files were called before they were uploaded to Label Studio, else NA."""
    return names.str.extract(_UPLOADED, expand=False)


def _without_boxes(
    photos: gpd.GeoDataFrame, bare: "pd.Series[bool]", *, own: bool
) -> gpd.GeoDataFrame:
    """Return the photos; of those that no row names, the ones never processed are `failed`."""
    out = photos.copy(deep=False)
    unseen = bare & out["never_processed"] if "never_processed" in out else bare & False
    out.loc[unseen, "status"] = schema.FAILED
    out.loc[unseen, "reason"] = "not in the detections: the earlier run had no reason to process it"
    if own and "never_processed" in out:  # the earlier run says which it processed
        return out
    remedy = "leave out of the manifest what no detector has processed"
    report_number(
        f"photo has no row in the detections, and is counted as having none; {remedy}",
        f"photos have no row in the detections, and are counted as having none; {remedy}",
        number=int((bare & ~unseen).sum()),
    )
    return out
