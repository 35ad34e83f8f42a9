"""What a hosted run would send, weighed before anything is sent: photos, bytes, money."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import geopandas as gpd

from geobike import detectors, images, schema
from geobike.errors import UnreadablePhoto
from geobike.store import Model, Store

if TYPE_CHECKING:
    from geobike.detect.huggingface import HostedDetector

SAMPLE: Final = 40
"""Photos that are shrunk to see how heavy they get; more take long and change the sum little."""

SECONDS_A_PHOTO: Final = (1.0, 3.0)
"""Of computing, for DETR on Hugging Face's processors; an estimate."""

DOLLARS_A_SECOND: Final = 0.00012
"""Hugging Face's own example. Source: hub-docs, docs/inference-providers/pricing.md, 2026."""


@dataclass(frozen=True)
class Upload:
    """What would be sent, and where to."""

    place: str
    """Host and path."""
    photos: int
    """Photos that the store lacks, each once however many copies there are."""
    original: int
    """Bytes of their files."""
    sent: int
    """Bytes of the requests; reckoned from the sample where there are more photos."""
    weighed: int
    """Photos in the sample."""
    own: bool
    """Whether the address is one that the user named, not Hugging Face's."""

    assumption = (
        f"{SECONDS_A_PHOTO[0]:g} to {SECONDS_A_PHOTO[1]:g} s of computing a photo, at Hugging "
        f"Face's example price of ${DOLLARS_A_SECOND:g} a second"
    )
    """On which `dollars` rests."""

    @property
    def dollars(self) -> tuple[float, float]:
        """What Hugging Face would ask for it, at least and at most."""
        low, high = (seconds * self.photos * DOLLARS_A_SECOND for seconds in SECONDS_A_PHOTO)
        return low, high


def weigh(
    placed: gpd.GeoDataFrame,
    choice: detectors.Choice,
    *,
    store: str | Path | None = None,
    max_pixels: int = images.MAX_PIXELS,
) -> Upload:
    """Return what detecting in a photos frame would send. Needs no token, and sends nothing.

    A photo that cannot be decoded would not be sent and weighs nothing. Raises InputError for an
    endpoint or model that cannot be used.
    """
    schema.check(placed, schema.PHOTOS)
    detector = detectors.hosted(choice)
    wanted = placed[placed["status"].isna()].set_index("sha256")["path"]
    missing = _missing(list(wanted.index), Model(detector.name, detector.version), store)
    files = [Path(wanted[digest]) for digest in missing]
    sample = files[:: -(-len(files) // SAMPLE) or 1]
    weights = list(_weights(sample, detector, max_pixels))
    sent = sum(weights) * len(files) // len(sample) if sample else 0
    return Upload(
        place=detector.place,
        photos=len(files),
        original=sum(file.stat().st_size for file in files),
        sent=sent,
        weighed=len(sample),
        own=choice.endpoint is not None,
    )


def _missing(digests: list[str], model: Model, store: str | Path | None) -> list[str]:
    """Return the digests to detect in, without making a store where there is none."""
    if store is None or not Path(store).is_file():
        return digests
    with Store(store, read_only=True) as opened:
        return opened.missing(digests, model)


def _weights(files: Sequence[Path], detector: "HostedDetector", max_pixels: int) -> Iterator[int]:
    for file in files:
        try:
            image = images.read_upright(file, max_pixels=max_pixels, enough=detector.fitted)
        except UnreadablePhoto:
            continue
        yield len(detector.upload(image))
