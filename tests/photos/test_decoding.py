import struct
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import compress, crc32

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngImageFile

from geobike.errors import UnreadablePhoto
from geobike.photos import decoding, exif
from geobike.photos.thumbnails import thumbnail
from tests.support.making import DELFT, jpeg


def halves(orientation: int, format: str = "JPEG") -> bytes:
    """Return a photo that shows red left and blue right once it is upright."""
    upright = Image.new("RGB", (64, 32), "red")
    upright.paste("blue", (32, 0, 64, 32))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = BytesIO()
    stored.save(out, format, exif=exif.tobytes(), quality=95)
    return out.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(orientation: int, format: str) -> None:
    image = decoding.read_upright(halves(orientation, format))
    assert image.size == (64, 32) == decoding.upright_size(halves(orientation, format))
    red, blue = image.getpixel((8, 16)), image.getpixel((56, 16))
    assert red[0] > 200 > 50 > red[2]
    assert blue[2] > 200 > 50 > blue[0]


@pytest.mark.parametrize("orientation", [0, 9, 153])
def test_an_invalid_orientation_loses_no_photo(orientation: int) -> None:
    data = jpeg(size=(64, 48), orientation=orientation)
    assert decoding.read_upright(data).size == decoding.upright_size(data) == (64, 48)


def test_an_orientation_that_is_not_a_number_loses_no_photo() -> None:
    # One tag, the orientation, as text: header, number of tags, tag, type, length, value, end.
    exif = b"Exif\0\0II*\0\x08\0\0\0" + b"\x01\0" + b"\x12\x01\x02\0\x04\0\0\0abc\0" + b"\0" * 4
    out = BytesIO()
    Image.new("RGB", (64, 48)).save(out, "JPEG", exif=exif)
    assert decoding.upright_size(out.getvalue()) == (64, 48)


def test_upright_is_what_pillow_calls_upright(shared: Path) -> None:
    paths = sorted((shared / "exif").glob("*orientation*"))
    assert len(paths) == 6
    for path in paths:
        with Image.open(path) as image:
            expected = ImageOps.exif_transpose(image).convert("RGB")
        assert decoding.read_upright(path).tobytes() == expected.tobytes(), path.name
        assert decoding.upright_size(path.read_bytes()) == expected.size, path.name


def test_a_photo_decoded_small_has_pillows_own_pixels(shared: Path) -> None:
    """Detections are kept for years: nothing that makes decoding quicker may change a level."""
    paths = sorted([*(shared / "photos").glob("*/*.j*"), *(shared / "exif").glob("*orientation*")])
    assert len(paths) == 41
    for path in paths:
        with Image.open(path) as image:
            image.draft("RGB", (1184, 1184))
            small = image.convert("RGB").resize((640, 640), Image.Resampling.BILINEAR)
        ours = decoding.read_upright(path, target_size=lambda _: (640, 640))
        assert ours.tobytes() == ImageOps.exif_transpose(small).tobytes(), path.name


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"hello, I am no photo", "not a photo"),
        (jpeg(size=(640, 480))[:-700], "truncated"),
        (jpeg(format="PNG", size=(640, 480))[:-40], "cannot be decoded"),
        (b"GIF89a" + b"\0" * 60, "not a photo"),
        (jpeg(format="PNG")[:30], "this PNG file is damaged or cut off"),
        (jpeg()[:2] + bytes(60), "this JPEG file is damaged or cut off"),
        (b"II*\0\x08" + bytes(60), "this TIFF file is damaged or cut off"),
        (b"\0\0\0\x1cftypheic" + bytes(60), "this HEIC file is damaged or cut off"),
    ],
)
def test_a_file_that_is_not_a_complete_photo_is_unreadable_with_a_reason(
    data: bytes, said: str
) -> None:
    with pytest.raises(UnreadablePhoto, match=said):
        decoding.upright_size(data)
    with pytest.raises(UnreadablePhoto):
        decoding.read_upright(data)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in (*chunks, (b"IEND", b"")):
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))
    return out


