"""A survey in PostGIS: what an analyst finds there, and what stays when something goes wrong."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely

from geobike import cli, saved, schema
from geobike.errors import MissingPackageError, OutputError
from geobike.exports import postgis, postgis_tables, reading
from geobike.io import postgres
from tests.conftest import ROOT
from tests.support.postgis import PASSWORD, Server
from tests.support.program import geobike

TABLES = ["areas", "streets", "racks", "stops", "bicycles", "photos", "detections"]


def export(server: Server, folder: Path, name: str = "spring") -> postgis.Written:
    return saved.to_postgis(folder, name, dsn=server.dsn())


def to(dsn: str) -> list[str]:
    """Options of the program that name a database."""
    return ["--format", "postgis", "--survey", "spring", "--dsn", dsn]


def contents(server: Server, name: str = "spring") -> dict[str, Any]:
    """Return a digest of each table's rows of a survey, whatever their order."""
    rows = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM geobike.{} t"
    of = f" WHERE survey = '{name}'"
    return {table: server.ask(rows.format(table) + of)[0][0] for table in TABLES}


def test_sums_are_those_of_the_other_files(database: Server, written_sample: Path) -> None:
    done = geobike("export", written_sample, *to(database.dsn()))
    assert done.returncode == 0, done.stderr
    assert "Written: survey 'spring' in schema geobike of owner@" in done.stdout
    assert "13 areas" in done.stdout
    assert "181 photos" in done.stdout
    ((counted, bicycles),) = database.ask(
        "SELECT count(*), sum(bicycle_count) FROM geobike.photos WHERE status = 'counted'"
    )
    photos = json.loads((written_sample / "photos.geojson").read_text("utf-8"))["features"]
    by_file = [one["properties"]["bicycle_count"] for one in photos]
    assert (int(counted), int(bicycles)) == (176, sum(filter(None, by_file)))
    ((kept,),) = database.ask("SELECT count(*) FROM geobike.detections WHERE kept")
    assert int(kept) == (written_sample / "detections.csv").read_text().count(",True,")
    ((detected, threshold),) = database.ask("SELECT detected, threshold FROM geobike.surveys")
    assert (int(detected), float(threshold)) == (422, 0.3)


def test_columns_have_types_and_positions_are_in_wgs_84(
    database: Server, written_sample: Path
) -> None:
    export(database, written_sample)
    found = database.ask(
        "SELECT table_name || '.' || column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'geobike'"
    )
    types = dict(map(tuple, found))
    assert types["photos.taken_at"] == "timestamp with time zone"
    assert types["photos.taken_local"] == "timestamp without time zone"
    assert types["photos.bicycle_count"] == "bigint"
    assert types["detections.kept"] == "boolean"
    assert types["surveys.summary"] == "jsonb"
    assert not {"detections.xmin", "detections.xmax"} & set(types)
    shapes = database.ask("SELECT f_table_name, type, srid FROM geometry_columns ORDER BY 1")
    assert ["areas", "MULTIPOLYGON", "4326"] in shapes
    assert ["photos", "POINT", "4326"] in shapes
    ((apart,),) = database.ask(
        "SELECT count(*) FROM geobike.photos p JOIN geobike.areas a USING (survey, area_id) "
        "WHERE p.status = 'counted' AND NOT ST_Covers(a.geom, p.geom)"
    )
    assert apart == "0"
    ((local, utc),) = database.ask(
        "SELECT taken_local, taken_at AT TIME ZONE 'Europe/Amsterdam' FROM geobike.photos "
        "WHERE photo_id = 'day1/0903_stationsplein.jpg'"
    )
    assert local == utc != ""


