"""What one run of the page works on: a finished survey, a detector to try photos with, or both."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from geobike import saved
from geobike.detections.filtering import Filter
from geobike.detections.looking import STANDARD, Looking
from geobike.detectors.protocol import Detector
from geobike.errors import InputError
from geobike.maps import assets
from geobike.photos.decoding import MAX_PIXELS
from geobike.review import album, people
from geobike.review.boxes import Boxes
from geobike.review.pictures import Pictures
from geobike.review.trial import Trial
from geobike.review.work import Work

LANGUAGES: Final = ("en", "nl")
COLOURS: Final = "colours.css"
_ROOT: Final = re.compile(r":root[^{}]*\{[^{}]*\}")
TRIED: Final = Filter(("bicycle",))
"""What counts on a photo that is tried without a survey."""


@dataclass(frozen=True)
class Survey:
    """A finished survey, open for counting and correcting."""

    name: str
    rules: Filter
    """Which boxes counted."""
    album: album.Album
    pictures: Pictures
    work: Work
    boxes: Boxes
    show_people: bool


@dataclass(frozen=True)
class Session:
    """What the page offers."""

    survey: Survey | None = None
    trial: Trial | None = None
    counter: str | None = None
    """Who counts, where the command line says it; else the page asks."""
    language: str = "en"
    threshold: float = 0.5
    """Where the slider of a tried photo begins."""
    host: str | None = None
    """Where a tried photo is sent; None if it stays on this machine."""


def open_survey(
    folder: Path,
    photos: str | Path | Sequence[str | Path] | None,
    *,
    show_people: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Survey:
    """Open the survey in a folder that `geobike map` wrote; `photos` are its photo folders.

    Raises InputError where there is none, or people on its photos could not be hidden.
    """
    finished = saved.read(folder)
    if photos is None:
        raise InputError(
            f"{folder}: was made from tables alone, and here photos are looked at; run geobike map "
            "with the photos too, or fill in hand_counts.csv by hand"
        )
    opened = album.read(finished, photos)
    album.check_people(opened, show_people=show_people)
    return Survey(
        name=folder.resolve().name,
        rules=finished.rules,
        album=opened,
        pictures=Pictures(opened, show_people=show_people, max_pixels=max_pixels),
        work=Work(folder, opened.photo_ids),
        boxes=Boxes(folder, opened, labels=finished.labels),
        show_people=show_people,
    )


def open_trial(
    detector: Callable[[], Detector],
    *,
    rules: Filter = TRIED,
    looking: Looking = STANDARD,
    show_people: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Trial:
    """Return what tries photos; the detector is made when the first one is dropped.

    Boxes count by `rules`, whose threshold is for the page to slide. Panoramas are looked at as
    `looking` says.
    """
    return Trial(
        detector, rules=rules, looking=looking, show_people=show_people, max_pixels=max_pixels
    )


def state(session: Session) -> dict[str, Any]:
    """Return what the page is told first."""
    survey = session.survey
    return {
        "words": words(session.language),
        "counter": None if session.counter is None else people.name(session.counter),
        "names": [] if survey is None else survey.work.names(),
        "survey": None if survey is None else survey.name,
        "photos": 0 if survey is None else len(survey.album),
        "threshold": session.threshold if survey is None else survey.rules.threshold,
        "labels": [] if survey is None else list(survey.rules.labels),
        "hides": survey is not None and not survey.show_people,
        "try": session.trial is not None,
        "host": session.host,
    }


@cache
def words(language: str) -> dict[str, Any]:
    """Return the catalogue of a language. Raises InputError for one that there is not."""
    if language not in LANGUAGES:
        raise InputError(f"language {language!r} has no words here; give {' or '.join(LANGUAGES)}")
    found: dict[str, Any] = json.loads(page_file(f"words-{language}.json"))
    return found


def page_file(name: str) -> bytes:
    """Return a file of geobike/review/page, or the colours, which are those of the map."""
    if name == COLOURS:
        return "\n".join(_ROOT.findall(assets.page("page.css"))).encode()
    return (resources.files(__package__) / "page" / name).read_bytes()
