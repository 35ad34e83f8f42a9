"""python -m tests.fuzz [--seconds 60] [--seed 1] [--case NUMBER]: run cases, keep those that fail.

With --case one file is made again, where it is kept, and tried.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import ROOT
from tests.fuzz import cases, running, seeds


def handed() -> Path | None:
    """Return the folder of inputs that were handed over because they failed, if it is there."""
    folder = Path(os.environ.get("GEOBIKE_SHARED", ROOT.parent / "shared")) / "cases"
    return folder if folder.is_dir() else None


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number to begin with")
    parser.add_argument("--case", type=int, help="run this one alone")
    parser.add_argument("--keep", type=Path, default=Path("fuzz"), help="folder of what fails")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        plan = running.Plan(Path(folder), given.seed, handed())
        if given.case is not None:
            print(kept(plan, given.case, given.keep))
            print(running.alone(plan, given.case) or "no fault")
            return
        found = running.run(plan, seconds=given.seconds, first=given.first)
        print(report(found, plan, given.keep))
    sys.exit(1 if found.faults else 0)


def report(found: running.Found, plan: running.Plan, keep: Path) -> str:
    """Say what was found, and keep a file of each fault."""
    tried = ", ".join(
        f"{kind} {number:,} ({found.refused[kind]:,} refused)"
        for kind, number in sorted(found.tried.items())
    )
    lines = [
        f"{sum(found.tried.values()):,} inputs: {tried}",
        f"slowest {found.slowest:.1f} s, peak {found.megabytes} MB",
    ]
    for fault, numbers in found.faults.items():
        lines.append(f"{fault}\n  {len(numbers)} times, such as {kept(plan, numbers[0], keep)}")
    return "\n".join(lines)


def kept(plan: running.Plan, number: int, keep: Path) -> Path:
    """Write the file of a case where it stays."""
    case = cases.case(seeds.gather(plan.folder, plan.handed), number, plan.seed)
    keep.mkdir(parents=True, exist_ok=True)
    file = keep / f"{plan.seed}-{number}-{case.name}"
    file.write_bytes(case.content)
    return file


if __name__ == "__main__":
    main()
