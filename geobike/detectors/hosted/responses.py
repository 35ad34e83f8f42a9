"""What a hosted model's HTTP response means: its message, the wait it asks for, the error.

Status codes and messages are those of Hugging Face's router and of the inference toolkit behind
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
"""Seconds of a model's `estimated_time` that are waited at most: it is a guess."""

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
    """The service does not accept an upload of this size; a smaller one may pass."""


class InvalidResponse(Exception):
    """The response is readable, and not of the expected form."""


@dataclass(frozen=True)
class Response:
    """One complete HTTP response. `headers` has lower-case names, `body` is as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_transient(status: int) -> bool:
    """Whether the same request may succeed in a moment."""
    return status in _PASSING or status >= 500


def decoded_body(response: Response, *, max_bytes: int) -> bytes:
    """Return the body, decompressed if it was gzipped although that was not requested.

    Raises InvalidResponse for more than `max_bytes`, and for another content encoding.
    """
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    body = response.body
    if packing == "gzip":
        body = _unpacked(body, max_bytes)
    elif packing != "identity":
        raise InvalidResponse(f"it is packed as {one_line(packing, limit=20)!r}")
    if len(body) > max_bytes:
        raise InvalidResponse(f"it is longer than {max_bytes:,} bytes")
    return body


def _unpacked(packed: bytes, max_bytes: int) -> bytes:
    """Return what all members of a gzip hold, no further than one byte over the limit."""
    body = b""
    while packed and len(body) <= max_bytes:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            body += member.decompress(packed, max_bytes + 1 - len(body))
        except zlib.error as error:
            raise InvalidResponse("its gzip is broken") from error
        if not member.eof and len(body) <= max_bytes:
            raise InvalidResponse("its gzip ends early")
        packed = member.unused_data
    return body


def parse_json(body: bytes) -> Any:
    """Read JSON. Raises ValueError if it is not, InvalidResponse for JSON not to be trusted."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidResponse("it is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise InvalidResponse(f"it holds the number {name}")


def message_in(response: Response) -> str:
    """Return the service's own message in full; the name of its status if there is none."""
    text = response.body.decode("utf-8", errors="replace").strip()
    if text.startswith("<"):
        title = re.search(r"<title>([^<]{1,500})", text, re.IGNORECASE)
        text = title[1] if title else ""
    else:
        text = _said(text)
    return text.strip() or responses.get(response.status, "no explanation")


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


def requested_wait(response: Response, *, now: float) -> float | None:
    """Return the seconds that the service asks to wait, or None if it asks for none.

    `now` is the time of day in seconds since 1970, with which an HTTP date is compared. Sources:
    RFC 9110, section 10.2.3, for Retry-After; the IETF draft on RateLimit fields, of which only an
    empty quota (`r=0`) matters, since the header also comes with answers that are fine.
    """
    asked = [
        _retry_after(response.headers.get("retry-after", ""), now),
        _quota_reset(response.headers.get("ratelimit", "")),
        _estimate(response.body),
    ]
    longest = max(asked)
    return longest if longest > 0 else None


def _retry_after(value: str, now: float) -> float:
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # not a date, or one with a time zone of many years
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


def error_for(response: Response, said: str, *, model: str, with_token: bool) -> GeobikeError:
    """Return the error for a final response. `said` is what goes into its message."""
    status = response.status
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
    return RequestRefused(f"{heard}. {_request_help(response)}")


def _token_message(heard: str, *, with_token: bool) -> str:
    if not with_token:
        return f"{heard}. No token was given: {_HOW_TO_GET_ONE}"
    return f"{heard}. The token is wrong, expired or lacks a permission: {_HOW_TO_GET_ONE}"


def _names_the_model(said: str) -> bool:
    return "model not supported" in said.lower() or "not supported by provider" in said.lower()


def _request_help(response: Response) -> str:
    if response.status == 407:
        return "The proxy needs a name and a password: set them in HTTPS_PROXY"
    if 300 <= response.status < 400:
        host = one_line(_host(response.headers.get("location", "")), limit=100)
        return f"It points to {host or 'another path'}; give the final URL as the endpoint"
    return f"No other photo would be accepted: {_OTHER_MODEL}"


def _host(address: str) -> str:
    """Return the host of a URL that may be anything, or an empty text."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
