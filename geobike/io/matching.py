"""Match the names in a table to photos."""

import posixpath
import unicodedata
from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

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
    found = _whole(files, photo_ids, photo_ids)
    lost = found.isna()
    if not lost.any():
        return found
    ids, names = normalize_names(photo_ids), normalize_names(files[lost].fillna(""))
    found[lost] = _whole(names, ids, photo_ids)
    free = ~isin(photo_ids, found)
    for forms in (_unchanged, _in_lower_case, _without_ending):
        lost = found.isna()
        if lost.any():
            wanted, known = forms(names[lost[names.index]], ids[free])
            found[lost] = _by_end(wanted, known, photo_ids[free])
    return found


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
    """Tell which values are among those. `isin` takes ten times as long for text in Arrow."""
    ours = pd.Index(values)
    if ours.equals(pd.Index(those)) and not ours.hasnans:  # as of two frames of the same photos
        return np.ones(len(values), dtype=np.bool_)
    place = pd.Index(those.dropna().unique(), dtype="str").get_indexer(ours)
    return np.asarray(place >= 0)


_Texts = tuple["pd.Series[str]", "pd.Series[str]"]


def _unchanged(names: "pd.Series[str]", ids: "pd.Series[str]") -> _Texts:
    return names, ids


def _in_lower_case(names: "pd.Series[str]", ids: "pd.Series[str]") -> _Texts:
    return names.str.casefold(), ids.str.casefold()


def _without_ending(names: "pd.Series[str]", ids: "pd.Series[str]") -> _Texts:
    stems = [posixpath.splitext(one)[0] for one in ids]
    return _in_lower_case(names, pd.Series(stems, index=ids.index, dtype="str"))


def _whole(
    files: "pd.Series[str]", known: "pd.Series[str]", photo_ids: "pd.Series[str]"
) -> "pd.Series[str]":
    """Return for each file the one photo that is known by that very name, or NA."""
    once = ~known.duplicated(keep=False)
    if once.all() and pd.Index(files).equals(pd.Index(known)):
        return pd.Series(photo_ids.array, index=files.index, dtype="str")
    place = pd.Index(known[once]).get_indexer(pd.Index(files))
    out = photo_ids[once].array.take(place, allow_fill=True)  # -1 gives NA
    return pd.Series(out, index=files.index, dtype="str")


def _by_end(
    files: "pd.Series[str]", known: "pd.Series[str]", photo_ids: "pd.Series[str]"
) -> "pd.Series[str]":
    """Return for each file the one photo whose path ends as the file's, or the other way round.

    Identical paths match too.
    """
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
        candidates = [whole[end] for end in (key, *_ends(key)) if end in whole]
        if key in ending:
            candidates.append(ending[key])
        return candidates[0] if len(candidates) == 1 and ".." not in key.split("/") else None

    return pd.Series([meant(key) for key in keys], index=files.index, dtype="str")


def _ends(path: str) -> Iterator[str]:
    """Yield the proper suffixes of a path: a/b/c.jpg gives b/c.jpg and c.jpg."""
    while "/" in path:
        path = path.partition("/")[2]
        yield path
