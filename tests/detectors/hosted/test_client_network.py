"""Where the hosted detector connects to, and what it takes along."""

from pathlib import Path

import pytest

from geobike.detectors.hosted.detector import HostedDetector
from geobike.errors import RequestRefused, ServiceUnavailable
from tests.support.hosted_client import STREET, Waits, detector, policy
from tests.support.hosted_scenarios import TOKEN, Reply
from tests.support.hosted_service import FakeService


@pytest.mark.parametrize(
    ("endpoint", "variable", "value", "why"),
    [
        ("http://127.0.0.1:1/", "no_proxy", "*", "refuses the connection"),
        ("https://nowhere.invalid/d", "no_proxy", "*", "cannot be resolved"),
        ("https://nowhere..invalid/d", "no_proxy", "*", "cannot be used"),
        ("https://nowhere.invalid/d", "https_proxy", "http://127.0.0.1:1", "the proxy"),
        ("https://nowhere.invalid/d", "https_proxy", "http://", "cannot be used"),
        ("https://nowhere.invalid/d", "REQUESTS_CA_BUNDLE", "/no/such", "REQUESTS_CA_BUNDLE"),
    ],
)
def test_a_host_that_cannot_be_reached_stops_the_run_at_once(
    waits: Waits,
    monkeypatch: pytest.MonkeyPatch,
    endpoint: str,
    variable: str,
    value: str,
    why: str,
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    asking = HostedDetector(token=TOKEN, endpoint=endpoint, policy=policy(waits))
    with pytest.raises(ServiceUnavailable, match=f"cannot reach .*{why}.* Check the network"):
        asking.detect(STREET)
    assert waits.slept == [1]


def test_a_server_that_does_not_speak_tls_stops_the_run(service: FakeService, waits: Waits) -> None:
    endpoint = service.url().replace("http:", "https:")
    asking = HostedDetector(token=TOKEN, endpoint=endpoint, policy=policy(waits))
    with pytest.raises(ServiceUnavailable, match="TLS"):
        asking.detect(STREET)
    assert service.requests == []


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("default login somebody password else\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
def test_netrc_does_not_replace_the_token(service: FakeService, waits: Waits) -> None:
    assert detector(service, waits).detect(STREET)
    assert service.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("netrc")
def test_a_proxy_is_used_for_other_hosts_and_netrc_is_not(
    service: FakeService, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{service.host}")
    monkeypatch.setenv("no_proxy", "")
    service.play("ok_empty")
    asking = HostedDetector(token=None, endpoint="http://gpu.invalid/d", policy=policy(waits))
    assert asking.detect(STREET) == []
    assert service.requests[0].path == "http://gpu.invalid/d"
    assert "authorization" not in service.requests[0].headers


def test_a_proxy_is_not_asked_for_this_machine(
    service: FakeService, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    assert detector(service, waits).detect(STREET)


def test_a_redirect_takes_neither_token_nor_photo_along(service: FakeService, waits: Waits) -> None:
    with FakeService() as collector:
        service.play([Reply(307, headers={"Location": collector.url()})])
        with pytest.raises(RequestRefused, match=r"points to 127\.0\.0\.1"):
            detector(service, waits).detect(STREET)
        assert collector.requests == []


def test_a_cookie_is_not_kept(service: FakeService, waits: Waits) -> None:
    service.play([Reply(200, b"[]", headers={"Set-Cookie": "id=7; Path=/"})])
    asking = detector(service, waits)
    asking.detect(STREET)
    asking.detect(STREET)
    assert "cookie" not in service.requests[1].headers
