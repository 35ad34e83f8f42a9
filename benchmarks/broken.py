"""A survey of many photos, one in twenty of them broken in one of twenty ways, and of whole ones.

Thumbnails of the sample and a model of one step, so that the time is that of all else.
GEOBIKE_BENCH_FILES says how many, 20,000 if nothing does.
"""

import os
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from PIL import Image

import geobike
from benchmarks.locating import phone_exif
from benchmarks.maps import made_areas
from benchmarks.measure import Row, Skipped, Spent, in_child
from geobike import schema
from geobike.detections.choice import Choice
from tests.support.exif_blocks import in_jpeg, loop
from tests.support.tiny_onnx import coloured

SAMPLE: Final = Path(__file__).parents[1] / "data" / "sample" / "photos"
EVERY: Final = 20
"""One photo in so many is broken."""

Way = Callable[[bytes], bytes]
"""Takes a whole photo with its position, and returns it broken."""


def _with_exif(change: Callable[[bytes], bytes]) -> Way:
    """Return a way that changes the EXIF block, whose length stays."""

    def broken(photo: bytes) -> bytes:
        length = int.from_bytes(photo[4:6], "big")
        block = change(photo[6 : 4 + length])
        assert len(block) == length - 2
        return photo[:6] + block + photo[4 + length :]

    return broken


def _without_exif(photo: bytes) -> bytes:
    return photo[:2] + photo[4 + int.from_bytes(photo[4:6], "big") :]


def _png(width: int, height: int, rows: int) -> bytes:
    """Return a grey PNG that announces a size and holds so many rows."""
    out = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(rows * (1 + width)))
    for kind, data in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")):
        out += struct.pack(">I", len(data)) + kind + data
        out += struct.pack(">I", zlib.crc32(kind + data))
    return out


