"""On a cluster the workers find the photos, and find what one machine does."""

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import geobike
from geobike.engines.dask import folders
from geobike.errors import InputError, PhotosError
from geobike.photos import discovery, reading
from geobike.photos.discovery import PhotoFile
from tests.support.cluster_surveys import on_workers
from tests.support.making import photo
from tests.support.object_store import Bucket
from tests.support.web_folder import index, served

pytest.importorskip("distributed")


def found(find: Callable[[], reading.Found]) -> tuple[reading.Found, list[str]]:
    """Return the files and what was reported."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        files = find()
    return files, [str(one.message) for one in caught]


@pytest.fixture
def only_the_top(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let this process list single folders only, and note which. Workers are other processes."""
    opened: list[str] = []
    level = discovery.list_directory

    def noted(folder: discovery.Folder) -> discovery.Directory:
        opened.append(folder.name)
        return level(folder)

    def refused(*_: object) -> Iterator[PhotoFile]:
        raise AssertionError("the client lists all by itself")

    monkeypatch.setattr(discovery, "list_directory", noted)
    monkeypatch.setattr(folders.discovery, "walk", refused)
    return opened


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Photos in folders within folders, and whatever else stands in such."""
    root = tmp_path / "street"
    for day in range(6):
        for hour in range(3):
            photo(root / f"day{day}" / f"{hour}" / "deep" / "a.jpg")
        photo(root / f"day{day}" / "b.png")
    photo(root / "top.jpg")
    photo(root / ".hidden" / "c.jpg")
    (root / "notes.txt").write_text("no photo")
    (root / "day1" / "0" / "all").symlink_to(root / "day0")
    (root / "day1" / "leak.jpg").symlink_to("/etc/passwd")
    return root


def too_deep(folder: Path) -> None:
    """Make folders of which the innermost has a path too long to be read, also by root."""
    opened = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=opened)
        inner = os.open("x" * 250, os.O_RDONLY, dir_fd=opened)
        os.close(opened)
        opened = inner
    os.close(opened)


def test_workers_find_what_one_machine_finds_and_report_the_same_once(
    cluster: geobike.Cluster, street: Path, request: pytest.FixtureRequest
) -> None:
    too_deep(street / "day2" / "1")
    (street / os.fsdecode(b"day1/caf\xe9.jpg")).write_bytes(b"")
    here = found(lambda: reading.search(street))
    opened = request.getfixturevalue("only_the_top")
    assert found(lambda: cluster.search(street)) == here
    (files, not_read, given), reported = here
    assert (not_read, given) == ({".txt": 1}, len(files) + 1)
    assert len(files) == 6 * 4 + 3
    assert [file.photo_id for file in files if file.fault] == ["day1/caf\\xe9.jpg", "day1/leak.jpg"]
    assert len(reported) == 3
    assert "1 file is not read: 1 .txt" in reported
    assert any("File name too long" in note for note in reported)
    assert any(note.endswith("are not followed: day1/0/all") for note in reported)
    # Six folders are not enough for two workers, eight are; one is tried again, to no avail.
    assert [name.count("/") for name in opened if "x" not in name] == [0, 1]


def test_several_sources_and_patterns_are_found_as_on_one_machine(
    cluster: geobike.Cluster, street: Path
) -> None:
    sources = [street / "day0", street / "day1" / "b.png", f"{street}/day[23]", street / "day4"]
    assert found(lambda: cluster.search(sources)) == found(lambda: reading.search(sources))


def test_addresses_that_are_walked_through_are_found_as_on_one_machine(
    cluster: geobike.Cluster, street: Path, request: pytest.FixtureRequest
) -> None:
    here = found(lambda: reading.search(street.as_uri()))
    request.getfixturevalue("only_the_top")
    assert found(lambda: cluster.search(street.as_uri())) == here


@pytest.fixture
def shared_bucket(cluster: geobike.Cluster, bucket: Bucket) -> Bucket:
    """The bucket of this test, which the workers know too."""
    known = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    cluster._client.run(enter, known)
    return bucket


def enter(environment: dict[str, str]) -> None:
    import s3fs

    os.environ.update(environment)
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_bucket_is_opened_up_by_two_requests_and_listed_by_workers(
    cluster: geobike.Cluster, shared_bucket: Bucket, street: Path, request: pytest.FixtureRequest
) -> None:
    shared_bucket.put(street)
    address = f"{shared_bucket.address}/"
    here = found(lambda: reading.search(address))
    shared_bucket.requests.clear()
    request.getfixturevalue("only_the_top")
    there = found(lambda: cluster.search(address))
    assert there == here
    assert all(file.size and file.state for file in there[0].files)
    lists = [path for _, path in shared_bucket.requests]
    assert len([path for path in lists if "delimiter=%2F" in path]) == 2
    assert len(lists) == 2 + 8


def test_a_bucket_of_very_many_small_folders_is_listed_here_a_thousand_names_at_a_time(
    cluster: geobike.Cluster, shared_bucket: Bucket, street: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_bucket.put(street)
    here = reading.search(shared_bucket.address)
    monkeypatch.setattr(folders, "MOST", 2)
    shared_bucket.requests.clear()
    assert cluster.search(shared_bucket.address) == here
    assert len(shared_bucket.requests) == 2 + 1


def test_names_that_no_disk_could_have_are_found_in_a_bucket(
    cluster: geobike.Cluster, shared_bucket: Bucket
) -> None:
    files, root = shared_bucket._files, shared_bucket._path
    for key in ("a/1.jpg", "a//2.jpg", "b/3.jpg", "c.jpg/4.jpg", "c.jpg", "d/", "e/5%20é.jpg"):
        files.call_s3("put_object", Bucket=root, Key=f"p/{key}", Body=b"1")
    address = f"{shared_bucket.address}/p"
    assert cluster.search(address) == reading.search(address)
    assert len(cluster.search(address).files) == 6


@pytest.mark.parametrize("inside", ["", "/empty", "/none"])
def test_no_photo_is_reported_as_on_one_machine(
    cluster: geobike.Cluster, shared_bucket: Bucket, tmp_path: Path, inside: str
) -> None:
    (tmp_path / "empty" / "within").mkdir(parents=True)
    for source in (f"{tmp_path}{inside}", f"{shared_bucket.address}{inside}"):
        with pytest.raises(PhotosError) as here:
            reading.search(source)
        with pytest.raises(PhotosError) as there:
            cluster.search(source)
        assert str(there.value) == str(here.value)


def test_a_folder_that_only_this_machine_sees_stops_the_run_with_the_reason(
    cluster: geobike.Cluster,
) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")  # one in each process: what is here is not there
    for day in range(12):
        memory.pipe(f"/town/day{day}/a.jpg", b"1")
    with pytest.raises(InputError, match=r"worker .* does not see memory://town/day\d+ as this"):
        cluster.search("memory://town")


def test_a_dead_link_is_reported_as_on_one_machine(
    cluster: geobike.Cluster, tmp_path: Path
) -> None:
    pytest.importorskip("aiohttp")
    for day in range(3):
        photo(tmp_path / f"day{day}" / "a.jpg")
    index(tmp_path, "day0/", "day1/", "day2/", "gone/")
    index(tmp_path / "day2", "a.jpg", "gone/")
    with served(tmp_path) as address:
        here = found(lambda: reading.search(f"{address}/"))
        there = found(lambda: cluster.search(f"{address}/"))
    assert there == here
    assert len(here[0].files) == 3
    (note,) = here[1]
    assert note.count("/gone (no such object)") == 2


def refused(folder: discovery.Folder) -> discovery.Directory:
    raise PermissionError(13, "Permission denied", folder.path)


def blind(_: discovery.Folder) -> discovery.Directory:
    return discovery.Directory([], [], [])


@pytest.mark.parametrize(
    ("eyes", "why"),
    [(refused, "folders cannot be read: .*Permission"), (blind, "it finds no photo")],
)
def test_a_folder_that_a_worker_may_not_read_or_finds_empty_stops_the_run(
    cluster: geobike.Cluster,
    street: Path,
    eyes: Callable[[discovery.Folder], discovery.Directory],
    why: str,
) -> None:
    with (
        on_workers(cluster, discovery, "list_directory", eyes),
        pytest.raises(InputError, match=f"does not see .*{street}/day.* as this .*: .*{why}"),
    ):
        cluster.search(street)
