"""Many runs of the program without the seconds that each takes to start: `python -m` this module.

Reads a JSON list of lists of arguments from standard input; each is run in a process of its own, a
copy of this one, which has imported the program. Prints a JSON list of exit codes and output.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.conftest import ROOT


class Done(NamedTuple):
    """How a run ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def run_all(runs: list[list[str]], *, cwd: Path, env: dict[str, str] | None = None) -> list[Done]:
    """Run the program once for each list of arguments."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.forked"],
        input=json.dumps(runs),
        capture_output=True,
        text=True,
        timeout=280,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HOME": "/nonexistent", **(env or {})},
    )
    assert done.returncode == 0, done.stderr
    return [Done(*one) for one in json.loads(done.stdout)]


def fork(arguments: list[str], out: Path) -> int:
    """Run the program in a copy of this process; return its exit code."""
    import geobike.cli

    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["geobike", *arguments]
    try:
        geobike.cli.main()
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(int(end.code or 0))


def main() -> None:
    import geobike.cli
    import geobike.survey.run  # noqa: F401 - once, not in each of the processes

    found = []
    with TemporaryDirectory() as folder:
        for arguments in json.loads(sys.stdin.read()):
            code = fork(arguments, Path(folder))
            texts = [
                Path(folder, name).read_text("utf-8", "surrogateescape")
                for name in ("stdout", "stderr")
            ]
            found.append(Done(code, *texts))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
