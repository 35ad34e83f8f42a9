"""Parquet for many rows: GeoParquet 1.1 with the bounds of each shape; detections without any."""

from pathlib import Path
from typing import Any, Final

from geobike.exports.protocol import TABLES, Files, Format, Table, one_file_per_table
from geobike.io.files import atomic_path


def _write_table(table: Table, frame: Any, path: Path) -> None:
    from geobike import schema

    options: dict[str, Any] = {"schema_version": "1.1.0", "write_covering_bbox": True}
    if table == "detections":
        # As text: photos are so many that their codes would be repeated in every row group.
        frame, options = frame.astype({"photo_id": schema.TEXT}), {}
    with atomic_path(path) as part:
        frame.to_parquet(part, index=False, compression="zstd", **options)


_FILES: Final[Files] = {table: f"{table}.parquet" for table in TABLES}

FORMAT: Final = Format(
    name="parquet",
    help="all tables, those with geometry as GeoParquet 1.1",
    files=_FILES,
    suffixes=(".parquet",),
    write=one_file_per_table(_FILES, _write_table),
    extra="parquet",
    package="pyarrow",
)
