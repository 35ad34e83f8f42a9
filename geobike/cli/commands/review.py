"""`geobike review`: a local page to count by eye, correct boxes and try photos."""

import time
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geobike import config
from geobike.cli import models, shell, terminal
from geobike.cli.declared import takes_declared
from geobike.detectors import backends
from geobike.errors import InputError

if TYPE_CHECKING:
    from geobike.detectors.protocol import Detector
    from geobike.review.session import Session


@takes_declared
def review(
    out: Annotated[
        Path | None,
        typer.Argument(
            help="Folder that `geobike map` wrote, in which `geobike sample` drew photos.",
            metavar="OUT",
            show_default=False,
        ),
    ] = None,
    try_: Annotated[
        bool, typer.Option("--try", help="Without OUT: only try photos with a detector.")
    ] = False,
    counter: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who counts.", show_default="the page asks"),
    ] = None,
    show_people: Annotated[
        bool,
        typer.Option("--show-people", help="Show people on the photos; else they are pixelated."),
    ] = False,
    language: Annotated[Literal["en", "nl"], typer.Option(help="Of the page.")] = "en",
    port: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=65535, help="On this machine.", show_default="a free one"
        ),
    ] = 0,
    browser: Annotated[bool, typer.Option(help="Whether to open the page in the browser.")] = True,
    *,
    detector: config.DetectorSettings,
    token_file: str | None,
    max_megapixels: float,
) -> None:
    """Count bicycles by eye on a local page, correct boxes, and try a photo.

    Everything is saved in OUT at each key. Stop with Ctrl-C; the same command goes on from there.
    """
    from geobike.io.transaction import exclusive
    from geobike.review.server import serving
    from geobike.survey.options import pixels

    if try_ == (out is not None):
        raise InputError(
            "geobike review takes the folder of a survey, or --try without one"
            if try_
            else "name the folder of a survey (geobike review out), or try photos without one "
            "(geobike review --try)"
        )
    most = pixels(max_megapixels)
    # No survey may be written into the folder while people count its photos.
    held: AbstractContextManager[Any] = nullcontext() if out is None else exclusive(out)
    with terminal.notes(), held:
        if out is None:
            opened = _trying(detector, token_file, show_people=show_people, most=most)
        else:
            opened = _surveyed(out, detector, token_file, show_people=show_people, most=most)
        opened = _with(opened, counter, language)
        # Ctrl-C is how it ends, from when the address is known.
        with serving(opened, port=port) as address, suppress(KeyboardInterrupt):
            terminal.print_line(f"The page is at {address}")
            terminal.print_line("Only this machine can open it. Stop with Ctrl-C.")
            if browser:
                webbrowser.open(address)
            while True:
                time.sleep(3600)
    if out is not None:
        _print_next(out)


def _print_next(out: Path) -> None:
    from geobike.estimates.hand_counts import FILE_NAME

    terminal.print_line(f"What was counted is in {out}; the same command goes on from there.")
    if (out / FILE_NAME).is_file():
        print(f"When all is counted: {shell.map_with_counts(out, out / FILE_NAME)}")


def _with(opened: "Session", counter: str | None, language: str) -> "Session":
    from dataclasses import replace

    from geobike.review import people, session

    session.words(language)
    name = None if counter is None else people.name(counter)
    return replace(opened, counter=name, language=language)


def _trying(
    detector: config.DetectorSettings, token_file: str | None, *, show_people: bool, most: int
) -> "Session":
    from geobike.detections.choice import create
    from geobike.review import session

    chosen = models.choice(detector, token_file)
    made = create(chosen)  # a mistake shows before the page does
    return session.Session(
        trial=session.open_trial(lambda: made, show_people=show_people, max_pixels=most),
        threshold=config.THRESHOLD,
        host=made.host,
    )


def _surveyed(
    out: Path,
    detector: config.DetectorSettings,
    token_file: str | None,
    *,
    show_people: bool,
    most: int,
) -> "Session":
    from geobike import saved
    from geobike.detections.looking import Looking
    from geobike.review import session
    from geobike.survey import settings

    if not (out / saved.SUMMARY).is_file():
        raise InputError(f"{out}: holds no survey; run geobike map --out {out} first")
    given = settings.read(out / saved.SUMMARY)
    survey = session.open_survey(out, given.get("photos"), show_people=show_people, max_pixels=most)
    if detector == config.DetectorSettings():
        named = {one.name for one in fields(config.DetectorSettings)}
        detector = config.DetectorSettings(**{k: v for k, v in given.items() if k in named})
    sends = backends.sends_photos(detector.kind)
    return session.Session(
        survey=survey,
        trial=session.open_trial(
            _later(detector, token_file),
            rules=survey.rules,
            looking=Looking(**{k: given[k] for k in ("windows", "panoramas") if k in given}),
            show_people=show_people,
            max_pixels=most,
        ),
        host=(detector.endpoint or detector.kind) if sends else None,
    )


def _later(detector: config.DetectorSettings, token_file: str | None) -> "Callable[[], Detector]":
    """Return what makes the detector when a photo is tried: counting needs no model, no token."""

    def make() -> "Detector":
        from geobike.detections.choice import create

        return create(models.choice(detector, token_file))

    return make
