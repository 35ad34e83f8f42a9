"""A client with retries: one photo out, one response back, how long to wait, when to give up.

`responses` says what a response means, and `parsing` reads its JSON.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from geobike.detectors.hosted.responses import (
    InvalidResponse,
    Response,
    decoded_body,
    error_for,
    is_transient,
    message_in,
    parse_json,
    requested_wait,
)
from geobike.detectors.hosted.transport import (
    MAX_RESPONSE_BYTES,
    ConnectionFailed,
    TransientError,
    Transport,
)
from geobike.errors import DetectionFailed, DetectorStopped, ServiceUnavailable
from geobike.reporting import one_line

FIRST_TRIES: Final = 2
"""Tries while the service was never reached: a wrong address or no network should show soon."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class RetryPolicy:
    """How long to try, in seconds unless said otherwise. Clock, sleep and chance can be given."""

    tries: int = 5  # per photo
    budget: float = 300.0  # per photo, all tries and waits together
    first_wait: float = 1.0  # doubles from try to try, if the service names no wait
    longest_wait: float = 30.0
    connect: float = 10.0
    read: float = 120.0  # of silence: a cold model holds the request while it loads
    exchange: float = 180.0  # from first byte sent to last byte read
    photos_in_a_row: int = 5  # that get no answer before the run stops
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time  # since 1970, to read HTTP dates
    chance: Callable[[], float] = random.random  # 0 to 1

    def wait(self, attempt: int, retry_after: float | None) -> float:
        """Return the seconds to wait after try number `attempt`, counted from 1.

        Full jitter, so that threads that failed together do not come back together. Source: Marc
        Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
        """
        if retry_after is not None:
            return retry_after
        return self.chance() * min(self.first_wait * 2.0 ** (attempt - 1), self.longest_wait)


class _Unanswered(DetectionFailed):
    """One photo got no usable answer, for a reason that may hold for every photo."""


class Client:
    """One URL that answers for one model. Safe to share between threads.

    Raises InputError for a URL that cannot be used or would reveal the token, TokenError
    for a token that cannot be sent.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str,
        token: str | None,
        bill_to: str | None = None,
        policy: RetryPolicy,
    ) -> None:
        self._transport = Transport(
            address, token=token, bill_to=bill_to, connect=policy.connect, read=policy.read
        )
        self.host = self._transport.host
        """Host and path, without the query, which may hold a secret."""
        self._model = model
        self._policy = policy
        self._circuit = _Circuit(self.host, policy.photos_in_a_row)
        self._reached = False
        self._stop: DetectorStopped | None = None  # the last one raised, in whichever thread

    def ask(self, body: bytes, read: Callable[[Any], _T]) -> _T:
        """Send a JSON body and return what `read` makes of the JSON response.

        `read` raises InvalidResponse for JSON of another form. Raises DetectionFailed when
        this photo got no answer, and DetectorStopped when no photo would get one.
        """
        try:
            result = self._persist(body, read)
        except _Unanswered as fault:
            self._circuit.failed(str(fault))
            raise
        except DetectionFailed:
            self._circuit.answered()
            raise
        except DetectorStopped as stop:
            self._stop = stop
            raise
        self._circuit.answered()
        return result

    def _persist(self, body: bytes, read: Callable[[Any], _T]) -> _T:
        """Try until there is an answer, the tries are used up, or the time is."""
        end = self._policy.clock() + self._policy.budget
        attempt, before = 0, self._stop
        while True:
            attempt += 1
            self._circuit.check()
            if self._stop is not None and self._stop is not before:  # credit ended meanwhile, say
                raise type(self._stop)(str(self._stop))
            try:
                return self._once(body, read, end - self._policy.clock())
            except TransientError as fault:
                wait = self._policy.wait(attempt, fault.retry_after)
                self._give_up_if_due(fault, attempt, wait, end)
            self._policy.sleep(wait)

    def _give_up_if_due(self, fault: TransientError, attempt: int, wait: float, end: float) -> None:
        first_tries = min(FIRST_TRIES, self._policy.tries)
        if isinstance(fault, ConnectionFailed) and not self._reached and attempt >= first_tries:
            raise ServiceUnavailable(
                f"{fault}. Check the network, the endpoint's address and HTTPS_PROXY, or detect on "
                "this machine"
            )
        if attempt >= self._policy.tries:
            raise _Unanswered(f"no answer after {attempt} tries; the last: {fault}")
        if self._policy.clock() + wait >= end:
            raise _Unanswered(
                f"no answer within {self._policy.budget:g} s, and the next try would have to wait "
                f"{wait:.0f} s; the last: {fault}"
            )

    def _once(self, body: bytes, read: Callable[[Any], _T], seconds: float) -> _T:
        response = self._transport.post(body, min(seconds, self._policy.exchange))
        self._reached = True
        if response.status != 200:
            raise self._fault(response)
        try:
            return read(self._data(response))
        except InvalidResponse as fault:
            start = self._quote(response.body[:5000].decode("utf-8", errors="replace"))
            raise _Unanswered(f"{self.host} gave an unusable response: {fault}: {start}") from None

    def _fault(self, response: Response) -> Exception:
        """Return the error for a response other than 200."""
        if is_transient(response.status) or 200 < response.status < 300:
            return self._transient(response)
        said = self._quote(message_in(response))
        return error_for(response, said, model=self._model, with_token=self._transport.has_token)

    def _data(self, response: Response) -> Any:
        """Return the JSON of a response 200, which may still hold an error."""
        try:
            data = parse_json(decoded_body(response, max_bytes=MAX_RESPONSE_BYTES))
        except ValueError:
            raise self._transient(response, " without JSON") from None
        if isinstance(data, dict) and "error" in data:
            raise self._transient(response, " with an error")
        return data

    def _transient(self, response: Response, how: str = "") -> TransientError:
        said = self._quote(message_in(response))
        wait = requested_wait(response, now=self._policy.now())
        return TransientError(f"the service answered {response.status}{how}: {said}", wait)

    def _quote(self, text: str) -> str:
        """Return foreign text on one line and without the token."""
        return one_line(self._transport.without_token(text))


class _Circuit:
    """Counts the photos in a row that got no answer, over all threads."""

    def __init__(self, host: str, limit: int) -> None:
        self._host = host
        self._limit = limit
        self._lock = threading.Lock()
        self._count = 0
        self._last = ""

    def answered(self) -> None:
        with self._lock:
            self._count = 0

    def failed(self, why: str) -> None:
        """Count one photo. Raises ServiceUnavailable once there are `limit` in a row."""
        with self._lock:
            self._count += 1
            self._last = why
        self.check()

    def check(self) -> None:
        """Raise ServiceUnavailable if too many photos in a row got no answer."""
        with self._lock:
            count, last = self._count, self._last
        if count >= self._limit:
            raise ServiceUnavailable(
                f"{count} photos in a row got no answer from {self._host}; the last: {last}. "
                "What is detected is kept: run again later, or detect on this machine"
            )
