"""The formats of vector files that are read, told by ending and content.

A file's content must begin as its ending says, and must name no other file or address: GDAL would
take it for what its content looks like, and follow.
"""

import json
import re
from pathlib import Path
from typing import Final, NamedTuple

from geobike.errors import InputError
from geobike.reporting import one_line, report


class Kind(NamedTuple):
    """A format, or several that share an ending."""

    name: str
    begins: tuple[bytes, ...]
    """What one of its files begins with, in small letters and without blanks; () for text."""
    sides: tuple[str, ...] = ()
    """Endings of the files that belong to it."""


_JSON: Final = Kind("GeoJSON, TopoJSON or Esri JSON", (b"{", b"\x1e"))
_GEODATABASE: Final = Kind("a file geodatabase", ())
KINDS: Final = {
    ".geojson": _JSON,
    ".json": _JSON,
    ".topojson": _JSON,
    ".geojsonl": _JSON,
    ".geojsons": _JSON,
    ".geojsonseq": _JSON,
    ".ndjson": _JSON,
    ".jsonl": _JSON,
    ".gpkg": Kind("a GeoPackage", (b"sqlite format 3\0",)),
    ".shp": Kind("a shapefile", (b"\0\0'\n",), (".shx", ".dbf", ".prj", ".cpg")),
    ".fgb": Kind("FlatGeobuf", (b"fgb\x03",)),
    ".kml": Kind("KML", (b"<",)),
    ".gml": Kind("GML", (b"<",), (".xsd",)),
    ".xml": Kind("GML", (b"<",), (".xsd",)),
    ".gpx": Kind("GPX", (b"<",)),
    ".tab": Kind("a MapInfo table", (b"!table",), (".dat", ".dbf", ".map", ".id", ".ind")),
    ".mif": Kind("MapInfo interchange", (b"version",), (".mid",)),
    ".csv": Kind("CSV", (), (".csvt", ".prj")),
    ".tsv": Kind("TSV", (), (".csvt", ".prj")),
    ".parquet": Kind("Parquet", (b"par1",)),
    ".geoparquet": Kind("Parquet", (b"par1",)),
    ".gdb": _GEODATABASE,
    ".pbf": Kind(
        "an OpenStreetMap extract", (b"\0\0\0\r\n\tosmheader", b"\0\0\0\x0e\n\tosmheader")
    ),
}
"""What is read, by ending; archives of these too."""

ARCHIVES: Final = (".zip", ".shz", ".kmz")
"""GDAL itself would read a KMZ without the columns that its KML declares."""

_BY_CONTENT: Final = (
    (b"sqlite format 3\0", ".gpkg"),
    (b"fgb\x03", ".fgb"),
    (b"pk\x03\x04", ".zip"),
    (b"par1", ".parquet"),
    (b"{", ".geojson"),
)
"""For names without an ending that is known, as web addresses have them."""

_FOREIGN: Final = (
    (b"<ogrvrtdatasource", "an OGR VRT, which names other files"),
    (b"gdal_streamed_alg", "a GDAL pipeline (GDALG), which runs commands"),
    (b"<ogrwfsdatasource", "the description of a web service (WFS)"),
    (b"<wfs_capabilities", "the description of a web service (WFS)"),
    (b"<wfs:wfs_capabilities", "the description of a web service (WFS)"),
    (b"<ogrcswdatasource", "the description of a web service (CSW)"),
)
_REFUSAL: Final = re.compile(
    rb'\{\s*"error"\s*:|(<\?xml[^>]*>\s*)?<(\w+:)?(exceptionreport|serviceexceptionreport)\b'
)
"""Of ArcGIS in JSON, of OGC services in XML."""

EXPORT: Final = "export the data itself, such as to GeoJSON or GeoPackage"
"""The remedy for what is no such file."""

OFTEN_NOTES: Final = (".json", ".xml", ".csv", ".tsv")
"""Endings that the notes beside the data of an archive have, such as `areas.shp.xml`."""

