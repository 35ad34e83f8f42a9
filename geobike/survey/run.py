"""One survey, from photos to map: the order of the stages, the configuration, the result.

    photos -> positions -> areas -> detections -> counts -> map and files

Areas come before detections: a join is cheap, a detection is not, and a photo outside the areas
need not be paid for.
"""

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd

from geobike import areas, maps
from geobike.counting import counts, ledger
from geobike.detections import choice, filtering, imported, stage
from geobike.detections.store.sqlite import Model
from geobike.detectors.protocol import Detector
from geobike.engines.local import HERE, Engine, remembered
from geobike.errors import GeobikeError, GeobikeWarning, InputError, ManifestError, report
from geobike.exports import writing
from geobike.io import files, remote
from geobike.maps import context
from geobike.photos import decoding, reading, thumbnails
from geobike.positions import manifest, resolve
from geobike.progress import Track, silent
from geobike.version import __version__

if TYPE_CHECKING:
    import folium


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What to count, where, and how. Made once, handed down, never changed."""

    photos: str | Path | Sequence[str | Path] | None = None
    """Folders, files or glob patterns; addresses such as s3://bucket/photos too. None: the photos
    that the manifest names, unopened."""
    areas: str | Path
    manifest: str | Path | None = None
    detections: str | Path | None = None
    """Table of boxes that are there already (see `geobike.detections.imported`), instead of a detector."""
    prefer: resolve.Source = "manifest"
    """Whose position wins where manifest and EXIF both give one."""
    name_column: str | None = None
    id_column: str | None = None
    layer: str | None = None
    """Layer of the areas' file, where it has several."""
    crs: str | None = None
    """CRS of the areas' file where it declares none, or a wrong one."""
    timezone: str | None = None
    """IANA name: places photo times that name no offset, else left out, and is the clock of the
    map, else UTC."""
    labels: tuple[str, ...] = ("bicycle",)
    threshold: float = filtering.THRESHOLD
    """Boxes with a score above this count, 0 to 1."""
    max_overlap: float = filtering.MAX_OVERLAP
    """Intersection over union above which two boxes of one label are one object."""
    max_pixels: int = decoding.MAX_PIXELS
    """Larger photos are not decoded."""
    detector: choice.Choice | Detector = field(default_factory=choice.Choice)
    workers: int | None = None
    """Photos detected at once; None: 4 if hosted, else one for each core."""
    population_column: str | None = None
    """Column of the areas' file with inhabitants; adds bicycles per 1,000 of them."""
    page: maps.PageOptions = field(default_factory=maps.PageOptions)
    """How the map looks and what it carries."""
    table_format: writing.TableFormat = "auto"
    """Photos and detections as text (GeoJSON, CSV) or Parquet; auto: Parquet for many rows."""

    def __post_init__(self) -> None:
        if self.photos is None and (self.manifest is None or self.detections is None):
            raise InputError(
                "no photos named; without them a survey needs a manifest and a table of detections"
            )
        writing.check_format(self.table_format)
        filtering.check(threshold=self.threshold, max_overlap=self.max_overlap)
        if isinstance(self.labels, str):
            raise InputError(f"labels is the text {self.labels!r}; give a tuple of labels")
        if not self.labels:
            raise InputError("no label to count; name one, such as bicycle")
        if self.max_pixels < 1:
            raise InputError(f"max_pixels is {self.max_pixels}; give 1 or more")
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers is {self.workers}; give 1 or more")
        _zone(self.timezone)

    def check_out(self, folder: str | Path) -> None:
        """Raise InputError for a folder that cannot be written, or that holds what is read."""
        files.check_folder(folder)
        for given in (self.areas, self.manifest, self.detections, *self.page.context):
            if given is not None and writing.replaces(folder, given):
                raise InputError(
                    f"{remote.shown(given)} would be replaced; write into another folder (--out)"
                )


