"""Tables of boxes as CSV."""

from pathlib import Path

import pandas as pd

from geobike.detections import imported

HEADER = "file,label,score,xmin,ymin,xmax,ymax\n"


def read(path: Path, rows: str) -> pd.DataFrame:
    """Write a table of these rows, and return what geobike reads of it."""
    path.write_text(HEADER + rows, encoding="utf-8")
    return imported.read(path)
