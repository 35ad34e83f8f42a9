"""What the stand-in for Hugging Face's inference service can be told to answer, by name."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOKEN = "hf_ATokenThatOnlyTheFakeServiceTakes"
DETR = "facebook/detr-resnet-50"
VIT = "google/vit-base-patch16-224"
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
"""The moment that `rate_429_retry_after_date` asks to wait for."""


@dataclass(frozen=True)
class Reply:
    """One answer, or the lack of one. `manner` is how it is sent."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: str = "whole"  # whole | reset | slow_headers | slow_body | cut_chunk | cut_length


HONEST = None
"""In a scenario: what the service answers by itself."""


def says(
    status: int, error: Any, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Reply:
    return Reply(status, json.dumps({"error": error, **more}).encode(), headers=headers or {})


def finds(*objects: Mapping[str, Any]) -> Reply:
    return Reply(200, json.dumps(objects).encode())


def thing(
    label: Any = "bicycle", score: Any = 0.9, box: Sequence[Any] = (10, 20, 30, 40)
) -> dict[str, Any]:
    names = ("xmin", "ymin", "xmax", "ymax")
    return {"score": score, "label": label, "box": dict(zip(names, box, strict=True))}


def page(status: int, title: str) -> Reply:
    text = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body></html>"
    return Reply(status, text.encode(), "text/html")


TOO_MANY = "Rate limit reached. You reached free usage limit (reset hourly)."
LOADING = says(503, f"Model {DETR} is currently loading", estimated_time=20.0)
BUSY = says(503, "Service temporarily unavailable, overload detected")
ONE = json.dumps([thing()]).encode()

Script = Sequence[Reply | None] | Callable[[Any], Reply | None]

SCENARIOS: dict[str, Sequence[Reply | None]] = {
    # Good answers.
    "honest": [HONEST],
    "ok_empty": [finds()],
    "ok_one": [finds(thing())],  # whatever was asked: nothing is checked or decoded
    "ok_unsorted_out_of_bounds": [
        finds(
            thing(score=0.5, box=(-96, 10, 50, 528)),
            thing(score=0.9, box=(600, -3, 700, 480)),
            thing(score=0.7, box=(5, 5, 5, 9)),
        )
    ],
    "ok_na_label": [finds(thing("N/A"))],
    "ok_threshold_ignored": [finds(thing(score=0.05), thing(score=0.06))],
    "ok_wrapped_floats": [
        Reply(200, json.dumps({"results": [thing(box=(-9.0, 1.5, 20.25, 30.5))]}).encode())
    ],
    "ok_nested_list": [Reply(200, json.dumps([[thing()]]).encode())],
    "ok_whole_score": [finds(thing(score=1))],
    "ok_gzip": [Reply(200, gzip.compress(ONE), headers={"Content-Encoding": "gzip"})],
    "ok_with_ratelimit_r_positive": [
        Reply(200, ONE, headers={"RateLimit": '"api";r=99;t=55'}),
    ],
    # Refusals.
    "bad_image_400": [says(400, "cannot identify image file <_io.BytesIO object at 0x7f2a>")],
    "truncated_400": [says(400, "image file is truncated (113 bytes not processed)")],
    "error_as_list_400": [says(400, ["Error in `inputs`: Invalid image: {}"])],
    "unknown_400": [says(400, "CUDA out of memory")],
    "unsupported_type_400": [says(400, '\n        Content type "image/heic" not supported.\n')],
    "threshold_400": [says(400, "'>' not supported between instances of 'Tensor' and 'str'")],
    "no_inputs_400": [says(400, "Body needs to provide a inputs key, received: b'" + "A" * 9000)],
    "parameter_400": [says(400, "_sanitize_parameters() got an unexpected keyword argument 'foo'")],
    "model_not_supported_400": [says(400, "Model not supported by provider hf-inference")],
    "bad_token_401_json": [says(401, "Invalid username or password.")],
    "no_token_401_html": [page(401, "Hugging Face: The AI community")],
    "credits_402": [says(402, "You have depleted your monthly included credits.")],
    "permission_403": [
        says(403, "This authentication method does not have sufficient permissions")
    ],
    "unknown_model_404": [says(404, "Model foo/bar does not exist")],
    "wrong_path_404_text": [Reply(404, b"Not Found", "text/plain")],
    "gone_410_host": [says(410, "https://api-inference.huggingface.co is no longer supported.")],
    "gone_410_model": [says(410, "The requested model is deprecated and no longer supported")],
    "too_large_413_html": [page(413, "413 Request Entity Too Large")],
    "too_large_413_then_ok": [page(413, "413 Request Entity Too Large"), HONEST],
    "invalid_422": [Reply(422, b'{"detail":[{"msg":"Field required"}]}')],
    "redirect_elsewhere_302": [
        Reply(302, headers={"Location": "http://collector.invalid/take?all=1"})
    ],
    "redirect_here_307": [Reply(307, headers={"Location": "/predict-json"})],
    "echo_token_400": [says(400, f"odd header: Bearer {TOKEN}\x1b[31m\u202e\nred")],
    # Faults that pass, or do not.
    "timeout_408_then_ok": [Reply(408), HONEST],
    "early_425_then_ok": [Reply(425), HONEST],
    "rate_429_plain": [says(429, TOO_MANY), HONEST],
    "rate_429_retry_after_int": [says(429, TOO_MANY, headers={"Retry-After": "17"}), HONEST],
    "rate_429_retry_after_date": [says(429, TOO_MANY, headers={"Retry-After": DATE}), HONEST],
    "rate_429_retry_after_hour": [says(429, TOO_MANY, headers={"Retry-After": "3600"})],
    "rate_429_ratelimit_r0": [
        says(429, TOO_MANY, headers={"RateLimit": '"api";r=0;t=55'}),
        HONEST,
    ],
    "rate_429_ratelimit_r_positive": [
        says(429, TOO_MANY, headers={"RateLimit": '"api";r=7;t=55'}),
        HONEST,
    ],
    "rate_429_forever": [says(429, TOO_MANY)],
    "unknown_500": [says(500, "unknown error"), HONEST],
    "unknown_500_forever": [says(500, "unknown error")],
    "loading_503_then_ok": [LOADING, HONEST],
    "loading_503_forever": [LOADING],
    "long_estimate_503_then_ok": [says(503, "loading", estimated_time=1e9), HONEST],
    "odd_estimate_503_then_ok": [says(503, "loading", estimated_time="soon"), HONEST],
    "overload_503": [BUSY, BUSY, BUSY, BUSY, HONEST],
    "overload_503_forever": [BUSY],
    "html_502": [page(502, "502 Bad Gateway")],
    "html_504": [page(504, "504 Gateway Time-out")],
    "empty_204": [Reply(204)],
    "html_200": [page(200, "We are back soon")],
    "error_200": [says(200, "overloaded")],
    "cut_json_200": [Reply(200, ONE[:-20])],
    "reset": [Reply(manner="reset")],
    "reset_then_ok": [Reply(manner="reset"), HONEST],
    "slow_headers": [Reply(manner="slow_headers")],
    "slow_body": [Reply(200, ONE, manner="slow_body")],
    "cut_chunked_body": [Reply(200, ONE, manner="cut_chunk")],
    "cut_length_body": [Reply(200, ONE, manner="cut_length")],
    # Answers that are no contract.
    "object_200": [Reply(200, b'{"hello": "world"}')],
    "number_200": [Reply(200, b"42")],
    "texts_200": [Reply(200, b'["bicycle"]')],
    "nan_score": [Reply(200, ONE.replace(b"0.9", b"NaN"))],
    "huge_score": [finds(thing(score=7.5))],
    "text_score": [finds(thing(score="0.9"))],
    "true_score": [finds(thing(score=True))],
    "overflowing_score": [Reply(200, ONE.replace(b"0.9", b"1e999"))],
    "endless_number": [Reply(200, ONE.replace(b"0.9", b"9" * 4000))],
    "no_box": [finds({"label": "bicycle", "score": 0.9})],
    "box_far_away": [finds(thing(box=(1e12, 1e12, 2e12, 2e12)))],
    "no_label": [finds(thing(label=None))],
    "label_of_a_megabyte": [finds(thing(label="b" * 1_000_000))],
    "many_boxes": [Reply(200, b"[" + b",".join([b"{}"] * 100_000) + b"]")],
    "deep_nesting": [Reply(200, b"[" * 500_000 + b"]" * 500_000)],
    "ten_megabytes": [Reply(200, b" " * 10_000_000 + ONE)],
    "gzip_bomb": [
        Reply(200, gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"})
    ],
    "packed_oddly": [Reply(200, ONE, headers={"Content-Encoding": "gzip, gzip"})],
}
