"""Match the names in a table to photos."""

import posixpath
import unicodedata
from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike.io.lookup import is_unique, rows_among

_Rows = npt.NDArray[np.intp]

Kind = Literal["whole", "path", "case", "ending"]
"""How a name matches a photo: by its whole path, by path suffix, in another letter case, or without
its file extension."""


def match(files: "pd.Series[str]", photo_ids: "pd.Series[str]") -> "pd.Series[str]":
    """Return for each file name the `photo_id` it matches, on the index of `files`, or NA.

    The path within the photo folder decides, as it is, else normalized. Where it names none, the
    one photo whose path ends as the name does, or the other way round, unless another row names
    that photo by its whole path. Then the same in any letter case, and then for names without the
    ending of a file, each time only where one photo is meant.
    """
    found = match_rows(files, photo_ids)
    return pd.Series(photo_ids.array.take(found, allow_fill=True), index=files.index, dtype="str")


def match_rows(files: "pd.Series[str]", photo_ids: "pd.Series[str]") -> _Rows:
    """Return for each file name the row of the photo that `match` finds for it, or -1."""
    row = _whole(files, photo_ids)
    lost = np.flatnonzero(row < 0)
    if not len(lost):
        return row
    ids, names = normalize_names(photo_ids), normalize_names(files.iloc[lost].fillna(""))
    row[lost] = _whole(names, ids)
    free = np.setdiff1d(np.arange(len(ids)), row)
    for forms in (_unchanged, _in_lower_case, _without_ending):
        left = row[lost] < 0
        if left.any():
            wanted, known = forms(names[left], ids.iloc[free])
            row[lost[left]] = np.append(free, -1)[_by_end(wanted, known)]
    return row


def kind_of_match(file: str, photo_id: str) -> Kind:
    """Return how a name matches the photo that `match` found for it.

    >>> kind_of_match("survey/north/a.jpg", "north/a.jpg"), kind_of_match("IMG_1", "IMG_1.JPG")
    ('path', 'ending')
    """
    if file == photo_id:
        return "whole"
    name, known = _normalize_name(file), _normalize_name(photo_id)
    if _ends_alike(name, known):
        return "path"
    return "case" if _ends_alike(name.casefold(), known.casefold()) else "ending"


def _ends_alike(one: str, other: str) -> bool:
    return f"/{one}".endswith(f"/{other}") or f"/{other}".endswith(f"/{one}")


def _normalize_name(name: str) -> str:
    """Do for one name what `normalize_names` does for many."""
    return unicodedata.normalize("NFC", name.strip().replace("\\", "/").removeprefix("./"))


def normalize_names(names: "pd.Series[str]") -> "pd.Series[str]":
    """Return normalized names: with slashes, without blanks around, é as one character (NFC)."""
    out = names.str.strip().str.replace("\\", "/").str.removeprefix("./")
    return out if out.str.isascii().all() else out.str.normalize("NFC")


def isin(values: "pd.Series[str]", those: "pd.Series[str]") -> npt.NDArray[np.bool_]:
    """Tell which values are among those. pandas' `isin` makes a Python object of each."""
    if isinstance(values.dtype, pd.CategoricalDtype):  # each text once
        among = isin(pd.Series(values.cat.categories), those)
        return np.append(among, False)[values.cat.codes]
    if isinstance(those.dtype, pd.CategoricalDtype):
        those = pd.Series(those.dropna().unique(), dtype="str")
    return rows_among(values, those) >= 0


_Texts = tuple["pd.Series[str]", "pd.Series[str]"]


def _unchanged(names: "pd.Series[str]", ids: "pd.Series[str]") -> _Texts:
    return names, ids


def _in_lower_case(names: "pd.Series[str]", ids: "pd.Series[str]") -> _Texts:
    return names.str.casefold(), ids.str.casefold()


def _without_ending(names: "pd.Series[str]", ids: "pd.Series[str]") -> _Texts:
    stems = [posixpath.splitext(one)[0] for one in ids]
    return _in_lower_case(names, pd.Series(stems, index=ids.index, dtype="str"))


def _whole(files: "pd.Series[str]", known: "pd.Series[str]") -> _Rows:
    """Return for each file the row of the one photo that is known by that very name, or -1."""
    row = rows_among(files, known)
    if not is_unique(known):
        row[np.append(known.duplicated(keep=False), False)[row]] = -1
    return row


def _by_end(files: "pd.Series[str]", known: "pd.Series[str]") -> _Rows:
    """Return for each file the row of the one photo whose path ends as the file's, or -1.

    Also of the one whose path is the end of the file's. Identical paths match too.
    """
    keys = files.tolist()
    asked = set(keys)
    whole: dict[str, int] = {}  # -1 where several photos are meant
    ending: dict[str, int] = {}
    for row, key in enumerate(known):
        whole[key] = -1 if key in whole else row
        for end in _ends(key):
            if end in asked:
                ending[end] = -1 if end in ending else row

    def meant(key: str) -> int:
        candidates = [whole[end] for end in (key, *_ends(key)) if end in whole]
        if key in ending:
            candidates.append(ending[key])
        return candidates[0] if len(candidates) == 1 and ".." not in key.split("/") else -1

    return np.array([meant(key) for key in keys], dtype=np.intp)


def _ends(path: str) -> Iterator[str]:
    """Yield the proper suffixes of a path: a/b/c.jpg gives b/c.jpg and c.jpg."""
    while "/" in path:
        path = path.partition("/")[2]
        yield path