@dataclass(frozen=True)
class SurveyResult:
    """Everything a survey found. The frames are described in `geobike.schema`."""

    survey: Survey
    model: Model
    photos: gpd.GeoDataFrame
    """Counts frame: every photo given, with its status and `bicycle_count`."""
    detections: pd.DataFrame
    areas: gpd.GeoDataFrame
    """Area counts frame."""
    ledger: ledger.Ledger
    detected_now: int
    """Photos that the detector answered in this run; the others came from the store."""
    warnings: tuple[str, ...]
    started_at: datetime

    def map(self, *, track: Track = silent) -> "folium.Map":
        """Return the map, to look at, to add layers to, or to save with `geobike.maps.save`."""
        page = self.survey.page
        pictures = {}
        if page.thumbnails and len(self.photos) <= maps.SINGLE:
            pictures = thumbnails.make(
                self.photos,
                self.detections,
                hide=page.hidden,
                max_pixels=self.survey.max_pixels,
                track=track,
            )
        if pictures and page.blur:
            filtering.report_unseen(page.blur, self.detections["label"])
        return maps.build(
            self.areas,
            self.photos,
            self.detections,
            page=page,
            label=", ".join(self.survey.labels),
            model=self.model.name,
            threshold=self.survey.threshold,
            ledger=self.ledger.photos,
            thumbnails=pictures,
            timezone=self.survey.timezone or "UTC",
        )

    def summary(self) -> dict[str, Any]:
        """Return how the numbers came about: what `summary.json` holds."""
        survey = self.survey
        return {
            "geobike": __version__,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "ledger": self.ledger.as_dict(),
            "detector": {
                "model": self.model.name,
                "version": self.model.version,
                "photos_detected_in_this_run": self.detected_now,
            },
            "counting": {
                "labels": list(survey.labels),
                "threshold": survey.threshold,
                "max_overlap": survey.max_overlap,
            },
            "inputs": {
                "areas": {"file": files.name(survey.areas), "sha256": _digest(survey.areas)},
                "manifest": None
                if survey.manifest is None
                else {"file": files.name(survey.manifest), "sha256": _digest(survey.manifest)},
                "detections": None
                if survey.detections is None
                else {"file": files.name(survey.detections), "sha256": self.model.version},
                "photos_sha256": _digest_of_all(self.photos["sha256"]),
            },
            "warnings": list(self.warnings),
        }

    def write(self, folder: str | Path, *, track: Track = silent) -> dict[str, str | Path]:
        """Write `map.html` and the files into a folder; return what was written, by name.

        The folder may be an address, such as s3://bucket/survey. All files take their places when
        the last one is written: a folder holds one survey, also where a run fails half-way.
        """
        self.survey.check_out(folder)
        notes: list[str] = []
        failure: GeobikeError | None = None
        with files.together():
            with _collecting(notes):
                written = writing.write_tables(
                    self.photos, self.detections, folder, form=self.survey.table_format
                )
            names = ("map.html", "areas.geojson", *written.values(), "summary.json")
            paths = {name: files.within(folder, name) for name in names}
            writing.write_areas(self.areas, paths["areas.geojson"])
            try:
                with _collecting(notes):
                    maps.save(self.map(track=track), paths["map.html"])
            except GeobikeError as error:  # the numbers stand, and no older map beside them
                failure = error
                files.remove(paths["map.html"])
            summary = self.summary() | {"files": written, "warnings": [*self.warnings, *notes]}
            writing.write_summary(summary, paths["summary.json"])
        for note in notes:
            report(note)
        if failure is not None:
            raise failure
        return paths


def run(
    survey: Survey,
    *,
    store: str | Path | None = None,
    engine: Engine = HERE,
    track: Track = silent,
) -> SurveyResult:
    """Run a survey; `store` is the file that keeps its detections, made where it is missing.

    With a `geobike.Cluster` as engine, it is a folder or address that keeps them as Parquet.

    Without a store nothing is kept; a survey that brings its detections needs none. A run that
    was stopped goes on where it was. Raises InputError for what cannot be used and DetectorStopped
    where the detector cannot go on; what it had answered is in the store.
    """
    started_at = datetime.now(UTC)
    notes: list[str] = []
    with _collecting(notes):
        given, polygons, placed = place(survey, store=store, engine=engine, track=track)
        detected = _detect(survey, placed, store, engine, track)
        counted = counts.per_photo(detected.photos, detected.detections)
        per_area = counts.per_area(counted, polygons)
        account = ledger.close(given, counted, detected.detections, per_area)
    return SurveyResult(
        survey=survey,
        model=detected.model,
        photos=counted,
        detections=detected.detections,
        areas=per_area,
        ledger=account,
        detected_now=detected.now,
        warnings=tuple(dict.fromkeys(notes)),
        started_at=started_at,
    )


