"""Photos through a hosted service: geobike's own way against the tutorial's loop.

The service is the tests' stand-in, in a process of its own; it answers after 300 ms whatever it is
sent, so that the time that a real one computes on its own machine is not taken from ours.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.measure import Row, seconds
from geobike.detectors import concurrency
from geobike.detectors.hosted.detector import HostedDetector
from geobike.photos import decoding
from geobike.photos.reading import find
from tests.support.hosted_scenarios import TOKEN

DELAY = 0.3  # seconds for each answer
UPLINK = 10.0  # Mbit/s
WORKERS = 8


def run(shared: Path) -> Iterator[Row]:
    if not (shared / "photos").is_dir():
        return
    files = [Path(file.path) for file in find(shared / "photos")]
    large = [path for path in files if max(decoding.upright_size(path.read_bytes())) > 4000]
    with serving() as address:
        yield compare("35 photos, hosted", files, address)
        yield compare("24 of 12 megapixels, hosted", large * 8, address)
    with serving("--uplink", str(UPLINK)) as address:
        yield compare(f"35 photos, hosted, {UPLINK:g} Mbit/s", files, address)
        yield compare(f"12 of 12 megapixels, hosted, {UPLINK:g} Mbit/s", large * 4, address)


def compare(what: str, photos: list[Path], address: str) -> Row:
    worked = time.process_time()
    ours = seconds(lambda: in_geobikes_way(photos, address))
    worked = time.process_time() - worked
    theirs = seconds(lambda: in_the_tutorials_way(photos, address))
    files = sum(path.stat().st_size for path in photos)
    return Row(
        what,
        ours,
        theirs,
        "requests.post, one by one",
        f"{len(photos) / ours:.1f}, {len(photos) / theirs:.1f} photos/s; {sent(photos):.0%} of "
        f"{files / 1e6:.0f} MB sent; {worked / len(photos) * 1e3:.0f} ms of CPU time per photo",
    )


def sent(photos: list[Path]) -> float:
    """Return the share of the files' bytes that geobike sends."""
    hosted = HostedDetector(token=None)
    uploads = (
        hosted.upload(decoding.read_upright(path, target_size=hosted.input_size)) for path in photos
    )
    return sum(map(len, uploads)) / sum(path.stat().st_size for path in photos)


def in_geobikes_way(photos: list[Path], address: str) -> None:
    detector = HostedDetector(token=TOKEN, endpoint=address)
    kept: list[concurrency.Answer[Path]] = []

    def load(path: Path) -> concurrency.Photo:
        image = decoding.read_upright(path, target_size=detector.input_size)
        return concurrency.Photo(image, image.size)

    for _ in concurrency.detect_many(
        photos, detector, load=load, keep=kept.append, workers=WORKERS, ahead=WORKERS
    ):
        pass
    assert all(answer.detections for answer in kept)
    assert len(kept) == len(photos)


def in_the_tutorials_way(photos: list[Path], address: str) -> None:
    """Send each file as it is. With a Content-Type, without which today's service refuses it."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/jpeg"}
    for path in photos:
        answer = requests.post(address, headers=headers, data=path.read_bytes(), timeout=60)
        assert answer.json()


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run the stand-in service and give its address."""
    command = [
        sys.executable,
        "-m",
        "tests.support.hosted_service",
        "--port",
        "0",
        "--scenario",
        "ok_one",
    ]
    command += ["--delay", str(DELAY), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        found = re.search(r"http://\S+", service.stdout.readline())
        assert found is not None
        try:
            yield found[0]
        finally:
            service.terminate()
