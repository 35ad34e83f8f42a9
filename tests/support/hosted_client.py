"""A hosted detector wired to the stand-in service, with a clock that only sleeping moves."""

from datetime import UTC, datetime

from PIL import Image

from geobike.detectors.hosted.detector import HostedDetector, RetryPolicy
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService

STREET = Image.radial_gradient("L").resize((64, 48)).convert("RGB")
NOW = datetime(2026, 10, 21, 7, 27, 37, tzinfo=UTC).timestamp()
"""23 s before the moment that `rate_429_retry_after_date` names."""


class Waits:
    """Stands for time: adds up what was slept, and sleeps none of it."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def clock(self) -> float:
        return sum(self.slept)


def policy(waits: Waits, **options: object) -> RetryPolicy:
    given = {"sleep": waits.sleep, "clock": waits.clock, "now": lambda: NOW, "chance": lambda: 1.0}
    return RetryPolicy(**given | options)


def detector(service: FakeService, waits: Waits, **options: object) -> HostedDetector:
    return HostedDetector(token=TOKEN, endpoint=service.url(), policy=policy(waits, **options))
