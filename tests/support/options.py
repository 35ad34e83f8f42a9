"""For every option of `geobike map`, values that differ from its default, also for new options."""

import json
from typing import Any

from geobike import config
from geobike.options import Declared

OPTIONS = [one for one in config.all_declared() if one.table]
"""Every option that a survey file takes."""

_SPECIAL: dict[str, tuple[Any, Any]] = {
    "photos": (["one", "two/*.jpg"], ["three"]),
    "track": (["ride.gpx"], ["day 2/b.gpx", "a.gpx"]),
    "track_max_gap": (60.0, 15.0),
    "racks": ("racks.geojson", "town.osm.pbf"),
    "racks_date": ("2026-05-12", "2025-01-01"),
    "walk": (75.0, 100.0),
    "timezone": ("Europe/Amsterdam", "Asia/Tokyo"),
    "field_of_view": (67.4, 120.0),
    "stop_distance": (12.5, 25.0),
    "formats": (["geojson"], ["csv", "geojson"]),
    "positions": (["exif", "manifest"], ["manifest"]),
    "language": ("nl", "words.json"),
    "tiles": ("https://tiles.test/{z}/{x}/{y}.png", "https://other.test/{z}/{x}/{y}.png"),
    "endpoint": ("https://models.test/detr", "https://other.test/detr"),
    "kind": ("huggingface", "onnx"),
    "token_file": ("secret.txt", "other.txt"),
    "classes": ("names.txt", "classes.json"),
    "model": ("models/a.onnx", "facebook/detr-resnet-50"),
    "windows": ("3", "no"),
}
"""Values of options that are checked further."""


def two_values(one: Declared) -> tuple[Any, Any]:
    """Return two values of an option, as a survey file has them; neither is its default."""
    if one.name in _SPECIAL:
        return _SPECIAL[one.name]
    if one.type is bool:
        return not one.default, not one.default
    if one.choices:
        others = [choice for choice in one.choices if choice != one.default]
        pair: tuple[Any, Any] = (others[0], others[-1])
    else:
        pair = {str: ("one", "two words"), int: (3, 7), float: (0.25, 0.75)}[one.type]
    return ([pair[0]], [pair[1], pair[0]]) if one.many else pair


def as_field(value: Any) -> Any:
    """Return a value of a survey file as the dataclass holds it."""
    return tuple(value) if isinstance(value, list) else value


def toml(tables: dict[str, dict[str, Any]]) -> str:
    """Return tables as TOML: in plain values it is spelt like JSON."""
    lines = []
    for table, entries in tables.items():
        lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in entries.items())]
    return "\n".join(lines) + "\n"


def arguments(one: Declared, value: Any) -> list[str]:
    """Return what is typed on the command line for a value."""
    if one.option.positional:
        return list(value)
    if one.type is bool:
        return [f"--{one.flag}" if value else f"--no-{one.flag}"]
    if isinstance(value, list) and one.option.separator is not None:
        return [f"--{one.flag}", one.option.separator.join(value)]
    values = value if isinstance(value, list) else [value]
    return [part for item in values for part in (f"--{one.flag}", str(item))]
