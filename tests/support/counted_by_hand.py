"""The sample counted by hand: the true numbers typed where a person would have counted."""

from pathlib import Path

import pandas as pd

from geobike import saved
from geobike.estimates import hand_counts, sampling


def count_by_hand(
    out: Path, truth: Path, *, seed: int = 1, list_size: int = 60, sheets: int = 3
) -> Path:
    """Draw photos of a finished survey, type their true counts, and return the file."""
    finished = saved.read(out)
    rows = sampling.draw(finished.looks(), seed=seed, list_size=list_size, sheets=sheets)
    true = pd.read_csv(truth).set_index("file").reindex(rows["file"])
    typed = rows.assign(
        bicycles=true["bicycles"].astype(int).astype(str).to_numpy(),
        ridden=true["ridden"].astype(int).astype(str).to_numpy(),
        page_done=rows["origin"].map({"sheet": "yes", "list": ""}).to_numpy(),
        **hand_counts.freeze(finished.count_settings),
    )
    path = out / hand_counts.FILE_NAME
    hand_counts.write(typed, path)
    return path