def _panorama(photo: bytes) -> bytes:
    xmp = (
        b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
        b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:GPano='
        b'"http://ns.google.com/photos/1.0/panorama/" GPano:ProjectionType="equirectangular"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    return photo[:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + photo[2:]


def _many_scans(photo: bytes) -> bytes:
    out = BytesIO()
    Image.open(BytesIO(photo)).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    scan = data.index(b"\xff\xda")
    end = data.index(b"\xff", scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big"))
    return data[:end] + data[scan:end] * 150 + data[end:]


def _far(photo: bytes) -> bytes:
    """Move a photo to the other side of the equator."""
    return _with_exif(lambda block: block.replace(b"N\0", b"S\0", 1))(photo)


WAYS: Final[dict[str, tuple[Way, str]]] = {
    "empty": (lambda _: b"", schema.UNREADABLE),
    "one byte": (lambda photo: photo[:1], schema.UNREADABLE),
    "cut in its head": (lambda photo: photo[:300], schema.UNREADABLE),
    "cut in its pixels": (lambda photo: photo[:-700], schema.UNREADABLE),
    "zeros from the middle on": (
        lambda photo: photo[: len(photo) // 2] + bytes(len(photo) // 2),
        schema.UNREADABLE,
    ),
    "text": (lambda _: b"a list of photos\n" * 20, schema.UNREADABLE),
    "a page of an error": (lambda _: b"<!DOCTYPE html><h1>404</h1>", schema.UNREADABLE),
    "zeros": (lambda photo: bytes(len(photo)), schema.UNREADABLE),
    "chance behind a start": (
        lambda photo: b"\xff\xd8\xff" + zlib.compress(photo),
        schema.UNREADABLE,
    ),
    "stray bytes": (lambda photo: photo[:2] + bytes(70_000) + photo[2:], schema.UNREADABLE),
    "150 scans": (_many_scans, schema.UNREADABLE),
    "a PNG that ends early": (lambda _: _png(120, 90, 20), schema.UNREADABLE),
    "a PNG of 900 megapixels": (lambda _: _png(30_000, 30_000, 1), schema.UNREADABLE),
    "a PNG with a side of 100,000": (lambda _: _png(100_000, 1, 1), schema.UNREADABLE),
    "a WebP that lies": (
        lambda photo: b"RIFF" + struct.pack("<I", len(photo)) + b"WEBPVP8 " + photo,
        schema.UNREADABLE,
    ),
    "no EXIF": (_without_exif, schema.UNLOCATED),
    "EXIF that points at itself": (
        lambda photo: in_jpeg(_without_exif(photo), loop(1000)),
        schema.UNLOCATED,
    ),
    "half an EXIF block": (
        _with_exif(lambda block: block[:40] + bytes(len(block) - 40)),
        schema.UNLOCATED,
    ),
    "south of the equator": (_far, schema.OUTSIDE),
    "a panorama": (_panorama, schema.FAILED),
}


def run(_: Path) -> Iterator[Row]:
    if not SAMPLE.is_dir():
        raise Skipped(f"needs the sample's photos in {SAMPLE}")
    count = int(os.environ.get("GEOBIKE_BENCH_FILES", "20000"))
    whole = _measured(count, broken=False)
    broken = _measured(count, broken=True)
    yield Row(f"{count:,} whole photos surveyed", whole.seconds, memory=whole.megabytes)
    yield Row(
        f"{count:,} photos of which 1 in {EVERY} is broken, in {len(WAYS)} ways",
        broken.seconds,
        memory=broken.megabytes,
        note=", ".join(f"{status} {number:,}" for status, number in broken.answer.items()),
    )


def _measured(count: int, *, broken: bool) -> Spent:
    with TemporaryDirectory() as place:
        expected = in_child(make, Path(place), count, broken).answer
        spent = in_child(surveyed, Path(place))
    assert spent.answer == expected, f"{spent.answer} where {expected} were made"
    return spent


def surveyed(folder: Path) -> dict[str, int]:
    """Survey the photos of a folder, and return how many ended in each status."""
    plan = geobike.Survey(
        photos=folder / "photos",
        areas=folder / "areas.geojson",
        detector=Choice(kind="onnx", model=str(folder / "model.onnx")),
    )
    result = geobike.run(plan, store=folder / "store.sqlite")
    result.write(folder / "out")
    return {status: number for status, number in result.ledger.photos.items() if number}


def make(folder: Path, count: int, broken: bool) -> dict[str, int]:
    """Write areas, a model and photos; return how many should end in each status."""
    areas = made_areas(200)[["name", "geometry"]]
    areas.to_file(folder / "areas.geojson")
    (folder / "model.onnx").write_bytes(coloured(1, 64))
    # The border of all is wavy.
    west, south, east, north = areas.total_bounds + 0.001 * np.array([1, 1, -1, -1])
    places = np.random.default_rng(3).uniform((west, south), (east, north), (count, 2))
    pictures = list(_pictures())
    ways, expected = list(WAYS.values()), Counter[str]()
    for number, (lon, lat) in enumerate(places):
        way, status = ways[number // EVERY % len(ways)]
        if not broken or number % EVERY:
            way, status = bytes, schema.COUNTED
        photo = _distinct(pictures[number % len(pictures)], number, lon, lat)
        file = folder / "photos" / f"{number // 1000:04d}" / f"IMG_{number:07d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(way(photo))
        expected[status] += 1
    return {status: expected[status] for status in schema.STATUSES if expected[status]}


def _pictures() -> Iterator[bytes]:
    """Yield the sample's photos as small JPEGs without EXIF, but for those that are broken."""
    for file in sorted(SAMPLE.rglob("*.jpg")):
        try:
            image = geobike.read_image(file)
        except geobike.GeobikeError:
            continue
        out = BytesIO()
        image.thumbnail((120, 120))
        image.save(out, "JPEG", quality=60)
        yield out.getvalue()


def _distinct(picture: bytes, number: int, lon: float, lat: float) -> bytes:
    """Return a photo of that place, with bytes of its own."""
    block = phone_exif(lon, lat)
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    note = b"\xff\xfe" + struct.pack(">H", 10) + b"%08d" % number
    return picture[:2] + segment + note + picture[2:]
