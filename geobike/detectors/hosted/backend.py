"""The backend that has Hugging Face detect, for the table `geobike.detectors.backends`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from geobike.detectors.protocol import Backend, Detector, Finding, ModelSettings, Surroundings
from geobike.errors import GeobikeError


def _create(settings: ModelSettings) -> Detector:
    from geobike.detectors.hosted.detector import HostedDetector

    return HostedDetector(
        settings.model,
        token=settings.token,
        endpoint=settings.endpoint,
        bill_to=settings.bill_to,
    )


def _find_token(environ: Mapping[str, str], token_file: Path | None) -> str | None:
    from geobike.detectors.hosted.detector import find_token

    return find_token(environ, token_file=token_file)


def _examine(given: Surroundings) -> Iterator[Finding]:
    what = "Hugging Face token"
    try:
        token = _find_token(given.environ, given.token_file)
    except GeobikeError as error:
        yield Finding(what, False, "not readable", str(error), needed=True)
        return
    if token:
        yield Finding(what, True, "found (the first photo shows whether it is accepted)")
        return
    remedy = "only for --detector huggingface: set HF_TOKEN to a token that may call providers"
    yield Finding(what, False, "none", remedy)


HUGGINGFACE: Final = Backend(
    name="huggingface",
    help="photos are sent to Hugging Face, shrunk and without EXIF",
    create=_create,
    advice="have Hugging Face detect:  --detector huggingface, with a token in HF_TOKEN "
    "(photos are sent there, shrunk and without EXIF)",
    sends_photos=True,
    find_token=_find_token,
    examine=_examine,
)
