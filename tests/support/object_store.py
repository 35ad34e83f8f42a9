"""A bucket on this machine: moto's S3 server on loopback, and how to fill it."""

from collections.abc import Iterator
from pathlib import Path

import pytest


class Bucket:
    """One empty bucket. Every request that reaches the server is recorded."""

    def __init__(self, address: str, requests: list[tuple[str, str]]) -> None:
        from fsspec.core import url_to_fs

        self.address = address
        self.requests = requests
        """Method and path with query."""
        self._files, self._path = url_to_fs(address)

    def put(self, folder: Path) -> None:
        """Send all that is in a folder."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self._files.pipe_file(
                f"{self._path}/{path.relative_to(folder).as_posix()}", path.read_bytes()
            )

    def read(self, key: str) -> bytes:
        data: bytes = self._files.cat_file(f"{self._path}/{key}")
        return data

    def all_keys(self) -> list[str]:
        self._files.invalidate_cache()
        return sorted(key.removeprefix(f"{self._path}/") for key in self._files.find(self._path))


@pytest.fixture(scope="session")
def _s3() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server")
    moto = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    requests: list[tuple[str, str]] = []
    plain = moto._server.app  # the WSGI application, of which moto gives no other handle

    def noted(environment, respond):
        path, query = environment["PATH_INFO"], environment.get("QUERY_STRING", "")
        requests.append((environment["REQUEST_METHOD"], f"{path}?{query}"))
        return plain(environment, respond)

    moto._server.app = noted
    yield f"http://{host}:{port}", requests
    moto.stop()


@pytest.fixture
def bucket(
    _s3: tuple[str, list[tuple[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Bucket]:
    """A bucket of this test's own. Other processes find the server by the environment."""
    import s3fs

    server, requests = _s3
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"test-{abs(hash(request.node.nodeid)):x}"
    s3fs.S3FileSystem().mkdir(name)
    requests.clear()
    yield Bucket(f"s3://{name}", requests)
    s3fs.S3FileSystem.clear_instance_cache()
