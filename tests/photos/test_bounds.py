import os
import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from geobike.errors import UnreadablePhoto
from geobike.photos import decoding, reading
from tests.support.bounded import processor_seconds
from tests.support.making import handed, photo


def progressive() -> bytes:
    out = BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(out, "JPEG", progressive=True)
    return out.getvalue()


def test_a_jpeg_of_very_many_scans_is_refused_at_once() -> None:
    data = progressive()
    scan = data[data.rfind(b"\xff\xda") : -2]
    with processor_seconds(2), pytest.raises(UnreadablePhoto, match="over 100 scans"):
        decoding.upright_size(data[:-2] + 3000 * scan + data[-2:])


def test_the_handed_jpeg_of_many_scans_is_refused_at_once(shared: Path) -> None:
    with pytest.raises(UnreadablePhoto, match="over 100 scans"):
        decoding.upright_size(handed(shared, "jpeg-many-scans.jpg").read_bytes())


def test_a_progressive_jpeg_with_other_pictures_behind_it_is_read() -> None:
    data = progressive()
    assert decoding.read_upright(data + 50 * data).size == (320, 240)


@pytest.mark.parametrize("name", ["png-1-wide-199M-high.png"])
def test_a_side_that_no_photo_has_is_refused(shared: Path, name: str) -> None:
    with pytest.raises(UnreadablePhoto, match="a side is over the limit of 65,500 pixels"):
        decoding.upright_size(handed(shared, name).read_bytes())


def test_threads_together_stay_below_the_limit_of_pixels_and_all_get_their_turn() -> None:
    budget, lock, now, most, done = decoding.PixelBudget(100), threading.Lock(), [0], [0], []

    def decode(side: int) -> None:
        with budget.held() as hold:
            hold(Image.new("1", (side, side)))
            with lock:
                now[0] += side * side
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            with lock:
                now[0] -= side * side
                done.append(side)

    threads = [threading.Thread(target=decode, args=(1 + n % 10,)) for n in range(30)]
    threads.append(threading.Thread(target=decode, args=(12,)))  # 144, which is decoded alone
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 31
    assert 50 <= most[0] <= 144


def test_a_fifo_that_takes_a_photos_place_after_the_listing_holds_nothing_up(
    tmp_path: Path,
) -> None:
    file = photo(tmp_path / "a.jpg")
    files = reading.find(tmp_path)
    file.unlink()
    os.mkfifo(file)
    frame = reading.read(files)
    assert frame.at[0, "status"] == "unreadable"
    assert frame.at[0, "reason"] == "not a regular file"
    with pytest.raises(UnreadablePhoto, match="not a regular file"):
        decoding.read_upright(file)


def test_a_link_that_takes_a_photos_place_after_the_listing_is_not_followed(
    tmp_path: Path,
) -> None:
    secret = photo(tmp_path / "private" / "secret.jpg")
    taken = photo(tmp_path / "photos" / "a.jpg")
    target = photo(tmp_path / "photos" / "real" / "b.jpg")
    (tmp_path / "photos" / "c.jpg").symlink_to(target)
    for source in (tmp_path / "photos", f"{tmp_path}/photos/*.jpg"):
        taken.unlink(missing_ok=True)
        photo(taken)
        files = reading.find(source)
        taken.unlink()
        taken.symlink_to(secret)
        frame = reading.read(files).set_index("photo_id")
        assert frame.at["a.jpg", "status"] == "unreadable"
        assert "a symbolic link took the file's place" in frame.at["a.jpg", "reason"]
        assert frame["sha256"].isna()["a.jpg"]
        assert frame.at["c.jpg", "status"] != "unreadable"  # a link inside was there before
        with pytest.raises(UnreadablePhoto, match="a symbolic link took"):
            reading.load(next(file for file in files if file.photo_id == "a.jpg"))


def test_a_link_that_the_user_names_is_followed(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", size=(30, 20))
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    assert decoding.read_upright(tmp_path / "b.jpg").size == (30, 20)
    (found,) = reading.find(tmp_path / "b.jpg")
    assert reading.load(found).size == (30, 20)
