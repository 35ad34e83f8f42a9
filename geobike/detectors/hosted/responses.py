"""What a hosted model's HTTP answer means: its words, the wait it wants, its error.

Status codes and wordings are those of Hugging Face's router and of the inference toolkit behind
it, which turns every exception of its own, the server's faults too, into a 400.
"""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import Any, Final
from urllib.parse import urlsplit

from geobike.errors import (
    CreditsExhausted,
    DetectionFailed,
    GeobikeError,
    ModelUnavailable,
    RequestRefused,
    TokenError,
)
from geobike.reporting import one_line

LONGEST_ESTIMATE: Final = 60.0
"""Seconds of a model's `estimated_time` that are believed: it is a guess."""

_PASSING: Final = frozenset({408, 425, 429})  # and every 5xx

_OUR_FAULT: Final = (
    "content type",
    "accept type",
    "can only serialize",
    "inputs key",
    "unexpected keyword argument",
    "not supported between instances",
    "line 1 column",
)
"""What a 400 says when the request is wrong, not the photo. Compared in lower case."""

_HOW_TO_GET_ONE: Final = (
    "make one at https://huggingface.co/settings/tokens with the permission "
    "'Make calls to Inference Providers' and put it into HF_TOKEN"
)
_OTHER_MODEL: Final = "name another model or endpoint, or detect on this machine"


class PhotoTooLarge(DetectionFailed):
    """The service takes no upload of this size; a smaller one may pass."""


class InvalidResponse(Exception):
    """The answer is readable, and not what was agreed."""


@dataclass(frozen=True)
class Response:
    """One complete HTTP answer. `headers` has lower-case names, `body` is as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_transient(status: int) -> bool:
    """Whether the same request may fare better in a moment."""
    return status in _PASSING or status >= 500


def decoded_body(answer: Response, *, most: int) -> bytes:
    """Return the body, unpacked if it was gzipped although nobody asked for that.

    Raises InvalidResponse when it holds more than `most` bytes or is packed in another way.
    """
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    body = answer.body
    if packing == "gzip":
        try:  # never unpacks further than one byte over the limit
            body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, most + 1)
        except zlib.error as error:
            raise InvalidResponse("its gzip is broken") from error
    elif packing != "identity":
        raise InvalidResponse(f"it is packed as {one_line(packing, limit=20)!r}")
    if len(body) > most:
        raise InvalidResponse(f"it is longer than {most:,} bytes")
    return body


def parse_json(body: bytes) -> Any:
    """Read JSON. Raises ValueError when it is none, InvalidResponse when it is JSON to distrust."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidResponse("it is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise InvalidResponse(f"it holds the number {name}")


def message_in(answer: Response) -> str:
    """Return what the service itself says about its answer, uncut; its status name if nothing."""
    text = answer.body.decode("utf-8", errors="replace").strip()
    if text.startswith("<"):
        title = re.search(r"<title>([^<]{1,500})", text, re.IGNORECASE)
        text = title[1] if title else ""
    else:
        text = _said(text)
    return text.strip() or responses.get(answer.status, "no explanation")


def _said(text: str) -> str:
    try:
        data = parse_json(text.encode())
    except (ValueError, InvalidResponse):
        return text
    if not isinstance(data, dict):
        return text
    said = next((data[key] for key in ("error", "detail", "message") if data.get(key)), text)
    parts = said if isinstance(said, list) else [said]
    return "; ".join(parts) if all(isinstance(part, str) for part in parts) else text


def requested_wait(answer: Response, *, now: float) -> float | None:
    """Return the seconds that the service asks to wait, or None if it asks for none.

    `now` is the time of day in seconds since 1970, against which an HTTP date is held. Sources:
    RFC 9110, section 10.2.3, for Retry-After; the IETF draft on RateLimit fields, of which only an
    empty quota (`r=0`) matters, since the header also comes with answers that are fine.
    """
    asked = [
        _retry_after(answer.headers.get("retry-after", ""), now),
        _quota_reset(answer.headers.get("ratelimit", "")),
        _estimate(answer.body),
    ]
    longest = max(asked)
    return longest if longest > 0 else None


def _retry_after(value: str, now: float) -> float:
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # no date, or one with a time zone of many years
        return 0.0
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now


def _quota_reset(value: str) -> float:
    """Return the longest `t` among the quotas that are used up."""
    resets = [0.0]
    for quota in value[:1000].split(","):
        left = re.search(r";\s*r=([0-9]{1,9})\b", quota)
        reset = re.search(r";\s*t=([0-9]{1,9})\b", quota)
        if left and reset and int(left[1]) == 0:
            resets.append(float(reset[1]))
    return max(resets)


def _estimate(body: bytes) -> float:
    try:
        data = parse_json(body)
    except (ValueError, InvalidResponse):
        return 0.0
    seconds = data.get("estimated_time") if isinstance(data, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return 0.0
    return float(max(0, min(seconds, LONGEST_ESTIMATE)))  # JSON's whole numbers have no end


def error_for(answer: Response, said: str, *, model: str, with_token: bool) -> GeobikeError:
    """Return the error that a final answer stands for. `said` is what goes into its message."""
    status = answer.status
    heard = f"the service answered {status}: {said.rstrip('.')}"
    if status in (401, 403):
        return TokenError(_token_message(heard, with_token=with_token))
    if status == 402:
        return CreditsExhausted(
            f"{heard}. Add credit at https://huggingface.co/settings/billing, or detect on this "
            "machine; what is detected is kept"
        )
    if status in (404, 410) or (status == 400 and _names_the_model(said)):
        return ModelUnavailable(f"{heard}. The model is {model!r}: {_OTHER_MODEL}")
    if status == 413:
        return PhotoTooLarge(f"{heard}. The photo is too large for it")
    if status == 400 and not any(sign in said.lower() for sign in _OUR_FAULT):
        return DetectionFailed(heard)
    return RequestRefused(f"{heard}. {_request_help(answer)}")


def _token_message(heard: str, *, with_token: bool) -> str:
    if not with_token:
        return f"{heard}. No token was given: {_HOW_TO_GET_ONE}"
    return f"{heard}. The token is wrong, expired or lacks a permission: {_HOW_TO_GET_ONE}"


def _names_the_model(said: str) -> bool:
    return "model not supported" in said.lower() or "not supported by provider" in said.lower()


def _request_help(answer: Response) -> str:
    if answer.status == 407:
        return "The proxy wants a name and a password: set them in HTTPS_PROXY"
    if 300 <= answer.status < 400:
        host = one_line(_host(answer.headers.get("location", "")), limit=100)
        return f"It points to {host or 'another path'}; give the final address as the endpoint"
    return f"No photo would fare better: {_OTHER_MODEL}"


def _host(address: str) -> str:
    """Return the host of an address that may be anything, or an empty text."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
