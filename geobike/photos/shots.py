"""One shot in several files, such as HEIC and JPG, or a picture and its edited copy.

Same second, same place and same name prove it, where the name is compared without what programs
add to copies. Files with the same bytes are found by `reading`.
"""

import posixpath
import re
import unicodedata
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geobike import schema
from geobike.photos import decoding
from geobike.reporting import report_number

_SAME_PLACE: Final = 1e-4  # degrees, 11 m at most: editors round positions anew
_SUFFIXES: Final = decoding.SUFFIXES | {".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".rw2"}

_EDITED: Final = (
    "edit(?:ed)?|bearbeitet|bewerkt|modifi[eé]e?|editad[ao]|modificat[ao]|redigerad|"
    "copy|kopie|copie|copia|hdr|small|medium|large|thumb(?:nail)?|scaled|resized|web|compressed"
)
_ADDED_BEHIND: Final = re.compile(
    rf"""(?: \s*\(\d{{1,3}}\)                           # of a second copy: (1)
        | ~\d{{1,2}}                                    # of an edited picture: ~2
        | [\s_-]+(?:{_EDITED})(?:[\s_-]*\d{{1,2}})?     # -edited, " - Copy", _small
        | [\s_-]\d{{2,5}}x\d{{2,5}}                     # of another size: -1024x768
        | (?:\.[a-z_]+-\d\d)?\.(?:cover|original|mp)    # of phones that write two: .raw-01.cover
    )+$""",
    re.VERBOSE,
)
_ADDED_BEFORE: Final = re.compile(r"^(?:(?:copy of|kopie v[ao]n|copie de|copia d[ei])\s+)+")
_EDITED_BY_APPLE: Final = re.compile(r"^img_e(?=\d{4}$)")


def mark(
    photos: gpd.GeoDataFrame, *, keep: bool = False, preferred: "pd.Series[bool] | None" = None
) -> gpd.GeoDataFrame:
    """Return the photos with `duplicate` for all files of a shot but one; they are reported.

    Looked at are photos with a position that have no status yet. The file that stays is the one
    that is `preferred`, then whose name has nothing added, then the one with most pixels, then the
    first by name. `keep` only reports them.

    In another folder, a file of the same kind and size is perhaps of another camera of the same
    vehicle: it stays, and is reported.
    """
    schema.check(photos, schema.PHOTOS)
    files = _comparable(photos, preferred)
    inside = _repeats(files, ["second", "name", "lon", "lat", "folder"])
    rest = files.drop(inside.index)
    across = _repeats(rest, ["second", "name", "lon", "lat"])
    alike = ["suffix", "width", "height"]
    leaders = rest.set_index("photo_id")[alike].loc[across.tolist()].set_axis(across.index)
    twins = (rest.loc[across.index, alike] == leaders).all(axis=1)
    shots = pd.concat([inside, across[~twins]]).reindex(photos.index).dropna()
    _report(photos, shots.index, across.index[twins], keep=keep)
    out = photos.copy(deep=False)
    if not keep and len(shots):
        out.loc[shots.index, "status"] = schema.DUPLICATE
        out.loc[shots.index, "reason"] = "same shot as " + shots
    return out


def plain_name(photo_id: str) -> str:
    """Return the name of a file without folder, suffix and what programs add to copies.

    >>> plain_name("day1/IMG_0001-edited.jpg"), plain_name("day1/IMG_0001 (1).HEIC")
    ('img_0001', 'img_0001')
    """
    name = unicodedata.normalize("NFC", posixpath.basename(photo_id)).casefold()[:255]
    while (parts := posixpath.splitext(name))[1] in _SUFFIXES:
        name = parts[0]  # also of IMG_0001.heic.jpg
    bare = _EDITED_BY_APPLE.sub("img_", _ADDED_BEFORE.sub("", _ADDED_BEHIND.sub("", name)))
    return bare or name


def _comparable(photos: gpd.GeoDataFrame, preferred: "pd.Series[bool] | None") -> pd.DataFrame:
    """Return the photos of seconds in which two were taken near each other, the best first.

    Midnight is no second: it stands for a date without a time.
    """
    second = _seconds(photos)
    placed = photos["status"].isna() & photos.geometry.notna()
    usable = placed & second.notna() & (second != second.dt.normalize())
    rows = usable.index[usable]
    points = np.asarray(photos.geometry.array)[usable.to_numpy()]
    # Names are looked at last: for a million photos that takes seconds.
    seconds = second[rows].to_numpy()
    near = np.ones(len(rows), dtype=np.bool_)
    for values in (shapely.get_x(points), shapely.get_y(points)):
        # Whole seconds stay, so that the second axis is looked at in those only.
        near[near] = _in_seconds_with_pairs(seconds[near], values[near])
    rows, points = rows[near], points[near]
    ids = photos.loc[rows, "photo_id"]
    split = [posixpath.split(one) for one in ids]
    suffix = [posixpath.splitext(name)[1].lower() for _, name in split]
    files = pd.DataFrame(
        {
            "photo_id": ids,
            "second": second[rows],
            "name": [plain_name(name) for _, name in split],
            "folder": [folder for folder, _ in split],
            "suffix": suffix,
            "width": photos.loc[rows, "width"].fillna(0).astype(int),
            "height": photos.loc[rows, "height"].fillna(0).astype(int),
            "other": False if preferred is None else ~preferred[rows],
        },
        index=rows,
    )
    for axis, values in (("lon", shapely.get_x(points)), ("lat", shapely.get_y(points))):
        files[axis] = _places(files, values)
    whole = [name.casefold() for _, name in split]
    ranked = files.assign(
        added=(files["name"] + files["suffix"]) != whole,
        pixels=-files["width"] * files["height"],
    )
    return ranked.sort_values(["other", "added", "pixels", "photo_id"])


def _seconds(photos: gpd.GeoDataFrame) -> "pd.Series[pd.Timestamp]":
    """Return when the photos were taken, by the camera's clock where it is known."""
    time = photos["taken_at"].dt.tz_localize(None)
    if "taken_local" in photos:
        time = photos["taken_local"].fillna(time)
    second: pd.Series[pd.Timestamp] = time.dt.floor("s")
    return second


def _in_seconds_with_pairs(
    second: npt.NDArray[np.datetime64], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which photos are of a second in which two were taken that near each other."""
    order = np.lexsort((values, second))
    same = second[order][1:] == second[order][:-1]
    near = same & ~(np.diff(values[order]) > _SAME_PLACE)
    return np.isin(second, second[order][1:][near])


def _places(files: pd.DataFrame, values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return a number for each photo: the same for those of a second and name that lie together."""
    order = np.lexsort((values, files["name"].to_numpy(), files["second"].to_numpy()))
    gap = np.diff(values[order], prepend=np.nan) > _SAME_PLACE
    out = np.empty(len(files), dtype=np.int64)
    out[order] = np.cumsum(gap)
    return out


def _repeats(files: pd.DataFrame, keys: list[str]) -> "pd.Series[str]":
    """Return the `photo_id` of the first file with the same keys, for each file that follows it."""
    first = files.groupby(keys, sort=False)["photo_id"].transform("first")
    return first[first != files["photo_id"]]


def _report(photos: gpd.GeoDataFrame, shots: pd.Index, twins: pd.Index, *, keep: bool) -> None:
    what = "the same shot as another (same second, place and name)"
    remedy = "--same-shot all counts all"
    report_number(
        f"file shows {what} and {'counts too' if keep else f'is not counted; {remedy}'}",
        f"files show {what} and {'count too' if keep else f'are not counted; {remedy}'}",
        photos.loc[shots, "photo_id"].tolist(),
    )
    report_number(
        "photo has second, place, name and size of one in another folder, and counts by itself",
        "photos have second, place, name and size of one in another folder, and count by "
        "themselves",
        photos.loc[twins, "photo_id"].tolist(),
    )
