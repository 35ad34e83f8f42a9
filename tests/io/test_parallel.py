"""Parts worked on in processes of our own: the same answers, and none left behind."""

import os
import pickle
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from geobike.io import parallel
from geobike.photos import hashing, headers, reading
from tests.conftest import ROOT
from tests.support.making import DELFT, photo


def test_parts_come_back_in_their_order_from_other_processes() -> None:
    answers = list(parallel.spread(partial(divmod, 1000), range(1, 200)))
    assert answers == [divmod(1000, part) for part in range(1, 200)]
    if (os.cpu_count() or 1) > 1:
        others = set(parallel.spread(pid, range(20)))
        assert os.getpid() not in others


def pid(_: int) -> int:
    return os.getpid()


def test_what_goes_wrong_in_a_process_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        list(parallel.spread(partial(divmod, 1), [1, 2, 0, 3]))


def test_a_process_that_dies_loses_no_part() -> None:
    me = os.getpid()
    assert list(parallel.spread(partial(die_unless, me), range(12))) == list(range(12))


def die_unless(parent: int, part: int) -> int:
    if part == 3 and os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return part


def test_a_loop_that_is_left_ends_its_processes() -> None:
    parts = parallel.spread(pid, range(100))
    first = next(parts)
    parts.close()
    assert not runs(first)


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


SCRIPT = """
import sys
from geobike.io import parallel
from tests.io.test_parallel import slowly
for process in parallel.spread(slowly, range(1000)):
    print(process, flush=True)
"""


def slowly(_: int) -> int:
    time.sleep(0.05)
    return os.getpid()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on_when_the_run_is_stopped_or_killed(stop: signal.Signals) -> None:
    # No `if __name__ == "__main__"` in that script: users leave it out.
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as script:
        assert script.stdout is not None
        assert script.stderr is not None
        others = {int(script.stdout.readline()) for _ in range(8)}
        script.send_signal(stop)
        assert script.wait(60) != 0
        said = script.stderr.read()
    assert said.count("Traceback") <= 1  # the script's own
    deadline = time.monotonic() + 60
    while any(map(runs, others)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(runs, others))


def test_many_photos_are_read_as_few_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        photo(tmp_path / f"{number}.jpg", lon_lat=DELFT if number % 3 else None)
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    for number in range(0, 60, 4):  # their pixels are decoded, to see whether they are complete
        photo(tmp_path / f"{number}.png", size=(60 + number, 40), format="PNG")
    whole = (tmp_path / "7.jpg").read_bytes()
    (tmp_path / "70.jpg").write_bytes(whole[:-20])
    (tmp_path / "71.jpg").write_bytes(whole)
    (tmp_path / "72.jpg").symlink_to("/dev/null")
    found = reading.find(tmp_path)
    few = reading.read(found)
    monkeypatch.setattr(headers, "MANY", 10)
    monkeypatch.setattr(headers, "PART", 7)
    monkeypatch.setattr(hashing, "_PART", 7)
    seen: list[str] = []

    def track(items, description, *, total):
        for item in items:
            seen.append(description)
            yield item
        assert seen.count(description) == total

    many = reading.read(found, track=track)
    assert few.equals(many)
    assert few["status"].value_counts().to_dict() == {"unreadable": 3, "duplicate": 1}
    assert set(seen) == {"Reading photos"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such processes")
def test_a_process_that_cannot_be_told_where_modules_are_is_not_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def starting(*given, **options):
        begun.append(start(*given, **options))
        return begun[-1]

    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel.subprocess, "Popen", starting)
    monkeypatch.setattr(sys, "path", [*sys.path, unpicklable := lambda: None])
    with pytest.raises((pickle.PickleError, AttributeError)):
        list(parallel.spread(pid, range(4)))
    assert unpicklable in sys.path
    assert len(begun) == 1
    assert not runs(begun[0].pid)  # killed and reaped
    assert begun[0].stdin.closed
