"""What becomes of a survey of one photo under every scenario.

Run it: python -m tests.support.hosted_outcomes.
"""

import contextlib
import io
import logging
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import geobike
from geobike.cli import terminal
from geobike.cli.commands.map import print_result
from geobike.detectors.hosted.detector import HostedDetector
from geobike.errors import DetectorStopped
from tests.support.hosted_client import Waits, policy
from tests.support.hosted_scenarios import SCENARIOS, TOKEN
from tests.support.hosted_service import FakeService
from tests.support.making import photo, squares


@dataclass(frozen=True)
class Outcome:
    scenario: str
    became: str
    """The photo's status, or the exit code of a run that was stopped."""
    said: str
    requests: int
    waited: float
    """Seconds, on a clock that only sleeping moves."""
    everything: str
    """All that was printed, logged, raised and written."""


def outcomes(folder: Path) -> Iterator[Outcome]:
    """Yield one for each scenario, in the order of the list."""
    with FakeService() as service:
        for scenario in SCENARIOS:
            service.play(scenario)
            service.requests.clear()
            yield outcome(folder / scenario, service, scenario)


def outcome(folder: Path, service: FakeService, scenario: str) -> Outcome:
    waits = Waits()
    exchange = 0.25 if scenario.startswith("slow") else 30.0  # seconds
    detector = HostedDetector(
        token=f"{TOKEN}\n", endpoint=service.url(), policy=policy(waits, exchange=exchange)
    )
    photo(folder / "photo.jpg", lon_lat=(4.005, 52.005), size=(640, 480))
    areas = squares(folder / "areas.geojson", ["town"])
    plan = geobike.Survey(photos=folder / "photo.jpg", areas=areas, detector=detector)
    with everything_said() as said:
        became, why = survey(plan, folder / "out")
    heard = said.getvalue() + repr(plan) + repr(vars(detector))
    for path in sorted((folder / "out").iterdir()):
        heard += path.read_bytes().decode("latin-1")
    return Outcome(scenario, became, why, len(service.requests), sum(waits.slept), heard)


def survey(plan: geobike.Survey, out: Path) -> tuple[str, str]:
    try:
        with terminal.resumable(out / "detections.sqlite"):
            result = geobike.run(plan, store=out / "detections.sqlite")
    except DetectorStopped as stop:
        traceback.print_exc()
        terminal.say(str(stop))
        return f"exit {stop.exit_code}", str(stop).partition(" What was detected")[0]
    print_result(result, result.write(out))
    (row,) = result.photos.itertuples()
    if row.status == "counted":
        return row.status, f"{len(result.detections)} boxes"
    return row.status, row.reason


@contextlib.contextmanager
def everything_said() -> Iterator[io.StringIO]:
    said = io.StringIO()
    log, handler = logging.getLogger(), logging.StreamHandler(said)
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield said
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def main() -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("scenario", "photo or run", "requests", "waited", "said", box=None)
    with TemporaryDirectory() as folder:
        for one in outcomes(Path(folder)):
            waited = f"{one.waited:.0f} s" if one.waited else ""
            said = Text(one.said[:110])
            table.add_row(one.scenario, one.became, str(one.requests), waited, said)
    console = Console(width=200)
    console.print(table)
    console.print(f"{table.row_count} scenarios")


if __name__ == "__main__":
    main()
