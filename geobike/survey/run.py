"""Run the stages of a survey in order; the one module that knows the order.

    photos -> positions -> areas -> detections -> places, stops and counts -> map and files

Areas come before detections: a join is cheap, a detection is not, and a photo outside the areas
should not cost anything.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, cast

import geopandas as gpd
import pandas as pd

from geobike import areas, parking, streets
from geobike.counting import causes, counts, ledger, stops
from geobike.counting import stage as counting
from geobike.detections import annotated, corrections, filtering, foreign, imported, stage
from geobike.detections.store.opening import open_store
from geobike.detections.store.protocol import DetectionStore, Model
from geobike.engines.base import Engine
from geobike.engines.local import LOCAL
from geobike.errors import ManifestError
from geobike.estimates import hand_counts, looks
from geobike.io import files
from geobike.io.inputs import Inputs
from geobike.io.matching import isin
from geobike.maps import basemap, context, options
from geobike.photos import decoding, hashing, reading, shots
from geobike.positions import manifest, resolve, sidecars, sources
from geobike.positions import track as track_room
from geobike.progress import Track, silent
from geobike.reporting import collect_warnings, report
from geobike.survey.counting import count_areas
from geobike.survey.estimating import Estimated, estimate_areas
from geobike.survey.options import Survey, zone
from geobike.survey.result import SurveyResult


def run(
    survey: Survey,
    *,
    store: str | Path | None = None,
    engine: Engine = LOCAL,
    track: Track = silent,
) -> SurveyResult:
    """Run a survey; `store` is the file that keeps its detections, created if it is missing.

    With a `geobike.Cluster` as engine, it is a folder or URL that keeps them as Parquet.

    Without a store nothing is kept; a survey with its own detections needs none. A stopped run is
    continued. Raises InputError for what cannot be used and DetectorStopped if the detector cannot
    continue; its answers until then are in the store.

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
        422
    """
    started_at = datetime.now(UTC)
    inputs = Inputs()
    with collect_warnings() as notes:
        found = _find(survey, engine, inputs, track)  # a mistake in inputs creates no store
        with _open_store(survey, store, engine) as opened:
            known = None if store is None else opened
            located = _locate_and_assign(
                survey, found, known=known, engine=engine, inputs=inputs, track=track
            )
            detected = _detect(survey, located.photos, opened, engine, inputs, track)
        corrected, reviewers = _correct(survey, detected, inputs)
        photos, counted = _count(survey, located, corrected)
        photos = stops.name_stops(photos, counted.visits)
        if reviewers:  # photos are drawn by what the detector found
            uncorrected = counts.per_photo(detected.photos, detected.detections)
            photos["detected_count"] = uncorrected["bicycle_count"]
        estimates = None
        if survey.hand_counts is not None:
            # Drawn by what the detector found, so estimated by that too, corrected or not.
            alone = _count(survey, located, detected)[1] if reviewers else counted
            counted, photos, estimates = _estimate(
                survey, counted, photos, alone.exposure, detected.model, inputs
            )
        account = ledger.close(
            located.given,
            photos,
            corrected.detections,
            counted.areas,
            bicycles_beside_areas=counted.beside,
            not_read=located.not_read,
            files_given=located.files_given,
        )
    empty = causes.why_nothing_counted(photos, manifest=survey.manifest is not None)
    if empty is not None:
        notes.append(empty)
    return SurveyResult(
        survey=survey,
        model=detected.model,
        photos=photos,
        detections=corrected.detections,
        reviewers=reviewers,
        counted=counted,
        estimates=estimates,
        ledger=account,
        inputs=inputs.read,
        context=located.context,
        detected_now=detected.newly_detected,
        warnings=tuple(dict.fromkeys(notes)),
        started_at=started_at,
        store=store,
        empty=empty,
    )


def _correct(
    survey: Survey, detected: stage.Detected, inputs: Inputs
) -> tuple[stage.Detected, tuple[str, ...]]:
    """Return the detections as people corrected them, and who did. Raises InputError."""
    if survey.corrections is None:
        return detected, ()
    with inputs.open("corrections", survey.corrections) as file:
        if foreign.is_json(file.path):
            found = annotated.read(
                file.path,
                detected.detections,
                detected.photos,
                labels=survey.labels,
                reviewer=file.name,
            )
        else:
            found = corrections.read(file.path)
    boxes = corrections.apply(found, detected.detections, detected.photos, labels=survey.labels)
    return detected._replace(detections=boxes), tuple(sorted({one.reviewer for one in found}))


def _count(
    survey: Survey, located: "LocatedPhotos", detected: stage.Detected
) -> tuple[gpd.GeoDataFrame, counting.Counted]:
    """Return the counts frame of the photos, and what they show of areas and streets."""
    photos = counts.per_photo(detected.photos, detected.detections)
    counted = count_areas(
        photos,
        detected.detections,
        located.areas,
        streets=located.streets,
        rules=_rules(survey),
        racks=located.racks,
        walk=survey.walk,
    )
    return photos, counted


def _estimate(
    survey: Survey,
    counted: counting.Counted,
    photos: gpd.GeoDataFrame,
    exposure: pd.DataFrame,
    model: Model,
    inputs: Inputs,
) -> Estimated:
    """Return the counts with what the hand counts add. Raises InputError for those of another."""
    with inputs.open("hand_counts", cast(Path, survey.hand_counts)) as file:
        by_hand = hand_counts.read(
            file.path,
            looks=looks.find(exposure),
            settings=hand_count_settings(survey, model),
        )
    return estimate_areas(
        counted, photos, by_hand, area_spread=survey.area_spread, exposure=exposure
    )


def hand_count_settings(survey: Survey, model: Model) -> dict[str, object]:
    """Return what the strata of hand counts depend on, to hold a file of them against."""
    return {
        "model": model.name,
        "version": model.version,
        "labels": list(survey.labels),
        "threshold": survey.threshold,
        "max_overlap": survey.max_overlap,
        "count": survey.count,
        "stop_distance": survey.stop_distance,
    }


def _rules(survey: Survey) -> counting.Rules:
    return counting.Rules(
        place=survey.place == "auto",
        field_of_view=survey.field_of_view,
        heading_offset=survey.heading_offset,
        position_error=survey.position_error,
        heading_error=survey.heading_error,
        stop_distance=survey.stop_distance,
    )


def _detect(
    survey: Survey,
    placed: gpd.GeoDataFrame,
    store: DetectionStore,
    engine: Engine,
    inputs: Inputs,
    track: Track,
) -> stage.Detected:
    rules = filtering.Filter(survey.labels, survey.threshold, survey.max_overlap, survey.count)
    if survey.detections is not None:
        with inputs.open("detections", survey.detections) as file:
            table = imported.read(file.path)
        model = Model(*imported.model(table, file))
        named = pd.Series(isin(placed["photo_id"], table["photo_id"]), index=placed.index)
        once = shots.mark(placed, keep=survey.same_shot == "all", preferred=named)
        known, found = imported.apply(table, once)
        return stage.Detected(
            known, filtering.filter_detections(found, **asdict(rules)), model, newly_detected=0
        )
    plan = stage.plan(
        _once(survey, placed), survey.detector, store, rules=rules, looking=survey.looking
    )
    outcomes = engine.detect(plan, store, workers=survey.workers, max_pixels=survey.max_pixels)
    return stage.collect(plan, outcomes, store, track=track)


def _once(survey: Survey, placed: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos with a status for those that show the same as another."""
    return shots.mark(placed, keep=survey.same_shot == "all")


