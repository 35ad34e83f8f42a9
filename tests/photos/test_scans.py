import pytest
from hypothesis import given
from hypothesis import strategies as st

from geobike.errors import UnreadablePhoto
from geobike.photos import decoding, scans
from geobike.photos.jpeg import SOI
from tests.photos.test_decoding import noise, saved
from tests.support.bounded import processor_seconds


@given(st.lists(st.sampled_from([b"\xff", b"\xda", b"\xd9", b"\0"]), max_size=40).map(b"".join))
def test_marks_of_scans_are_counted_wherever_they_stand(data: bytes) -> None:
    assert scans._pairs(SOI + data, b"\xff\xda") == (SOI + data).count(b"\xff\xda")


@pytest.mark.parametrize("scan", range(10))
def test_a_progressive_jpeg_that_lacks_one_scan_or_half_of_it_is_not_whole(scan: int) -> None:
    """libjpeg writes ten; the others stay, and the picture is blurred or has other colours."""
    whole = saved(noise(), progressive=True)
    found = scans.find(whole)
    assert len(found) == 10
    one = found[scan]
    half = whole[: (one.start + one.end) // 2].rstrip(b"\xff") + whole[one.end :]
    without = whole[: one.header - 4] + whole[one.end :]
    for early in (half, without):
        with pytest.raises(UnreadablePhoto, match=r"its pixel data end early|cannot be decoded"):
            decoding.read_upright(early)


def test_hundreds_of_scans_behind_a_whole_picture_cost_no_time() -> None:
    photo = saved(noise())
    (one,) = scans.find(photo)
    more = photo + 300 * photo[one.header - 4 : one.end] + photo[-2:]
    unended = photo[:-2] + 300 * photo[one.header - 4 :]
    with processor_seconds(2):
        assert decoding.read_upright(more).size == decoding.upright_size(more) == (640, 480)
        with pytest.raises(UnreadablePhoto, match="cannot be decoded"):
            decoding.read_upright(unended)


@pytest.mark.parametrize("parameters", [(0, 0, 0), (0, 63, 1), (0, 200, 0)])
def test_a_baseline_jpeg_is_whole_whatever_its_scan_says_of_frequencies(
    parameters: tuple[int, int, int],
) -> None:
    """Only progressive frames use them. libjpeg reads all of these, and some encoders write 0."""
    photo = saved(noise())
    (one,) = scans.find(photo)
    odd = photo[: one.start - 3] + bytes(parameters) + photo[one.start :]
    assert decoding.read_upright(odd).tobytes() == decoding.read_upright(photo).tobytes()


def test_only_a_scan_of_all_components_and_frequencies_is_the_whole_picture() -> None:
    photo = saved(noise())
    (one,) = scans.find(photo)
    assert scans.is_whole(photo)
    assert not scans.is_whole(saved(noise(), progressive=True))
    for at in (one.header + 1, one.start - 3, one.start - 2, one.start - 1):
        changed = photo[:at] + bytes([photo[at] ^ 1]) + photo[at + 1 :]
        assert not scans.is_whole(changed), at
    assert not scans.is_whole(photo[: one.header])
