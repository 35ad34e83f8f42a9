"""Each failure of the hosted service, and what it comes to for a photo or the run."""

import logging

import pytest

from geobike.detectors.hosted.detector import HostedDetector
from geobike.errors import (
    CreditsExhausted,
    DetectionFailed,
    GeobikeError,
    ModelUnavailable,
    RequestRefused,
    TokenError,
)
from tests.support.hosted_client import STREET, Waits, detector, policy
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService

REFUSED = [
    # scenario, error, what the message says, requests sent
    ("bad_image_400", DetectionFailed, "cannot identify image", 1),
    ("truncated_400", DetectionFailed, "truncated", 1),
    ("error_as_list_400", DetectionFailed, "Invalid image", 1),
    ("unknown_400", DetectionFailed, "CUDA out of memory", 1),
    ("echo_token_400", DetectionFailed, r"Bearer \[token\] \[31m red", 1),
    ("too_large_413_html", DetectionFailed, "413 Request Entity Too Large", 2),
    ("unsupported_type_400", RequestRefused, "Content type", 1),
    ("threshold_400", RequestRefused, "not supported between", 1),
    ("no_inputs_400", RequestRefused, "inputs key", 1),
    ("parameter_400", RequestRefused, "keyword argument", 1),
    ("invalid_422", RequestRefused, "Field required", 1),
    ("redirect_elsewhere_302", RequestRefused, "points to collector.invalid", 1),
    ("redirect_here_307", RequestRefused, "another path", 1),
    ("model_not_supported_400", ModelUnavailable, "detect on this machine", 1),
    ("unknown_model_404", ModelUnavailable, "foo/bar does not exist", 1),
    ("wrong_path_404_text", ModelUnavailable, "Not Found", 1),
    ("gone_410_host", ModelUnavailable, "no longer supported", 1),
    ("gone_410_model", ModelUnavailable, "deprecated", 1),
    ("bad_token_401_json", TokenError, "Invalid username or password", 1),
    ("no_token_401_html", TokenError, "Make calls to Inference Providers", 1),
    ("permission_403", TokenError, "Make calls to Inference Providers", 1),
    ("credits_402", CreditsExhausted, "depleted", 1),
]

PASSING = [
    ("rate_429_forever", DetectionFailed, "429: Rate limit reached", 5),
    ("unknown_500_forever", DetectionFailed, "500: unknown error", 5),
    ("loading_503_forever", DetectionFailed, "currently loading", 5),
    ("overload_503_forever", DetectionFailed, "overload detected", 5),
    ("html_502", DetectionFailed, "502: 502 Bad Gateway", 5),
    ("html_504", DetectionFailed, "504 Gateway Time-out", 5),
    ("empty_204", DetectionFailed, "204: No Content", 5),
    ("html_200", DetectionFailed, "200 without JSON: We are back soon", 5),
    ("error_200", DetectionFailed, "200 with an error: overloaded", 5),
    ("cut_json_200", DetectionFailed, "200 without JSON", 5),
    ("reset", DetectionFailed, "connection to .* broke", 5),
    ("cut_chunked_body", DetectionFailed, "connection to .* broke", 5),
    ("cut_length_body", DetectionFailed, "connection to .* broke", 5),
    ("slow_headers", DetectionFailed, "no complete response", 5),
    ("slow_body", DetectionFailed, "no complete response|too slowly", 5),
]

GARBAGE = [
    ("object_200", DetectionFailed, 'not a list of objects: {"hello": "world"}', 1),
    ("number_200", DetectionFailed, "not a list of objects: 42", 1),
    ("texts_200", DetectionFailed, "not a list of objects", 1),
    ("nan_score", DetectionFailed, "number NaN", 1),
    ("huge_score", DetectionFailed, "score is 7.5", 1),
    ("text_score", DetectionFailed, "score is missing or not a number", 1),
    ("true_score", DetectionFailed, "score is missing or not a number", 1),
    ("overflowing_score", DetectionFailed, "score is out of range", 1),
    ("endless_number", DetectionFailed, "score is out of range", 1),
    ("no_box", DetectionFailed, "no box", 1),
    ("box_far_away", DetectionFailed, "far outside the image", 1),
    ("no_label", DetectionFailed, "label is missing", 1),
    ("label_of_a_megabyte", DetectionFailed, "far too long", 1),
    ("many_boxes", DetectionFailed, "100,000 objects", 1),
    ("deep_nesting", DetectionFailed, "nested too deeply", 1),
    ("ten_megabytes", DetectionFailed, "longer than", 1),
    ("gzip_bomb", DetectionFailed, "longer than", 1),
    ("packed_oddly", DetectionFailed, "packed as 'gzip, gzip'", 1),
]


@pytest.mark.parametrize(("scenario", "error", "message", "sent"), REFUSED + PASSING + GARBAGE)
def test_every_failure_has_its_outcome_and_one_line_that_hides_the_token(
    service: FakeService,
    waits: Waits,
    caplog: pytest.LogCaptureFixture,
    scenario: str,
    error: type[GeobikeError],
    message: str,
    sent: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    service.play(scenario)
    exchange = 0.25 if scenario.startswith("slow") else 30.0  # seconds
    asking = detector(service, waits, exchange=exchange)
    with pytest.raises(error, match=message) as failure:
        asking.detect(STREET)
    assert len(service.requests) == sent
    said = str(failure.value)
    assert said.isprintable()
    assert len(said) < 600
    assert TOKEN not in f"{said} {failure.value!r} {asking!r} {vars(asking)} {caplog.text}"


def test_a_photo_that_is_too_large_is_shrunk_once(service: FakeService, waits: Waits) -> None:
    service.play("too_large_413_then_ok")
    found = detector(service, waits).detect(STREET.resize((2000, 1500)))
    assert [seen.picture().size for seen in service.requests] == [(1067, 800), (533, 400)]
    assert found[0].box == pytest.approx((200, 600, 900, 1350), abs=3.76)


def test_without_a_token_the_message_says_how_to_get_one(
    service: FakeService, waits: Waits
) -> None:
    asking = HostedDetector(token=None, endpoint=service.url(), policy=policy(waits))
    with pytest.raises(
        TokenError, match=r"No token was given: make one at https://huggingface\.co"
    ):
        asking.detect(STREET)
    assert "authorization" not in service.requests[0].headers


def test_a_wrong_token_stops_the_run(service: FakeService, waits: Waits) -> None:
    wrong = TOKEN[::-1]
    asking = HostedDetector(token=wrong, endpoint=service.url(), policy=policy(waits))
    with pytest.raises(TokenError, match="wrong, expired") as failure:
        asking.detect(STREET)
    assert wrong not in str(failure.value)
