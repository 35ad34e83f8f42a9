"""What mkdocs does for this site: tables that follow the code, and the papers of the root as pages.

Imports nothing of mkdocs, so that the tests need none of it.
"""

import csv
import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from shapely.geometry import box

import geobike
from geobike import schema

DOCS: Final = Path(__file__).parent
ROOT: Final = DOCS.parent
SITE: Final = "benchmarks/results/latest.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"
"""Files outside docs/ that are pages of the site as well."""

_NAMES: Final = {"benchmarks/results/latest.md": "benchmarks.md"}
_TYPES: Final = {
    schema.TEXT: "text",
    schema.CODED: "text",
    schema.FLOAT: "number",
    schema.COUNT: "whole number",
    schema.TIME: "time in UTC",
    schema.FLAG: "true or false",
    schema.MAYBE: "true or false",
    "datetime64[us]": "local time",
    "Int16": "whole number",
}
_LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s]+)(?=\))")
_TABLE: Final = re.compile(r"^<!-- (file|frame): (\S+) -->$", re.MULTILINE)


def on_files(files: Any, *, config: Any) -> Any:
    """Add the papers of the root to the pages."""
    from mkdocs.structure.files import File

    for paper in SITE:
        files.append(File.generated(config, _page(paper), abs_src_path=str(ROOT / paper)))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Fill in the tables, and lead links to where the site has what they name."""
    markdown = _TABLE.sub(lambda found: table(found[1], found[2]), markdown)
    source = Path(page.file.abs_src_path).parent
    return _LINK.sub(lambda found: _link(source, found[1]), markdown)


def _page(paper: str) -> str:
    return _NAMES.get(paper, paper.lower())


def _link(source: Path, target: str) -> str:
    """Return the page of a file that a link names, else the file's address in the repository."""
    parts = urlsplit(target)
    file = (source / parts.path).resolve()
    anchor = f"#{parts.fragment}" if parts.fragment else ""
    if not file.exists():
        return target  # for mkdocs to complain about
    path = file.relative_to(ROOT).as_posix()
    if path in SITE:
        return _page(path) + anchor
    if path == "README.md":
        return "index.md"
    if file.is_relative_to(DOCS):
        return file.relative_to(DOCS).as_posix() + anchor
    return f"{_repository()}/blob/main/{path}{anchor}"


def _repository() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["urls"]["Repository"])


def table(kind: str, name: str) -> str:
    """Return the columns of a file that geobike writes, or of a frame, as a table in Markdown."""
    if kind == "frame":
        frame = getattr(schema, name)
        types = dict(frame.columns) | dict(frame.optional)
        rows = [
            f"| `{column}` | {_TYPES[str(dtype)]} | {meaning(column, frame.name)} |"
            for column, dtype in types.items()
        ]
        return "\n".join(["| column | type | meaning |", "| --- | --- | --- |", *rows])
    frame = _WRITERS[name][1]
    rows = [f"| `{column}` | {meaning(column, frame.name)} |" for column in columns_of(name)]
    return "\n".join(["| column | meaning |", "| --- | --- |", *rows])


def meaning(column: str, frame: str = "") -> str:
    """Return what a column holds; for a statistic without words of its own, its name on the map."""
    words = descriptions()
    text = words.get(frame, {}).get(column) or words.get(column) or _statistics().get(column)
    if not isinstance(text, str):
        raise KeyError(f"docs/columns.toml does not say what the column {column!r} is")
    return text.replace("{Things}", "Bicycles")


def descriptions() -> dict[str, Any]:
    """Return what docs/columns.toml says: column -> meaning, and frame -> the same for it alone."""
    return tomllib.loads((DOCS / "columns.toml").read_text("utf-8"))


def _statistics() -> dict[str, Any]:
    words: dict[str, Any] = json.loads(
        (ROOT / "geobike/maps/page/words-en.json").read_text("utf-8")
    )
    return words


def columns_of(file: str) -> list[str]:
    """Return the columns of a file, as geobike writes it."""
    write, frame = _WRITERS[file]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        write(_one_row(frame), path)
        text = path.read_text("utf-8")
    if path.suffix == ".csv":
        return next(csv.reader(text.splitlines()))
    return list(json.loads(text)["features"][0]["properties"])


_WRITERS: Final[Mapping[str, tuple[Callable[[Any, Path], Any], schema.Frame]]] = {
    "areas.geojson": (geobike.write_areas, schema.AREA_COUNTS),
    "photos.geojson": (geobike.write_photos, schema.COUNTS),
    "detections.csv": (geobike.write_detections, schema.DETECTIONS),
}


def _one_row(frame: schema.Frame) -> Any:
    """Return a frame of one row with every column, also the optional ones."""
    data: dict[str, list[Any]] = {name: [None] for name in frame.optional}
    if frame.key is not None:
        data[frame.key] = ["1"]
    if not frame.geometry:
        return schema.table(frame, {"label": ["bicycle"], **data})
    shape = None if "Point" in frame.geometry else box(5, 52, 6, 53)
    return schema.geotable(frame, data, [shape])
