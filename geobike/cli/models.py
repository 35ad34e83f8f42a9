"""Which model a command uses, and with which token: the place that reads the environment."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from geobike.cli import settings, terminal
from geobike.detectors import backends
from geobike.errors import InputError

if TYPE_CHECKING:
    from geobike.detections.choice import Choice
    from geobike.detectors.classify import Classifier
    from geobike.doctor import Finding


def choice(
    kind: str,
    model: str | None,
    endpoint: str | None,
    token_file: Path | None,
    bill_to: str | None,
) -> "Choice":
    """Return the choice of a detector, with the token where photos are to be sent."""
    from geobike.detections.choice import Choice

    token = None
    if backends.sends_photos(kind):
        token = _token(kind, token_file, endpoint, instead=_DETECT)
    return Choice(
        kind=kind,
        model=model,
        endpoint=endpoint,
        token=token,
        bill_to=bill_to,
        download_progress=terminal.download_progress(),
    )


def announce(choice: "Choice") -> None:
    """Say where photos go, before any goes."""
    if choice.sends_photos:
        from geobike.detections.choice import create

        place = create(choice).host
        terminal.say(f"photos that the store lacks are sent to {place}, shrunk and without EXIF")


_DETECT = "detect on this machine with --detector onnx"
_CLASSIFY = "classify on this machine with --classifier onnx --model FILE.onnx"


def _token(kind: str, token_file: Path | None, endpoint: str | None, *, instead: str) -> str | None:
    """Return the token, unless nothing may be sent; then the error says what to do `instead`."""
    settings.refuse_if_forbidden(Path.cwd(), instead=instead)
    offline = any(
        os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE")
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )
    if offline and endpoint is None:
        raise InputError(
            "HF_HUB_OFFLINE is set, so nothing is sent to Hugging Face; unset it, give an "
            f"--endpoint of your own, or {instead}"
        )
    return backends.BACKENDS[kind].find_token(os.environ, token_file)


def classifier(
    kind: str,
    model: str | None,
    endpoint: str | None,
    token_file: Path | None,
    bill_to: str | None,
) -> "Classifier":
    """Return the classifier; without a model nothing is sent anywhere by default."""
    if kind == "huggingface":
        from geobike.detectors.hosted.detector import HostedClassifier

        token = _token(kind, token_file, endpoint, instead=_CLASSIFY)
        hosted = HostedClassifier(model, token=token, endpoint=endpoint, bill_to=bill_to)
        terminal.say(f"photos are sent to {hosted.host}, shrunk and without EXIF")
        return hosted
    if model is None:
        raise InputError(
            "name what classifies: --model FILE.onnx on this machine, or --classifier huggingface, "
            "which sends the photos to google/vit-base-patch16-224 at Hugging Face"
        )
    from geobike.detectors.onnx.detector import OnnxClassifier

    return OnnxClassifier(model)


def examine(
    token_file: Path | None, model: str | None, endpoint: str | None
) -> "Iterator[Finding]":
    """Yield what `geobike doctor` finds; an endpoint is asked last."""
    from geobike import doctor

    yield from doctor.examine(os.environ, token_file=token_file, model=None if endpoint else model)
    yield _sending()
    if endpoint is not None:
        token = _token("huggingface", token_file, endpoint, instead="leave out --endpoint")
        yield from doctor.ask(endpoint, token=token, model=model)


def _sending() -> "Finding":
    from geobike.doctor import Finding

    what = "sending photos"
    try:
        file = settings.forbidding(Path.cwd())
    except InputError as error:
        return Finding(what, False, f"{settings.NAME} is not understood", str(error), needed=True)
    named = " or ".join(backends.sending())
    free = f"only where you name {named}; no {settings.NAME} forbids it"
    return Finding(what, True, f"forbidden by {file}" if file else free)
