"""What goes wrong with remote stores, and what the user is told."""

import socket
import sys
from pathlib import Path

import pytest

from geobike.errors import InputError, MissingPackageError, PhotosError
from geobike.io import remote
from geobike.photos import reading
from tests.support.making import DELFT, jpeg, photo
from tests.support.object_store import Bucket

pytest.importorskip("fsspec")


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach() -> None:
    pytest.importorskip("aiohttp")
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PhotosError, match="cannot be listed: Cannot connect"):
            reading.find(f"http://127.0.0.1:{taken.getsockname()[1]}/photos/")


def test_a_store_without_its_package_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(InputError, match=r"gs://b/photos: .*install.*gcsfs"):
        reading.find("gs://b/photos")
    with pytest.raises(InputError, match=r"nosuch://b/photos: .*not known"):
        reading.find("nosuch://b/photos")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'geobike\[remote\]'"):
        reading.find("s3://b/photos")


def test_an_address_that_its_kind_cannot_take_is_the_users_mistake() -> None:
    with pytest.raises(InputError, match=r"reference://x: .*'fo'"):  # it needs more than an address
        reading.find("reference://x")


def test_a_store_that_fails_for_all_headers_at_once_fails_for_each_photo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import fsspec

    store = fsspec.filesystem("memory", use_listings_cache=False)
    for name in ("a", "b"):
        store.pipe(f"/heads/{name}.jpg", jpeg(lon_lat=DELFT))
    found = reading.find("memory://heads")

    def refuses(*_: object, **__: object) -> None:
        raise ConnectionResetError("the store hung up")

    monkeypatch.setattr(type(store), "cat_ranges", refuses)
    frame = reading.read_metadata(found)
    assert frame["status"].tolist() == ["unreadable", "unreadable"]
    assert frame["reason"].unique().tolist() == ["cannot be read: the store hung up"]


def test_a_folder_is_made_for_what_is_sent_but_never_a_bucket(
    bucket: Bucket, tmp_path: Path
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a")
    remote.put(file, f"{tmp_path.as_uri()}/new/folder/a.txt")
    assert (tmp_path / "new" / "folder" / "a.txt").read_text() == "a"
    with pytest.raises(OSError, match="no such object"):
        remote.put(file, "s3://a-bucket-that-is-not-there/new/a.txt")
    assert not bucket._files.exists("a-bucket-that-is-not-there")


def test_local_and_remote_photos_are_not_mixed(tmp_path: Path) -> None:
    import fsspec

    fsspec.filesystem("memory").pipe("/p/a.jpg", jpeg())
    photo(tmp_path / "a.jpg")
    with pytest.raises(PhotosError, match="all be local or all in one kind of store"):
        reading.find([str(tmp_path), "memory://p"])
