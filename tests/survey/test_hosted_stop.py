"""A hosted run that is stopped, by the user, by the service, or by kill -9: what it leaves."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pytest

from geobike import cli
from geobike.detections import stage
from geobike.detections.choice import Choice
from geobike.survey.locating import locate_and_assign
from geobike.survey.options import Survey
from tests.support.hosted_runs import Size, answered, digests, stored, town
from tests.support.hosted_scenarios import HONEST, SCENARIOS, TOKEN, Reply
from tests.support.hosted_service import FakeService

KILLS = 20
WORKERS = 4


def start(folder: Path, service: FakeService) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "geobike", "map", folder / "photos",
        "--areas", folder / "areas.geojson", "--out", folder / "out",
        "--detector", "huggingface", "--endpoint", service.url(), "--workers", WORKERS,
    ]  # fmt: skip
    env = os.environ | {"HF_TOKEN": TOKEN}
    return subprocess.Popen(map(str, command), stderr=subprocess.PIPE, text=True, env=env)


def interrupt(
    process: subprocess.Popen[str], service: FakeService, *, after: int
) -> tuple[str, float]:
    """Send Ctrl-C after so many requests; return what was said and the seconds to the end."""
    while len(service.requests) < after and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, said = process.communicate(timeout=300)
    return said, time.monotonic() - begun


def test_ctrl_c_keeps_what_was_paid_for_and_the_next_run_goes_on(tmp_path: Path) -> None:
    town(tmp_path, 40)
    with FakeService(delay=0.2) as service:
        process = start(tmp_path, service)
        said, _ = interrupt(process, service, after=10)
        kept = stored(tmp_path / "out" / "detections.sqlite")
        assert process.returncode == 130
        assert "stopped. What was detected is kept in" in said
        assert "the same command goes on from there" in said
        assert "Traceback" not in said
        assert 10 <= len(kept) == len(answered(service)) < 40
        again = start(tmp_path, service)
        again.communicate(timeout=300)
        assert again.returncode == 0
        assert len(service.requests) == 40


def test_ctrl_c_does_not_wait_for_a_service_that_hangs(tmp_path: Path) -> None:
    town(tmp_path, 12)
    with FakeService() as service:
        service.play([HONEST] * 6 + [Reply(manner="slow_headers")])
        process = start(tmp_path, service)
        said, seconds = interrupt(process, service, after=6 + WORKERS)
    assert process.returncode == 130
    assert "stopped. What was detected is kept in" in said
    assert "Traceback" not in said
    assert seconds < 40  # the grace is 5 s; the service would hang for ever
    assert len(stored(tmp_path / "out" / "detections.sqlite")) == 6


@pytest.mark.parametrize(
    ("scenario", "remedy"),
    [
        ("bad_token_401_json", "put it into HF_TOKEN"),
        ("credits_402", "Add credit"),
        ("permission_403", "Make calls to Inference Providers"),
        ("unknown_model_404", "name another model"),
        ("gone_410_model", "name another model"),
    ],
)
def test_a_service_that_refuses_the_run_stops_it_with_one_message_and_what_is_done_is_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scenario: str,
    remedy: str,
) -> None:
    town(tmp_path, 9)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with FakeService(delay=0.05) as service:
        service.play([HONEST] * 3 + list(SCENARIOS[scenario]))
        arguments = [
            "geobike", "map", tmp_path / "photos", "--areas", tmp_path / "areas.geojson",
            "--out", tmp_path / "out", "--detector", "huggingface", "--workers", 2,
            "--endpoint", service.url(),
        ]  # fmt: skip
        monkeypatch.setattr(sys, "argv", [str(one) for one in arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
    assert left.value.code == 3
    said = capsys.readouterr()
    where, message = said.err.splitlines()
    assert service.host in where
    assert remedy in message
    assert message.endswith("the same command goes on from there.")
    assert said.out == ""
    assert len(stored(tmp_path / "out" / "detections.sqlite")) == 3
    assert len(service.requests) <= 3 + 2


def detect(placed: gpd.GeoDataFrame, endpoint: str, store: Path) -> None:
    """Detect as a program of its own would; runs in another process."""
    choice = Choice(kind="huggingface", endpoint=endpoint, token=TOKEN)
    stage.detect(placed, detector=choice, store=store, workers=WORKERS)


def test_a_run_killed_at_20_random_moments_asks_again_only_for_what_was_under_way(
    tmp_path: Path,
) -> None:
    number = 600
    town(tmp_path, number)
    placed = locate_and_assign(
        Survey(photos=tmp_path / "photos", areas=tmp_path / "areas.geojson")
    ).photos
    photo = digests(tmp_path)
    store = tmp_path / "store.sqlite"
    chance = random.Random(5)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(
        ["geobike.detections.stage", "geobike.detectors.hosted.detector"]
    )
    kept: set[Size] = set()
    with FakeService(delay=0.01) as service:
        for _ in range(KILLS):
            sent, before, kept_before = len(service.requests), len(answered(service)), kept
            run = processes.Process(target=detect, args=(placed, service.url(), store))
            run.start()
            while len(service.requests) == sent and run.is_alive():
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.12))
            assert run.is_alive(), "the run ended before it could be killed"
            run.kill()
            run.join()
            while not all(seen.status for seen in service.requests):
                time.sleep(0.01)  # what was under way is answered, to nobody
            got = answered(service)
            kept = {photo[digest] for digest in stored(store)}
            assert kept <= set(got)
            assert kept >= kept_before
            assert len(got) - before - len(kept - kept_before) <= WORKERS
        detect(placed, service.url(), store)
        got = answered(service)
    assert len(stored(store)) == len(set(got)) == number
    assert len(got) <= number + KILLS * WORKERS
