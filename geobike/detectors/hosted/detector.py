"""Detection and classification by a model that Hugging Face or a compatible server hosts.

What is uploaded is a small JPEG without EXIF, so that position and camera stay on this machine.
"""

import base64
import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from geobike.detectors.classify import Classification
from geobike.detectors.hosted.client import Client, RetryPolicy
from geobike.detectors.hosted.parsing import parse_classifications, parse_detections
from geobike.detectors.hosted.responses import PhotoTooLarge
from geobike.detectors.protocol import FLOOR, Detection, DetectorBase
from geobike.errors import InputError
from geobike.reporting import one_line

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image

__all__ = ["HostedClassifier", "HostedDetector", "RetryPolicy", "encode", "find_token"]

DETECTOR: Final = "facebook/detr-resnet-50"
CLASSIFIER: Final = "google/vit-base-patch16-224"

ROUTER: Final = "https://router.huggingface.co/hf-inference/models/"

LONGER_SIDE: Final = 1333
SHORTER_SIDE: Final = 800
"""Pixels. DETR shrinks what is larger to these, so more would be sent for nothing."""

QUALITY: Final = 75
"""Of the JPEG, on Pillow's scale to 95. On 35 real photos a local detector still finds every box
that scores above 0.35 in the original; 95 would send more than twice as much for the same."""

CONCURRENCY: Final = 4
"""Requests under way at once: the service works on one photo at a time for each user."""

LARGEST_TOKEN_FILE: Final = 4096
"""Characters read of a token file; tokens have about 40."""

_T = TypeVar("_T")


class _Hosted:
    """A model behind HTTP: its URL, its name, who pays."""

    _default: ClassVar[str]
    concurrency: Final = CONCURRENCY

    def __init__(
        self,
        model: str | None = None,
        *,
        token: str | None,
        endpoint: str | None = None,
        bill_to: str | None = None,  # organisation that pays; the token's owner if None
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen, so safe to share
    ) -> None:
        self.name = self._default if model is None else model
        address = endpoint or _routed(self.name)
        self._client = Client(address, model=self.name, token=token, bill_to=bill_to, policy=policy)
        self.version = f"hosted:{self.host}"

    @property
    def host(self) -> str:
        """Host and path that photos are sent to."""
        return self._client.host


class HostedDetector(_Hosted, DetectorBase):
    """A detector behind HTTP. `endpoint` is a full URL and is used as given.

    Without a `model` it is `DETECTOR`. Safe to share between threads. Raises InputError for an
    unusable model name or endpoint, and TokenError for a token that cannot be sent.
    """

    _default = DETECTOR

    def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the (width, height) in which a photo of `size` is uploaded."""
        return _fitted(size)

    def upload(self, image: "Image") -> bytes:
        """Return the body of the request for an upright RGB image."""
        return _body(encode(image), {"threshold": FLOOR})

    def detect(self, image: "Image") -> list[Detection]:
        """Return what scores above FLOOR, the highest first, in pixels of `image`.

        Raises DetectionFailed when this photo got no answer, and DetectorStopped when no photo
        would get one.
        """

        def read(data: Any, sent: tuple[int, int]) -> list[Detection]:
            return parse_detections(data, sent=sent, original=image.size)

        return _ask(self._client, image, {"threshold": FLOOR}, read)


class HostedClassifier(_Hosted):
    """A classifier behind HTTP, `CLASSIFIER` unless said otherwise; else as HostedDetector."""

    _default = CLASSIFIER

    def classify(self, image: "Image", *, top: int = 5) -> list[Classification]:
        """Return at most `top` labels, the highest score first. Raises what `detect` raises."""
        if top < 1:
            raise InputError(f"top is {top}; ask for at least one label")

        def read(data: Any, _sent: tuple[int, int]) -> list[Classification]:
            return parse_classifications(data, top=top)

        return _ask(self._client, image, {"top_k": top}, read)


def encode(image: "Image", *, share: float = 1.0) -> bytes:
    """Return an RGB JPEG that fits into LONGER_SIDE x SHORTER_SIDE, and nothing but pixels.

    `image` is upright already; `share` shrinks both its sides further. EXIF, colour profile, XMP
    and comment are left out.
    """
    from PIL.Image import Resampling

    small = image.convert("RGB").resize(
        _fitted(image.size, share), Resampling.BILINEAR, reducing_gap=3.0
    )
    small.info = {}  # Pillow would write the comment that it finds here
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY)  # progressive: 5 % smaller, six times slower
    return out.getvalue()


def _fitted(size: tuple[int, int], share: float = 1.0) -> tuple[int, int]:
    """Return the (width, height) of an upload, where the photo has `size`."""
    scale = share * min(1.0, LONGER_SIDE / max(size), SHORTER_SIDE / min(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _body(picture: bytes, parameters: Mapping[str, float]) -> bytes:
    # JSON, although base64 adds a third: a threshold cannot be sent beside a plain picture.
    text = base64.b64encode(picture).decode("ascii")
    return json.dumps({"inputs": text, "parameters": parameters}).encode("ascii")


def _ask(
    service: Client,
    image: "Image",
    parameters: Mapping[str, float],
    read: Callable[[Any, tuple[int, int]], _T],
) -> _T:
    """Send one photo; if it is too large for the service, once more at half the size."""

    def ask(share: float) -> _T:
        body = _body(encode(image, share=share), parameters)
        return service.ask(body, lambda data: read(data, _fitted(image.size, share)))

    try:
        return ask(1.0)
    except PhotoTooLarge:
        return ask(0.5)


def _routed(model: str) -> str:
    """Return the model's URL on Hugging Face's router."""
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", model, re.ASCII):
        raise InputError(
            f"{one_line(model)!r} is not a valid model on Hugging Face; name it as owner/model, "
            "for example facebook/detr-resnet-50"
        )
    return ROUTER + model


def find_token(environ: Mapping[str, str], *, token_file: Path | None = None) -> str | None:
    """Return the Hugging Face token, or None if there is none.

    A `token_file` that is given decides alone, and raises InputError if it cannot be read.
    Otherwise the order is huggingface_hub's own: HF_TOKEN, HUGGING_FACE_HUB_TOKEN, then the file
    that `hf auth login` writes, unless HF_HUB_DISABLE_IMPLICIT_TOKEN is set.
    """
    if token_file is not None:
        try:
            return _token_in(token_file)
        except (OSError, ValueError) as error:
            raise InputError(
                f"the token file {str(token_file)!r} cannot be read ({type(error).__name__}); "
                "give a text file with the token alone"
            ) from None
    named = environ.get("HF_TOKEN", "").strip() or environ.get("HUGGING_FACE_HUB_TOKEN", "").strip()
    if named:
        return named
    if environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return None
    try:
        return _token_in(_stored_token(environ))
    except (OSError, ValueError):
        return None  # the user did not name this file


def _token_in(file: Path) -> str | None:
    with file.open(encoding="utf-8-sig") as text:
        return text.read(LARGEST_TOKEN_FILE).strip() or None


def _stored_token(environ: Mapping[str, str]) -> Path:
    """Return where `hf auth login` puts the token."""
    if path := environ.get("HF_TOKEN_PATH"):
        return Path(path).expanduser()
    if home := environ.get("HF_HOME"):
        return Path(home).expanduser() / "token"
    cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "~")) / ".cache"
    return Path(cache).expanduser() / "huggingface" / "token"
