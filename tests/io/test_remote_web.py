"""Photos and tables on a web server."""

import os
import socket
import struct
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pandas as pd
import pytest

from geobike import areas
from geobike.errors import GeobikeWarning, InputError, PhotosError
from geobike.io import files
from geobike.photos import reading
from tests.io.test_remote import comparable, survey_files
from tests.support.making import DELFT, photo
from tests.support.web_folder import index, served

pytest.importorskip("aiohttp")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "web").mkdir()
    with served(tmp_path / "web") as address:
        yield address


def test_photos_of_a_web_server_are_read(web: str, tmp_path: Path) -> None:
    here = survey_files(tmp_path / "web") / "photos"
    (here / "tue" / "empty.jpg").unlink()
    ours, theirs = (reading.read(reading.find(source)) for source in (here, f"{web}/photos/"))
    pd.testing.assert_frame_equal(comparable(ours), comparable(theirs))


@pytest.mark.parametrize("pattern", ["", "photos/", "ph*", "photos/*/*.jpg", "photos/**"])
def test_a_folder_that_cannot_be_listed_ends_the_search(
    web: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    survey_files(tmp_path / "web")
    assert reading.find(f"{web}/{pattern}")
    whole = SimpleHTTPRequestHandler.do_GET

    def resets(self: SimpleHTTPRequestHandler) -> None:
        if "tue" in self.path:
            # What is closed with nothing to wait for is reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        else:
            whole(self)

    monkeypatch.setattr(SimpleHTTPRequestHandler, "do_GET", resets)
    with pytest.raises(PhotosError, match=r"cannot be listed: .*reset by peer"):
        reading.find(f"{web}/{pattern}")


def test_a_secret_in_an_address_is_in_no_message_and_no_name(web: str, tmp_path: Path) -> None:
    photo(tmp_path / "web" / "a.jpg", lon_lat=DELFT)
    (found,) = reading.find(f"{web}/a.jpg?X-Signature=secret")
    assert found.photo_id == "a.jpg"
    assert reading.read([found])["status"].isna().all()
    gone = found._replace(path=found.path.replace("a.jpg", "gone.jpg"))
    (reason,) = reading.read([gone])["reason"]
    assert "cannot be read" in reason
    assert "secret" not in reason
    for wrong in (f"{web}/gone.jpg?X-Signature=secret", f"{web}/gone/?X-Signature=secret"):
        with pytest.raises(PhotosError) as caught:
            reading.find(wrong)
        assert "secret" not in str(caught.value)
    with pytest.raises(InputError) as said, files.fetch_local(f"{web}/gone.csv?token=secret"):
        pass
    assert "secret" not in str(said.value)
    with pytest.raises(InputError) as said:
        areas.read(f"{web}/a.jpg?token=secret")
    assert "/a.jpg: cannot be read" in str(said.value)
    assert "secret" not in str(said.value)


@pytest.mark.parametrize("pattern", ["photos/", "photos/*", "photos/**", "ph*"])
def test_a_dead_link_is_reported_and_the_search_goes_on(
    web: str, tmp_path: Path, pattern: str
) -> None:
    here = tmp_path / "web" / "photos"
    photo(here / "mon" / "a.jpg", lon_lat=DELFT)
    index(here.parent, "photos/")
    index(here, "mon/", "gone/", "lost.jpg")
    said = r"folders cannot be read: http://127\.0\.0\.1:\d+/photos/gone \(no such object\)$"
    with pytest.warns(GeobikeWarning, match=said) as reported:
        found = reading.find(f"{web}/{pattern}")
    assert len(reported) == 1
    names = [file.photo_id.rpartition("/")[2] for file in found]
    assert sorted(names) == ["a.jpg", "lost.jpg"]
    status = reading.read(found)["status"]
    assert status[status.notna()].tolist() == ["unreadable"]


def test_a_dead_address_itself_is_the_users_mistake(web: str) -> None:
    with pytest.raises(PhotosError, match=r"/gone/: cannot be listed: no such object"):
        reading.find(f"{web}/gone/")
