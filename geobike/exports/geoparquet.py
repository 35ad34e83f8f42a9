"""Parquet for many rows: GeoParquet 1.1 with the bounds of each shape; detections without any."""

from pathlib import Path
from typing import Any, Final

from geobike.exports.protocol import TABLES, Files, Format, Table, one_file_per_table
from geobike.io.files import atomic_path

_COMPRESSION: Final = "zstd"


def _write_table(table: Table, frame: Any, path: Path) -> None:
    from geobike import schema

    options: dict[str, Any] = {"schema_version": "1.1.0", "write_covering_bbox": True}
    if table == "detections":
        # As text: photos are so many that their codes would be repeated in every row group.
        frame, options = frame.assign(photo_id=schema.text(frame["photo_id"])), {}
    with atomic_path(path) as part:
        frame.to_parquet(part, index=False, compression=_COMPRESSION, **options)
        if options and frame.geometry.isna().any():
            _clear_bounds_of_nothing(part)


def _clear_bounds_of_nothing(path: Path) -> None:
    """Make the bounds of rows without a shape null, as GeoParquet has it: GeoPandas writes NaN."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    place = table.schema.get_field_index("bbox")
    bounds, shapes = (table[name].combine_chunks() for name in ("bbox", "geometry"))
    known = pa.StructArray.from_arrays(
        bounds.flatten(), fields=[*bounds.type], mask=shapes.is_null()
    )
    table = table.set_column(place, table.schema.field(place), known)
    pq.write_table(table, path, compression=_COMPRESSION)


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
