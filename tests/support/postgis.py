"""A PostgreSQL server of our own with PostGIS, on loopback, for as long as the tests run."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

MISSING = "no PostgreSQL server with PostGIS (Debian: apt install postgresql-15-postgis-3)"
PASSWORD = "s3cr%t/w&rd@n0t-to-be-seen"


@dataclass(frozen=True)
class Server:
    """Trusts who comes through its socket; asks who comes through TCP for a password.

    Beside `bikes` it has `plain`, without PostGIS, and `latin`, in another encoding.
    """

    folder: Path
    port: int

    def dsn(self, database: str = "bikes", user: str = "owner") -> str:
        return f"host={self.folder} port={self.port} dbname={database} user={user}"

    def tcp(self, database: str = "bikes", user: str = "owner") -> str:
        return f"host=127.0.0.1 port={self.port} dbname={database} user={user}"

    def ask(
        self, *statements: str, database: str = "bikes", user: str = "admin"
    ) -> list[list[str]]:
        """Return the rows of the last statement, as psql prints them."""
        done = subprocess.run(
            [_binary("psql"), "-XqAtF", "\t", "-v", "ON_ERROR_STOP=1", self.dsn(database, user)],
            input=";\n".join(statements) + ";",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A server; tests that need it are skipped without its binaries."""
    if not is_installed():
        pytest.skip(MISSING)
    with serving() as server:
        yield server


class PortTaken(Exception):
    """Another program has the port that the server was to have."""


@contextmanager
def serving() -> Iterator[Server]:
    """Start a server, and stop it at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="geobike-pg-"))  # pytest's own is closed to other users
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        _make(folder)
        with ExitStack() as stack:
            server = _started(folder, stack)
            _fill(server)
            yield server
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Server]:
    """The server with a database `bikes` that holds nothing but PostGIS; `owner` owns it."""
    yield postgres_server
    postgres_server.ask("DROP SCHEMA IF EXISTS geobike CASCADE")


def _started(folder: Path, stack: ExitStack) -> Server:
    """Return the server on a port that nobody took between its choice and its use."""
    for _ in range(5):
        server = Server(folder, _free_port())
        with suppress(PortTaken):
            stack.enter_context(_running(server))
            return server
    raise AssertionError("no port was free")


def _make(folder: Path) -> None:
    data = folder / "data"
    _run("initdb", "-D", data, "-U", "admin", "-E", "UTF8", "--locale=C", "--no-sync")
    (data / "pg_hba.conf").write_text(
        "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    )


@contextmanager
def _running(server: Server) -> Iterator[None]:
    """Run the server until the block ends, or this process does, in whatever way."""
    until_pipe_closes = '"$@" & read -r _; kill -INT $!; wait $!'
    command = ["sh", "-c", until_pipe_closes, "sh", _binary("postgres")]
    command += ["-D", str(server.folder / "data"), "-p", str(server.port)]
    command += ["-k", str(server.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    with (
        (server.folder / "log").open("w") as log,
        subprocess.Popen(
            command, user=_user(), cwd="/", stdin=subprocess.PIPE, stdout=log, stderr=log
        ),
    ):
        end = time.monotonic() + 60
        ready = [_binary("pg_isready"), "-q", "-h", str(server.folder), "-p", str(server.port)]
        while subprocess.run(ready).returncode:
            said = (server.folder / "log").read_text()
            if "could not create any TCP/IP sockets" in said:
                raise PortTaken
            assert time.monotonic() < end, said
            time.sleep(0.1)
        yield


def _fill(server: Server) -> None:
    server.ask(
        f"CREATE ROLE owner LOGIN PASSWORD '{PASSWORD}'",
        "CREATE ROLE stranger LOGIN",
        "CREATE DATABASE bikes OWNER owner",
        "CREATE DATABASE plain OWNER owner",
        "CREATE DATABASE latin OWNER owner ENCODING 'LATIN1' TEMPLATE template0",
        database="postgres",
    )
    server.ask("CREATE EXTENSION postgis")


def _user() -> str | None:
    """Return whom the server runs as: it would not start as root."""
    return "postgres" if os.getuid() == 0 else None


def _run(program: str, *arguments: object) -> None:
    done = subprocess.run(
        [_binary(program), *map(str, arguments)],
        user=_user(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def _binary(name: str) -> str:
    """Return the path of a program of the newest server, empty without one: Debian has no link."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(found[0]) if found else shutil.which(name) or ""


def is_installed() -> bool:
    """Tell whether there is a server with PostGIS."""
    if not _binary("initdb"):
        return False
    shared = subprocess.run([_binary("pg_config"), "--sharedir"], capture_output=True, text=True)
    return Path(shared.stdout.strip(), "extension", "postgis.control").is_file()


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port
