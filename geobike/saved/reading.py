"""A finished survey, read from its folder; each file is checked against `summary.json`."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import geopandas as gpd
import pandas as pd

from geobike import maps, schema
from geobike.detections import imported, recorded
from geobike.detections.filtering import Filter
from geobike.errors import InputError, SchemaError
from geobike.exports import own_columns, reading
from geobike.exports.protocol import TABLES, About, Frames, OnPage, Table
from geobike.io import files
from geobike.io.redaction import redact
from geobike.io.transaction import is_half_new
from geobike.saved.account import plain, sha256
from geobike.saved.layout import MAP, SUMMARY, VERSION
from geobike.saved.page import on_page

_T = TypeVar("_T")


def read(folder: str | Path) -> "SavedSurvey":
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
    except FileNotFoundError:
        raise InputError(
            f"{redact(folder)}: holds no survey; name the folder that geobike map wrote (--out)"
        ) from None
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


def beside(table: Table, path: str | Path, digest: str | None) -> "SavedSurvey | None":
    """Return the survey whose table is this very file, in its folder; None where there is none."""
    try:
        survey = read(files.folder(path))
    except InputError:
        return None
    name = survey.summary["files"].get(table)
    known = survey.summary.get("sha256", {}).get(name)
    return survey if name == files.name(path) and known == digest is not None else None


def reviewers(table: str | Path) -> tuple[str, ...]:
    """Return who corrected boxes of the survey in whose folder a table lies; none without one.

    The table may have been edited since, such as by a spreadsheet.
    """
    try:
        return read(files.folder(table)).reviewers
    except InputError:
        return ()


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
            boxes = recorded.with_added(imported.read(path), self.reviewers)
        return recorded.split(boxes, reviewer="")[0]

    def tables(self) -> Frames:
        """Return all tables with the columns and types of files, for `geobike.exports`.

        Raises InputError where a file is gone or was edited.
        """
        read = {table: self._table(table) for table in TABLES if table in self.summary["files"]}
        about = About(
            summary=plain(self.summary),
            timezone=self._setting("survey", "timezone", str),
            min_photos=self._setting("page", "min_photos", int) or 1,
            page=self.page,
        )
        return Frames(**read, about=about)

    def page(self) -> OnPage:
        """Return words and pictures of the map; English and none where they cannot be read."""
        if MAP not in self.summary.get("sha256", {}):
            return OnPage(words=maps.words("en"))
        return on_page(self._checked_bytes(MAP), files.join(self.folder, MAP))

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
            self._check(name, sha256(path))
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