def test_gdal_reads_every_table(database: Server, written_sample: Path) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("no ogrinfo (Debian: apt install gdal-bin)")
    export(database, written_sample)
    source = f"PG:{database.dsn()} active_schema=geobike"
    done = subprocess.run(
        ["ogrinfo", "-ro", "-so", "-al", "--config", "PG_LIST_ALL_TABLES", "YES", source],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ERROR" not in done.stderr
    assert all(f"Layer name: {table}\n" in done.stdout for table in TABLES)
    assert "Geometry: Multi Polygon\nFeature Count: 13\n" in done.stdout


def test_the_same_survey_again_changes_nothing_and_another_stays(
    database: Server, written_sample: Path
) -> None:
    export(database, written_sample)
    export(database, written_sample, "autumn")
    before, other = contents(database), contents(database, "autumn")
    export(database, written_sample)
    assert contents(database) == before
    assert contents(database, "autumn") == other
    assert database.ask("SELECT survey FROM geobike.surveys ORDER BY 1") == [["autumn"], ["spring"]]


def test_the_columns_of_the_users_file_are_kept(database: Server, written_sample: Path) -> None:
    export(database, written_sample)
    own = [json.loads(row[0]) for row in database.ask("SELECT own FROM geobike.areas")]
    areas = json.loads((written_sample / "areas.geojson").read_text("utf-8"))["features"]
    known = set(postgis_tables.columns("areas"))
    expected = set(areas[0]["properties"]) - known
    assert all(set(one) == expected for one in own)


def test_values_that_cannot_be_are_refused_by_the_database(
    database: Server, written_sample: Path
) -> None:
    export(database, written_sample)
    for change in (
        "UPDATE geobike.photos SET status = 'seen'",
        "UPDATE geobike.photos SET bicycle_count = 0 WHERE status = 'outside'",
        "UPDATE geobike.detections SET score = 1.5",
        "UPDATE geobike.areas SET survey = 'nobody'",
    ):
        with pytest.raises(AssertionError, match="violates"):
            database.ask(change)


@pytest.mark.parametrize("table", ["areas", "photos", "detections"])
def test_killed_on_the_way_the_earlier_survey_stays_whole(
    database: Server, written_sample: Path, table: str
) -> None:
    export(database, written_sample)
    before = contents(database)
    database.ask(
        "CREATE FUNCTION wait() RETURNS trigger AS "
        "$$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$ LANGUAGE plpgsql",
        f"CREATE TRIGGER wait AFTER INSERT ON geobike.{table} EXECUTE FUNCTION wait()",
    )
    command = [sys.executable, "-m", "geobike", "export", written_sample, *to(database.dsn())]
    with subprocess.Popen(command) as process:
        wait_until(lambda: database.ask(f"{AT_WORK} AND query LIKE 'COPY geobike.{table} %'"))
        process.send_signal(signal.SIGKILL)
    database.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%'")
    wait_until(lambda: not database.ask(AT_WORK))
    assert contents(database) == before
    database.ask("DROP FUNCTION wait CASCADE")
    export(database, written_sample)
    assert contents(database) == before


AT_WORK = "SELECT pid FROM pg_stat_activity WHERE application_name = 'geobike'"


def wait_until(is_so: Any) -> None:
    end = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_two_at_once_leave_one_whole_survey(database: Server, written_sample: Path) -> None:
    command = [sys.executable, "-m", "geobike", "export", written_sample, *to(database.dsn())]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(400) for process in both] == [0, 0]
    assert database.ask("SELECT count(*) FROM geobike.photos") == [["181"]]
    assert database.ask("SELECT count(*) FROM geobike.surveys") == [["1"]]


def test_who_waits_too_long_for_another_is_told(
    database: Server, written_sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(database, written_sample)
    monkeypatch.setattr(postgres, "LOCK_WAIT_S", 1)
    with psycopg.connect(database.dsn()) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('geobike survey spring', 0))")
        with pytest.raises(OutputError, match="another program has been writing there for 1 s"):
            export(database, written_sample)


