"""What a cluster may lose: workers, its scheduler, the user's patience. No answer is lost."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import geobike
from geobike.detections.store.parquet import Shards
from geobike.engines.dask import connection
from geobike.engines.dask.engine import PARTITION
from geobike.errors import ClusterUnavailable, InputError
from tests.conftest import ROOT
from tests.support.cluster_detectors import Counting, asked, lines
from tests.support.cluster_processes import started
from tests.support.making import photo, squares

pytest.importorskip("distributed")

PHOTOS = 4 * PARTITION


@pytest.fixture
def street(tmp_path: Path) -> dict[str, Path]:
    """Photos of as many different widths, so that the diary tells them apart."""
    for i in range(PHOTOS):
        photo(tmp_path / "photos" / f"{i}.jpg", lon_lat=(4.005, 52.005), size=(20 + i, 8))
    return {"photos": tmp_path / "photos", "areas": squares(tmp_path / "areas.geojson", ["a"])}


def wait_for(diary: Path, answers: int) -> None:
    deadline = time.monotonic() + 300
    while asked(diary) < answers:
        assert time.monotonic() < deadline, "nothing was detected"
        time.sleep(0.01)


def test_nothing_is_lost_with_a_worker_and_only_what_it_had_in_flight_is_done_again(
    street: dict[str, Path], tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    survey = geobike.Survey(**street, detector=Counting(diary, seconds=0.02))
    killed: list[int] = []

    def kill_one() -> None:
        wait_for(diary, PARTITION)
        pid = int(lines(diary, "asked")[-1][0])
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    killer = threading.Thread(target=kill_one)
    with geobike.Cluster(workers=2) as cluster:
        killer.start()
        result = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    killer.join()
    alone = geobike.run(survey, store=tmp_path / "store.sqlite")
    assert result.areas["bicycle_count"].tolist() == alone.areas["bicycle_count"].tolist()
    assert result.ledger == alone.ledger
    entries = lines(diary, "asked")[: -len(alone.photos)]
    widths = [width for _, width in entries]
    assert set(widths) == {str(20 + i) for i in range(PHOTOS)}
    twice = {width for width in widths if widths.count(width) > 1}
    by_the_killed = {width for pid, width in entries if int(pid) == killed[0]}
    assert twice <= by_the_killed
    assert len(entries) - PHOTOS <= PARTITION


def test_without_its_scheduler_a_run_stops_and_another_goes_on_from_the_shards(
    street: dict[str, Path], tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    survey = geobike.Survey(**street, detector=Counting(diary, seconds=0.02))
    shards = tmp_path / "shards"
    with started(tmp_path) as processes, geobike.Cluster(processes.address) as cluster:
        killer = threading.Thread(
            target=lambda: (wait_for(diary, 2 * PARTITION + 10), processes.scheduler.kill())
        )
        killer.start()
        with pytest.raises(ClusterUnavailable, match="scheduler cannot be reached") as stop:
            geobike.run(survey, store=shards, engine=cluster)
        killer.join()
    assert stop.value.exit_code == 3
    first = asked(diary)
    with started(tmp_path) as processes, geobike.Cluster(processes.address) as cluster:
        result = geobike.run(survey, store=shards, engine=cluster)
    assert result.ledger.photos["counted"] == PHOTOS
    assert result.detected_now < PHOTOS
    # What the workers had in flight may be asked about again: a part each.
    assert PHOTOS <= first + result.detected_now == asked(diary) <= PHOTOS + 2 * PARTITION


PROGRAM = """
import sys
from pathlib import Path
import geobike
from tests.support.cluster_detectors import Counting

if __name__ == "__main__":
    photos, areas, diary, store = sys.argv[1:]
    detector = Counting(Path(diary), seconds=0.2)
    survey = geobike.Survey(photos=photos, areas=areas, detector=detector)
    with geobike.Cluster(workers=2) as cluster:
        geobike.run(survey, store=store, engine=cluster)
"""


def test_ctrl_c_keeps_what_was_detected_and_leaves_no_process_behind(
    street: dict[str, Path], tmp_path: Path
) -> None:
    diary, shards = tmp_path / "diary", tmp_path / "shards"
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, str(script), *map(str, (*street.values(), diary, shards))],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,  # as a terminal does, which tells all of a group at once
    )
    wait_for(diary, 10)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert said.strip().endswith("KeyboardInterrupt")
    deadline = time.monotonic() + 60  # those that were told to end may take a moment
    while living(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living(process.pid) == []
    kept = sum(Shards(shards).models().values())
    assert 10 <= kept == asked(diary) < PHOTOS


def living(group: int) -> list[str]:
    """Return the processes of a group that have not ended."""
    table = subprocess.run(
        ["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in table.stdout.splitlines()]
    return [args for pgid, state, args in rows if int(pgid) == group and state[0] != "Z"]


def test_a_scheduler_that_cannot_be_reached_stops_the_run_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    with (
        pytest.raises(ClusterUnavailable, match=r"cannot be reached: .*tcp://127\.0\.0\.1:1 "),
        geobike.Cluster("tcp://127.0.0.1:1"),
    ):
        pass


def test_a_scheduler_without_workers_is_distinguished_from_a_slow_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 2)
    with (
        started(tmp_path, workers=0) as processes,
        pytest.raises(ClusterUnavailable, match=f"{processes.address} has no worker"),
        geobike.Cluster(processes.address),
    ):
        pass


def test_a_senseless_address_is_the_users_mistake() -> None:
    with pytest.raises(InputError, match="'scheduler' is not a valid address.*tcp://host:8786"):  # noqa: RUF043
        geobike.Cluster("scheduler").__enter__()


def test_a_script_without_a_guard_is_told_to_put_the_run_below_one(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("import geobike\nwith geobike.Cluster(workers=1):\n    pass\n")
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("geobike.errors.InputError: no worker can be started on this machine")
    assert last.endswith('in a script, put the run below if __name__ == "__main__":')
    assert done.stderr.count("Traceback") == 1  # the script's own, and none of its workers


OTHER_VERSION = "def version():\n    return '0.0.1'\n"


@pytest.mark.parametrize(
    ("module", "said"), [(OTHER_VERSION, "has geobike 0.0.1, and this is"), ("1/0", "no geobike")]
)
def test_a_worker_with_another_geobike_or_none_is_refused(
    tmp_path: Path, module: str, said: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    package = elsewhere / "geobike" / "engines" / "dask"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    (package / "worker.py").write_text(module)
    env = {"PYTHONPATH": str(elsewhere)}
    with (
        started(tmp_path, workers=1, env=env) as processes,
        pytest.raises(InputError, match=f"worker tcp://.* {said}"),
        geobike.Cluster(processes.address),
    ):
        pass
