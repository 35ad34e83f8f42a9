"""PostgreSQL by psycopg: connections that tell no secret, and rows by COPY.

libpq finds the password: in PGPASSWORD, ~/.pgpass or a service file. What a connection string holds
is never in a message, but for what the server or libpq says of host, port, user and database.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from geobike.errors import InputError, MissingPackageError, OutputError
from geobike.io.redaction import redact
from geobike.messages import one_line

if TYPE_CHECKING:
    import psycopg

PATIENCE_S: Final = 15
"""Seconds after which a server that does not answer counts as unreachable, where libpq's variables
and files say nothing else."""

LOCK_WAIT_S: Final = 30
"""Seconds to wait for another writer."""

_PASSWORD: Final = (
    "give the password in PGPASSWORD, ~/.pgpass or a service file (--dsn service=NAME)"  # noqa: S105
)

_REMEDIES: Final = {
    "25006": "name the primary server; where it is that, default_transaction_read_only is on for "
    "the user, the database or the server: turn it off",
    "53100": "the server's disk is full",
}
"""By SQLSTATE."""


class Database:
    """An open connection; each statement is its own transaction but within `transaction`."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        info = connection.info
        self.user, self.name = info.user, info.dbname
        self.where = f"{info.user}@{info.host}:{info.port}/{info.dbname}"

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a statement; return its rows, none where it gives none. Raises OutputError."""
        with self._errors():
            cursor = self._connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end of the block; where it fails, the database stays as it was."""
        with self._errors(), self._connection.transaction():
            yield

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Add rows to a table; return how many. Names are quoted already. Raises OutputError."""
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with self._errors(), self._connection.cursor() as cursor:
            with cursor.copy(statement.encode()) as copying:
                for row in rows:
                    copying.write_row(row)
            return cursor.rowcount

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise self._said(error) from None

    def _said(self, error: "psycopg.Error") -> OutputError:
        state = error.sqlstate or ""
        said = one_line(redact(error.diag.message_primary or str(error)))
        if state == "55P03":
            what = f"another program has been writing there for {LOCK_WAIT_S} s; try again later"
            return OutputError(f"{self.where}: {what}")
        if state == "42501":
            return Forbidden(f"{self.where}: {said}")
        if self._connection.closed:
            said += "; the connection is lost, and the database holds the earlier survey or the new"
        remedy = _REMEDIES.get(state)
        return OutputError(f"{self.where}: {said}{'; ' + remedy if remedy else ''}")


class Forbidden(OutputError):
    """The user may not do this; who catches it knows what to grant."""


@contextmanager
def connect(dsn: str) -> Iterator[Database]:
    """Connect for the duration of a block; an empty `dsn` leaves all to libpq's variables.

    Raises InputError for a `dsn` that cannot be read or holds a password, OutputError where the
    server cannot be reached or refuses, and MissingPackageError.
    """
    try:
        import psycopg
    except ModuleNotFoundError:
        raise MissingPackageError("Writing to PostGIS", "postgis") from None
    given = _checked(dsn)
    given.setdefault("connect_timeout", _patience(given))
    given.setdefault("fallback_application_name", "geobike")
    given["client_encoding"] = "UTF8"
    try:
        opened = psycopg.connect(**given, autocommit=True)
    except psycopg.Error as error:
        raise OutputError(_unreachable(str(error))) from None
    with opened:
        yield Database(opened)


def _checked(dsn: str) -> dict[str, Any]:
    """Return the parameters of a connection string, refusing what could bring a secret to light."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = dict(conninfo_to_dict(dsn))
    except psycopg.Error:  # whose words repeat part of it, and so of a password
        raise InputError(
            "--dsn cannot be read; give it as 'host=db.example dbname=bikes user=me', as "
            f"postgresql://me@db.example/bikes, or as service=NAME; {_PASSWORD}"
        ) from None
    secrets = sorted(given.keys() & _secrets())
    if secrets:
        raise InputError(
            f"--dsn holds a secret ({secrets[0]}), which other users of this machine can read in "
            f"the list of processes; {_PASSWORD}"
        )
    for name, pattern in (("host", r"@|://"), ("dbname", r"://|="), ("user", r":|://")):
        if re.search(pattern, str(given.get(name, ""))):
            raise InputError(f"--dsn holds something else than a name as its {name}; {_PASSWORD}")
    return given


def _secrets() -> set[str]:
    """Return the parameters that libpq shows as a password, and the keys that stand for one."""
    from psycopg import pq

    hidden = {one.keyword.decode() for one in pq.Conninfo.get_defaults() if one.dispchar == b"*"}
    return hidden | {"scram_client_key", "scram_server_key"}


def _patience(given: Mapping[str, Any]) -> str:
    """Return the timeout of libpq's variables or the service file, else ours.

    psycopg reads no service file for it. libpq says what it read once a connection begins; this one
    is to a socket that cannot be, so that it ends at once.
    """
    from psycopg import pq
    from psycopg.conninfo import make_conninfo

    service = {name: given[name] for name in ("service",) if name in given}
    nowhere = make_conninfo("", **service, host="/", hostaddr="", port="")
    begun = pq.PGconn.connect_start(nowhere.encode())
    known = {one.keyword: one.val for one in begun.info}
    begun.finish()
    return (known[b"connect_timeout"] or b"").decode() or str(PATIENCE_S)


def _unreachable(said: str) -> str:
    """Return what libpq said on one line, without the advice that it adds, and the remedy."""
    first = re.sub(
        r"(?i)^connection (failed|is bad): |\s*\n\s*(Is the server|Multiple).*", "", said
    )
    remedy = (
        _PASSWORD
        if re.search("password|authentication|auth method", said)
        else "check --dsn, or PGHOST, PGPORT, PGUSER and PGDATABASE where it does not say them"
    )
    return f"the database cannot be opened: {one_line(redact(first))}; {remedy}"
