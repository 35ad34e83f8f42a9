"""What is told of a JPEG by another with the same header, against Pillow opening it."""

import struct
from collections.abc import Callable
from io import BytesIO
from unittest import mock

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from PIL import Image

from geobike.errors import UnreadablePhoto
from geobike.photos import decoding, jpeg, openable
from tests.support.making import DELFT
from tests.support.making import jpeg as made

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # damaged EXIF is tested

XMP = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'
TAGS = (0x0112, 0x011A, 0x0128, 0x010F, 0x8769, 0x8825)


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def exif_and_rest(data: bytes) -> tuple[bytes, bytes]:
    """Return the EXIF block of a JPEG that Pillow made, and the file without it."""
    start = data.index(b"\xff\xe1")
    end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    return data[start + 10 : end], data[:start] + data[end:]


EXIF, BARE = exif_and_rest(made(lon_lat=DELFT, orientation=6, size=(70, 50)))
NO_DPI = BARE.replace(b"JFIF\0\1\1\1", b"JFIF\0\1\1\0", 1)
"""Its resolution is that of EXIF."""


@st.composite
def blocks(draw: st.DrawFn) -> bytes:
    """Return EXIF of one directory, whose entries may be anything."""
    order = draw(st.sampled_from("<>"))
    entries = b""
    for tag in draw(st.lists(st.sampled_from(TAGS), max_size=6)):
        usual = (5, 1) if tag == 0x011A else (3, 1)
        odd = st.tuples(st.integers(0, 14), st.integers(0, 9))
        kind, count = draw(st.one_of(*[st.just(usual)] * 4, odd))
        value = draw(st.sampled_from([0, 8, 20, 90]) | st.integers(0, 2**32 - 1))
        entries += struct.pack(order + "HHII", tag, kind, count, value)
    start = draw(st.sampled_from([8] * 9 + [0, 9, 500]))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    block = head + struct.pack(order + "H", len(entries) // 12) + entries + bytes(4)
    block += draw(st.binary(max_size=40))
    return block[: len(block) - draw(st.sampled_from([0] * 9 + [3, 20, 40]))]


@st.composite
def photos(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Return a photo, and one that mostly has the same header but for its EXIF."""
    bare = draw(st.sampled_from([BARE, NO_DPI]))
    bare = draw(st.sampled_from([bare, bare[:20] + segment(0xE1, XMP) + bare[20:]]))
    place = draw(st.sampled_from([2, 20]))  # before and after the JFIF segment
    block = draw(st.sampled_from([EXIF, b""]) | blocks() | blocks())
    first, second = (
        bare[:place] + segment(0xE1, b"Exif\0\0" + one) + bare[place:] for one in (EXIF, block)
    )
    changed = bytearray(second)
    places = st.integers(2, len(second) - 1)
    changes = st.dictionaries(places, st.integers(0, 255), min_size=1, max_size=2)
    for at, value in draw(st.one_of(*[st.just({})] * 3, changes)).items():
        changed[at] = value
    return first, bytes(changed[: len(changed) - draw(st.sampled_from([0] * 9 + [1, 400]))])


def fault(check: Callable[[bytes], object], data: bytes) -> str | None:
    try:
        check(data)
    except UnreadablePhoto as error:
        return str(error)
    return None


@settings(max_examples=600, deadline=None)
@given(photos())
def test_a_photo_like_another_is_refused_where_pillow_refuses_it(pair: tuple[bytes, bytes]) -> None:
    first, second = pair
    with mock.patch.multiple(openable, _opened=frozenset()):
        openable.check(first)
        with mock.patch.object(decoding, "upright_size", wraps=decoding.upright_size) as opened:
            said = fault(openable.check, second)
        event("opened" if opened.called else "not opened")
        assert said == fault(decoding.upright_size, second)


@settings(max_examples=600, deadline=None)
@given(photos())
def test_a_header_like_another_is_read_as_its_segments_give_it(pair: tuple[bytes, bytes]) -> None:
    first, second = map(BytesIO, pair)
    with mock.patch.multiple(jpeg, _known_headers=()):
        expected = jpeg.read_header(second)
    with mock.patch.multiple(jpeg, _known_headers=()):
        jpeg.read_header(first)
        assert jpeg.read_header(second) == expected


def test_of_photos_that_differ_in_exif_alone_pillow_opens_one() -> None:
    with (
        mock.patch.multiple(openable, _opened=frozenset()),
        mock.patch.object(Image, "open", wraps=Image.open) as opened,
    ):
        for number in range(5):
            openable.check(made(lon_lat=(4.0 + number, 52.0), orientation=1 + number))
        assert opened.call_count == 1
        openable.check(made(lon_lat=DELFT, size=(50, 70)))
        assert opened.call_count == 2


def test_many_headers_are_remembered_in_bounded_memory() -> None:
    with mock.patch.multiple(openable, _opened=frozenset()):
        for width in range(1, 3 * openable._MOST):
            openable.check(made(lon_lat=DELFT, size=(width, 8)))
        assert 0 < len(openable._opened) <= openable._MOST
        assert 0 < len(jpeg._known_headers) <= jpeg._MOST_HEADERS


@pytest.mark.parametrize("limit", [3_499, 3_500])
def test_the_limit_on_pixels_holds_for_every_photo(limit: int) -> None:
    data = made(lon_lat=DELFT, size=(70, 50))
    openable.check(data)
    said = fault(lambda one: openable.check(one, max_pixels=limit), data)
    assert (said is None) == (limit == 3_500)
