"""Which photo a name in a table means."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd


def match(files: "pd.Series[str]", photo_ids: "pd.Series[str]") -> "pd.Series[str]":
    """Return for each file name the `photo_id` it means, on the index of `files`, or NA.

    The path within the photo folder decides, as it stands, else made plain. Where it names none,
    the one photo whose path ends as the name does, or the other way round, unless another row
    names that photo by its whole path.
    """
    found = _whole(files, photo_ids, photo_ids)
    lost = found.isna()
    if lost.any():
        ids, names = normalize_names(photo_ids), normalize_names(files[lost].fillna(""))
        found[lost] = _whole(names, ids, photo_ids)
        lost = found.isna()
        free = ~isin(photo_ids, found)
        found[lost] = _by_end(names[lost], ids[free], photo_ids[free])
    return found


def normalize_names(names: "pd.Series[str]") -> "pd.Series[str]":
    """Return names as most would write them: slashes, no blanks around, é as one character."""
    out = names.str.strip().str.replace("\\", "/").str.removeprefix("./")
    return out if out.str.isascii().all() else out.str.normalize("NFC")


def isin(values: "pd.Series[str]", those: "pd.Series[str]") -> npt.NDArray[np.bool_]:
    """Tell which values are among those. `isin` takes ten times as long for text in Arrow."""
    place = pd.Index(those.dropna().unique(), dtype="str").get_indexer(pd.Index(values))
    return np.asarray(place >= 0)


def _whole(
    files: "pd.Series[str]", known: "pd.Series[str]", photo_ids: "pd.Series[str]"
) -> "pd.Series[str]":
    """Return for each file the one photo that is known by that very name, or NA."""
    once = ~known.duplicated(keep=False)
    place = pd.Index(known[once]).get_indexer(pd.Index(files))
    out = photo_ids[once].array.take(place, allow_fill=True)  # -1 gives NA
    return pd.Series(out, index=files.index, dtype="str")


def _by_end(
    files: "pd.Series[str]", known: "pd.Series[str]", photo_ids: "pd.Series[str]"
) -> "pd.Series[str]":
    """Return for each file the one photo whose path ends as the file's, or the other way round."""
    keys = files.tolist()
    asked = set(keys)
    whole: dict[str, str | None] = {}  # None where several photos are meant
    ending: dict[str, str | None] = {}
    for key, photo_id in zip(known, photo_ids, strict=True):
        whole[key] = None if key in whole else photo_id
        for end in _ends(key):
            if end in asked:
                ending[end] = None if end in ending else photo_id

    def meant(key: str) -> str | None:
        shorter = [whole[end] for end in _ends(key) if end in whole]
        candidates = shorter + ([ending[key]] if key in ending else [])
        return candidates[0] if len(candidates) == 1 and ".." not in key.split("/") else None

    return pd.Series([meant(key) for key in keys], index=files.index, dtype="str")


def _ends(path: str) -> Iterator[str]:
    """Yield what a path ends as, shorter than itself: a/b/c.jpg gives b/c.jpg and c.jpg."""
    while "/" in path:
        path = path.partition("/")[2]
        yield path
