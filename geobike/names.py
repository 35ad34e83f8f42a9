"""Which photo a name in a table means."""

import pandas as pd


def match(files: "pd.Series[str]", photo_ids: "pd.Series[str]") -> "pd.Series[str]":
    """Return for each file name the `photo_id` it means, on the index of `files`, or NA.

    The path within the photo folder decides; else the bare name, where only one photo has it.
    """
    bare = photo_ids.str.rpartition("/")[2]
    unique = photo_ids[~bare.duplicated(keep=False)]
    by_name = pd.Series(unique.to_numpy(), index=bare[unique.index])
    exact = files.where(files.isin(photo_ids))
    return exact.fillna(files.str.rpartition("/")[2].map(by_name)).astype("str")
