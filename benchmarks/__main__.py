"""python -m benchmarks [PART ...]: run all parts, or those named, and print one table."""

import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import areas, detection, gpu, hosted, locating, maps, photos
from benchmarks.measure import Row

PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "areas": areas.run,
    "locating": locating.run,
    "photos": photos.run,
    "detection": detection.run,
    "hosted": hosted.run,
    "maps": maps.run,
}
APART = {"gpu": gpu.run}  # run only when named


def main() -> None:
    warnings.simplefilter("ignore")
    named = sys.argv[1:] or list(PARTS)
    known = PARTS | APART
    if unknown := set(named) - set(known):
        sys.exit(f"no part {', '.join(unknown)}; there are {', '.join(known)}")
    shared = Path(os.environ.get("GEOBIKE_SHARED", Path(__file__).parents[2] / "shared"))
    table = Table("what", "ours", "theirs", "ratio", "against", "note")
    for part in named:
        for row in known[part](shared):
            theirs = f"{row.theirs:.3f} s" if row.theirs else ""
            table.add_row(row.what, f"{row.ours:.3f} s", theirs, row.ratio, row.against, row.note)
    Console(width=140).print(table)
    print(f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores")


main()
