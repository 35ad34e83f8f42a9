"""GeoPackage: all tables as layers of one file, which QGIS shows as the page does."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geobike.exports.protocol import TABLES, Files, Format, Frames, Table
from geobike.exports.survey_row import survey_row
from geobike.io.files import atomic_path

if TYPE_CHECKING:
    import pandas as pd

    from geobike.io.geopackage import Layer

_FILE: Final = "survey.gpkg"

_MANY: Final = 100_000
"""Boxes above which only those that count are written: they are about one in thirty."""

_SHAPES: Final[Mapping[str, str]] = {"areas": "MultiPolygon", "streets": "MultiLineString"}
_KEYS: Final[Mapping[str, str]] = {
    "areas": "area_id",
    "streets": "street_id",
    "racks": "rack_id",
    "stops": "stop_id",
    "photos": "photo_id",
}
_INDEXED: Final[Mapping[str, tuple[str, ...]]] = {
    "bicycles": ("photo_id", "area_id"),
    "photos": ("area_id",),
    "detections": ("photo_id",),
}
_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "areas": ("Areas", "Statistics by area."),
    "streets": ("Streets", "Streets between junctions, and how much of each was seen."),
    "racks": ("Bicycle racks", "Places to park, and the bicycles detected near each."),
    "stops": ("Stops", "Places looked at, each on one photo of a visit."),
    "bicycles": ("Bicycles detected", "Boxes that count, each where it stands."),
    "photos": ("Photos", "Every photo given, with its status; sums are over status = 'counted'."),
    "detections": ("Detections", "Boxes in pixels of the upright photo, kept or dropped."),
}
_NEVER: Final = "1970-01-01T00:00:00.000Z"


def _write(frames: Frames, folder: Path) -> Files:
    from geobike.exports import qgis
    from geobike.exports.qgis_words import Words
    from geobike.io import geopackage

    about, page = frames.about, frames.about.page()
    styles = qgis.styles(frames, Words(about, page), pictures=bool(page.pictures))
    layers = [
        _layer(table, frame, frames, styles.get(table, ()), page.pictures)
        for table, frame in frames.items()
    ]
    if about.summary:  # of a single table nobody knows more
        layers.append(_survey(about.summary))
    # GDAL would add to a file that is there.
    with atomic_path(folder / _FILE) as part:
        geopackage.write(part, layers, at=_at(about.summary))
    return {table: _FILE for table, _ in frames.items()}


def _layer(
    table: Table, frame: Any, frames: Frames, styles: Any, pictures: Mapping[str, bytes]
) -> "Layer":
    from geobike.exports import own_columns, qgis, qml
    from geobike.io.geopackage import Layer

    title, description = _TITLES.get(table, (table.capitalize(), ""))
    if table == "detections" and len(frame) > _MANY:
        description = f"{description} Only those that count, of {len(frame):,}."
        frame = frame[frame["kept"]]
    key = _KEYS.get(table)
    if table == "areas":
        key = own_columns.names(frame, [str(key)])[str(key)]
    has_shape = "geometry" in frame
    return Layer(
        name=table,
        frame=frame,
        title=title,
        description=f"{description} {_provenance(frames.about.summary)}".strip(),
        geometry=_SHAPES.get(table, "Point") if has_shape else None,
        key=key,
        indexed=_INDEXED.get(table, ()),
        blobs={qgis.PICTURE: pictures} if table == "photos" and pictures else {},
        styles=[(f"geobike {table} {n}", qml.document(one)) for n, one in enumerate(styles, 1)],
    )


def _provenance(summary: Mapping[str, Any]) -> str:
    """Return one sentence on how the numbers were made, which QGIS shows with each layer."""
    if "detector" not in summary:
        return ""
    photos = summary["ledger"]["photos"]
    return (
        f"Detected by {summary['detector']['model']}, threshold "
        f"{summary['counting']['threshold']:g}; {photos['counted']} of "
        f"{summary['ledger']['photos_given']} photos counted."
    )


def _at(summary: Mapping[str, Any]) -> str:
    return _utc(summary.get("finished_at")) or _NEVER


def _utc(time: str | None) -> str | None:
    from datetime import UTC, datetime

    if time is None:
        return None
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _survey(summary: Mapping[str, Any]) -> "Layer":
    """Return the table of one row that says what the survey is, in columns to compare by SQL."""
    import pandas as pd

    from geobike.io.geopackage import Layer

    row = survey_row(summary)
    frame: pd.DataFrame = pd.DataFrame({name: _typed(name, value) for name, value in row.items()})
    return Layer(
        name="survey", frame=frame, title="The survey", description="How the numbers were made."
    )


def _typed(name: str, value: Any) -> "pd.Series[Any]":
    """Return one value as a column, which has its type also where it is missing."""
    import pandas as pd

    if name.endswith("_at"):
        return pd.Series(pd.to_datetime([value], utc=True))
    if name in ("threshold", "max_overlap", "detected_once"):
        return pd.Series([value], dtype="float64")
    if name.startswith(("photos_", "detected")) or name == "stops":
        return pd.Series([value], dtype="Int64")
    return pd.Series([value], dtype="str")


_FILES: Final[Files] = dict.fromkeys(TABLES, _FILE)

FORMAT: Final = Format(
    name="gpkg",
    help="all tables in one GeoPackage, survey.gpkg, with styles for QGIS",
    files=_FILES,
    suffixes=(".gpkg",),
    write=_write,
    readable=False,
)
