"""Estimate what a hosted run would send before it sends anything: photos, bytes, cost."""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd

from geobike.detections import stage
from geobike.detections.choice import Choice, create
from geobike.detections.looking import STANDARD, Looking
from geobike.detections.store.protocol import DetectionStore
from geobike.detectors.protocol import DetectorBase
from geobike.errors import InputError, UnreadablePhoto
from geobike.photos import decoding

SAMPLE: Final = 40
"""Photos that are resized to measure the upload; more take long and change the sum little."""

SECONDS_PER_PHOTO: Final = (1.0, 3.0)
"""Compute time per photo for DETR on Hugging Face's processors; an estimate."""

DOLLARS_PER_SECOND: Final = 0.00012
"""Hugging Face's own example. Source: hub-docs, docs/inference-providers/pricing.md, 2026."""


@dataclass(frozen=True)
class Upload:
    """What would be sent, and to which host."""

    host: str
    """Host and path."""
    photos: int
    """Photos that the store lacks, copies counted once."""
    requests: int
    """Pictures that would be sent of them: each window and each view of a panorama is one."""
    original: int
    """Bytes of their files; estimated from the sample where there are more photos."""
    sent: int
    """Bytes of the requests; estimated in the same way."""
    sampled: int
    """Photos in the sample."""
    custom_endpoint: bool
    """Whether the URL is one that the user gave, not Hugging Face's."""

    assumption = (
        f"{SECONDS_PER_PHOTO[0]:g} to {SECONDS_PER_PHOTO[1]:g} s of compute time per request, at "
        f"Hugging Face's example price of ${DOLLARS_PER_SECOND:g} per second"
    )
    """The assumption behind `dollars`."""

    @property
    def dollars(self) -> tuple[float, float]:
        """What Hugging Face would charge, at least and at most."""
        low, high = (seconds * self.requests * DOLLARS_PER_SECOND for seconds in SECONDS_PER_PHOTO)
        return low, high


def estimate_upload(
    placed: gpd.GeoDataFrame,
    choice: Choice,
    *,
    store: DetectionStore,
    max_pixels: int = decoding.MAX_PIXELS,
    looking: Looking = STANDARD,
) -> Upload:
    """Return what detection in a photos frame would send. Needs no token, and sends nothing.

    Photos that the store has are left out. One that cannot be decoded is not sent: 0 bytes.
    Raises InputError for an endpoint or model that cannot be used.
    """
    detector = create(choice)
    if detector.host is None:
        raise InputError(f"--detector {choice.kind} sends no photos: there is nothing to estimate")
    planned = stage.plan(placed, detector, store, looking=looking)
    each = [_part(part, max_pixels) for part in planned.parts]
    photos, requests, original, sent, sampled = map(sum, zip(*each, strict=True))
    return Upload(
        host=detector.host,
        photos=photos,
        requests=requests,
        original=original,
        sent=sent,
        sampled=sampled,
        custom_endpoint=choice.endpoint is not None,
    )


def _part(part: stage.Part, max_pixels: int) -> tuple[int, int, int, int, int]:
    """Return the photos of a part, and of them: requests, bytes of files, bytes sent, samples."""
    wanted = list(stage.wanted(part.missing))
    eyes = [stage.eye(part.detector, one) for one in wanted]
    requests = sum(
        eye.requests((one.width, one.height)) for eye, one in zip(eyes, wanted, strict=True)
    )
    step = -(-len(wanted) // SAMPLE) or 1
    sample = list(zip(wanted, eyes, strict=True))[::step]
    weights = [_weight(one.path, eye, max_pixels) for one, eye in sample]
    original, sent = (
        (sum(weight) * len(wanted) // len(sample) for weight in zip(*weights, strict=True))
        if sample
        else (0, 0)
    )
    return len(wanted), requests, original, sent, len(sample)


def _weight(file: str, detector: DetectorBase, max_pixels: int) -> tuple[int, int]:
    """Return the bytes of a photo's file and those that would be sent of it."""
    data = b""
    try:
        data = decoding.read_bytes(file, follow_links=False)
        image = decoding.read_upright(data, max_pixels=max_pixels, target_size=detector.input_size)
    except UnreadablePhoto:
        return len(data), 0
    if (body := detector.upload(image)) is None:
        raise InputError(f"{detector.name} does not say what it sends, so it cannot be estimated")
    return len(data), len(body)
