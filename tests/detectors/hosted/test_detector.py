"""The hosted detector and classifier where the service behaves."""

import io
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from geobike.detectors.hosted.detector import (
    LONGER_SIDE,
    HostedClassifier,
    HostedDetector,
    RetryPolicy,
    encode,
    find_token,
)
from geobike.errors import InputError, TokenError
from tests.support.hosted_scenarios import DETR, TOKEN, VIT
from tests.support.hosted_service import FakeService

ONCE = RetryPolicy(tries=1, sleep=lambda _: None)


def detector(service: FakeService, **options: object) -> HostedDetector:
    return HostedDetector(**{"token": TOKEN, "endpoint": service.url(), "policy": ONCE} | options)


def street(width: int = 640, height: int = 480) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height)).convert("RGB")


def test_boxes_come_back_in_pixels_of_the_original(service: FakeService) -> None:
    found = detector(service).detect(street(4000, 3000))
    assert [(one.label, one.score) for one in found] == [
        ("bicycle", 0.97),
        ("person", 0.88),
        ("bicycle", 0.31),
    ]
    # The service answers in whole pixels of a picture 3.75 times smaller.
    assert found[0].box == pytest.approx((400, 1200, 1800, 2700), abs=3.76)
    assert found[2].box == pytest.approx((2400, 1500, 3200, 2400), abs=3.76)


def test_a_small_photo_is_sent_in_its_own_size(service: FakeService) -> None:
    found = detector(service).detect(street(200, 100))
    assert service.requests[0].picture().size == (200, 100)
    assert found[0].box == (20, 40, 90, 90)


@pytest.mark.parametrize(
    ("size", "sent_as"), [((1500, 4000), (500, 1333)), ((4000, 3000), (1067, 800))]
)
def test_an_upload_fits_into_1333_by_800_pixels_and_keeps_its_shape(
    service: FakeService, size: tuple[int, int], sent_as: tuple[int, int]
) -> None:
    detector(service).detect(street(*size))
    sent = service.requests[0].picture()
    assert (sent.format, sent.mode, sent.size) == ("JPEG", "RGB", sent_as)


def test_nothing_but_pixels_leaves_the_house(service: FakeService) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera that could be traced"
    exif[0x8825] = {1: "N", 2: (52.0, 22.0, 12.0)}
    file = io.BytesIO()
    street().save(
        file, "JPEG", exif=exif, comment=b"taken at home", icc_profile=b"p" * 200, xmp=b"<x/>"
    )
    photo = Image.open(file)
    assert {"exif", "comment", "icc_profile", "xmp"} <= photo.info.keys()
    detector(service).detect(photo)
    sent = service.requests[0].picture()
    assert sorted({name for name, _ in sent.applist}) == ["APP0"]
    assert not {"exif", "comment", "icc_profile", "xmp"} & sent.info.keys()
    assert not sent.getexif()


def test_any_kind_of_picture_becomes_an_rgb_jpeg() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Location", "home")
    for mode in ("L", "RGBA", "P", "CMYK", "1"):
        with Image.open(io.BytesIO(encode(street().convert(mode)))) as sent:
            assert (sent.format, sent.mode) == ("JPEG", "RGB")


def test_a_photo_one_pixel_high_can_be_sent() -> None:
    with Image.open(io.BytesIO(encode(street(5000, 1)))) as sent:
        assert sent.size == (LONGER_SIDE, 1)


def test_the_photo_itself_is_left_alone(service: FakeService) -> None:
    photo = street(2000, 1000)
    photo.info["comment"] = b"kept"
    before = photo.tobytes()
    detector(service).detect(photo)
    assert (photo.info, photo.tobytes()) == ({"comment": b"kept"}, before)


def test_boxes_that_leave_the_picture_are_clipped_and_empty_ones_dropped(
    service: FakeService,
) -> None:
    service.play("ok_unsorted_out_of_bounds")
    found = detector(service).detect(street())
    assert [(one.score, one.box) for one in found] == [
        (0.9, (600, 0, 640, 480)),
        (0.5, (0, 10, 50, 480)),
    ]


@pytest.mark.parametrize(
    ("scenario", "found"),
    [
        ("ok_empty", []),
        ("ok_na_label", [("N/A", 0.9, (10, 20, 30, 40))]),
        ("ok_threshold_ignored", [("bicycle", 0.06, (10, 20, 30, 40))]),
        ("ok_wrapped_floats", [("bicycle", 0.9, (0, 1.5, 20.25, 30.5))]),
        ("ok_nested_list", [("bicycle", 0.9, (10, 20, 30, 40))]),
        ("ok_whole_score", [("bicycle", 1.0, (10, 20, 30, 40))]),
        ("ok_gzip", [("bicycle", 0.9, (10, 20, 30, 40))]),
        ("ok_with_ratelimit_r_positive", [("bicycle", 0.9, (10, 20, 30, 40))]),
    ],
)
def test_every_form_of_a_good_answer_is_read(
    service: FakeService, scenario: str, found: list[object]
) -> None:
    service.play(scenario)
    detections = detector(service).detect(street())
    assert [(one.label, one.score, tuple(one.box)) for one in detections] == found


def test_the_classifier_names_the_likeliest_labels(service: FakeService) -> None:
    classifier = HostedClassifier(token=TOKEN, endpoint=service.url(VIT), policy=ONCE)
    two = classifier.classify(street(), top=2)
    assert [one.score for one in two] == [0.71, 0.12]
    assert two[0].label == "mountain bike, all-terrain bike, off-roader"
    assert len(classifier.classify(street())) == 5
    with pytest.raises(InputError, match="top is 0"):
        classifier.classify(street(), top=0)


