"""python -m benchmarks [PART ...]: run all parts, or those named, and print one table.

What was measured replaces the part's rows in `benchmarks/results/`.
"""

import os
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import results
from benchmarks.measure import Row, Skipped

PARTS = (
    "areas",
    "truth",
    "counting",
    "rows",
    "locating",
    "photos",
    "survey",
    "broken",
    "detection",
    "windows",
    "hosted",
    "maps",
    "cluster",
)
"""Modules with `run(shared) -> Iterator[Row]`, imported only when it is their turn."""
APART = ("gpu", "coverage", "hand_counts", "database")  # run only when named


def main() -> None:
    warnings.simplefilter("ignore")
    named = sys.argv[1:] or PARTS
    if unknown := set(named) - {*PARTS, *APART}:
        sys.exit(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS + APART)}")
    shared = Path(os.environ.get("GEOBIKE_SHARED", Path(__file__).parents[2] / "shared"))
    start = time.perf_counter()
    table = Table("part", *results.HEADER)
    for part in named:
        begun = time.perf_counter()
        rows = measure(part, shared)
        print(f"{part}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        if rows:
            results.keep(part, rows)
        for row in rows:
            table.add_row(part, *results.cells(row))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    print(f"Measured in {(time.perf_counter() - start) / 60:.1f} minutes.")


def measure(part: str, shared: Path) -> list[Row]:
    """Run a part, saying on the way what it found, for some take minutes."""
    rows: list[Row] = []
    try:
        for row in import_module(f"benchmarks.{part}").run(shared):
            rows.append(row)
            print(
                f"{part}: {'; '.join(cell for cell in results.cells(row) if cell)}", file=sys.stderr
            )
    except Skipped as why:
        print(f"{part}: not measured: {why}", file=sys.stderr)
    return rows


if __name__ == "__main__":  # a child process that measures imports this module too
    main()
