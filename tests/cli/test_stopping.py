"""How a run ends that is stopped, or cannot write: with its exit code, in seconds, and in order."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import pytest

from geobike import cli
from tests.conftest import ROOT
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.making import photo, squares
from tests.support.program import geobike
from tests.support.running import started, stop, tables, until
from tests.support.tiny_onnx import coloured

unix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals or limits")

SOON = 40
"""Seconds: one or two on an idle machine; what is stopped would go on for a minute or more."""

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143} if os.name != "nt" else {}


def survey(folder: Path, photos: int) -> list[object]:
    for number in range(photos):
        colour = (number, 90, 255 - number)
        path = folder / "photos" / f"{number}.jpg"
        photo(path, lon_lat=(4.005, 52.005), colour=colour)
    return ["map", folder / "photos", "--areas", squares(folder / "areas.geojson", ["west"])]


@unix
@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize(("detector", "package"), [("onnx", "onnxruntime"), ("openvino",) * 2])
def test_a_run_inside_a_model_is_stopped_in_seconds(
    tmp_path: Path, detector: str, package: str, number: signal.Signals
) -> None:
    pytest.importorskip(package)
    (tmp_path / "slow.onnx").write_bytes(coloured(1, steps=60))  # a minute for each photo
    arguments = [*survey(tmp_path, 4), "--detector", detector, "--model", tmp_path / "slow.onnx"]
    with started(*arguments, "--out", tmp_path / "out") as process:
        until((tmp_path / "out" / "detections.sqlite").exists, process)
        until(partial(busy, process.pid, 4), process)
        said, seconds = stop(process, number)
    assert process.returncode == CODES[number], said
    assert said.splitlines()[-1].startswith(
        "geobike: stopped."
    )  # on a quick machine a photo is done before
    assert seconds < SOON
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["detections.sqlite"]


def busy(pid: int, seconds: float) -> bool:
    """Tell whether a process has used so many seconds of a processor since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > 4 + seconds


@unix
@pytest.mark.parametrize("number", CODES)
def test_a_stopped_run_keeps_what_was_detected_and_the_next_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    with FakeService(delay=0.2) as service:
        arguments = [
            *survey(tmp_path, 60), "--out", out, "--workers", "2",
            "--detector", "huggingface", "--endpoint", service.url("facebook/detr-resnet-50"),
        ]  # fmt: skip
        with started(*arguments, env={"HF_TOKEN": TOKEN}) as process:
            until(lambda: len(service.requests) > 8, process)
            said, _ = stop(process, number)
        assert process.returncode == CODES[number], said
        assert "stopped. What was detected is kept in" in said
        assert "Traceback" not in said
        assert [path.name for path in out.iterdir()] == ["detections.sqlite"]
        asked = len(service.requests)
        done = geobike(*arguments, env={"HF_TOKEN": TOKEN})
        assert done.returncode == 0, done.stderr
        assert f"Detected now: {60 - asked} photos" in done.stdout


@unix
@pytest.mark.parametrize("number", CODES)
def test_a_step_that_keeps_nothing_is_stopped_as_well(
    tmp_path: Path, number: signal.Signals
) -> None:
    for index in range(40):
        photo(tmp_path / "p" / f"{index}.jpg")
    with FakeService(delay=5) as service:  # 50 s or more for all
        arguments = [
            "classify", tmp_path / "p", "--classifier", "huggingface",
            "--endpoint", service.url("google/vit-base-patch16-224"),
        ]  # fmt: skip
        with started(*arguments, env={"HF_TOKEN": TOKEN}) as process:
            until(lambda: len(service.requests) > 1, process)
            said, seconds = stop(process, number)
        assert len(service.requests) < 40
    assert process.returncode == CODES[number]
    assert said.splitlines()[-1] == "geobike: stopped."
    assert "Traceback" not in said
    assert seconds < SOON


