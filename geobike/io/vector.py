"""Vector files such as areas: the only place where GDAL opens what a user names.

GDAL takes a file for what its content looks like, whatever its name says: a file that is called
`areas.geojson` may be a virtual dataset, a pipeline or the description of a service, which fetch
addresses, read other files or write some. Three things keep a file from reaching out:

1. its content must begin as its ending says, and JSON must not link to its CRS;
2. while it is open, GDAL knows the drivers of plain formats and no other, and no way to the web;
3. GDAL sees a link to the file in a folder of its own, beside the files that belong to its format
   and no other; what it writes there goes away.
"""

import json
import re
import shutil
import threading
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import geopandas as gpd

from geobike.errors import InputError
from geobike.io import dbf
from geobike.reporting import one_line, report

# fmt: off
_DRIVERS: Final = frozenset((
    "CSV", "ESRI Shapefile", "ESRIJSON", "FlatGeobuf", "GML", "GPKG", "GPX", "GeoJSON",
    "GeoJSONSeq", "JSONFG", "KML", "LIBKML", "MapInfo File", "OpenFileGDB", "OSM", "TopoJSON",
))
# fmt: on
"""Drivers of formats that hold their data themselves."""

_SHUT: Final = {
    "GDAL_HTTP_PROXY": "nowhere://nowhere",  # no such kind of proxy: curl gives up before it asks
    "GDAL_HTTPS_PROXY": "nowhere://nowhere",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "GML_USE_SCHEMA_IMPORT": "NO",
    "LIBKML_RESOLVE_STYLE": "NO",
    "ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW": "NO",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "OGR_SQLITE_LIST_VIRTUAL_OGR": "NO",
}
"""GDAL's options that close what the drivers of plain formats leave open."""


class _Kind(NamedTuple):
    """A format, or several that share an ending."""

    name: str
    begins: tuple[bytes, ...]
    """What one of its files begins with, in small letters and without blanks; () for text."""
    sides: tuple[str, ...] = ()
    """Endings of the files that belong to it."""


_JSON: Final = _Kind("GeoJSON, TopoJSON or Esri JSON", (b"{", b"\x1e"))
_GEODATABASE: Final = _Kind("a file geodatabase", ())
_KINDS: Final = {
    ".geojson": _JSON,
    ".json": _JSON,
    ".topojson": _JSON,
    ".geojsonl": _JSON,
    ".geojsons": _JSON,
    ".geojsonseq": _JSON,
    ".ndjson": _JSON,
    ".jsonl": _JSON,
    ".gpkg": _Kind("a GeoPackage", (b"sqlite format 3\0",)),
    ".shp": _Kind("a shapefile", (b"\0\0'\n",), (".shx", ".dbf", ".prj", ".cpg")),
    ".fgb": _Kind("FlatGeobuf", (b"fgb\x03",)),
    ".kml": _Kind("KML", (b"<",)),
    ".gml": _Kind("GML", (b"<",), (".xsd",)),
    ".xml": _Kind("GML", (b"<",), (".xsd",)),
    ".gpx": _Kind("GPX", (b"<",)),
    ".tab": _Kind("a MapInfo table", (b"!table",), (".dat", ".dbf", ".map", ".id", ".ind")),
    ".mif": _Kind("MapInfo interchange", (b"version",), (".mid",)),
    ".csv": _Kind("CSV", (), (".csvt", ".prj")),
    ".tsv": _Kind("TSV", (), (".csvt", ".prj")),
    ".parquet": _Kind("Parquet", (b"par1",)),
    ".geoparquet": _Kind("Parquet", (b"par1",)),
    ".gdb": _GEODATABASE,
    ".pbf": _Kind(
        "an OpenStreetMap extract", (b"\0\0\0\r\n\tosmheader", b"\0\0\0\x0e\n\tosmheader")
    ),
}
"""What is read, by ending; archives of these too."""

_ARCHIVES: Final = (".zip", ".shz", ".kmz")
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

_EXPORT: Final = "export the data itself, such as to GeoJSON or GeoPackage"

_OFTEN_NOTES: Final = (".json", ".xml", ".csv", ".tsv")
"""Endings that the notes beside the data of an archive have, such as `areas.shp.xml`."""

_HEAD: Final = 4096
_CHUNK: Final = 1 << 18  # the processor's cache holds it
_MOST: Final = 4 << 30  # bytes that an archive may hold: more is for the user to unpack

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

_GRID: Final = re.compile(r"""grids=[^\s"]*[/\\]|PARAMETERFILE\["[^"]*","[^"]*[/\\]""")
"""A CRS that names a grid by its address or path; PROJ knows the usual ones by bare name."""

_lock: Final = threading.RLock()


