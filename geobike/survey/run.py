"""Run the stages of a survey in order; what comes before detection is in `locating`.

    photos -> positions -> areas -> detections -> places, stops and counts -> map and files

Areas come before detections: a join is cheap, a detection is not, and a photo outside the areas
should not cost anything.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import geopandas as gpd
import pandas as pd

from geobike import saved, schema
from geobike.counting import causes, counts, ledger, riding, stops
from geobike.counting import stage as counting
from geobike.detections import (
    annotated,
    corrections,
    filtering,
    foreign,
    imported,
    matched,
    recorded,
    stage,
)
from geobike.detections.corrections import Correction
from geobike.detections.store.opening import open_store
from geobike.detections.store.protocol import DetectionStore, Model
from geobike.engines.base import Engine
from geobike.engines.local import LOCAL
from geobike.estimates import hand_counts, looks
from geobike.io.inputs import InputFile, Inputs
from geobike.io.matching import isin
from geobike.photos import shots
from geobike.progress import Track, silent
from geobike.reporting import collect_warnings
from geobike.survey import locating
from geobike.survey.counting import count_areas
from geobike.survey.estimating import Estimated, estimate_areas
from geobike.survey.options import Survey
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
        found = locating.find(survey, engine, inputs, track)  # a mistake in inputs creates no store
        with _open_store(survey, store, engine) as opened:
            known = None if store is None else opened
            located = locating.assigned(
                survey, found, known=known, engine=engine, inputs=inputs, track=track
            )
            detected, by_people = _detect(survey, located.photos, opened, engine, inputs, track)
        corrected, reviewers = _correct(survey, detected, by_people, inputs)
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
    survey: Survey,
    detected: stage.Detected,
    known: Sequence[Correction],
    inputs: Inputs,
) -> tuple[stage.Detected, tuple[str, ...]]:
    """Return the detections as people corrected them, and who did. Raises InputError.

    Those that the table of detections holds are `known`; the file's come after them.
    """
    corrected = _corrected(survey, detected, known)
    if survey.corrections is None:
        return corrected, _reviewers(known)
    with inputs.open("corrections", survey.corrections) as file:
        if foreign.is_json(file.path):
            found = annotated.read(
                file.path,
                corrected.detections,
                corrected.photos,
                labels=survey.labels,
                reviewer=file.name,
            )
        else:
            found = recorded.new(corrections.read(file.path), known, corrected.photos)
    return _corrected(survey, corrected, found), _reviewers([*known, *found])


def _corrected(
    survey: Survey, detected: stage.Detected, found: Sequence[Correction]
) -> stage.Detected:
    if not found:
        return detected
    boxes = corrections.apply(found, detected.detections, detected.photos, labels=survey.labels)
    return detected._replace(detections=boxes)


def _reviewers(found: Sequence[Correction]) -> tuple[str, ...]:
    return tuple(sorted({one.reviewer for one in found}))


def _count(
    survey: Survey, located: locating.LocatedPhotos, detected: stage.Detected
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
            ridden=photos.set_index("photo_id").get(riding.RIDDEN),
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
) -> tuple[stage.Detected, list[Correction]]:
    """Return what was detected, and what people corrected in the table that it is from."""
    rules = filtering.Filter(survey.labels, survey.threshold, survey.max_overlap, survey.count)
    if survey.detections is not None:
        (table, own), file = _boxes(survey.detections, inputs)
        model = Model(*imported.model(table, file, own=own))
        named = pd.Series(isin(placed["photo_id"], table["photo_id"]), index=placed.index)
        once = shots.mark(placed, keep=survey.same_shot == "all", preferred=named)
        photos, boxes = matched.apply(table, once, own=own)
        found, corrected = recorded.split(boxes, reviewer=file.name)
        filtered = filtering.filter_detections(found, **asdict(rules))
        return stage.Detected(photos, filtered, model, newly_detected=0), corrected
    plan = stage.plan(
        locating.once(survey, placed), survey.detector, store, rules=rules, looking=survey.looking
    )
    outcomes = engine.detect(plan, store, workers=survey.workers, max_pixels=survey.max_pixels)
    return stage.collect(plan, outcomes, store, track=track), []


def _boxes(path: str | Path, inputs: Inputs) -> tuple[imported.Table, InputFile]:
    """Return a table of boxes, with what the survey beside it says of it, and its file."""
    with inputs.open("detections", path) as file:
        table, own = imported.load(file.path)
    if own:
        table = recorded.with_added(table, saved.reviewers(path))
    if table.empty:
        table = _of_nothing(path, file.sha256, table)
    return imported.Table(table, own), file


def _of_nothing(path: str | Path, digest: str | None, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without rows, with one for each photo in which its survey found nothing."""
    survey = saved.beside("detections", path, digest)
    if survey is None:
        return table
    photos = survey.photos()
    counted = photos.loc[photos["status"] == schema.COUNTED, "photo_id"]
    return imported.nothing_found(counted, str(survey.summary["detector"]["model"]))


def _open_store(survey: Survey, store: str | Path | None, engine: Engine) -> DetectionStore:
    """Open the store of a run; in memory where a survey that detects nothing has none to use."""
    if survey.detections is not None and (store is None or survey.photos is None):
        return open_store(None)
    return engine.open_store(store, stage.mode_for(survey.detector))
