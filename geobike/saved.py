"""A survey's folder: how it is written, and how a finished survey is read.

`summary.json` describes the folder. It is moved into place last and holds the SHA-256 of every
other file, so that a folder with files of two runs is recognised.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import geopandas as gpd
import pandas as pd

from geobike import maps, schema
from geobike.detections import imported
from geobike.detections.filtering import Filter
from geobike.errors import GeobikeError, InputError, OutputError, SchemaError
from geobike.exports import formats, own_columns, reading, writing
from geobike.exports.protocol import TABLES, About, Frames, OnPage, Table
from geobike.io import files
from geobike.io.redaction import redact
from geobike.io.transaction import Transaction, is_half_new, transaction
from geobike.maps import saved_page
from geobike.reporting import collect_warnings, report

if TYPE_CHECKING:
    from geobike.exports import postgis

_T = TypeVar("_T")

VERSION: Final = 1
"""Version of the folder's layout and of the keys in `summary.json`. Folders without one are read
too: they have the same keys."""

_OF_FILES: Final = ("files", "exports", "layout", "sha256", "warnings")

MAP: Final = "map.html"
SUMMARY: Final = "summary.json"
PICTURES: Final = "photos"
"""Folder with large pictures beside the map; those of an earlier run go with it."""
REPORT: Final = "report.html"
"""Written later, by `geobike report`, so a new survey takes it away."""
GENERATOR: Final = "geobike report"
"""What a report says of its origin, in a tag `meta`."""


def write(
    folder: str | Path,
    frames: Frames,
    *,
    names: tuple[str, ...],
    save_map: Callable[[Path], None],
    summary: Callable[[], Mapping[str, Any]],
) -> dict[str, str | Path]:
    """Write a survey into a folder, or to a URL such as s3://bucket/survey; return its files.

    `names` are those of the export formats. `save_map` writes the map to a path; where it fails the
    tables are written all the same, and its error is raised in the end.
    All files take their places together: a folder holds one survey, also where a run fails.
    Raises InputError where the folder cannot be written, or another run writes into it.
    """
    earlier = _earlier_pictures(folder)
    with transaction(folder, last=SUMMARY) as out:
        with collect_warnings() as notes:
            account = dict(summary())
            failure = _try_map(save_map, out)
            about = _about(frames.about, account, out.staging)
            written = writing.write_tables(replace(frames, about=about), out.staging, names=names)
        for name in sorted(_earlier_tables(folder).difference(written.names)):
            out.discard(name)  # another format's file would contradict this run
        for name in sorted(earlier - _pictures(out.staging)):
            out.discard(name)  # what this run hides may be plain on it
        if is_report(files.join(folder, REPORT)):
            out.discard(REPORT)  # of the survey that was here before
        account["warnings"] = [*account.get("warnings", ()), *notes]
        account |= {"files": written.files, "exports": written.by_format}
        account |= {"layout": VERSION, "sha256": _hashes(out.staging)}
        _write_summary(account, out.staging / SUMMARY)
    for note in notes:
        report(note)
    if failure is not None:
        raise failure
    return {name: files.join(folder, name) for name in (MAP, *written.names, SUMMARY)}


def _pictures(folder: Path) -> set[str]:
    return {f"{PICTURES}/{file.name}" for file in (folder / PICTURES).glob("*.jpg")}


def _earlier_pictures(folder: str | Path) -> set[str]:
    """Return the pictures that an earlier run lists as written into a folder."""
    try:
        summary = json.loads(files.read_bytes(files.join(folder, SUMMARY)))
        listed = summary["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        return set()
    name = re.compile(rf"{PICTURES}/[0-9a-f]{{20}}\.jpg")
    return {each for each in listed if isinstance(each, str) and name.fullmatch(each)}


def check_pictures(folder: str | Path) -> None:
    """Raise InputError where a map's pictures would come between files that no run of ours lists.

    Nothing is said of a folder that a killed run left half new: the next run mends it first.
    """
    path = files.join(folder, PICTURES)
    if not isinstance(path, Path) or not os.path.lexists(path) or is_half_new(folder):
        return
    if not path.is_dir():
        what = "is there and is no folder"
    elif not _earlier_pictures(folder) and _has_files(path):
        what = "is there and holds other files than the pictures of a map"
    else:
        return
    raise InputError(
        f"{redact(path)}: {what}; write into another folder (--out), or leave out --pictures folder"
    )


def _has_files(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:  # closed to us: it holds what we may not see
        return True


def _try_map(save_map: Callable[[Path], None], out: Transaction) -> GeobikeError | None:
    """Save the map; return the error where it cannot be drawn. Raises OutputError."""
    try:
        save_map(out.staging / MAP)
    except OutputError:
        raise
    except GeobikeError as error:  # the numbers hold, and no older map beside them
        out.rephrase(error)
        out.discard(MAP)
        return error
    return None


def export(folder: str | Path, names: Sequence[str]) -> dict[str, str | Path]:
    """Write a finished survey in more formats into its folder; return the new files by name.

    Tables and pictures are those of the folder's files; `summary.json` then lists the new ones too.
    All files take their places together. Raises InputError where there is no survey, a format is
    not known or holds none of its tables, or the folder cannot be written.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> _ = result.write("out")
        >>> list(geobike.export("out", ["parquet"]))[-2:]
        ['detections.parquet', 'summary.json']
    """
    formats.check(names)
    with transaction(folder, last=SUMMARY) as out:
        finished = read(folder)
        written = writing.write_again(finished.tables(), out.staging, names=names)
        account = dict(finished.summary)
        account["exports"] = {**account.get("exports", {}), **written.by_format}
        account["sha256"] = {**account.get("sha256", {}), **_hashes(out.staging)}
        _write_summary(account, out.staging / SUMMARY)
    return {name: files.join(folder, name) for name in (*written.names, SUMMARY)}


def to_postgis(folder: str | Path, survey: str, *, dsn: str = "") -> "postgis.Written":
    """Write a finished survey into a PostGIS database, in place of the one of that name there.

    `dsn` is a connection string of libpq without a password; empty, libpq's variables and files
    say everything. Raises InputError where there is no survey in the folder, or for a name or
    `dsn` that cannot be used, and OutputError where the database cannot be written to.
    """
    from geobike.exports import postgis

    finished = read(folder)
    with finished.parts() as tables:
        return postgis.write(survey, _plain(finished.summary), tables, dsn=dsn)


def replaces(folder: str | Path, path: str | Path) -> bool:
    """Tell whether a survey that is written into a folder may replace or remove this very file."""
    ours = (MAP, REPORT, SUMMARY, *formats.file_names())
    return any(files.same(path, files.join(folder, file)) for file in ours)


def is_report(path: str | Path) -> bool:
    """Tell whether a file is a report that geobike wrote."""
    try:
        return f'content="{GENERATOR}"'.encode() in files.read_bytes(path)[:2000]
    except OSError:
        return False


@dataclass(frozen=True)
class SavedSurvey:
    """A finished survey, read from its folder."""

    folder: str | Path
    summary: Mapping[str, Any]
    """What `summary.json` holds."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What was counted."""
        return tuple(self.summary["counting"]["labels"])

    @property
    def threshold(self) -> float:
        """Boxes with a score above this were counted, 0 to 1."""
        return float(self.summary["counting"]["threshold"])

    @property
    def max_overlap(self) -> float:
        """Intersection over union above which two boxes of one label were one object."""
        return float(self.summary["counting"]["max_overlap"])

    @property
    def count(self) -> Literal["parked", "all"]:
        """Whether ridden bicycles counted: all did in surveys that do not say."""
        return "parked" if self.summary["counting"].get("count") == "parked" else "all"

    @property
    def rules(self) -> Filter:
        """Which boxes counted."""
        return Filter(self.labels, self.threshold, self.max_overlap, self.count)

    def photos(self) -> pd.DataFrame:
        """Return the photos' table as it was written, without geometry. Raises InputError."""
        with self._open("photos") as path:
            try:
                if path.suffix == ".parquet":
                    shape = ["geometry", "bbox"]
                    return pd.read_parquet(path).drop(columns=shape, errors="ignore")
                features = json.loads(path.read_text("utf-8"))["features"]
                rows = pd.DataFrame([feature["properties"] for feature in features])
                return rows.astype({"photo_id": "str", "status": "str"})
            except (OSError, ValueError, KeyError, TypeError, ImportError, RecursionError) as error:
                raise InputError(f"{path}: is not the photos of a survey ({error})") from None

    def placed_photos(self) -> gpd.GeoDataFrame:
        """Return the photos' table with its types, and where each was taken. Raises InputError."""
        return gpd.GeoDataFrame(self._table("photos"))

    def areas(self) -> gpd.GeoDataFrame:
        """Return the area counts frame, with the user's other columns. Raises InputError."""
        return self._frame("areas", schema.AREA_COUNTS)

    def streets(self) -> gpd.GeoDataFrame | None:
        """Return the streets frame, None for a survey without streets. Raises InputError."""
        return self._frame("streets", schema.STREETS) if self._has("streets") else None

    def stops(self) -> gpd.GeoDataFrame | None:
        """Return the stops frame, None where an older geobike wrote none. Raises InputError."""
        return self._frame("stops", schema.STOPS) if self._has("stops") else None

    def bicycles(self) -> pd.DataFrame | None:
        """Return the bicycles frame, None where an older geobike wrote none. Raises InputError."""
        if not self._has("bicycles"):
            return None
        read = self._table("bicycles")
        return schema.table(schema.BICYCLES, read.assign(lon=read.geometry.x, lat=read.geometry.y))

    def _has(self, table: Table) -> bool:
        return table in self.summary["files"]

    def _frame(self, table: Table, kind: schema.Frame) -> gpd.GeoDataFrame:
        """Return a frame of this kind: geobike's columns under their own names, then others."""
        read = self._table(table)
        if read.empty:  # a file without a row names no column
            return schema.geotable(kind, {}, [])
        ours = own_columns.names(read, {**kind.columns, **kind.optional})
        left = [name for name in ours if name in read and ours[name] != name]
        frame = read.drop(columns=left).rename(columns={ours[name]: name for name in ours})
        try:
            schema.check(frame, kind)
        except SchemaError as error:
            file = files.join(self.folder, self.summary["files"][table])
            raise InputError(f"{redact(file)}: is not the {table} of a survey ({error})") from None
        return gpd.GeoDataFrame(frame)

    @property
    def count_settings(self) -> dict[str, Any]:
        """Return what the looks of the survey depend on, as hand counts have it. InputError."""
        try:
            detector, settings = self.summary["detector"], self.summary["settings"]["survey"]
            return {
                "model": detector["model"],
                "version": detector["version"],
                "labels": list(self.labels),
                "threshold": self.threshold,
                "max_overlap": self.max_overlap,
                "count": self.count,
                "stop_distance": settings["stop_distance"],
            }
        except (LookupError, TypeError) as error:
            raise InputError(
                f"{redact(self.folder)}: its {SUMMARY} does not say how it was counted ({error}); "
                "run geobike map again"
            ) from None

    def looks(self, photos: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the looks frame: what hand counts are drawn of. Raises InputError.

        `photos` is what `photos()` gives, where it was read already. Counts are those of the
        detector, also where people corrected boxes.
        """
        photos = self.photos() if photos is None else photos
        if not {"stop_id", "stop_photo"} <= set(photos):
            raise self._too_old("which stops they are of")
        if self.reviewers and "detected_count" not in photos:
            raise self._too_old("what was detected on them before people corrected boxes")
        try:
            looks = photos[photos["stop_photo"].astype(schema.FLAG)].reset_index(drop=True)
            if self.reviewers:
                looks["bicycle_count"] = looks["detected_count"]
            return schema.table(schema.LOOKS, looks)
        except (ValueError, TypeError) as error:
            raise InputError(f"{redact(self.folder)}: its photos are no looks ({error})") from None

    def _too_old(self, lacking: str) -> InputError:
        return InputError(
            f"{redact(self.folder)}: its photos do not say {lacking}; run geobike map again, which "
            "detects nothing anew"
        )

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who corrected boxes of this survey; those that they added have them as their model."""
        return tuple((self.summary.get("corrections") or {}).get("reviewers", ()))

    def detections(self) -> pd.DataFrame:
        """Return the detections frame, as `geobike.read_detections` reads it. Raises InputError.

        It holds what the detector found: neither what people struck out nor what they added.
        """
        with self._open("detections") as path:
            found = imported.read(path)
        if not self.reviewers:
            return found
        added = found["model"].isin(self.reviewers)
        return found[~added].reset_index(drop=True)

    def tables(self) -> Frames:
        """Return all tables with the columns and types of files, for `geobike.exports`.

        Raises InputError where a file is gone or was edited.
        """
        read = {table: self._table(table) for table in TABLES if table in self.summary["files"]}
        about = About(
            summary=_plain(self.summary),
            timezone=self._setting("survey", "timezone", str),
            min_photos=self._setting("page", "min_photos", int) or 1,
            page=self.page,
        )
        return Frames(**read, about=about)

    def page(self) -> OnPage:
        """Return words and pictures of the map; English and none where they cannot be read."""
        if MAP not in self.summary.get("sha256", {}):
            return OnPage(words=maps.words("en"))
        return _on_page(self._checked_bytes(MAP), files.join(self.folder, MAP))

    def _setting(self, table: str, key: str, kind: type[_T]) -> _T | None:
        value = self.summary.get("settings", {}).get(table, {}).get(key)
        return value if isinstance(value, kind) else None

    @contextmanager
    def parts(self) -> Iterator[dict[Table, reading.Parts]]:
        """Give all tables as `tables` does, those of many rows in parts. Raises InputError."""
        with ExitStack() as stack:
            yield {
                table: reading.read_parts(table, stack.enter_context(self._open(table)))
                for table in TABLES
                if self._has(table)
            }

    def _table(self, table: Table) -> Any:
        with self._open(table) as path:
            return reading.read(table, path)

    @contextmanager
    def _open(self, table: Table) -> Iterator[Path]:
        """Give the file of a table on this machine, checked against its SHA-256 in the summary."""
        name: str = self.summary["files"][table]
        with files.fetch_local(files.join(self.folder, name)) as path:
            self._check(name, _sha256(path))
            yield path

    def _checked_bytes(self, name: str) -> bytes:
        """Return the content of a file. Raises InputError where it is gone or was edited."""
        path = files.join(self.folder, name)
        try:
            content = files.read_bytes(path)
        except OSError as error:
            raise InputError(f"{redact(path)}: cannot be read: {error}") from None
        self._check(name, hashlib.sha256(content).hexdigest())
        return content

    def _check(self, name: str, found: str) -> None:
        known = self.summary.get("sha256", {}).get(name)
        if known is not None and found != known:
            raise InputError(
                f"{redact(files.join(self.folder, name))}: is not the file that {SUMMARY} "
                "describes: it was edited, or a run was stopped while it wrote; the same geobike "
                "map again mends the folder"
            )


def read(folder: str | Path) -> SavedSurvey:
    """Return the survey in a folder that `geobike map` wrote.

    Raises InputError where there is none, or one of a newer geobike.
    """
    path = files.join(folder, SUMMARY)
    if is_half_new(folder):
        raise InputError(
            f"{folder}: holds files of two runs, since one was stopped while it moved its files "
            "here; the same geobike map again mends the folder"
        )
    try:
        summary = json.loads(files.read_bytes(path))
        _ = [summary["counting"][name] for name in ("labels", "threshold", "max_overlap")]
        _ = [summary["files"][name] for name in ("photos", "detections")]
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(
            f"{redact(path)}: is not the summary of a survey ({error}); run geobike map"
        ) from None
    layout = summary.get("layout", VERSION)
    if layout != VERSION:
        raise InputError(
            f"{redact(path)}: has layout {layout!r}, and this geobike reads {VERSION}; "
            "use the geobike that wrote it, or run geobike map again"
        )
    return SavedSurvey(folder, summary)


def _about(known: About, account: Mapping[str, Any], staging: Path) -> About:
    """Return what files may say of a survey; words and pictures are those of its map."""

    def page() -> OnPage:
        path = staging / MAP
        return _on_page(path.read_bytes(), path) if path.is_file() else OnPage()

    return replace(known, summary=_plain(account), page=page)


def _on_page(html: bytes, path: str | Path) -> OnPage:
    try:
        found = saved_page.read(html.decode("utf-8"))
    except (ValueError, LookupError, TypeError) as error:
        report(f"{redact(path)}: cannot be read for other files, which have no pictures: {error}")
        return OnPage(words=maps.words("en"))
    return OnPage(words=found.words, pictures=found.pictures)


def _plain(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary without what says which files there are, and what writing them reported."""
    return {key: value for key, value in summary.items() if key not in _OF_FILES}


def _earlier_tables(folder: str | Path) -> set[str]:
    """Return the table files that an earlier run lists as written into a folder."""
    try:
        summary = json.loads(files.read_bytes(files.join(folder, SUMMARY)))
        names = set(summary["files"].values())
        for by_table in summary.get("exports", {}).values():
            names |= set(by_table.values())
        if "geobike" in summary and "areas" not in summary["files"]:
            names.add("areas.geojson")  # in folders without a layout always written, never listed
        return formats.file_names() & names
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return set()  # no run, or none that left its account


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return {file.relative_to(folder).as_posix(): _sha256(file) for file in files}


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error}") from None


def _write_summary(summary: Mapping[str, Any], path: Path) -> None:
    with files.atomic_open(path) as file:
        json.dump(summary, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")
