"""A finished survey into PostGIS: 10^5 and 10^6 photos with what was counted on them.

The server is started here; its own memory and the making of the survey are left out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Row, Skipped, in_child
from benchmarks.rows import in_geobikes_way, make
from geobike import saved
from tests.support import postgis

SIZES = (100_000, 1_000_000)


def run(_: Path) -> Iterator[Row]:
    with server() as opened, TemporaryDirectory() as place:
        for count in SIZES:
            folder = Path(place, str(count))
            in_child(make, folder, count)
            in_child(in_geobikes_way, folder)
            for again in ("", ", in place of the same"):
                spent = in_child(export, folder / "ours", opened.dsn())
                what = f"{count:,} photos into PostGIS{again}"
                yield Row(what, spent.seconds, note=spent.answer, memory=spent.megabytes)


@contextmanager
def server() -> Iterator[postgis.Server]:
    if not postgis.is_installed():
        raise Skipped(postgis.MISSING)
    with postgis.serving() as opened:
        yield opened


def export(folder: Path, dsn: str) -> str:
    rows = saved.to_postgis(folder, "made", dsn=dsn).rows
    return ", ".join(f"{number:,} {table}" for table, number in rows.items())
