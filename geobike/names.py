"""Which photo a name in a table means."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd


def match(files: "pd.Series[str]", photo_ids: "pd.Series[str]") -> "pd.Series[str]":
    """Return for each file name the `photo_id` it means, on the index of `files`, or NA.

    The path within the photo folder decides. Where it names none, the one photo whose path ends as
    the name does, or the other way round, unless another row names that photo by its whole path.
    Composed and decomposed letters (é as one character or two) are the same.
    """
    known = pd.Index(_composed(photo_ids))
    last = ~known.duplicated(keep="last")  # of two photos whose names differ in composition alone
    exact = known[last].get_indexer(pd.Index(_composed(files)))
    out = photo_ids[last].array.take(exact, allow_fill=True)  # -1 gives NA
    found = pd.Series(out, index=files.index, dtype="str")
    lost = found.isna()
    if lost.any():
        found[lost] = _by_end(files[lost], photo_ids[~among(photo_ids, found)])
    return found


def among(values: "pd.Series[str]", those: "pd.Series[str]") -> npt.NDArray[np.bool_]:
    """Tell which values are among those. `isin` takes ten times as long for text in Arrow."""
    place = pd.Index(those.dropna().unique()).get_indexer(pd.Index(values))
    return np.asarray(place >= 0)


def _by_end(files: "pd.Series[str]", photo_ids: "pd.Series[str]") -> list[str | None]:
    """Return for each file the one photo whose path ends as the file's, or the other way round."""
    keys = _composed(files).tolist()
    asked = set(keys)
    whole: dict[str, str | None] = {}  # None where several photos are meant
    ending: dict[str, str | None] = {}
    for key, photo_id in zip(_composed(photo_ids), photo_ids, strict=True):
        whole[key] = None if key in whole else photo_id
        for end in _ends(key):
            if end in asked:
                ending[end] = None if end in ending else photo_id

    def meant(key: str) -> str | None:
        shorter = [whole[end] for end in _ends(key) if end in whole]
        candidates = shorter + ([ending[key]] if key in ending else [])
        return candidates[0] if len(candidates) == 1 and ".." not in key.split("/") else None

    return [meant(key) for key in keys]


def _ends(path: str) -> Iterator[str]:
    """Yield what a path ends as, shorter than itself: a/b/c.jpg gives b/c.jpg and c.jpg."""
    while "/" in path:
        path = path.partition("/")[2]
        yield path


def _composed(names: "pd.Series[str]") -> "pd.Series[str]":
    return names if names.str.isascii().all() else names.str.normalize("NFC")
