"""A PostgreSQL server of our own with PostGIS, on loopback, for as long as the tests run."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def serving() -> Iterator[Server]:
    """Start a server, and stop it at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="geobike-pg-"))  # pytest's own is closed to other users
    server = Server(folder, _free_port())
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        _start(server)
        yield server
    finally:
        _run("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder)


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Server]:
    """The server with a database `bikes` that holds nothing but PostGIS; `owner` owns it."""
    yield postgres_server
    postgres_server.ask("DROP SCHEMA IF EXISTS geobike CASCADE")


def _start(server: Server) -> None:
    data = server.folder / "data"
    _run("initdb", "-D", data, "-U", "admin", "-E", "UTF8", "--locale=C", "--no-sync")
    (data / "pg_hba.conf").write_text(
        "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    )
    options = f"-c listen_addresses=127.0.0.1 -p {server.port} -k {server.folder} -c fsync=off"
    _run("pg_ctl", "-D", data, "-w", "-l", server.folder / "log", "-o", options, "start")
    server.ask(
        f"CREATE ROLE owner LOGIN PASSWORD '{PASSWORD}'",
        "CREATE ROLE stranger LOGIN",
        "CREATE DATABASE bikes OWNER owner",
        "CREATE DATABASE plain OWNER owner",
        "CREATE DATABASE latin OWNER owner ENCODING 'LATIN1' TEMPLATE template0",
        database="postgres",
    )
    server.ask("CREATE EXTENSION postgis")


def _run(program: str, *arguments: object, check: bool = True) -> None:
    """Run a program of the server's as a user that is not root, as whom it would not start."""
    done = subprocess.run(
        [_binary(program), *map(str, arguments)],
        user="postgres" if os.getuid() == 0 else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0 or not check, done.stdout


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
