"""Vector files such as areas: the only place where GDAL opens what a user names.

GDAL takes a file for what its content looks like, whatever its name says: a file that is called
`areas.geojson` may be a virtual dataset, a pipeline or the description of a service, which fetch
addresses, read other files or write some. Three things keep a file from reaching out:

1. its content must begin as its ending says, and JSON must not link to its CRS (`vector_kinds`);
2. while it is open, GDAL knows the drivers of plain formats and no other, and no way to the web;
3. GDAL sees a link to the file in a folder of its own, beside the files that belong to its format
   and no other (`vector_folder`); what it writes there goes away.
"""

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import geopandas as gpd

from geobike.errors import InputError
from geobike.io import dbf, vector_folder, vector_kinds
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
            raise InputError(f"it holds no layer; {vector_kinds.EXPORT}")
        names = [layer.name for layer in self._known]
        return [
            layer._replace(name=f"{layer.file.name}/{layer.name}")
            if names.count(layer.name) > 1
            else layer
            for layer in self._known
        ]


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


def _files(path: Path, folder: Path) -> list[Path]:
    """Return what is to be opened, checked and linked into the folder."""
    ending = vector_kinds.ending_of(path)
    if ending in vector_kinds.ARCHIVES:
        files = [
            vector_kinds.checked(file, file.suffix) for file in vector_folder.unpacked(path, folder)
        ]
        return _with_places(files) if ending == ".kmz" else files
    return [vector_kinds.checked(vector_folder.linked(path, folder, ending), ending)]


def _with_places(files: list[Path]) -> list[Path]:
    """Return the KML files of a KMZ that hold data, not only links to the others."""
    return [file for file in files if b"Placemark" in file.read_bytes()] or files


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
