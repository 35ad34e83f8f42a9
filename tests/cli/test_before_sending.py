"""Before anything is sent: what would go where, and who can forbid it."""

from pathlib import Path

import pytest

from geobike.cli.settings import forbidding
from geobike.detectors.hosted.detector import HostedDetector
from geobike.errors import InputError
from geobike.photos import decoding
from tests.support.hosted_runs import town
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.program import geobike


def body(path: Path) -> bytes:
    """Return what a run sends of a photo."""
    hosted = HostedDetector(token=None)
    return hosted.upload(decoding.read_upright(path, target_size=hosted.input_size))


def test_a_dry_run_says_what_would_go_where_and_sends_nothing(tmp_path: Path) -> None:
    town(tmp_path, 5)
    command = [
        "map", tmp_path / "photos", "--areas", tmp_path / "areas.geojson",
        "--out", tmp_path / "out", "--detector", "huggingface",
    ]  # fmt: skip
    done = geobike(*command, "--dry-run")
    assert done.returncode == 0, done.stderr
    router = "router.huggingface.co/hf-inference/models/facebook/detr-resnet-50"
    assert f"nothing was sent. 5 photos would go to {router}" in done.stdout
    sent = sum(len(body(path)) for path in (tmp_path / "photos").iterdir())
    files = sum(path.stat().st_size for path in (tmp_path / "photos").iterdir())
    assert f"{sent / 1e3:.1f} kB instead of the {files / 1e3:.1f} kB" in done.stdout
    assert "About $0.0006 to $0.0018: 1 to 3 s" in done.stdout  # 5 photos at $0.00012 a second
    assert not (tmp_path / "out").exists()


def test_a_dry_run_counts_what_the_store_lacks(tmp_path: Path) -> None:
    town(tmp_path, 3)
    with FakeService() as service:
        command = ["detect", tmp_path / "photos", "--detector", "huggingface"]
        command += ["--endpoint", service.url(), "--store", tmp_path / "store.sqlite"]
        first = geobike(*command, env={"HF_TOKEN": TOKEN})
        assert first.returncode == 0, first.stderr
        assert f"photos that the store lacks are sent to {service.host}/" in first.stderr
        town(tmp_path, 4)
        dry = geobike(*command, "--dry-run")
        assert len(service.requests) == 3
    assert "1 photo would go to" in dry.stdout
    assert "owner of this server" in dry.stdout


def test_a_dry_run_on_this_machine_costs_nothing(tmp_path: Path) -> None:
    town(tmp_path, 1)
    done = geobike("detect", tmp_path / "photos", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "no photo leaves this machine" in done.stdout


@pytest.mark.parametrize("place", [".", ".."])
@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        ("detect", "with --detector onnx"),
        ("classify", "with --classifier onnx --model FILE.onnx"),
        ("map", "with --detector onnx"),
        ("doctor", "leave out --endpoint"),
    ],
)
def test_a_folder_can_forbid_to_send_photos(
    tmp_path: Path, command: str, remedy: str, place: str
) -> None:
    town(tmp_path / "here", 1)
    (tmp_path / "here" / place / "geobike.toml").write_text("[privacy]\nupload = false\n")
    kind = "--classifier" if command == "classify" else "--detector"
    more = {"map": ["--areas", "areas.geojson"]}.get(command, [])
    arguments = [] if command == "doctor" else ["photos", kind, "huggingface", *more]
    with FakeService() as service:
        done = geobike(
            command, *arguments, "--endpoint", service.url(),
            env={"HF_TOKEN": TOKEN}, cwd=tmp_path / "here",
        )  # fmt: skip
        assert service.requests == []
    assert done.returncode == 2
    assert "geobike.toml forbids sending photos" in done.stderr
    assert done.stderr.rstrip().endswith(remedy)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[privacy]\nuplaod = false", "[privacy] takes only upload = true or upload = false"),
        ("[privacy]\nupload = 'no'", "[privacy] takes only upload = true or upload = false"),
        ("[privat]\nupload = false", "'privat' is not known"),
        ("upload false", "cannot be read as TOML"),
        ("a = " + "[" * 100_000, "cannot be read as TOML"),
        ("privacy = false", "[privacy] takes only upload = true or upload = false"),
    ],
)
def test_a_rule_that_is_spelt_wrong_does_not_pass_for_none(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "geobike.toml").write_text(text)
    with pytest.raises(InputError) as refused:
        forbidding(tmp_path)
    assert said in str(refused.value)
    done = geobike("doctor", cwd=tmp_path)
    assert done.returncode == 2
    assert "missing  sending photos: geobike.toml cannot be used" in done.stdout
    assert said in done.stdout


def test_a_folder_without_a_rule_allows(tmp_path: Path) -> None:
    (tmp_path / "geobike.toml").write_text("[privacy]\nupload = true\n")
    assert forbidding(tmp_path) is None


def test_doctor_says_whether_photos_can_leave(tmp_path: Path) -> None:
    may = geobike("doctor", cwd=tmp_path)
    assert "ok       sending photos: only with huggingface" in may.stdout
    (tmp_path / "geobike.toml").write_text("[privacy]\nupload = false\n")
    may_not = geobike("doctor", cwd=tmp_path)
    assert f"ok       sending photos: forbidden by {tmp_path}/geobike.toml" in may_not.stdout
    assert may_not.returncode == 0, may_not.stdout
