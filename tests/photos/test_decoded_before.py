"""Photos that were decoded before are not opened again, and get what they would get opened."""

import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.broken import WAYS
from benchmarks.locating import phone_exif
from geobike.errors import UnreadablePhoto
from geobike.photos import decoding, hashing, reading
from geobike.photos.discovery import PhotoFile
from geobike.photos.hashing import Before

NO_FILE = PhotoFile("a.jpg", "a.jpg")
LIMITS = (decoding.MAX_PIXELS, 48 * 36, 48 * 36 - 1)


def camera_photo(mode: str = "RGB", *, progressive: bool = False) -> bytes:
    """Return a JPEG of 48 x 36 pixels that begins with its EXIF."""
    out, block = BytesIO(), phone_exif(4.36, 52.01)
    Image.effect_noise((48, 36), 40).convert(mode).save(out, "JPEG", progressive=progressive)
    segment = b"\xff\xe1" + (len(block) + 2).to_bytes(2) + block
    return b"\xff\xd8" + segment + out.getvalue()[2:]


def changed(photo: bytes, number: int) -> Iterator[bytes]:
    """Yield copies with bytes of the header changed, left out or put in by chance."""
    chance = random.Random(number)
    scan = photo.index(b"\xff\xda") + 14
    for _ in range(number):
        copy = bytearray(photo)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(2, scan)
            what = bytes(chance.randrange(256) for _ in range(chance.randrange(3)))
            copy[at : at + chance.randrange(3)] = what
        yield bytes(copy)


def kinds() -> Iterator[bytes]:
    for photo in (camera_photo(), camera_photo("L"), camera_photo(progressive=True)):
        yield photo
        yield from (way(photo) for way, _ in WAYS.values())
        yield from changed(photo, 300)


def can_be_decoded(photo: bytes) -> bool:
    try:
        decoding.read_upright(photo)
    except UnreadablePhoto:
        return False
    return True


def file_of(folder: Path, photo: bytes) -> PhotoFile:
    (folder / "a.jpg").write_bytes(photo)
    (file,) = reading.find(folder)
    return file


def test_whatever_was_decoded_once_gets_the_same_with_and_without_being_opened() -> None:
    compared = faults = 0
    for photo in kinds():
        if not (decoding.is_quick(photo) and can_be_decoded(photo)):
            continue
        for limit in LIMITS:
            opened = hashing._hash(NO_FILE, photo, limit)
            assert (
                hashing._hash(NO_FILE, photo, limit, before=lambda _: Before(decoded=True))
                == opened
            )
            compared += 1
            faults += opened.fault is not None
    assert compared > 500
    assert faults > 150, "the limit of the pixels is that of this run"


@pytest.mark.parametrize("known", [True, False])
def test_only_what_was_not_decoded_before_is_opened(
    known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[bytes] = []
    whole = decoding.upright_size

    def watched(data: bytes, *, max_pixels: int) -> tuple[int, int]:
        opened.append(data)
        return whole(data, max_pixels=max_pixels)

    monkeypatch.setattr(decoding, "upright_size", watched)
    photo = camera_photo()
    hashing._quickly(
        file_of(tmp_path, photo),
        max_pixels=decoding.MAX_PIXELS,
        headers=False,
        before=lambda _: Before(decoded=known),  # what the store says
    )
    assert opened == ([] if known else [photo])