def _open_store(survey: Survey, store: str | Path | None, engine: Engine) -> DetectionStore:
    """Open the store of a run; in memory where a survey that detects nothing has none to use."""
    if survey.detections is not None and (store is None or survey.photos is None):
        return open_store(None)
    return engine.open_store(store, stage.mode_for(survey.detector))


class _Found(NamedTuple):
    """What a run reads before it opens its store."""

    areas: gpd.GeoDataFrame
    photos: reading.Found | None
    """None where the manifest alone names the photos."""
    context: Sequence[basemap.Layer]
    """Water, streets and borders for the map."""
    streets: gpd.GeoDataFrame | None
    """Street lines; None where the survey names none."""
    racks: gpd.GeoDataFrame | None
    """Racks frame; None where the survey names none."""


class LocatedPhotos(NamedTuple):
    """What `locate_and_assign` returns."""

    given: int
    """Photos found."""
    areas: gpd.GeoDataFrame
    photos: gpd.GeoDataFrame
    """Photos frame: those without a status are the ones to detect in."""
    context: Sequence[basemap.Layer]
    """Water, streets and borders for the map."""
    streets: gpd.GeoDataFrame | None
    """Street lines; None where the survey names none."""
    racks: gpd.GeoDataFrame | None = None
    """Racks frame; None where the survey names none."""
    not_read: Mapping[str, int] = MappingProxyType({})
    """Files of other kinds beside the photos: their number by suffix."""
    files_given: int | None = None
    """Files found, photos and others; None where none were looked for."""


def locate_and_assign(
    survey: Survey,
    *,
    known: hashing.HashCache | None = None,
    engine: Engine = LOCAL,
    track: Track = silent,
) -> LocatedPhotos:
    """Run the stages before detection: find the photos, where each was taken, and its area.

    `known`, such as an open store, keeps hashes, so that another run does not read files again.
    """
    inputs = Inputs()
    found = _find(survey, engine, inputs, track)
    placed = _locate_and_assign(
        survey, found, known=known, engine=engine, inputs=inputs, track=track
    )
    if survey.detections is not None:
        return placed
    return placed._replace(photos=_once(survey, placed.photos))


