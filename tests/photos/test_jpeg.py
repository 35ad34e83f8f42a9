"""The header of a JPEG, compared with what Pillow reads from the same file."""

from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from geobike.errors import UnreadablePhoto
from geobike.photos import decoding, discovery, exif, jpeg, metadata
from geobike.photos.thumbnails import thumbnail
from tests.support.making import DELFT, photo
from tests.support.making import jpeg as made


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return the EXIF segment of a JPEG that Pillow made, and the file without it."""
    start = data.index(b"\xff\xe1")
    end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    return data[start:end], data[:start] + data[end:]


EXIF, PLAIN = split(made(lon_lat=DELFT, orientation=6, size=(70, 50)))


class Counting(BytesIO):
    """Knows how many bytes were read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def test_only_the_header_of_a_large_photo_is_read() -> None:
    file = Counting(made(lon_lat=DELFT, size=(70, 50)) + bytes(5_000_000))
    header = jpeg.read_header(file)
    assert header is not None
    assert header.size == (70, 50)
    assert exif.read_block(header.exif).lat == pytest.approx(DELFT[1])
    assert file.taken == 65_536


@pytest.mark.parametrize("in_front", [1, 20])
def test_exif_and_size_after_a_megabyte_of_other_segments_are_found(in_front: int) -> None:
    far = (
        segment(0xE2, b"\xff\xd8\xff\xe1" * 16_000) * in_front
    )  # looks like markers, but is content
    file = Counting(PLAIN[:2] + far + EXIF + PLAIN[2:] + bytes(50_000_000))
    header = jpeg.read_header(file)
    assert header is not None
    assert header.size == (70, 50)
    assert exif.read(file).orientation == 6
    assert file.taken < 12_000_000


def test_exif_after_the_size_is_found() -> None:
    scan = PLAIN.index(b"\xff\xda")
    header = jpeg.read_header(BytesIO(PLAIN[:scan] + EXIF + PLAIN[scan:]))
    assert header is not None
    assert header.exif == EXIF[10:]


def test_exif_in_several_segments_is_one_block() -> None:
    parts = segment(0xE1, EXIF[4:100]) + segment(0xE1, b"Exif\0\0" + EXIF[100:])
    data = PLAIN[:2] + parts + PLAIN[2:]
    assert exif.read(BytesIO(data)).lat == pytest.approx(DELFT[1])


def test_of_two_exif_blocks_the_first_is_read_as_pillow_does() -> None:
    other, _ = split(made(lon_lat=(5.0, 53.0), orientation=3))
    file = BytesIO(PLAIN[:2] + EXIF + other + PLAIN[2:])
    header = jpeg.read_header(file)
    assert header is not None
    assert header.exif == EXIF[10:]
    with Image.open(file) as image:
        assert image.getexif()[0x0112] == exif.read(file).orientation == 6


def test_fill_bytes_before_a_marker_hide_nothing() -> None:
    file = BytesIO(PLAIN[:2] + b"\xff" * 5_000 + EXIF + b"\xff" * 5_000 + PLAIN[2:])
    header = jpeg.read_header(file)
    assert header is not None
    assert header.size == (70, 50)
    assert exif.read(file).lat == pytest.approx(DELFT[1])


def test_exif_after_bytes_that_belong_to_no_segment_is_found() -> None:
    scan = PLAIN.index(b"\xff\xda")
    for stray in (b"\0" * 1_000, b"\xff\0" * 1_000, b"\xff\xd0" * 1_000):
        file = BytesIO(PLAIN[:scan] + stray + EXIF + PLAIN[scan:])
        with Image.open(file) as image:
            assert image.getexif()[0x0112] == 6  # Pillow finds it too
        assert exif.read(file).lat == pytest.approx(DELFT[1])


@pytest.mark.parametrize(
    ("between", "said"),
    [
        (b"\xff" * 5_000_000, "segments or stray bytes"),
        (b"\0" * 5_000_000, "segments or stray bytes"),
        (b"\xff\0" * 2_500_000, "segments or stray bytes"),
        (b"\xff\xd0" * 2_500_000, "segments or stray bytes"),
        (segment(0xFE, b"") * 5_000_000, "segments or stray bytes"),
        (segment(0xE1, b"Exif\0\0" + bytes(60_000)) * 1_600, "EXIF is over the limit of 8 MB"),
        (segment(0xE1, b"Exif\0\0") * 60_000, "EXIF is over the limit of 8 MB"),
    ],
    ids=["fill", "zeros", "escaped", "restarts", "comments", "exif", "exif-bits"],
)
def test_what_pillow_takes_minutes_for_is_rejected_by_the_first_megabytes(
    between: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(PLAIN[:20] + between + PLAIN[20:])  # after the JFIF segment
    row = metadata.read(discovery.find(path))
    assert row.width[0] == 0
    assert said in str(row.reason[0])
    file = Counting(path.read_bytes())
    with pytest.raises(UnreadablePhoto, match=said):
        decoding.read_header(file)
    assert file.taken < 20_000_000
    for read in (decoding.upright_size, decoding.read_upright, thumbnail):
        with pytest.raises(UnreadablePhoto, match=said):
            read(path.read_bytes())
    assert said in str(exif.read(file).reason)


def test_an_orientation_that_only_xmp_names_turns_the_size_as_it_turns_the_picture(
    tmp_path: Path,
) -> None:
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'
    path = tmp_path / "a.jpg"
    path.write_bytes(PLAIN[:2] + segment(0xE1, xmp) + PLAIN[2:])
    said = metadata.read(discovery.find(path))
    assert (said.width[0], said.height[0]) == decoding.read_upright(path).size == (50, 70)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # damaged EXIF is what is tested
@settings(max_examples=300, deadline=None)
@given(cut=st.integers(0, 800), junk=st.binary(min_size=1, max_size=8), at=st.integers(2, 700))
def test_damaged_headers_give_the_size_that_decoding_gives_or_none(
    cut: int, junk: bytes, at: int
) -> None:
    data = bytearray(made(lon_lat=DELFT, orientation=6, size=(70, 50)))
    data[at : at + len(junk)] = junk
    file = BytesIO(bytes(data[: len(data) - cut]))
    header = jpeg.read_header(file)
    if header is None or header.size is None:
        return  # Pillow reads the size
    try:  # PIL refuses sizes by a limit of its own, which is not what is compared
        with patch.object(Image, "MAX_IMAGE_PIXELS", None), Image.open(file) as image:
            assert image.size == header.size
    except (OSError, SyntaxError):  # damage after the size shows when the whole file is read
        pass


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_the_header_gives_the_size_that_the_whole_file_gives(
    tmp_path: Path, format: str, orientation: int
) -> None:
    path = photo(
        tmp_path / f"a.{format.lower()}", size=(70, 50), orientation=orientation, format=format
    )
    said = metadata.read(discovery.find(path))
    size = decoding.upright_size(path.read_bytes())
    assert (said.width[0], said.height[0]) == size


def test_too_many_pixels_are_rejected_by_the_header(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", size=(100, 100))
    said = metadata.read(discovery.find(path), max_pixels=9_000)
    assert said.width[0] == 0
    assert "100 x 100 pixels is over the limit of 0.009 megapixels" in str(said.reason[0])
    with pytest.raises(UnreadablePhoto, match="over the limit"):
        decoding.upright_size(path.read_bytes(), max_pixels=9_000)