def _detect(
    survey: Survey,
    placed: gpd.GeoDataFrame,
    store: str | Path | None,
    engine: Engine,
    track: Track,
) -> stage.Detected:
    rules = filtering.Rules(survey.labels, survey.threshold, survey.max_overlap)
    if survey.detections is not None:
        table = imported.read(survey.detections)
        model = Model(*imported.model(table, survey.detections))
        known, found = imported.apply(table, placed)
        return stage.Detected(known, filtering.judge(found, **rules._asdict()), model, now=0)
    return engine.detect(
        placed,
        detector=survey.detector,
        store=store,
        workers=survey.workers,
        max_pixels=survey.max_pixels,
        rules=rules,
        track=track,
    )


class Placed(NamedTuple):
    """What `place` returns."""

    given: int
    """Photos found."""
    areas: gpd.GeoDataFrame
    photos: gpd.GeoDataFrame
    """Photos frame: those without a status are the ones to detect in."""


def place(
    survey: Survey,
    *,
    store: str | Path | None = None,
    engine: Engine = HERE,
    track: Track = silent,
) -> Placed:
    """Do what comes before detection: find the photos, where each was taken, and its area.

    `store` remembers which files were read, so that another run need not read them again.
    """
    context.check(survey.page.context)  # drawn last; a mistake should show first
    polygons = areas.read(
        survey.areas,
        layer=survey.layer,
        population_column=survey.population_column,
        name_column=survey.name_column,
        id_column=survey.id_column,
        crs=survey.crs,
    )
    if survey.photos is None:
        table = manifest.read(cast(Path, survey.manifest), timezone=_zone(survey.timezone))
        named = manifest.photos(table)
        if named.empty:
            raise ManifestError(
                f"manifest {files.name(cast(Path, survey.manifest))}: names no photo"
            )
        located = resolve.locate(named, table)
        return Placed(len(named), polygons, areas.assign(located, polygons))
    given = engine.find(survey.photos, track=track)
    with remembered(store, survey.detector, engine) as known:
        located = locate(
            given,
            manifest_path=survey.manifest,
            prefer=survey.prefer,
            timezone=survey.timezone,
            max_pixels=survey.max_pixels,
            known=known,
            engine=engine,
            track=track,
        )
    return Placed(len(given), polygons, areas.assign(located, polygons))


def locate(
    given: Sequence[reading.PhotoFile],
    *,
    manifest_path: str | Path | None = None,
    prefer: resolve.Source = "manifest",
    timezone: str | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
    heads_only: bool = False,
    known: reading.Known | None = None,
    engine: Engine = HERE,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Return a photos frame: what each file and the manifest say of where it was taken.

    `heads_only` reads no more of each file than that takes: no digest, so no copy is told, and no
    photo is found to be cut short. `known` remembers digests from run to run.
    """
    zone = _zone(timezone)
    # The manifest first: a mistake in it should show before a million photos are read.
    table = None if manifest_path is None else manifest.read(manifest_path, timezone=zone)
    frame = engine.read_heads(given, timezone=zone, max_pixels=max_pixels, track=track)
    if not heads_only:
        frame = engine.digest(frame, given, max_pixels=max_pixels, known=known, track=track)
    return resolve.locate(frame, table, prefer=prefer)


def _zone(name: str | None) -> tzinfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"timezone {name!r} is not known; give one such as Europe/Amsterdam"
        ) from None


@contextmanager
def _collecting(notes: list[str]) -> Iterator[None]:
    """Gather what geobike reports. Other warnings go their own way, and all do if the block fails.

    Python's warning filters are process-wide: while this runs, other threads' warnings come here.
    """
    failed, caught = True, list[warnings.WarningMessage]()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", GeobikeWarning)
            yield
        failed = False
    finally:
        for one in caught:
            if failed or not issubclass(one.category, GeobikeWarning):
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
            else:
                notes.append(str(one.message))


def _digest(path: str | Path) -> str | None:
    """Return the SHA-256 of a file; None for a folder, as some GIS formats are."""
    with files.local(path) as file:
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()


def _digest_of_all(digests: "pd.Series[str]") -> str | None:
    """Return the SHA-256 of the sorted photo digests, one a line: the same for the same photos."""
    known = sorted(digests.dropna())
    return hashlib.sha256("\n".join(known).encode()).hexdigest() if known else None