def _find(survey: Survey, engine: Engine, inputs: Inputs, track: Track) -> _Found:
    """Read the areas and list the photos."""
    layers: list[basemap.Layer] = []
    for path in survey.page.context:  # drawn last; a mistake should show first
        with inputs.open("context", path) as file:
            layers.append(context.read(file.path))
    if survey.page.basemap is not None:
        with inputs.open("basemap", survey.page.basemap) as file:
            layers.append(basemap.read(file.path))
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
    lines = None
    if survey.streets is not None:
        with inputs.open("streets", survey.streets) as file:
            lines = streets.read(file.path, polygons)
    racks = _read_racks(survey, polygons, inputs)
    if survey.photos is None:
        return _Found(polygons, None, layers, lines, racks)
    return _Found(polygons, engine.search(survey.photos, track=track), layers, lines, racks)


def _read_racks(
    survey: Survey, polygons: gpd.GeoDataFrame, inputs: Inputs
) -> gpd.GeoDataFrame | None:
    if survey.racks is None:
        return None
    with inputs.open("racks", survey.racks) as file:
        racks = parking.read(
            file.path,
            polygons,
            capacity_column=survey.capacity_column,
            date=survey.racks_date,
        )
    if survey.streets is None:
        report("without --streets, racks are counted by area; pressure and shortage need streets")
    return racks


def _locate_and_assign(
    survey: Survey,
    found: _Found,
    *,
    known: hashing.HashCache | None,
    engine: Engine,
    inputs: Inputs,
    track: Track,
) -> LocatedPhotos:
    if found.photos is None:
        table = _read_manifest(cast(Path, survey.manifest), zone(survey.timezone), inputs)
        named = manifest.photos(table)
        if named.empty:
            raise ManifestError(
                f"manifest {files.name(cast(Path, survey.manifest))}: names no photo"
            )
        located = resolve.locate(named, table)
        return LocatedPhotos(
            len(named),
            found.areas,
            areas.assign(located, found.areas),
            found.context,
            found.streets,
            found.racks,
        )
    located = locate(
        found.photos.files,
        manifest_path=survey.manifest,
        positions=survey.positions,
        track_paths=survey.track,
        track_offset=survey.track_offset,
        track_max_gap=survey.track_max_gap,
        timezone=survey.timezone,
        max_pixels=survey.max_pixels,
        known=known,
        engine=engine,
        inputs=inputs,
        track=track,
    )
    assigned = areas.assign(located, found.areas)
    return LocatedPhotos(
        len(found.photos.files),
        found.areas,
        assigned,
        found.context,
        found.streets,
        found.racks,
        found.photos.not_read,
        found.photos.given,
    )


def locate(
    given: Sequence[reading.PhotoFile],
    *,
    manifest_path: str | Path | None = None,
    positions: Sequence[str] = sources.DEFAULT,
    track_paths: Sequence[str | Path] = (),
    track_offset: float = 0.0,
    track_max_gap: float = 30.0,
    timezone: str | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
    metadata_only: bool = False,
    known: hashing.HashCache | None = None,
    engine: Engine = LOCAL,
    inputs: Inputs | None = None,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Return a photos frame with positions: where each photo was taken, by file and manifest.

    `track_paths` are GPX files; see `geobike.positions.track` for offset and gap.
    `metadata_only` reads only file headers, so neither duplicates nor truncated photos are found.
    `known` keeps hashes from run to run. Sources that `positions` does not name are not read.
    """
    named = {"manifest": manifest_path, "track": track_paths or None}
    sources.check(positions, given=[name for name, file in named.items() if file is not None])
    if "manifest" not in positions:
        manifest_path = None
    clock, inputs = zone(timezone), inputs or Inputs()
    fixes = None
    if track_paths and "track" in positions:
        with ExitStack() as stack:
            tracks = [stack.enter_context(inputs.open("track", path)).path for path in track_paths]
            fixes = track_room.read(tracks, offset=track_offset, max_gap=track_max_gap)
    # The manifest first: a mistake in it should show before a million photos are read.
    table = None
    if manifest_path is not None:
        names = [file.photo_id for file in given]
        table = _read_manifest(manifest_path, clock, inputs, photo_ids=names)
    frame = engine.read_metadata(given, timezone=clock, max_pixels=max_pixels, track=track)
    if not metadata_only:
        frame = engine.hash_files(frame, given, max_pixels=max_pixels, known=known, track=track)
    located = resolve.locate(frame, table, positions=positions, track=fixes)
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