@pytest.fixture
def said(
    written_sample: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Run an export that must fail; return the one line that it says."""
    outputs: list[str] = []

    def run(dsn: str, **environment: str) -> str:
        monkeypatch.setattr(sys, "argv", ["geobike", "export", str(written_sample), *to(dsn)])
        monkeypatch.setattr("geobike.cli.ending.leave", sys.exit)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capfd.readouterr()
        outputs.append(out + err)
        assert (end.value.code, out) == (2, "")
        (line,) = err.splitlines()
        return line

    yield run
    assert outputs
    for secret in (PASSWORD, "s3cr", "0t-to-be-seen"):
        assert all(secret not in output for output in outputs)


def test_a_wrong_or_missing_password_is_one_line_with_its_remedy(
    said: Any, database: Server
) -> None:
    for environment in ({}, {"PGPASSWORD": f"x{PASSWORD}"}):
        line = said(database.tcp(), **environment)
        assert "127.0.0.1" in line
        assert "give the password in PGPASSWORD, ~/.pgpass or a service file" in line


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://owner:s3cr@127.0.0.1/bikes",
        "postgresql://owner:s3cr%t@127.0.0.1/bikes",
        "postgresql://owner:s3cr@t@127.0.0.1/bikes",
        "postgresql://127.0.0.1/bikes?user=owner&password=s3cr",
        "host=127.0.0.1 password=s3cr",
        "host=127.0.0.1 password='s3cr",
        "host=127.0.0.1 passwd=s3cr",
        "owner:s3cr@127.0.0.1/bikes",
        "host=owner:s3cr@127.0.0.1",
        "dbname=postgresql://owner:s3cr@127.0.0.1/bikes",
        "user=owner:s3cr host=127.0.0.1",
        "sslpassword=s3cr host=127.0.0.1",
        "scram_client_key=s3cr host=127.0.0.1",
        "scram_server_key=s3cr host=127.0.0.1",
        "oauth_client_secret=s3cr host=127.0.0.1",
    ],
)
def test_a_password_on_the_command_line_is_refused_and_not_repeated(said: Any, dsn: str) -> None:
    line = said(dsn)
    assert "--dsn" in line
    assert "give the password in PGPASSWORD, ~/.pgpass or a service file" in line


def test_passwords_come_by_the_ways_of_libpq(
    database: Server, written_sample: Path, tmp_path: Path
) -> None:
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    (tmp_path / "pass").write_text(f"127.0.0.1:{database.port}:*:owner:{escaped}\n")
    (tmp_path / "pass").chmod(0o600)
    (tmp_path / "services").write_text(
        f"[bikes]\nhost=127.0.0.1\nport={database.port}\ndbname=bikes\nuser=owner\n"
        f"password={PASSWORD}\n"
    )
    for dsn, environment in (
        (database.tcp(), {"PGPASSWORD": PASSWORD}),
        (database.tcp(), {"PGPASSFILE": str(tmp_path / "pass")}),
        ("service=bikes", {"PGSERVICEFILE": str(tmp_path / "services")}),
        ("", {"PGSERVICE": "bikes", "PGSERVICEFILE": str(tmp_path / "services")}),
    ):
        done = geobike("export", written_sample, *to(dsn), env=environment)
        assert done.returncode == 0, done.stderr
        assert f"owner@127.0.0.1:{database.port}/bikes" in done.stdout
        assert PASSWORD not in done.stdout + done.stderr


def test_what_a_dsn_says_of_the_program_is_shown_and_its_encoding_is_not_taken(
    database: Server, written_sample: Path
) -> None:
    named = f"{database.dsn()} application_name=nightly client_encoding=LATIN1"
    with postgres.connect(named) as connected:
        assert connected.rows("SHOW application_name") == [("nightly",)]
        assert connected.rows("SHOW client_encoding") == [("UTF8",)]
    done = geobike("export", written_sample, *to(named))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("dsn", "variables"),
    [
        ("host=127.0.0.1", {"PGCONNECT_TIMEOUT": "2"}),
        ("service=slow", {"PGCONNECT_TIMEOUT": "60"}),
        ("", {"PGSERVICE": "slow"}),
        ("host=127.0.0.1 connect_timeout=2", {"PGCONNECT_TIMEOUT": "60"}),
    ],
)
def test_a_server_that_does_not_answer_is_waited_for_as_libpqs_files_and_variables_say(
    dsn: str, variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services").write_text("[slow]\nhost=127.0.0.1\nconnect_timeout=2\n")
    for name, value in {"PGSERVICEFILE": str(tmp_path / "services"), **variables}.items():
        monkeypatch.setenv(name, value)
    assert 1.5 < waited(dsn) < 14  # 15 are ours


def test_without_a_word_of_libpqs_the_wait_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "PATIENCE_S", 2)
    assert 1.5 < waited("host=127.0.0.1") < 14  # 15 without this


def waited(dsn: str) -> float:
    """Return the seconds until a connection to a server that says nothing is given up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with (
            pytest.raises(OutputError, match="timeout"),
            postgres.connect(f"{dsn} port={silent.getsockname()[1]}"),
        ):
            pass
        return time.monotonic() - begun


def test_a_read_only_user_is_told_of_the_setting(said: Any, database: Server) -> None:
    line = said(f"{database.dsn()} options='-c default_transaction_read_only=on'")
    assert "read-only" in line
    assert "default_transaction_read_only" in line
    assert "primary server" in line


def test_nul_in_a_title_or_a_column_is_replaced(database: Server) -> None:
    areas = gpd.GeoDataFrame(
        {"area_id": ["1"], "name": ["a\0b"], "my\0own": ["c\0d"]},
        geometry=[shapely.box(4.3, 52, 4.4, 52.1)],
        crs=4326,
    )
    summary = {"detector": {"model": "m\0"}, "settings": {"title": "a\0b", "by\0": ["x\0", 3]}}
    parts: Any = {"areas": reading.Parts(1, iter([areas]))}
    postgis.write("spring", summary, parts, dsn=database.dsn())
    ((model, told),) = database.ask("SELECT model, summary FROM geobike.surveys")
    assert model == "m\ufffd"
    assert json.loads(told)["settings"] == {"title": "a\ufffdb", "by\ufffd": ["x\ufffd", 3]}
    ((name, own),) = database.ask("SELECT name, own FROM geobike.areas")
    assert name == "a\ufffdb"
    assert json.loads(own) == {"my\ufffdown": "c\ufffdd"}


def test_a_server_that_is_not_there_is_one_line(said: Any, tmp_path: Path) -> None:
    assert "PGHOST" in said("host=127.0.0.1 port=1 dbname=bikes")
    assert "PGHOST" in said("host=no-such-host.invalid dbname=bikes")
    assert "service" in said("service=nobody", PGSERVICEFILE=str(tmp_path / "none"))


def test_a_database_that_is_not_there_is_one_line(said: Any, database: Server) -> None:
    assert '"nowhere" does not exist' in said(database.dsn("nowhere"))


def test_a_database_without_postgis_is_one_line(said: Any, database: Server) -> None:
    assert "CREATE EXTENSION postgis" in said(database.dsn("plain"))


def test_who_may_not_make_the_schema_is_told_what_to_grant(said: Any, database: Server) -> None:
    line = said(database.dsn(user="stranger"))
    assert 'GRANT CREATE ON DATABASE "bikes" TO "stranger"' in line


def test_who_may_not_write_to_the_schema_is_told_what_to_grant(
    said: Any, database: Server, written_sample: Path
) -> None:
    export(database, written_sample)
    line = said(database.dsn(user="stranger"))
    grants = line.partition("run ")[2]
    assert grants.startswith("GRANT USAGE ON SCHEMA geobike")
    database.ask(*grants.split("; "), user="owner")  # what it says is enough
    saved.to_postgis(written_sample, "theirs", dsn=database.dsn(user="stranger"))


def test_a_schema_of_another_version_or_origin_is_left_alone(
    said: Any, database: Server, written_sample: Path
) -> None:
    export(database, written_sample)
    for version, remedy in ((0, "DROP SCHEMA geobike CASCADE"), (99, "a newer geobike")):
        database.ask(f"UPDATE geobike.version SET version = {version}")
        line = said(database.dsn())
        assert f"has version {version}" in line
        assert remedy in line
    assert database.ask("SELECT count(*) FROM geobike.photos") == [["181"]]
    database.ask("DROP TABLE geobike.version")
    assert "was not made by geobike" in said(database.dsn())


def test_a_database_in_another_encoding_is_refused(said: Any, database: Server) -> None:
    assert "encoding LATIN1" in said(database.dsn("latin"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--format", "postgis"), "add --survey NAME"),
        (("--format", "postgis", "--survey", " "), "is no name"),
        (("--format", "gpkg", "--survey", "spring"), "are for --format postgis"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    written_sample: Path, options: tuple[str, ...], words: str
) -> None:
    done = geobike("export", written_sample, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_map_says_where_postgis_is_written() -> None:
    sample = ROOT / "data" / "sample"
    done = geobike(
        "map", sample / "photos", "--areas", sample / "areas.geojson", "--format", "postgis"
    )
    assert "geobike export OUT --format postgis" in done.stderr


def test_a_table_that_changes_gets_a_new_version() -> None:
    """Who changes a column raises VERSION and puts the new digest here."""
    digest = sha256("\n".join(postgis_tables.statements()).encode()).hexdigest()[:12]
    assert (postgis_tables.VERSION, digest) == (2, "7072db26607a")


def test_parquet_and_text_give_the_same_rows(
    database: Server,
    sample_result: Any,
    written_sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(reading, "ROWS_AT_A_TIME", 50)  # several parts
    replace(sample_result, survey=replace(sample_result.survey, formats=("parquet",))).write(
        tmp_path / "out"
    )
    saved.to_postgis(written_sample, "text", dsn=database.dsn())
    saved.to_postgis(tmp_path / "out", "parquet", dsn=database.dsn())
    same = "SELECT (t.*)::text FROM geobike.{0} t WHERE survey = '{1}'"
    for table in TABLES:
        text, parquet = (
            {
                line[0].replace(f"({name},", "(", 1)
                for line in database.ask(same.format(table, name))
            }
            for name in ("text", "parquet")
        )
        assert text == parquet, table


def test_a_crafted_name_is_text_and_no_statement(database: Server, written_sample: Path) -> None:
    name = "x'); DROP SCHEMA geobike CASCADE; --"
    export(database, written_sample, name)
    assert database.ask("SELECT survey FROM geobike.surveys") == [[name]]


def test_a_missing_extra_is_named(written_sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'geobike\[postgis\]'"):
        saved.to_postgis(written_sample, "spring")


def test_statuses_of_the_tables_are_those_of_the_frames() -> None:
    made = "\n".join(postgis_tables.statements())
    assert all(repr(status) in made for status in (*schema.STATUSES, *schema.SEEN, *schema.PARKING))