@unix
@pytest.mark.parametrize("number", CODES)
def test_a_library_that_does_not_let_go_is_left(number: signal.Signals) -> None:
    # One call of many minutes, in which Python hears of no signal.
    program = """
        import hashlib
        import geobike.cli as cli

        def stretch():
            print("begun", flush=True)
            hashlib.pbkdf2_hmac("sha256", b"key", b"salt", 2_000_000_000)

        cli.app = stretch
        cli.main()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        said, seconds = stop(process, number)
    assert process.returncode == CODES[number]
    assert said == "geobike: stopped.\n"
    assert seconds < SOON


def limited(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def with_files_up_to(size: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program where no file can grow beyond so many bytes, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-m", "geobike", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=400,
        preexec_fn=partial(limited, size),
    )


@unix
@pytest.mark.parametrize("limit", [100, 600, 2_000, 100_000])
def test_a_disk_that_is_full_leaves_the_folder_as_it_was(tmp_path: Path, limit: int) -> None:
    given, out = tables(tmp_path), tmp_path / "out"
    assert geobike(*given, "--out", out, "--threshold", "0.7").returncode == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    done = with_files_up_to(limit, *given, "--out", out, "--threshold", "0.3")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{out}/" in done.stderr
    assert "cannot be written: File too large" in done.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@unix
@pytest.mark.parametrize(("detector", "package"), [("onnx", "onnxruntime"), ("openvino",) * 2])
def test_a_store_on_a_full_disk_ends_the_run_with_a_message_and_no_signal(
    tmp_path: Path, detector: str, package: str
) -> None:
    pytest.importorskip(package)
    (tmp_path / "m.onnx").write_bytes(coloured(1))
    arguments = [*survey(tmp_path, 120), "--detector", detector, "--model", tmp_path / "m.onnx"]
    done = with_files_up_to(60_000, *arguments, "--out", tmp_path / "out")
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("geobike: store ")
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


FULL = "geobike: standard output: No space left on device; make room on that disk\n"

SHELL = 'set -o pipefail; "$@" | head -1'


@unix
def test_a_reader_that_goes_away_ends_the_program_as_it_ends_others(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "geobike", *map(str, tables(tmp_path)), "--out", "out"]
    done = subprocess.run(
        ["bash", "-c", SHELL, "_", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    # `head` may take all before it goes; then nothing is wrong.
    assert done.returncode in (0, 141)
    assert done.stderr == ""
    assert (tmp_path / "out" / "summary.json").exists()


@unix
@pytest.mark.parametrize(
    ("redirect", "code", "said"),
    [
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        ("2>/dev/full", 0, ""),
        (">/dev/full", 2, FULL),
    ],
)
def test_a_run_whose_messages_nobody_reads_makes_its_map_all_the_same(
    tmp_path: Path, redirect: str, code: int, said: str
) -> None:
    if "full" in redirect and not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    command = [sys.executable, "-m", "geobike", *map(str, tables(tmp_path)), "--out", "out"]
    done = subprocess.run(
        ["bash", "-c", f'"$@" {redirect}', "_", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (code, said)
    assert (tmp_path / "out" / "summary.json").exists()


@unix
def test_output_that_is_closed_at_once_is_no_traceback(tmp_path: Path) -> None:
    # The reader is gone before the first byte: no chance, as with `head`.
    read, write = os.pipe()
    os.close(read)
    command = [
        sys.executable,
        "-m",
        "geobike",
        *map(str, tables(tmp_path)),
        "--out",
        tmp_path / "o",
    ]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.tif"), "a.tif: No space left on"),
        (OSError(errno.EMFILE, "Too many open files", "m.py"), "open files; raise the limit of"),
        (MemoryError(), "there is not enough memory; close other programs"),
    ],
)
def test_what_is_wrong_with_the_machine_is_one_line_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    said: str,
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = capsys.readouterr().err
    assert left.value.code == 2
    assert said in printed
    assert printed.count("\n") == 1