_HEAD: Final = 4096
_CHUNK: Final = 1 << 18  # the processor's cache holds it

# A key `crs` as GDAL takes it: in any letter case, escaped, in single quotes, up to a null
# character; but not one whose value is plainly no object, nor a text that is no key. The text that
# these are looked for in is in small letters.
_NO_OBJECT: Final = re.compile(rb"""\s*(?::\s*["\[\-\dtfn]|[^\s:/])""")
_END: Final = rb"""(?:\0|\\u0000|["'](?!%s))""" % _NO_OBJECT.pattern
_KEY: Final = re.compile(rb"crs" + _END)
_ESCAPED: Final = re.compile(rb"\\u00(?:[46]3|[57][23])")
_ESCAPED_KEY: Final = re.compile(rb"(?:c|\\u00[46]3)(?:r|\\u00[57]2)(?:s|\\u00[57]3)" + _END)
_OBJECT: Final = re.compile(rb"\s*:\s*(?=\{)")
_PAIRS: Final = json.JSONDecoder(object_pairs_hook=list)  # keys may come twice
_NAMED_CRS: Final = ("name", "epsg", "ogc")

_VIEW: Final = re.compile(rb"create\s+view|open\s+table|isseamless|type\s+linked", re.IGNORECASE)
"""MapInfo tables with one of these name other tables."""

_INCLUDE: Final = re.compile(rb"<\s*(?:[^\s<>:]+:)?(?:include|redefine|override)\b", re.IGNORECASE)


def format_name(path: Path) -> str | None:
    """Return the format of a vector file, such as "a GeoPackage", or None where it is none.

    Its ending decides; its content, where that is not known. CSV and Parquet are none.

    >>> format_name(Path("photos.gpkg")), format_name(Path("photos.csv"))
    ('a GeoPackage', None)
    """
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        return "an archive of a vector file"
    if suffix not in KINDS and path.is_file():
        head = _start(path)
        known = [ending for begin, ending in _BY_CONTENT if head.startswith(begin)]
        suffix = known[0] if known else ".gml" if head.startswith(b"<") else suffix
    tables = (".csv", ".tsv", ".parquet", ".geoparquet")
    return KINDS[suffix].name if suffix in KINDS and suffix not in tables else None