def test_the_version_names_what_answered_and_no_secret(service: FakeService) -> None:
    assert HostedDetector(token=None).version == (
        "hosted:router.huggingface.co/hf-inference/models/facebook/detr-resnet-50"
    )
    own = detector(service, model="mine", endpoint=service.url() + "?key=secret")
    assert (own.name, own.version) == (
        "mine",
        f"hosted:{service.host}/hf-inference/models/{DETR}",
    )
    own.detect(street())
    assert service.requests[0].path.endswith("?key=secret")


def test_an_organisation_can_be_billed(service: FakeService) -> None:
    detector(service, bill_to="city-data-team").detect(street())
    assert service.requests[0].headers["x-hf-bill-to"] == "city-data-team"
    with pytest.raises(InputError, match="billed"):
        detector(service, bill_to="city\r\nX-Evil: 1")


@pytest.mark.parametrize(
    "model", ["detr", "a/b/c", "../../etc/passwd", "a b/c", "a/..", "a/b?x=1", ""]
)
def test_an_invalid_model_name_is_refused(model: str) -> None:
    with pytest.raises(InputError, match="owner/model"):
        HostedDetector(model, token=None)


@pytest.mark.parametrize(
    "endpoint",
    ["localhost:8123", "ftp://host/x", "https://", "/predict", "http://[::1", "https://exa mple"],
)
def test_an_endpoint_that_is_not_a_web_url_is_refused(endpoint: str) -> None:
    with pytest.raises(InputError, match="endpoint"):
        HostedDetector(token=TOKEN, endpoint=endpoint)


def test_a_password_in_the_endpoint_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError) as refused:
        HostedDetector(token=None, endpoint="https://me:hunter2@example.test/detect")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "endpoint",
    ["http://example.test/", "http://127.0.0.1.example.test/", "http://192.168.1.5:8000/detect"],
)
def test_the_token_never_travels_unencrypted(endpoint: str) -> None:
    with pytest.raises(InputError, match="unencrypted") as refused:
        HostedDetector(token=TOKEN, endpoint=endpoint)
    assert TOKEN not in str(refused.value)
    HostedDetector(token=None, endpoint=endpoint)


@pytest.mark.parametrize("endpoint", ["http://localhost/", "http://127.8.9.1:80/", "http://[::1]/"])
def test_a_server_on_this_machine_may_have_the_token(endpoint: str) -> None:
    HostedDetector(token=TOKEN, endpoint=endpoint)


@pytest.mark.parametrize("token", [f"{TOKEN}\nX-Evil: 1", f"{TOKEN}\r", f"{TOKEN} b", f"{TOKEN}é"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_repeated(token: str) -> None:
    if token.strip() == TOKEN:
        HostedDetector(token=token)
        return
    with pytest.raises(TokenError) as refused:
        HostedDetector(token=token)
    assert TOKEN not in str(refused.value)


def test_blanks_around_a_token_do_no_harm(service: FakeService) -> None:
    assert detector(service, token=f" {TOKEN}\n").detect(street())


def _file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_token_is_looked_for_in_the_order_that_huggingface_hub_uses(tmp_path: Path) -> None:
    home = str(tmp_path)
    assert find_token({"HOME": home}) is None
    steps = [
        (tmp_path / ".cache/huggingface/token", {}),
        (tmp_path / "xdg/huggingface/token", {"XDG_CACHE_HOME": f"{home}/xdg"}),
        (tmp_path / "hf/token", {"HF_HOME": f"{home}/hf"}),
        (tmp_path / "elsewhere", {"HF_TOKEN_PATH": f"{home}/elsewhere"}),
    ]
    environ = {"HOME": home}
    for number, (path, more) in enumerate(steps):
        _file(path, f"hf_{number}\n")
        environ |= more
        assert find_token(environ) == f"hf_{number}"
    environ |= {"HUGGING_FACE_HUB_TOKEN": "hf_old"}
    assert find_token(environ) == "hf_old"
    environ |= {"HF_TOKEN": " hf_new\n"}
    assert find_token(environ) == "hf_new"
    assert find_token(environ, token_file=_file(tmp_path / "given", "hf_given\n")) == "hf_given"


def test_an_empty_token_is_none(tmp_path: Path) -> None:
    assert find_token({"HF_TOKEN": " ", "HOME": str(tmp_path)}) is None
    assert find_token({"HF_TOKEN": "x"}, token_file=_file(tmp_path / "empty", "\n")) is None


def test_the_stored_token_is_not_used_if_the_user_disables_that(tmp_path: Path) -> None:
    path = _file(tmp_path / "token", "hf_stored")
    environ = {"HF_TOKEN_PATH": str(path), "HF_HUB_DISABLE_IMPLICIT_TOKEN": "yes"}
    assert find_token(environ) is None
    assert find_token(environ | {"HF_TOKEN": "hf_named"}) == "hf_named"
    assert find_token(environ | {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "0"}) == "hf_stored"


def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00hf_secret")
    for name in ("missing", "binary", "."):
        with pytest.raises(InputError, match="token file") as refused:
            find_token({}, token_file=tmp_path / name)
        assert "hf_secret" not in str(refused.value)
