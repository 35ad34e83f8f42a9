"""How long the hosted detector waits for a photo's answer, and when it stops the run."""

import contextlib
import socket
import threading
import time

import pytest

from geobike.detectors.hosted.detector import HostedDetector
from geobike.errors import CreditsExhausted, DetectionFailed, ServiceUnavailable
from tests.support.hosted_client import STREET, Waits, detector, policy
from tests.support.hosted_scenarios import HONEST, TOKEN, says
from tests.support.hosted_service import FakeService

WAITED = [
    # scenario, seconds waited before each further try
    ("timeout_408_then_ok", [1]),
    ("early_425_then_ok", [1]),
    ("rate_429_plain", [1]),
    ("rate_429_retry_after_int", [17]),
    ("rate_429_retry_after_date", [23]),
    ("rate_429_ratelimit_r0", [55]),
    ("rate_429_ratelimit_r_positive", [1]),
    ("unknown_500", [1]),
    ("loading_503_then_ok", [20]),
    ("long_estimate_503_then_ok", [60]),
    ("odd_estimate_503_then_ok", [1]),
    ("overload_503", [1, 2, 4, 8]),
    ("reset_then_ok", [1]),
]


@pytest.mark.parametrize(("scenario", "seconds"), WAITED)
def test_a_fault_that_passes_is_waited_out_as_long_as_the_service_asks(
    service: FakeService, waits: Waits, scenario: str, seconds: list[float]
) -> None:
    service.play(scenario)
    assert len(detector(service, waits).detect(STREET)) == 3
    assert waits.slept == seconds


@pytest.mark.parametrize(
    "value", ["0", "-5", "1e9", "soon", "9" * 5000, "Wed, 21 Oct 2015 07:28:00 GMT", "nan", "²"]
)
def test_a_senseless_retry_after_is_passed_over(
    service: FakeService, waits: Waits, value: str
) -> None:
    header = {"Retry-After": value.encode().decode("latin-1")}
    service.play([says(429, "slow down", headers=header), HONEST])
    assert detector(service, waits).detect(STREET)
    assert waits.slept == [1]


@pytest.mark.parametrize("seconds", [-(10**400), 10**400, -1, 1e400])
def test_an_estimate_of_whichever_size_is_no_traceback(
    service: FakeService, waits: Waits, seconds: float
) -> None:
    service.play([says(503, "loading", estimated_time=seconds), HONEST])
    assert len(detector(service, waits).detect(STREET)) == 3
    assert waits.slept == [60 if seconds == 10**400 else 1]  # infinity is not JSON


def test_the_longest_of_several_requested_waits_holds(service: FakeService, waits: Waits) -> None:
    headers = {"Retry-After": "5", "RateLimit": '"day";r=9;t=9000, "api";r=0;t=8'}
    service.play([says(503, "loading", headers=headers, estimated_time=7.5), HONEST])
    assert detector(service, waits).detect(STREET)
    assert waits.slept == [8]


def test_waits_grow_at_random_and_are_capped(service: FakeService, waits: Waits) -> None:
    service.play("overload_503_forever")
    with pytest.raises(DetectionFailed, match="after 9 tries"):
        detector(service, waits, tries=9, chance=lambda: 0.5).detect(STREET)
    assert waits.slept == [0.5, 1, 2, 4, 8, 15, 15, 15]


def test_a_wait_beyond_the_budget_is_not_begun(service: FakeService, waits: Waits) -> None:
    service.play("rate_429_retry_after_hour")
    with pytest.raises(DetectionFailed, match="3600 s"):
        detector(service, waits).detect(STREET)
    assert (waits.slept, len(service.requests)) == ([], 1)


def test_one_photo_takes_no_longer_than_its_budget(service: FakeService, waits: Waits) -> None:
    service.play([says(503, "busy", headers={"Retry-After": "40"})])
    with pytest.raises(DetectionFailed, match="within 100 s"):
        detector(service, waits, budget=100.0).detect(STREET)
    assert sum(waits.slept) == 80


@pytest.mark.parametrize("scenario", ["slow_headers", "slow_body"])
def test_a_server_that_drips_bytes_cannot_hold_a_photo(
    service: FakeService, waits: Waits, scenario: str
) -> None:
    service.play(scenario)
    begun = time.monotonic()
    with pytest.raises(DetectionFailed):
        detector(service, waits, tries=2, exchange=0.25).detect(STREET)
    assert time.monotonic() - begun < 20  # it would drip for ever


def test_a_silent_server_is_given_up(waits: Waits) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        asking = HostedDetector(
            token=TOKEN, endpoint=address, policy=policy(waits, read=0.1, exchange=5.0, tries=2)
        )
        with pytest.raises(DetectionFailed, match="stopped responding"):
            asking.detect(STREET)


@pytest.mark.parametrize("scenario", ["html_502", "object_200"])
def test_the_run_stops_after_five_photos_in_a_row_without_an_answer(
    service: FakeService, waits: Waits, scenario: str
) -> None:
    asking = detector(service, waits, budget=10_000.0)
    service.play(scenario)
    for _ in range(4):
        with pytest.raises(DetectionFailed):
            asking.detect(STREET)
    with pytest.raises(ServiceUnavailable, match=r"5 photos in a row .* run again later"):
        asking.detect(STREET)
    sent = len(service.requests)
    with pytest.raises(ServiceUnavailable):
        asking.detect(STREET)
    assert len(service.requests) == sent


@pytest.mark.parametrize("answered", ["honest", "bad_image_400"])
def test_an_answer_in_between_keeps_the_run_going(
    service: FakeService, waits: Waits, answered: str
) -> None:
    asking = detector(service, waits, budget=10_000.0)
    for scenario in ["html_502", answered] * 6:
        service.play(scenario)
        with contextlib.suppress(DetectionFailed):
            asking.detect(STREET)
    assert len(service.requests) == 6 * (5 + 1)


def test_after_a_stop_no_waiting_photo_is_sent_again_but_a_new_one_is(
    service: FakeService, waits: Waits
) -> None:
    def sleep(_: float) -> None:  # meanwhile another photo hears that the credit is gone
        service.play("credits_402")
        with pytest.raises(CreditsExhausted):
            asking.detect(STREET)

    asking = detector(service, waits, sleep=sleep)
    service.play("overload_503_forever")
    with pytest.raises(CreditsExhausted):
        asking.detect(STREET)
    assert [seen.status for seen in service.requests] == [503, 402]
    service.play("honest")  # credit was added, and the notebook goes on
    assert asking.detect(STREET)


def test_eight_threads_share_a_detector_and_stop_together(
    service: FakeService, waits: Waits
) -> None:
    asking = detector(service, waits)
    assert _in_threads(asking, 8) == ["found"] * 8
    service.play("html_502")
    outcomes = _in_threads(asking, 8)
    assert set(outcomes) <= {"failed", "stopped"}
    assert outcomes.count("stopped") >= 4


def _in_threads(asking: HostedDetector, number: int) -> list[str]:
    outcomes: list[str] = []

    def run() -> None:
        try:
            outcomes.append("found" if len(asking.detect(STREET)) == 3 else "lost")
        except DetectionFailed:
            outcomes.append("failed")
        except ServiceUnavailable:
            outcomes.append("stopped")

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