class _Layer(NamedTuple):
    name: str
    geometry: str | None
    file: Path
    inner: str
    """Its name in the file; in an archive, several files may have one of the same name."""


class Source:
    """A vector file, or an archive of several, that is open for reading."""

    def __init__(self, path: Path, files: list[Path]) -> None:
        self._path, self._files = path, files
        self._known: list[_Layer] = []

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, under their own endings, for as long as the source is open."""
        return tuple(self._files)

    def layers(self) -> list[tuple[str, str | None]]:
        """Return name and type of geometry of each layer, None for a table without geometry.

        Raises InputError.
        """
        return [(layer.name, layer.geometry) for layer in self._layers()]

    def read(
        self, layer: str | None = None, *, encoding: str | None = None, where: str | None = None
    ) -> Any:
        """Return the layer of that name, or the first, as a GeoDataFrame in its own CRS.

        A layer without geometry is a DataFrame. `encoding` overrules what the file says; without
        it, text of a shapefile that is valid UTF-8 is read as such. `where` is a rule of ours in
        GDAL's SQL that rows must fulfil, for files of which few are wanted. Raises InputError.
        """
        file, inner = self._files[0], None
        if layer is not None:
            chosen = next((one for one in self._layers() if one.name == layer), None)
            if chosen is None:
                raise InputError(f"it has no layer {layer!r}")
            file, inner = chosen.file, chosen.inner
        encoding = encoding or dbf.encoding(file)
        with (
            _failures(file.parent, self._path.parent),
            _confined(file),
            _remarks(self._path.name),
        ):
            frame = _frame(file, inner, encoding, where)
        check_grids(frame)
        return frame

    def _layers(self) -> list["_Layer"]:
        for file in self._files if not self._known else ():
            with (
                _failures(file.parent, self._path.parent),
                _confined(file),
                _remarks(self._path.name),
            ):
                self._known += [_Layer(name, kind, file, name) for name, kind in _listed(file)]
        if not self._known:
            raise InputError(f"it holds no layer; {_EXPORT}")
        names = [layer.name for layer in self._known]
        return [
            layer._replace(name=f"{layer.file.name}/{layer.name}")
            if names.count(layer.name) > 1
            else layer
            for layer in self._known
        ]


def format_name(path: Path) -> str | None:
    """Return the format of a vector file, such as "a GeoPackage", or None where it is none.

    Its ending decides; its content, where that is not known. CSV and Parquet are none.

    >>> format_name(Path("photos.gpkg")), format_name(Path("photos.csv"))
    ('a GeoPackage', None)
    """
    suffix = path.suffix.lower()
    if suffix in _ARCHIVES:
        return "an archive of a vector file"
    if suffix not in _KINDS and path.is_file():
        head = _start(path)
        known = [ending for begin, ending in _BY_CONTENT if head.startswith(begin)]
        suffix = known[0] if known else ".gml" if head.startswith(b"<") else suffix
    tables = (".csv", ".tsv", ".parquet", ".geoparquet")
    return _KINDS[suffix].name if suffix in _KINDS and suffix not in tables else None


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a vector file, a file geodatabase or an archive, of which nothing reaches out.

    Raises InputError where it is none, or one that names other files or addresses; the message
    says only what is wrong, for the caller to name the file before it.
    """
    with TemporaryDirectory(prefix="geobike-", ignore_cleanup_errors=True) as folder:
        with _failures(Path(folder), path.parent):
            files = _files(path, Path(folder))
        yield Source(path, files)


@contextmanager
def _failures(private: Path, own: Path) -> Iterator[None]:
    """Turn what readers raise, of many kinds, into InputError; it names the user's own folder."""
    try:
        yield
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(
            f"its text is not UTF-8 (byte 0x{error.object[error.start]:02x}); save it in UTF-8, or "
            "name the encoding of areas with --encoding, such as --encoding cp1252"
        ) from None
    except Exception as error:  # noqa: BLE001 - GDAL, Arrow and zipfile raise many kinds
        said = str(error).replace(str(private), str(own)).partition("; It might help to")[0]
        raise InputError(one_line(said, limit=300)) from None


_NOISE: Final = re.compile(
    "invalid value encountered|Could not parse column|More than one layer found|"
    "Error parsing datetimes"
)
"""What is no news to the user: coordinates that are NaN, and how pyogrio reads columns."""

_OPEN_RING: Final = "Non closed ring detected"