def png_of_one_row(width: int, height: int, *behind: tuple[bytes, bytes]) -> bytes:
    """Return a PNG that announces a size and holds hardly any of it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png((b"IHDR", header), (b"IDAT", compress(bytes(1 + 3 * width))), *behind)


def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[Image.Image] = []
    monkeypatch.setattr(PngImageFile, "load", decoded.append)
    bomb = png_of_one_row(30_000, 30_000)
    looks = (decoding.upright_size, decoding.read_upright, thumbnail)
    for look in (*looks, lambda data: decoding.read_header(BytesIO(data))[0]):
        with pytest.raises(UnreadablePhoto, match="30000 x 30000 pixels is over the limit of 200"):
            look(bomb)
    assert not decoded


def test_the_header_of_a_png_gives_its_size_and_nothing_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[Image.Image] = []
    monkeypatch.setattr(PngImageFile, "load", decoded.append)
    head = BytesIO(png_of_one_row(4_000, 3_000))
    assert decoding.read_header(head)[0] == (4_000, 3_000)
    assert exif.read(head).reason == "no EXIF"
    # One tag after the pixels: the orientation, 6, which is a quarter turn.
    turned = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + b"\0" * 4
    head = BytesIO(png_of_one_row(4_000, 3_000, (b"eXIf", turned)))
    assert decoding.read_header(head)[0] == (3_000, 4_000)
    assert not decoded


@pytest.mark.parametrize("behind", [False, True])
def test_a_png_of_millions_of_chunks_is_refused_before_they_are_read(behind: bool) -> None:
    whole = png_of_one_row(4, 1)
    chunk = png((b"zzZz", b""))[8:-12]
    at = len(whole) - 12 if behind else 33
    data = whole[:at] + chunk * 2_000_000 + whole[at:]
    for look in (decoding.upright_size, decoding.read_upright, thumbnail):
        with pytest.raises(UnreadablePhoto, match="over 100,000 chunks"):
            look(data)
    assert "over 100,000 chunks" in str(exif.read(BytesIO(data)).reason)


def test_the_limit_can_be_set_and_a_large_photo_under_it_raises_no_warning() -> None:
    data = jpeg(size=(100, 100))
    with pytest.raises(UnreadablePhoto, match=r"limit of 0\.009 megapixels"):
        decoding.read_upright(data, max_pixels=9_000)
    large = BytesIO()
    Image.new("1", (12_000, 10_000)).save(large, "PNG")  # Pillow itself warns above 89 megapixels
    assert decoding.upright_size(large.getvalue()) == (12_000, 10_000)


def test_the_limit_holds_for_tiff_too_which_pillow_judges_twice() -> None:
    out = BytesIO()
    Image.new("1", (12_000, 10_000)).save(out, "TIFF", compression="group4")
    before = Image.MAX_IMAGE_PIXELS
    assert decoding.upright_size(out.getvalue()) == (12_000, 10_000)
    assert before == Image.MAX_IMAGE_PIXELS


def test_pictures_can_be_cropped_in_one_thread_while_another_decodes() -> None:
    data, seen = jpeg(), set[int | None]()

    def noted(_: tuple[int, int]) -> tuple[int, int]:
        seen.add(Image.MAX_IMAGE_PIXELS)
        return 8, 8

    decoding.read_upright(data, target_size=noted)
    assert seen
    assert None not in seen, "Pillow compares with it after it has seen that it is not None"


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(40_000_000_000)  # sparse: takes no room
    with pytest.raises(UnreadablePhoto, match=r"the file of 40\.0 GB is over the limit of 2 GB"):
        decoding.read_upright(path)


def test_a_file_that_was_replaced_is_not_mistaken_for_the_one_that_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    with pytest.raises(UnreadablePhoto, match="has changed since"):
        decoding.read_bytes(path, sha256="0" * 64)


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (0x4000, 0x40), (0xFFFF, 0xFF)])
def test_16_bits_of_grey_keep_their_brightness(value: int, grey: int) -> None:
    out = BytesIO()
    Image.new("I;16", (64, 48), value).save(out, "PNG")
    assert decoding.read_upright(out.getvalue()).getpixel((5, 5)) == (grey, grey, grey)


def test_heic_is_read_where_its_extra_is_installed() -> None:
    heif = pytest.importorskip("pillow_heif")
    out = BytesIO()
    heif.from_pillow(Image.new("RGB", (64, 48), "red")).save(out)
    assert decoding.upright_size(out.getvalue()) == (64, 48)
    assert decoding.read_upright(out.getvalue()).mode == "RGB"


def test_heic_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(UnreadablePhoto, match=r"pip install 'geobike\[heic\]'"):
        decoding.read_upright(b"\0\0\0\x18ftypheic" + b"\0" * 64)


def test_a_thumbnail_is_small_and_carries_nothing_but_pixels() -> None:
    data = thumbnail(jpeg(lon_lat=DELFT, size=(1200, 900), orientation=6))
    with Image.open(BytesIO(data)) as image:
        assert image.size == (360, 480)
        assert not image.getexif()
        assert "icc_profile" not in image.info
        assert "comment" not in image.info
    assert b"Exif" not in data


def test_people_on_a_thumbnail_are_not_recognisable() -> None:
    stripes = Image.new("RGB", (800, 600), "white")
    for x in range(0, 800, 16):
        stripes.paste("black", (x, 0, x + 8, 600))
    out = BytesIO()
    stripes.save(out, "JPEG", quality=95)
    person = (200.0, 100.0, 400.0, 500.0)
    with Image.open(BytesIO(thumbnail(out.getvalue(), anonymize=[person]))) as image:
        grey = image.convert("L")
    # The box is 120 to 240, 60 to 300 here; hair and hands reach a tenth of it out of each side.
    hidden = grey.crop((110, 38, 250, 322)).getextrema()
    open_to_see = grey.crop((300, 70, 460, 290)).getextrema()
    assert hidden[1] - hidden[0] < 60  # no stripe is left
    assert open_to_see[1] - open_to_see[0] > 120


def test_a_box_partly_outside_the_photo_is_hidden_inside_it() -> None:
    boxes = [(-500.0, -500.0, 1e6, 1e6), (2000.0, 2000.0, 3000.0, 3000.0), (5.0, 5.0, 5.0, 5.0)]
    assert thumbnail(jpeg(size=(640, 480)), anonymize=boxes)


# Bytes of all rows, each with its filter in front. The interlaced one is counted by hand: passes of
# 1, 1, 2, 2 x 2, 2 x 4, 4 x 4 and 4 x 8 pixels in 1, 1, 1, 2, 2, 4 and 4 rows.
WHOLE_PNGS = [
    ((8, 8, 8, 0, 0), 8 * (1 + 8)),
    ((8, 8, 8, 0, 1), 2 + 2 + 3 + 6 + 10 + 20 + 36),
    ((9, 5, 1, 0, 0), 5 * (1 + 2)),
    ((3, 4, 16, 6, 0), 4 * (1 + 24)),
    ((3, 4, 8, 2, 0), 4 * (1 + 9)),
]


@pytest.mark.parametrize(("kind", "size"), WHOLE_PNGS)
@pytest.mark.parametrize("parts", [1, 3])
def test_a_png_whose_pixels_end_early_is_truncated(
    kind: tuple[int, int, int, int, int], size: int, parts: int
) -> None:
    width, height, depth, colour, interlaced = kind

    def made(pixels: int) -> bytes:
        rows = compress(bytes(pixels))
        cut = -(-len(rows) // parts)
        header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
        pieces = [(b"IDAT", rows[at : at + cut]) for at in range(0, len(rows), cut)]
        return png((b"IHDR", header), *pieces)

    assert decoding.upright_size(made(size)) == (width, height)
    with pytest.raises(UnreadablePhoto, match="truncated"):
        decoding.upright_size(made(size - 1))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_whole_png_of_any_kind_is_read(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (37, 21)).save(out, "PNG")
    assert decoding.upright_size(out.getvalue()) == (37, 21)


def noise(mode: str = "RGB") -> Image.Image:
    levels = np.random.default_rng(3).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    return Image.fromarray(levels).convert(mode)


def saved(image: Image.Image, **options: Any) -> bytes:
    image.save(file := BytesIO(), "JPEG", **options)
    return file.getvalue()


ENCODINGS: list[dict[str, Any]] = [
    {},
    {"restart_marker_rows": 1},
    {"optimize": True},
    {"progressive": True},
    {"progressive": True, "restart_marker_rows": 2},
]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", ENCODINGS, ids=str)
@pytest.mark.parametrize("side", [None, 640, 60])
def test_a_jpeg_that_ends_in_order_but_early_is_not_a_photo_without_bicycles(
    mode: str, options: dict[str, Any], side: int | None
) -> None:
    """As recovery programs write it: the rest is grey or blurred, and Pillow takes it for whole."""
    target = None if side is None else (lambda _: (side, side))
    whole = saved(noise(mode), **options)
    decoding.read_upright(whole + b"appended" + whole, target_size=target)
    for kept in (0.05, 0.4, 0.8, 0.97):
        early = whole[: int(kept * len(whole))].rstrip(b"\xff") + b"\xff\xd9"
        with pytest.raises(UnreadablePhoto, match="its pixel data end early"):
            decoding.read_upright(early, target_size=target)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_photo_whose_lower_part_is_grey_is_read(options: dict[str, Any]) -> None:
    image = noise()
    image.paste((128, 128, 128), (0, 240, 640, 480))
    data = saved(image, **options) + b"appended"
    assert decoding.read_upright(data).getpixel((639, 479)) == (128, 128, 128)


@pytest.mark.parametrize("level", [0.5, 70_000.0])
def test_pixels_of_32_bits_are_refused_and_not_all_black_or_white(level: float) -> None:
    Image.new("F", (64, 48), level).save(file := BytesIO(), "TIFF")
    with pytest.raises(UnreadablePhoto, match="its pixels have 32 bits"):
        decoding.upright_size(file.getvalue())
