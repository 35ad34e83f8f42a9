"""Which photo a name in a table means."""

import unicodedata

import pandas as pd


def match(files: "pd.Series[str]", photo_ids: "pd.Series[str]") -> "pd.Series[str]":
    """Return for each file name the `photo_id` it means, on the index of `files`, or NA.

    The path within the photo folder decides. Where it names none, the one photo whose path ends as
    the name does, or the other way round, unless another row names that photo by its whole path.
    Composed and decomposed letters (é as one character or two) are the same.
    """
    known = {_key(photo_id): photo_id for photo_id in photo_ids}
    exact = files.map(lambda file: known.get(_key(file)))
    by_name: dict[str, list[str]] = {}
    for photo_id in photo_ids[~photo_ids.isin(exact)]:
        by_name.setdefault(_key(photo_id).rpartition("/")[2], []).append(photo_id)

    def by_end(file: str) -> str | None:
        name = "/" + _key(file)
        candidates = [
            photo_id
            for photo_id in by_name.get(name.rpartition("/")[2], [])
            if name.endswith(f"/{_key(photo_id)}") or f"/{_key(photo_id)}".endswith(name)
        ]
        return candidates[0] if len(candidates) == 1 and ".." not in file.split("/") else None

    return exact.where(exact.notna(), files[exact.isna()].map(by_end)).astype("str")


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name)