def ending_of(path: Path) -> str:
    """Return the ending that a file goes by: its own, or that of its content where it has none.

    Raises InputError for what is no file, and where neither tells.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        if suffix == ".gdb":
            return suffix
        raise InputError("it is a folder; name the file in it")
    if not path.is_file():  # to open a pipe would wait for ever
        raise InputError("it is a pipe or a device; name a file")
    if suffix in ARCHIVES or (suffix in KINDS and suffix != ".gdb"):
        return suffix
    head = _start(path)
    known = [ending for begin, ending in _BY_CONTENT if head.startswith(begin)]
    if head.startswith(b"<"):
        known = [".kml" if b"<kml" in head else ".gpx" if b"<gpx" in head else ".gml"]
    if not known:
        _refuse_foreign(head)
        raise InputError(f"neither its ending nor its content is of a known format; {EXPORT}")
    return known[0]


def _start(path: Path) -> bytes:
    """Return the first bytes of a file, without byte order mark and blanks, in small letters."""
    with path.open("rb") as file:
        return file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().lower()


def checked(file: Path, suffix: str) -> Path:
    """Return a file whose content is what its ending says, and names nothing outside.

    Raises InputError.
    """
    kind = KINDS[suffix]
    if kind is _GEODATABASE:
        if not (file / "a00000001.gdbtable").is_file():
            raise InputError("the folder is not a file geodatabase, as its ending .gdb says")
        return file
    head = _start(file)
    _refuse_foreign(head)
    if not (head.startswith(kind.begins) if kind.begins else not head.startswith((b"<", b"{"))):
        raise InputError(f"its content is not {kind.name}, as its ending {suffix} says; {EXPORT}")
    if kind is _JSON and _links_to_crs(file):
        raise InputError(
            'its "crs" is not the name of a CRS but a link or the like, which is not followed; '
            "save it with a named CRS"
        )
    if suffix == ".gpx":
        _check_degrees(file)
    if ".xsd" in kind.sides:
        _drop_schema_of_parts(file.with_suffix(".xsd"))
    if suffix == ".tab" and _VIEW.search(file.read_bytes()):
        raise InputError(f"it is a MapInfo table that names other tables; {EXPORT}")
    return file


_NO_DEGREES: Final = re.compile(
    rb"""\b(lat|lon)\s*=\s*["'](?!\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*["'])([^"']*)"""
)


def _check_degrees(file: Path) -> None:
    """Raise InputError for degrees of which GDAL would take a part: 52 of 52,005."""
    if found := _NO_DEGREES.search(file.read_bytes()):
        said = one_line(found[2][:40].decode(errors="replace"))
        raise InputError(
            f"its {found[1].decode()} {said!r} is not a number with a decimal point; export anew"
        )


def _drop_schema_of_parts(schema: Path) -> None:
    """Do without a schema that includes others: GDAL would fetch them, whatever its options say."""
    if schema.exists() and _INCLUDE.search(schema.read_bytes()):
        schema.unlink()
        report(f"{schema.name} includes other schemas, so it is left aside, and types are guessed")


def _refuse_foreign(head: bytes) -> None:
    for mark, what in _FOREIGN if head.startswith((b"<", b"{")) else ():
        if mark in head:
            raise InputError(f"it is {what}; {EXPORT}")
    if head.startswith((b"<!doctype html", b"<html")):
        raise InputError(f"it is a web page; {EXPORT}")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("it is UTF-16 text; save it in UTF-8")
    if _REFUSAL.match(head):
        said = re.search(rb'"message"\s*:\s*"([^"]*)|text>([^<]*)', head)
        words = one_line((said[1] or said[2]).decode(errors="replace")) if said else "no reason"
        raise InputError(f"it is the refusal of a service ({words}), not its data; ask it again")


def _links_to_crs(path: Path) -> bool:
    """Tell whether JSON says its CRS, at any depth, otherwise than by name.

    GDAL would follow a link in `crs`, and its proxy is no safeguard where NO_PROXY names the host.
    The file is searched as bytes, in a small part of the time that GDAL takes to parse it.
    """
    with path.open("rb") as file:
        for start in range(0, path.stat().st_size, _CHUNK):
            file.seek(start)
            text = file.read(_CHUNK + 2 * _HEAD).lower()  # a key, and all that belongs to it
            escaped = b"\\" in text and _ESCAPED.search(text)
            for key in (_ESCAPED_KEY if escaped else _KEY).finditer(text, 0, _CHUNK + _HEAD):
                quoted = text[max(key.start() - 1, 0) : key.start()] in (b'"', b"'")
                whole = key[0].endswith((b'"', b"'"))  # and not up to a null character
                if quoted and not (whole and _is_named(text, key.end())):
                    return True
    return False


def _is_named(text: bytes, place: int) -> bool:
    """Tell whether the value of a key that ends there names a CRS or is none; if in doubt, no."""
    if _NO_OBJECT.match(text, place):
        return True
    if not (value := _OBJECT.match(text, place)):
        return False
    try:
        shown = text[value.end() : value.end() + _HEAD].decode(errors="replace")
        members, _ = _PAIRS.raw_decode(shown)
    except (ValueError, RecursionError):
        return False
    # Escapes of capital letters are capital letters only now.
    kinds = [str(kind).lower() for key, kind in members if key.partition("\0")[0].lower() == "type"]
    return all(kind.startswith(_NAMED_CRS) for kind in kinds)
