"""A survey of two photos, written into a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geobike import saved
from geobike.exports.protocol import Frames

TEXT = ["areas.geojson", "detections.csv", "photos.geojson"]
PARQUET = ["areas.parquet", "detections.parquet", "photos.parquet"]
ACCOUNT = {
    "geobike": "test",
    "counting": {"labels": ["bicycle"], "threshold": 0.5, "max_overlap": 0.5},
}


def write(
    folder: Path, frames: Frames, *named: str, account: Mapping[str, Any] = ACCOUNT
) -> dict[str, str | Path]:
    return saved.write(
        folder,
        frames,
        names=named or ("auto",),
        save_map=lambda path: path.write_text("a map") and None,
        summary=lambda: account,
    )


def tables_of_a_run(folder: Path, frames: Frames, *named: str) -> list[str]:
    """Write a survey; return the names of the tables that the folder then holds."""
    write(folder, frames, *named)
    found = sorted(path.name for path in folder.iterdir())
    return [name for name in found if name not in ("map.html", "summary.json")]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
