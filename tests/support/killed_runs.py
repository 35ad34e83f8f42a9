"""Run the program again and again, killed one step later each time, as `python -m` this module.

`python -m tests.support.killed_runs BEFORE OUT ARGUMENT...` copies the folder BEFORE to OUT, starts
`geobike ARGUMENT...` and kills it at its first change of a file in OUT, then at its second, and so
on until it ends by itself. Prints JSON: what each kill left, and, where no kill before left the
same, what the next run made of it.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from geobike.io.transaction import NEW

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}
"""Events of Python's audit that change what a folder holds."""


def main() -> None:
    before, out, *arguments = sys.argv[1:]
    import geobike.cli
    import geobike.survey.run  # once, not in each of the processes

    def run(kill_at: int | None, said: Path) -> int:
        child = os.fork()
        if child:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        if kill_at is not None:
            kill_before_change(kill_at, Path(out).resolve())
        sys.argv = ["geobike", *arguments]
        geobike.cli.main()
        raise AssertionError("main returns nothing")

    found: list[dict[str, Any]] = []
    said, seen = Path(f"{out}.said"), set()
    for step in count(1):
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(before, out)
        code = run(step, said)
        kill: dict[str, Any] = {"code": code, "left": digests(out)}
        state = frozenset(name for name in kill["left"] if not name.startswith(f"{NEW}/"))
        if state not in seen:
            again = {"code": run(None, said), "said": said.read_text(), "made": digests(out)}
            kill["again"] = again | {"whole": is_whole(Path(out))}
        seen.add(state)
        found.append(kill)
        if code != -signal.SIGKILL:
            break
    sys.stdout.write(json.dumps(found))


def kill_before_change(number: int, folder: Path) -> None:
    """Kill this process when it is about to change files in a folder for the nth time.

    What it writes into the folder of unfinished files counts once.
    """
    seen, unfinished = 0, False

    def hook(event: str, given: tuple[Any, ...]) -> None:
        nonlocal seen, unfinished
        if event not in CHANGES or (unfinished and f"/{NEW}/" in str(given[0])):
            return
        unfinished = unfinished or f"/{NEW}/" in str(given[0])
        if str(given[0]).startswith(str(folder)) or str(given[0]).startswith(folder.name):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def digests(folder: str) -> dict[str, str]:
    """Return what is in each file of a folder, without what no two runs have in common."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        if path.name == "map.html":  # Folium names its elements by chance
            content = re.sub(rb"[0-9a-f]{32}|'sha256-[^']+'", b"", content)
        if path.name == "summary.json":
            summary = json.loads(content)
            content = json.dumps(
                [summary[key] for key in summary if key not in OF_ONE_RUN]
            ).encode()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(content).hexdigest()
    return found


OF_ONE_RUN = ("started_at", "finished_at", "sha256", "warnings")


def is_whole(folder: Path) -> bool:
    """Tell whether each file is the one that the summary describes, and no other is there."""
    known = json.loads((folder / "summary.json").read_text())["sha256"]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    del files["summary.json"]
    return known == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:  # of a child
        sys.stdout.flush()
        os._exit(int(end.code or 0))
