"""The order of a survey's stages; the one module that knows it.

    photos -> positions -> areas -> detections -> counts -> map and files

Areas come before detections: a join is cheap, a detection is not, and a photo outside the areas
need not be paid for.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple, cast

import geopandas as gpd
import pandas as pd

from geobike import areas
from geobike.counting import causes, counts, ledger
from geobike.detections import filtering, imported, stage
from geobike.detections.store.opening import open_store
from geobike.detections.store.protocol import DetectionStore, Model
from geobike.engines.base import Engine
from geobike.engines.local import LOCAL
from geobike.errors import ManifestError
from geobike.io import files
from geobike.io.inputs import Inputs
from geobike.maps import context, options
from geobike.photos import decoding, hashing, reading
from geobike.positions import manifest, resolve, sidecars, sources
from geobike.progress import Track, silent
from geobike.reporting import collect_warnings
from geobike.survey.options import Survey, zone
from geobike.survey.result import SurveyResult


def run(
    survey: Survey,
    *,
    store: str | Path | None = None,
    engine: Engine = LOCAL,
    track: Track = silent,
) -> SurveyResult:
    """Run a survey; `store` is the file that keeps its detections, made where it is missing.

    With a `geobike.Cluster` as engine, it is a folder or address that keeps them as Parquet.

    Without a store nothing is kept; a survey that brings its detections needs none. A run that
    was stopped goes on where it was. Raises InputError for what cannot be used and DetectorStopped
    where the detector cannot go on; what it had answered is in the store.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos",
        ...     areas="sample/areas.geojson",
        ...     manifest="sample/manifest.csv",
        ...     threshold=0.3,
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> result.ledger.bicycles_counted
        440
    """
    started_at = datetime.now(UTC)
    inputs = Inputs()
    with collect_warnings() as notes:
        found = _find(survey, engine, inputs, track)  # a mistake in inputs makes no store
        with _open_store(survey, store, engine) as opened:
            known = None if store is None else opened
            given, polygons, placed, layers = _locate_and_assign(
                survey, found, known=known, engine=engine, inputs=inputs, track=track
            )
            detected = _detect(survey, placed, opened, engine, inputs, track)
        counted = counts.per_photo(detected.photos, detected.detections)
        per_area = counts.per_area(counted, polygons)
        account = ledger.close(given, counted, detected.detections, per_area)
    empty = causes.why_nothing_counted(counted, manifest=survey.manifest is not None)
    if empty is not None:
        notes.append(empty)
    return SurveyResult(
        survey=survey,
        model=detected.model,
        photos=counted,
        detections=detected.detections,
        areas=per_area,
        ledger=account,
        inputs=inputs.read,
        context=layers,
        detected_now=detected.newly_detected,
        warnings=tuple(dict.fromkeys(notes)),
        started_at=started_at,
        store=store,
        empty=empty,
    )


def _detect(
    survey: Survey,
    placed: gpd.GeoDataFrame,
    store: DetectionStore,
    engine: Engine,
    inputs: Inputs,
    track: Track,
) -> stage.Detected:
    rules = filtering.Filter(survey.labels, survey.threshold, survey.max_overlap)
    if survey.detections is not None:
        with inputs.open("detections", survey.detections) as file:
            table = imported.read(file.path)
        model = Model(*imported.model(table, file))
        known, found = imported.apply(table, placed)
        return stage.Detected(
            known, filtering.filter_detections(found, **rules._asdict()), model, newly_detected=0
        )
    plan = stage.plan(placed, survey.detector, store, rules=rules)
    outcomes = engine.detect(plan, store, workers=survey.workers, max_pixels=survey.max_pixels)
    return stage.collect(plan, outcomes, store, track=track)


def _open_store(survey: Survey, store: str | Path | None, engine: Engine) -> DetectionStore:
    """Open the store of a run; in memory where a survey that detects nothing has none to use."""
    if survey.detections is not None and (store is None or survey.photos is None):
        return open_store(None)
    return engine.open_store(store, stage.mode_for(survey.detector))


class _Found(NamedTuple):
    """What a run reads before it opens its store."""

    areas: gpd.GeoDataFrame
    files: list[reading.PhotoFile] | None
    """None where the manifest alone names the photos."""
    context: Sequence[context.ContextLayer]
    """Water, streets and borders for the map."""


class LocatedPhotos(NamedTuple):
    """What `locate_and_assign` returns."""

    given: int
    """Photos found."""
    areas: gpd.GeoDataFrame
    photos: gpd.GeoDataFrame
    """Photos frame: those without a status are the ones to detect in."""
    context: Sequence[context.ContextLayer]
    """Water, streets and borders for the map."""


def locate_and_assign(
    survey: Survey,
    *,
    known: hashing.HashCache | None = None,
    engine: Engine = LOCAL,
    track: Track = silent,
) -> LocatedPhotos:
    """Do what comes before detection: find the photos, where each was taken, and its area.

    `known`, such as an open store, keeps hashes, so that another run need not read files again.
    """
    inputs = Inputs()
    found = _find(survey, engine, inputs, track)
    return _locate_and_assign(survey, found, known=known, engine=engine, inputs=inputs, track=track)


def _find(survey: Survey, engine: Engine, inputs: Inputs, track: Track) -> _Found:
    """Read the areas and list the photos."""
    layers = []
    for path in survey.page.context:  # drawn last; a mistake should show first
        with inputs.open("context", path) as file:
            layers.append(context.read(file.path))
    with inputs.open("areas", survey.areas) as file:
        polygons = areas.read(
            file.path,
            layer=survey.layer,
            population_column=survey.population_column,
            name_column=survey.name_column,
            id_column=survey.id_column,
            crs=survey.crs,
            encoding=survey.encoding,
            language=str(options.words(survey.page.language)["language"]),
        )
    if survey.photos is None:
        return _Found(polygons, None, layers)
    return _Found(polygons, engine.find(survey.photos, track=track), layers)


def _locate_and_assign(
    survey: Survey,
    found: _Found,
    *,
    known: hashing.HashCache | None,
    engine: Engine,
    inputs: Inputs,
    track: Track,
) -> LocatedPhotos:
    if found.files is None:
        table = _read_manifest(cast(Path, survey.manifest), zone(survey.timezone), inputs)
        named = manifest.photos(table)
        if named.empty:
            raise ManifestError(
                f"manifest {files.name(cast(Path, survey.manifest))}: names no photo"
            )
        located = resolve.locate(named, table)
        return LocatedPhotos(
            len(named), found.areas, areas.assign(located, found.areas), found.context
        )
    located = locate(
        found.files,
        manifest_path=survey.manifest,
        positions=survey.positions,
        timezone=survey.timezone,
        max_pixels=survey.max_pixels,
        known=known,
        engine=engine,
        inputs=inputs,
        track=track,
    )
    assigned = areas.assign(located, found.areas)
    return LocatedPhotos(len(found.files), found.areas, assigned, found.context)


def locate(
    given: Sequence[reading.PhotoFile],
    *,
    manifest_path: str | Path | None = None,
    positions: Sequence[str] = sources.DEFAULT,
    timezone: str | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
    metadata_only: bool = False,
    known: hashing.HashCache | None = None,
    engine: Engine = LOCAL,
    inputs: Inputs | None = None,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Return a photos frame: what each file and the manifest say of where it was taken.

    `metadata_only` reads only file headers, so neither duplicates nor truncated photos are found.
    `known` keeps hashes from run to run. Sources that `positions` does not name are not read.
    """
    sources.check(positions, given=() if manifest_path is None else ("manifest",))
    if "manifest" not in positions:
        manifest_path = None
    clock = zone(timezone)
    # The manifest first: a mistake in it should show before a million photos are read.
    table = None
    if manifest_path is not None:
        names = [file.photo_id for file in given]
        table = _read_manifest(manifest_path, clock, inputs or Inputs(), photo_ids=names)
    frame = engine.read_metadata(given, timezone=clock, max_pixels=max_pixels, track=track)
    if not metadata_only:
        frame = engine.hash_files(frame, given, max_pixels=max_pixels, known=known, track=track)
    located = resolve.locate(frame, table, positions=positions)
    sidecars.report(located)
    return located


def _read_manifest(
    path: str | Path,
    clock: tzinfo | None,
    inputs: Inputs,
    *,
    photo_ids: Sequence[str] | None = None,
) -> pd.DataFrame:
    with inputs.open("manifest", path) as file:
        return manifest.read(file.path, timezone=clock, photo_ids=photo_ids)
