"""The stand-in for the hosted service refuses what the real one refuses."""

import base64
import io
from typing import Any

import pytest
import requests
from PIL import Image

from tests.support.hosted_scenarios import DETR, TOKEN, VIT
from tests.support.hosted_service import FakeService

BEARER = {"Authorization": f"Bearer {TOKEN}"}
JPEG = BEARER | {"Content-Type": "image/jpeg"}


def photo(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.new("RGB", (200, 100)).save(out, "JPEG", exif=exif)
    return out.getvalue()


TEXT = base64.b64encode(photo()).decode()


def post(service: FakeService, model: str = DETR, **request: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(service.url(model), timeout=10, **request)


@pytest.mark.parametrize(
    ("model", "request_", "status", "words"),
    [
        (DETR, {"data": photo()}, 401, "<html>"),
        ("x/y", {"headers": {"Authorization": "Bearer hf_No"}}, 401, "Invalid username"),
        ("x/y", {"headers": BEARER}, 404, "x/y does not exist"),
        (DETR, {"data": photo(), "headers": BEARER}, 400, "No content type provided"),
        (DETR, {"files": {"f": photo()}, "headers": BEARER}, 400, "multipart"),
        (
            DETR,
            {"data": photo(), "headers": BEARER | {"Content-Type": "application/octet-stream"}},
            400,
            "not supported",
        ),
        (DETR, {"data": b"no picture", "headers": JPEG}, 400, "cannot identify image"),
        (DETR, {"data": photo()[:-200], "headers": JPEG}, 400, "truncated"),
        (DETR, {"json": {"image": TEXT}, "headers": BEARER}, 400, "inputs key"),
        (DETR, {"json": {"inputs": "!!!"}, "headers": BEARER}, 400, "Incorrect"),
        (DETR, {"json": {"inputs": f"data:image/jpeg;base64,{TEXT}"}, "headers": BEARER}, 400, ""),
        (
            DETR,
            {"json": {"inputs": TEXT, "parameters": {"threshold": "0.1"}}, "headers": BEARER},
            400,
            "not supported between",
        ),
        (
            VIT,
            {"json": {"inputs": TEXT, "parameters": {"foo": 1}}, "headers": BEARER},
            400,
            "unexpected keyword argument",
        ),
    ],
)
def test_a_request_that_the_real_service_refuses_is_refused(
    service: FakeService, model: str, request_: dict[str, Any], status: int, words: str
) -> None:
    answer = post(service, model, **request_)
    assert answer.status_code == status
    assert words in answer.text


def test_a_plain_upload_is_answered_above_one_half(service: FakeService) -> None:
    answer = post(service, data=photo(), headers=JPEG)
    assert [one["score"] for one in answer.json()] == [0.88, 0.97]


def test_boxes_are_whole_pixels_of_the_upright_picture(service: FakeService) -> None:
    answer = post(service, data=photo(orientation=6), headers=JPEG)  # 100 by 200 once upright
    assert answer.json()[1]["box"] == {"xmin": 10, "ymin": 80, "xmax": 45, "ymax": 180}
