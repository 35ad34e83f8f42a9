"""All scenarios of the hosted service, each with a whole survey."""

import pytest

from tests.support.hosted_outcomes import Outcome, everything_said, outcomes
from tests.support.hosted_scenarios import SCENARIOS, TOKEN

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")

STOPS = {"exit 3"}
ENDS = {"counted", "failed"} | STOPS


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    return list(outcomes(tmp_path_factory.mktemp("outcomes")))


def test_every_scenario_ends_in_a_count_a_reason_or_a_clean_stop(everyone: list[Outcome]) -> None:
    assert [one.scenario for one in everyone] == list(SCENARIOS)
    for one in everyone:
        assert one.became in ENDS, one.scenario
        assert one.said.isprintable(), one.scenario
        assert 1 <= one.requests <= 5, one.scenario
        good = one.scenario.startswith(("ok", "honest")) or one.scenario.endswith("then_ok")
        assert not good or one.became == "counted", one.scenario


def test_no_scenario_brings_the_token_into_anything_printed_logged_raised_or_written(
    everyone: list[Outcome],
) -> None:
    for one in everyone:
        assert f"{one.scenario}/" in one.everything  # there was something to look through
        assert TOKEN not in one.everything, one.scenario


def test_the_search_for_the_token_sees_what_is_printed_and_logged() -> None:
    import logging
    import sys

    with everything_said() as said:
        print(TOKEN)  # noqa: T201
        print(TOKEN, file=sys.stderr)  # noqa: T201
        logging.getLogger("urllib3").debug(TOKEN)
    assert said.getvalue().count(TOKEN) == 3


def test_a_reader_sees_each_kind_of_end(everyone: list[Outcome]) -> None:
    became = {one.scenario: one.became for one in everyone}
    assert became["honest"] == "counted"
    assert became["bad_image_400"] == became["rate_429_forever"] == became["nan_score"] == "failed"
    fatal = ["bad_token_401_json", "credits_402", "permission_403", "gone_410_model"]
    assert {became[name] for name in [*fatal, "unknown_model_404", "invalid_422"]} == STOPS


def test_the_store_holds_what_was_counted_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, everyone: list[Outcome]
) -> None:
    from tests.support.hosted_runs import stored

    folder = next(tmp_path_factory.getbasetemp().glob("outcomes*"))
    for one in everyone:
        kept = stored(folder / one.scenario / "out" / "detections.sqlite")
        assert len(kept) == (one.became == "counted"), one.scenario
