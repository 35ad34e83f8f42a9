"""Which model a command uses, and with which token; reads the environment."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from geobike.cli import settings, terminal
from geobike.detectors import backends
from geobike.errors import InputError

if TYPE_CHECKING:
    from geobike.config import DetectorSettings
    from geobike.detections.choice import Choice
    from geobike.detectors.classify import Classifier
    from geobike.doctor import Finding


def choice(detector: "DetectorSettings", token_file: str | Path | None) -> "Choice":
    """Return the choice of a detector, with the token where photos are to be sent."""
    from geobike.detections.choice import Choice

    token = None
    if backends.sends_photos(detector.kind):
        token = _token(detector.kind, token_file, detector.endpoint, instead=_DETECT)
    return Choice(**vars(detector), token=token, download_progress=terminal.download_progress())


def announce(choice: "Choice") -> None:
    """Print where photos are sent, before any is."""
    if choice.sends_photos:
        from geobike.detections.choice import create

        host = create(choice).host
        terminal.say(f"photos that the store lacks are sent to {host}, shrunk and without EXIF")


_DETECT = "detect on this machine with --detector onnx"
_CLASSIFY = "classify on this machine with --classifier onnx --model FILE.onnx"


def _token(
    kind: str, token_file: str | Path | None, endpoint: str | None, *, instead: str
) -> str | None:
    """Return the token. Raises InputError, saying what to do `instead`, if nothing may be sent."""
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
    file = None if token_file is None else Path(token_file)
    return backends.BACKENDS[kind].find_token(os.environ, file)


def classifier(
    kind: str,
    model: str | None,
    endpoint: str | None,
    token_file: str | Path | None,
    bill_to: str | None,
) -> "Classifier":
    """Return the classifier; by default, without a model, nothing is sent."""
    if kind == "huggingface":
        from geobike.detectors.hosted.detector import HostedClassifier

        token = _token(kind, token_file, endpoint, instead=_CLASSIFY)
        hosted = HostedClassifier(model, token=token, endpoint=endpoint, bill_to=bill_to)
        terminal.say(f"photos are sent to {hosted.host}, shrunk and without EXIF")
        return hosted
    if model is None:
        raise InputError(
            "name a model: --model FILE.onnx on this machine, or --classifier huggingface, "
            "which sends the photos to google/vit-base-patch16-224 at Hugging Face"
        )
    from geobike.detectors.onnx.detector import OnnxClassifier

    return OnnxClassifier(model)


def examine(
    token_file: str | Path | None, model: str | None, endpoint: str | None
) -> "Iterator[Finding]":
    """Yield what `geobike doctor` finds; an endpoint is tried last."""
    from geobike import doctor

    yield from doctor.examine(
        os.environ,
        token_file=None if token_file is None else Path(token_file),
        model=None if endpoint else model,
    )
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
        return Finding(what, False, f"{settings.NAME} cannot be used", str(error), needed=True)
    named = " or ".join(backends.sending())
    free = f"only with {named}; no {settings.NAME} forbids it"
    return Finding(what, True, f"forbidden by {file}" if file else free)
