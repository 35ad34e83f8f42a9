"""Run cases in a process of its own, and tell which fail, hang, crash or take too much memory.

The child says when each case begins and ends; what silences or ends it is the fault of the case
under way. Each fault is tried once more alone, as other programs may have slowed the machine down.
"""

import multiprocessing
import resource
import shutil
import sys
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

from geobike.errors import GeobikeError
from tests.fuzz import cases, seeds

SECONDS: Final = 5.0
"""For one case."""
MEGABYTES: Final = 1000
"""Of the whole child, with all libraries, at its peak."""
_LONGEST: Final = 1000  # characters of a message
_START: Final = "start"
_STARTING: Final = 120.0
_ADDRESSES: Final = 16 << 30  # so that a case that asks for more does not end the machine


class Plan(NamedTuple):
    """What all children of a run share."""

    folder: Path
    seed: int
    handed: Path | None


class Outcome(NamedTuple):
    """What a child says of a case: first that it began, then how it ended."""

    number: int
    kind: str
    ended: bool = False
    refused: bool = False
    fault: str | None = None
    seconds: float = 0.0
    megabytes: int = 0


@dataclass
class Found:
    """What a run came to."""

    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[int]] = field(default_factory=dict)
    """What went wrong, and the numbers of the cases with which it did."""
    slowest: float = 0.0
    megabytes: int = 0

    def add(self, one: Outcome) -> None:
        self.tried[one.kind] += 1
        self.refused[one.kind] += one.refused
        self.slowest = max(self.slowest, one.seconds)
        self.megabytes = max(self.megabytes, one.megabytes)


def run(plan: Plan, *, seconds: float, first: int = 0) -> Found:
    """Run cases from a number on for some seconds."""
    found, number = Found(), first
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        stopped = _child(plan, number, end=end, found=found)
        if stopped is None or stopped.fault is None:
            break
        number = stopped.number + 1
        if stopped.fault in found.faults or (fault := alone(plan, stopped.number)) is None:
            found.faults.get(stopped.fault, []).append(stopped.number)
            continue
        found.faults.setdefault(fault, []).append(stopped.number)
    return found


def alone(plan: Plan, number: int) -> str | None:
    """Run one case in a process of its own, and return what went wrong."""
    stopped = _child(plan, number, end=time.monotonic() + 3600, found=Found(), behind=number + 1)
    return stopped.fault if stopped else None


def _child(
    plan: Plan, first: int, *, end: float, found: Found, behind: int = sys.maxsize
) -> Outcome | None:
    """Run cases in a new process until one has a fault, which is returned, or time is up."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_work, args=(theirs, plan, first, behind))
    child.start()
    theirs.close()
    try:
        return _listen(ours, Outcome(first, _START), end, found)
    finally:
        child.kill()
        child.join()


def _listen(pipe: Connection, last: Outcome, end: float, found: Found) -> Outcome | None:
    patience = _STARTING
    while time.monotonic() < end:
        if not pipe.poll(patience):
            return last._replace(fault=f"{last.kind}: no end within {SECONDS:g} s")
        try:
            last = pipe.recv()
        except EOFError:
            if last.kind == _START:
                raise RuntimeError("the process of the cases did not begin") from None
            return None if last.ended else last._replace(fault=f"{last.kind}: the process ended")
        patience = SECONDS + 2
        if last.ended:
            found.add(last)
        if last.fault:
            return last
    return None


def _work(pipe: Connection, plan: Plan, first: int, behind: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    warnings.simplefilter("ignore")
    place = plan.folder / "cases"
    place.mkdir(parents=True, exist_ok=True)
    made = seeds.gather(_emptied(plan.folder / "seeds"), plan.handed)
    for number in range(first, behind):
        case = cases.case(made, number, plan.seed)
        pipe.send(Outcome(number, case.kind))
        pipe.send(_tried(case, number, _emptied(place)))
    pipe.close()


def _tried(case: cases.Case, number: int, folder: Path) -> Outcome:
    file = folder / case.name
    file.write_bytes(case.content)
    refused, fault = False, None
    begun = time.monotonic()
    try:
        case.target(file)
    except GeobikeError as error:
        refused, fault = True, _unreadable_message(str(error))
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        fault = f"{type(error).__name__} in {_innermost(error)}"
    seconds = time.monotonic() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if seconds > SECONDS:
        fault = f"took over {SECONDS:g} s"
    if megabytes > MEGABYTES:
        fault = f"took over {MEGABYTES} MB"
    said = f"{case.kind}: {fault}" if fault else None
    return Outcome(number, case.kind, True, refused, said, seconds, megabytes)


def _unreadable_message(message: str) -> str | None:
    """Return what is wrong with an error's message."""
    if len(message) > _LONGEST:
        return f"a message of over {_LONGEST} characters"
    return None if message.isprintable() and message else "a message that is not one line of text"


def _innermost(error: BaseException) -> str:
    """Return the innermost line of geobike's that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "geobike" in Path(one.filename).parts]
    inner = (ours or list(frames))[-1]
    return f"{Path(inner.filename).name}, {inner.name}: {inner.line}"


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
