"""`geobike doctor --endpoint`: one small picture, and what its answer shows."""

import pytest

from geobike import doctor
from geobike.errors import InputError
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.program import geobike


def ask(service: FakeService, token: str | None = TOKEN) -> dict[str, doctor.Finding]:
    findings = doctor.ask(service.url(), token=token)
    return {finding.what.split()[0 if finding.what.startswith("server") else 1]: finding
            for finding in findings}  # fmt: skip


def test_a_server_that_answers_is_reachable_with_an_accepted_token_and_a_warm_model(
    service: FakeService,
) -> None:
    found = ask(service)
    assert [finding.ok for finding in found.values()] == [True, True, True]
    assert found["token"].found == "accepted"
    assert found["model"].found.startswith("warm, answered in 0.")
    assert len(service.requests) == 1
    assert service.requests[0].picture().size == (320, 240)


@pytest.mark.parametrize(
    ("scenario", "token", "model", "remedy"),
    [
        ("bad_token_401_json", "refused", None, "Make calls to Inference Providers"),
        ("permission_403", "refused", None, "Make calls to Inference Providers"),
        ("credits_402", "accepted", "does not answer", "Add credit"),
        ("unknown_model_404", "accepted", "does not answer", "name another model"),
        ("gone_410_model", "accepted", "does not answer", "name another model"),
        ("invalid_422", "accepted", "does not answer", "Field required"),
        ("loading_503_forever", None, "not ready: no answer", "try again"),
        ("rate_429_forever", None, "not ready: no answer", "try again"),
        ("html_200", None, "not ready: no answer", "try again"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(
    service: FakeService, scenario: str, token: str | None, model: str | None, remedy: str
) -> None:
    service.play(scenario)
    found = ask(service)
    assert found["server"].ok
    assert found["token"].found == token if token else "token" not in found
    assert found["model"].found.startswith(model) if model else "model" not in found
    assert remedy in [*found.values()][-1].remedy
    assert len(service.requests) == 1


def test_a_server_that_asks_for_a_token_says_so_when_none_is_given(service: FakeService) -> None:
    found = ask(service, token=None)
    assert found["token"].found == "none, and one is required"


def test_a_server_that_is_not_there_is_not_reachable() -> None:
    (finding,) = doctor.ask("http://127.0.0.1:1/detect", token=None)
    assert (finding.what, finding.ok) == ("server 127.0.0.1:1/detect", False)
    assert "refuses the connection" in finding.remedy


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="not a valid URL"):
        list(doctor.ask("localhost:80", token=None))


def test_the_command_says_it_and_exits_by_it(service: FakeService) -> None:
    done = geobike("doctor", "--endpoint", service.url(), env={"HF_TOKEN": TOKEN})
    assert done.returncode == 0, done.stdout
    assert f"ok       server {service.host}/" in done.stdout
    assert "ok       its token: accepted" in done.stdout
    assert "ok       its model: warm" in done.stdout
    refused = geobike("doctor", "--endpoint", service.url(), env={"HF_TOKEN": "hf_wrong"})
    assert refused.returncode == 2
    assert "missing  its token: refused" in refused.stdout
    assert TOKEN not in done.stdout + done.stderr
    assert "hf_wrong" not in refused.stdout + refused.stderr
