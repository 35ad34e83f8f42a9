"""`geobike map`: a survey from photos to the map, and what is printed of it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geobike import config
from geobike.cli import engines, models, sending, statuses, terminal
from geobike.cli.declared import takes_declared
from geobike.errors import InputError
from geobike.io.redaction import redact
from geobike.reporting import one_line

if TYPE_CHECKING:
    import geopandas as gpd

    from geobike.detections.choice import Choice
    from geobike.detections.store.protocol import DetectionStore
    from geobike.engines.base import Engine
    from geobike.survey.options import Survey
    from geobike.survey.result import SurveyResult


@takes_declared
def map_(
    survey: config.SurveySettings,
    detector: config.DetectorSettings,
    page: config.PageSettings,
    where: config.RunSettings,
) -> None:
    """Make the map: photos in; map.html, GeoJSON, CSV and a summary out.

    Without photos and model: --manifest and --detections, and no PHOTOS.
    """
    from geobike.maps import PageOptions
    from geobike.survey.options import Survey

    if survey.detections is not None and (detector.kind != "auto" or where.dry_run):
        raise InputError(
            "with --detections nothing is detected and nothing is sent: leave out --detector and "
            "--dry-run"
        )
    engine = engines.choose(where.engine, where.scheduler)
    chosen = models.choice(detector, where.token_file)
    plan = Survey(**vars(survey), detector=chosen, page=PageOptions(**vars(page)))
    plan.check_out(where.out)  # before hours of work
    store = where.store
    if survey.detections is None:
        store = store or engines.store_in(where.out, where.engine)
    if where.dry_run:
        _dry_run_survey(plan, chosen, store)
    else:
        result = _run_survey(plan, chosen, store, engine, where.out)
        _end_if_empty(result, allowed=where.allow_empty)


def _dry_run_survey(plan: "Survey", chosen: "Choice", store: str | None) -> None:
    from geobike.survey import locating

    def read(known: "DetectionStore") -> "gpd.GeoDataFrame":
        return locating.locate_and_assign(plan, known=known, track=terminal.track()).photos

    sending.dry_run(read, chosen, store, plan.max_pixels, plan.looking)


def _run_survey(
    plan: "Survey",
    chosen: "Choice",
    store: str | None,
    engine: "AbstractContextManager[Engine]",
    out: str,
) -> "SurveyResult":
    from geobike.io.transaction import exclusive
    from geobike.survey import run

    detects = plan.detections is None
    if detects:
        models.announce(chosen)
    with terminal.notes(), terminal.resumable(store if detects else None), exclusive(out):
        with engine as opened:
            result = run.run(plan, store=store, engine=opened, track=terminal.track())
        _print_notes(result)
        written = result.write(out, track=terminal.track())
    print_result(result, written)
    return result


def _print_notes(result: "SurveyResult") -> None:
    """Print what the survey reported."""
    for note in result.warnings:
        if note != result.empty:  # which comes last
            terminal.say(f"note: {note}")


def print_result(result: "SurveyResult", written: dict[str, str | Path]) -> None:
    """Print the ledger of a survey and where its files are."""
    account = result.ledger
    sums = [("photos given", str(account.photos_given), "")]
    if account.not_read:
        kinds = ", ".join(f"{number} {kind}" for kind, number in account.not_read.items())
        sums.append(("files not read", str(sum(account.not_read.values())), kinds))
    photos = result.photos
    statuses.print_statuses(account.photos, photos["status"], photos["reason"], sums)
    terminal.print_line(
        f"{account.bicycles_counted} {' or '.join(map(one_line, result.survey.labels))} boxes "
        f"counted, {account.bicycles_in_areas} in areas; {account.bicycles_elsewhere} more in "
        f"photos that are not counted."
    )
    known = (_once(result), _compared(result), *_by_hand(result))
    for line in (_compared(result),) if result.empty else known:  # of no photo nothing is known
        terminal.print_line(line)
    terminal.print_line(
        f"Detected now: {result.detected_now} photos, by {one_line(result.model.name)}, "
        f"threshold {result.survey.threshold:g}."
    )
    for name, path in written.items():
        terminal.print_line(f"{'Map' if name == 'map.html' else 'Written'}: {redact(path)}")


def _once(result: "SurveyResult") -> str:
    """Return how many places are counted once, and how many bicycles are ridden."""
    total = result.counted.total
    return (
        f"Each place counted once: about {total['detected_once']:.0f}, at least "
        f"{total['detected_at_least']:.0f}. {_ridden(result)}"
    )


def _ridden(result: "SurveyResult") -> str:
    if result.ridden is None:
        return "Ridden ones are not told apart: no box is a person."
    what = "so left out" if result.survey.count == "parked" else "and counted too"
    return f"Ridden, {what}: {result.ridden}."


def _by_hand(result: "SurveyResult") -> tuple[str, ...]:
    """Return what hand counts say of the survey, or that they say nothing."""
    from geobike.survey.estimating import detected_only

    if (said := detected_only(result.estimates)) is not None:
        return (said,)
    found = result.estimates
    if found is None:
        return ()
    return (f"Counted by hand: {found.hand_counted} drawn photos.", *found.sentences())


def _compared(result: "SurveyResult") -> str:
    """Return how many areas were seen well enough to be compared, and what the others lack."""
    areas = result.areas["status"].value_counts()
    said = f"{areas.get('compared', 0)} of {len(result.areas)} areas can be compared"
    kinds = {"thin": "seen in part", "too_thin": "hardly seen", "unseen": "not seen"}
    parts = [f"{areas[name]} {words}" for name, words in kinds.items() if name in areas]
    if not parts:
        return f"{said}."
    takes = "30 % of the street length and 6 streets"
    if result.counted.streets is None:
        takes = "stops in 6 squares of 150 m; --streets FILE measures by street"
    return f"{said}; {', '.join(parts)}. It takes {takes}."


def _end_if_empty(result: "SurveyResult", *, allowed: bool) -> None:
    """Warn where no photo was counted, and exit with 4 unless that is allowed."""
    if result.empty is None:
        return
    hint = "" if allowed else " (exit code 4; --allow-empty makes it 0)"
    terminal.warn(f"{result.empty}{hint}")
    if not allowed:
        raise typer.Exit(4)