@contextmanager
def _remarks(name: str) -> Iterator[None]:
    """Report what libraries warn of while they read the file of that name, in its name."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for said in dict.fromkeys(str(one.message) for one in caught):
        if said.startswith(_OPEN_RING):
            report(f"{name}: a polygon's ring is not closed in the file, so it is closed")
        elif not _NOISE.search(said):
            report(f"{name}: {one_line(said)}")


@contextmanager
def _confined(file: Path) -> Iterator[None]:
    """Leave GDAL the drivers of plain formats alone, and no way to the web.

    pyogrio hands no list of allowed drivers to GDAL, so the others are taken out for as long and
    put back. GDAL takes out what its option OGR_SKIP names whenever it registers its drivers, also
    where the process imported pyogrio before; an environment variable would be too late then. One
    thread at a time. A thread that uses pyogrio meanwhile, past geobike, is safe with the plain
    formats; with another it finds the driver gone, or crashes where it has such a file open.
    """
    import pyogrio

    with _lock:
        options = _SHUT | _restoring(file) | {"CPL_TMPDIR": str(file.parent)}
        before = {name: pyogrio.get_gdal_config_option(name) for name in (*options, "OGR_SKIP")}
        unwanted = {str(name) for name in pyogrio.list_drivers()} - _DRIVERS
        skip = ",".join(sorted(unwanted | set(filter(None, [before["OGR_SKIP"]]))))
        try:
            _register(options | {"OGR_SKIP": skip})
            if more := set(pyogrio.list_drivers()) - _DRIVERS:
                raise InputError(f"GDAL keeps drivers that it must not use: {', '.join(more)}")
            yield
        finally:
            _register(before)


@contextmanager
def configured(options: dict[str, Any]) -> Iterator[None]:
    """Give GDAL these options while a file is written, one thread at a time."""
    import pyogrio

    with _lock:
        before = {name: pyogrio.get_gdal_config_option(name) for name in options}
        try:
            pyogrio.set_gdal_config_options(options)
            yield
        finally:
            pyogrio.set_gdal_config_options(before)


def _restoring(file: Path) -> dict[str, Any]:
    """Return the option that makes a lost index of a shapefile, in the private folder.

    With it, GDAL would also write over an index that is there, and a link leads to the user's.
    """
    is_lost = file.suffix == ".shp" and not file.with_suffix(".shx").exists()
    return {"SHAPE_RESTORE_SHX": "YES"} if is_lost else {}


def _register(options: dict[str, Any]) -> None:
    import pyogrio
    from pyogrio.core import _register_drivers

    pyogrio.set_gdal_config_options(options)
    _register_drivers()


def _frame(file: Path, layer: str | None, encoding: str | None, where: str | None) -> Any:
    if _is_parquet(file):
        return gpd.read_parquet(file)
    import pyogrio

    # Not geopandas.read_file: that may be set to use another GDAL, which nothing confines.
    return pyogrio.read_dataframe(
        file, layer=layer, encoding=encoding, where=where, on_invalid="fix"
    )


def _listed(file: Path) -> list[tuple[str, str | None]]:
    if _is_parquet(file):
        return [(file.stem, "Unknown")]
    import pyogrio

    return [(str(name), geometry) for name, geometry in pyogrio.list_layers(file)]


def _is_parquet(file: Path) -> bool:
    return file.suffix in (".parquet", ".geoparquet")


def _files(path: Path, folder: Path) -> list[Path]:
    """Return what is to be opened, checked and linked into the folder."""
    suffix = _suffix(path)
    if suffix in _ARCHIVES:
        files = [_checked(file, file.suffix) for file in _unpacked(path, folder)]
        return _with_places(files) if suffix == ".kmz" else files
    return [_checked(_linked(path, folder, suffix), suffix)]


def _with_places(files: list[Path]) -> list[Path]:
    """Return the KML files of a KMZ that hold data, not only links to the others."""
    return [file for file in files if b"Placemark" in file.read_bytes()] or files


def _suffix(path: Path) -> str:
    """Return the ending that a file goes by: its own, or that of its content where it has none."""
    suffix = path.suffix.lower()
    if path.is_dir():
        if suffix == ".gdb":
            return suffix
        raise InputError("it is a folder; name the file in it")
    if not path.is_file():  # to open a pipe would wait for ever
        raise InputError("it is not a regular file")
    if suffix in _ARCHIVES or (suffix in _KINDS and suffix != ".gdb"):
        return suffix
    head = _start(path)
    known = [ending for begin, ending in _BY_CONTENT if head.startswith(begin)]
    if head.startswith(b"<"):
        known = [".kml" if b"<kml" in head else ".gpx" if b"<gpx" in head else ".gml"]
    if not known:
        _refuse_foreign(head)
        raise InputError(f"neither its ending nor its content is of a known format; {_EXPORT}")
    return known[0]


def _start(path: Path) -> bytes:
    """Return the first bytes of a file, without byte order mark and blanks, in small letters."""
    with path.open("rb") as file:
        return file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().lower()


def _checked(file: Path, suffix: str) -> Path:
    """Return a file whose content is what its ending says, and names nothing outside."""
    kind = _KINDS[suffix]
    if kind is _GEODATABASE:
        if not (file / "a00000001.gdbtable").is_file():
            raise InputError("the folder is not a file geodatabase, as its ending .gdb says")
        return file
    head = _start(file)
    _refuse_foreign(head)
    if not (head.startswith(kind.begins) if kind.begins else not head.startswith((b"<", b"{"))):
        raise InputError(f"its content is not {kind.name}, as its ending {suffix} says; {_EXPORT}")
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
        raise InputError(f"it is a MapInfo table that names other tables; {_EXPORT}")
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
            raise InputError(f"it is {what}; {_EXPORT}")
    if head.startswith((b"<!doctype html", b"<html")):
        raise InputError(f"it is a web page; {_EXPORT}")
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


def located(frame: Any, where: str) -> gpd.GeoDataFrame:
    """Return a layer that has shapes and a CRS; raise InputError, which begins with `where`."""
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{where}: a table without geometry")
    if frame.crs is None:
        raise InputError(f"{where}: declares no CRS; save it with one")
    return frame


def check_grids(frame: Any) -> None:
    """Raise InputError where the CRS of a frame names a grid by its path or address."""
    crs = getattr(frame, "crs", None) if isinstance(frame, gpd.GeoDataFrame) else None
    if crs is not None and _GRID.search(crs.to_wkt()):
        raise InputError(
            "its CRS names a grid by its path or address, which is not followed; save it in "
            "another CRS, such as EPSG:4326"
        )


def _linked(path: Path, folder: Path, suffix: str) -> Path:
    """Link a file and those that belong to it into a folder; return the link."""
    link = folder / _plain(path.stem if path.suffix.lower() == suffix else path.name, suffix)
    if suffix == ".gpkg" and _writes_beside(path):
        for more in ("", "-wal", "-journal"):
            if (side := path.with_name(path.name + more)).exists():
                shutil.copyfile(side, link.with_name(link.name + more))
        return link
    _link(path, link)
    for ending in _KINDS[suffix].sides:
        beside = (path.with_suffix(ending), path.with_suffix(ending.upper()))
        for side in [file for file in beside if file.is_file()][:1]:
            _link(side, link.with_suffix(ending))
    return link


def _plain(stem: str, suffix: str) -> str:
    """Return a file name without the characters that pyogrio takes for parts of an address."""
    return re.sub(r"[!;?:\\/\x00-\x1f]", "_", stem) + suffix


def _writes_beside(path: Path) -> bool:
    """Tell whether SQLite would write files beside a database to read it."""
    with path.open("rb") as file:
        journal = file.read(20)[18:]
    logged = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")
    return journal == b"\2\2" or any(side.exists() for side in logged)


def _link(path: Path, link: Path) -> None:
    try:
        link.symlink_to(path.absolute())
    except OSError:  # Windows lets few users make one
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, link)


def _unpacked(path: Path, folder: Path) -> list[Path]:
    """Unpack the vector files of an archive; return those that are to be opened."""
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if _is_wanted(member)]
        if sum(member.file_size for member in members) > _MOST:
            raise InputError(f"the archive holds over {_MOST >> 30} GB; unpack it first")
        places: dict[PurePosixPath, Path] = {}
        files = dict.fromkeys(_unpack(archive, member, folder, places) for member in members)
    data = [file for file in files if file.suffix in _KINDS]
    sure = [file for file in data if file.suffix not in _OFTEN_NOTES]
    if not data:
        raise InputError(f"the archive holds no file of a format that is read; {_EXPORT}")
    return sure or data


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    endings = {*_KINDS, *(side for kind in _KINDS.values() for side in kind.sides)}
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    known = _geodatabase(name) is not None or name.suffix.lower() in endings
    return known and not hidden and not member.is_dir()


def _geodatabase(name: PurePosixPath) -> PurePosixPath | None:
    """Return the geodatabase that a member of an archive belongs to."""
    return next((above for above in name.parents if above.suffix.lower() == ".gdb"), None)


def _unpack(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    folder: Path,
    places: dict[PurePosixPath, Path],
) -> Path:
    """Write a member into the folder, whatever path it names; return what is to be opened.

    Each folder of the archive becomes one of a plain number, which `places` holds.
    """
    name = PurePosixPath(member.filename)
    whole = _geodatabase(name)
    above = (whole or name).parent
    place = places.setdefault(above, folder / str(len(places)))
    main = place / _plain((whole or name).stem, (whole or name).suffix.lower())
    target = main / _plain(name.stem, name.suffix) if whole else main
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return main
