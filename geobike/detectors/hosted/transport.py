"""One HTTP request to a hosted model and its whole response, within bounded time.

The token is sent over https or to this machine only, and no message contains it.
"""

import io
import ipaddress
import logging
import queue
import re
import threading
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from geobike.detectors.hosted.responses import Response
from geobike.errors import InputError, TokenError
from geobike.reporting import one_line

MAX_RESPONSE_BYTES: Final = 2 * 1024 * 1024
"""Bytes. A response of DETR has about 13 KB, one with a thousand labels 150 KB."""

CONNECTIONS: Final = 16
"""Most connections kept open. One model serves a user two to four at a time; more only queue."""

_BLOCK: Final = 64 * 1024  # bytes read at once

_NO_ADDRESS: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    urllib3.exceptions.LocationValueError,
)

_log = logging.getLogger(__name__)


class TransientError(Exception):
    """One try failed, and the next may succeed. `retry_after` is the wait the service asks for."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConnectionFailed(TransientError):
    """No connection could be made."""


class Transport:
    """Sends to one URL. `host` is its host and path, without the query: that may be secret.

    Raises InputError for a URL that cannot be used or would reveal the token, TokenError
    for a token that cannot be sent.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | None,
        bill_to: str | None,
        connect: float,  # seconds
        read: float,  # seconds of silence
    ) -> None:
        self._address = _checked_address(address)
        self._token = _checked_token(token)
        self._session = _session(self._address, self._token, _checked_payer(bill_to))
        self._timeouts = (connect, read)
        parts = urlsplit(self._address)
        self._host = parts.netloc
        self.host = parts.netloc + parts.path

    @property
    def has_token(self) -> bool:
        """Whether a token is sent."""
        return self._token is not None

    def without_token(self, text: str) -> str:
        """Return foreign text without the token, which a service may echo."""
        return text.replace(self._token, "[token]") if self._token else text

    def post(self, body: bytes, seconds: float) -> Response:
        """Send a JSON body and return the whole response within `seconds`, or raise TransientError.

        The timeouts of requests hold for one read of the socket. A server that sends a byte now
        and then would never meet them, so the request runs in a thread that is abandoned when its
        time is up.
        """
        outcome: queue.SimpleQueue[Response | BaseException] = queue.SimpleQueue()
        end = time.monotonic() + seconds

        def run() -> None:
            try:
                outcome.put(self._post(body, end))
            except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
                outcome.put(error)

        threading.Thread(target=run, name="geobike-exchange", daemon=True).start()
        try:
            response = outcome.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            raise TransientError(f"no complete response within {seconds:.3g} s") from None
        if isinstance(response, BaseException):
            raise response
        return response

    def _post(self, body: bytes, end: float) -> Response:
        try:
            with self._session.post(
                self._address,
                data=io.BytesIO(body),  # sent in blocks, each with the timeout; bytes get one
                timeout=self._timeouts,
                allow_redirects=False,  # the photo and the token go where the user said
                stream=True,
            ) as received:
                headers = {
                    name.lower(): self.without_token(value)
                    for name, value in received.headers.items()
                }
                response = Response(received.status_code, headers, _read(received, end))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _network_fault(error, self._host) from None
        _log.debug(
            "%s answered %d, model %s, request %s",
            self.host,
            response.status,
            one_line(headers.get("x-sha", "?"), limit=64),
            one_line(headers.get("x-request-id", "?"), limit=64),
        )
        return response


def _read(response: requests.Response, end: float) -> bytes:
    """Read the body as it comes, to one byte over the limit, until `end` on the real clock."""
    body = bytearray()
    while len(body) <= MAX_RESPONSE_BYTES:
        block = response.raw.read1(min(_BLOCK, MAX_RESPONSE_BYTES + 1 - len(body)))
        if not block:
            break
        body += block
        if time.monotonic() > end:
            raise TransientError("the response came too slowly")
    return bytes(body)


def _network_fault(error: Exception, host: str) -> TransientError:
    """Return the error for a network error, without its own text: that can hold a header."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if isinstance(error, requests.exceptions.ProxyError):
        return ConnectionFailed(f"cannot reach {host}: the proxy cannot be reached or refuses")
    if isinstance(error, requests.exceptions.SSLError):
        return ConnectionFailed(
            f"cannot reach {host}: its TLS certificate or protocol is not accepted"
        )
    if isinstance(error, _NO_ADDRESS):
        return ConnectionFailed(f"cannot reach {host}: its URL, or the proxy's, cannot be used")
    if type(error) is OSError:  # requests raises it bare, and for this alone
        return ConnectionFailed(
            f"cannot reach {host}: REQUESTS_CA_BUNDLE names no usable certificates"
        )
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return ConnectionFailed(f"cannot reach {host}: no connection in time")
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return ConnectionFailed(f"cannot reach {host}: its name cannot be resolved")
    if isinstance(cause, urllib3.exceptions.MaxRetryError):
        return ConnectionFailed(f"cannot reach {host}: it refuses the connection")
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return TransientError(f"{host} stopped responding")
    return TransientError(f"the connection to {host} broke ({type(error).__name__})")


class _Bearer(requests.auth.AuthBase):
    """Sets the token, or nothing. Its presence alone keeps requests from reading ~/.netrc."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _session(address: str, token: str | None, payer: str | None) -> requests.Session:
    """Make the session. Raises InputError when the token would be sent unencrypted."""
    parts = urlsplit(address)
    local = _is_loopback(parts.hostname or "")
    if token is not None and parts.scheme != "https" and not local:
        raise InputError(
            f"the token would be sent unencrypted to {parts.hostname}; use https, or give no token"
        )
    session = requests.Session()
    session.trust_env = not local  # a proxy cannot reach this machine's own loopback
    session.auth = _Bearer(token)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["Content-Type"] = "application/json"
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "identity"  # responses are small; nothing to decompress
    if payer is not None:
        session.headers["X-HF-Bill-To"] = payer
    adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_address(address: str) -> str:
    """Return the URL as requests will use it.

    No message quotes the URL: a wrong one may well hold a password.
    """
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(address, None)
        parts = urlsplit(prepared.url or "")
    except (requests.RequestException, ValueError):
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("the endpoint is not a valid URL; give the full one, as https://host/path")
    if "@" in parts.netloc:
        raise InputError(
            f"the endpoint at {parts.hostname} contains a name or password; leave it out of the "
            "URL and give the service's token as the token"
        )
    return parts.geturl()


def _checked_token(token: str | None) -> str | None:
    """Strip the token; None if nothing is left. Raises TokenError without quoting it."""
    stripped = (token or "").strip()
    if stripped and not re.fullmatch(r"[\x21-\x7e]+", stripped):
        raise TokenError(
            "the token contains a blank, a line break or a character that no token has; copy it "
            "again, one line and nothing else"
        )
    return stripped or None


def _checked_payer(bill_to: str | None) -> str | None:
    if bill_to is not None and not re.fullmatch(r"[\w.-]+", bill_to, re.ASCII):
        raise InputError(f"{one_line(bill_to)!r} cannot be billed; give an organisation's name")
    return bill_to
