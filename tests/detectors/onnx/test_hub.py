"""Models from a hub, with huggingface_hub itself, against a loopback hub.

Each run is a process of its own: huggingface_hub reads its environment when it is imported.
"""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from geobike.detectors.onnx import hub
from geobike.errors import InputError
from tests.conftest import ROOT
from tests.support.hub_server import Hub, serving
from tests.support.tiny_onnx import answering

pytest.importorskip("huggingface_hub", reason="needs the extra `local`: huggingface_hub")
pytest.importorskip("onnxruntime", reason="needs the extra `local`: onnxruntime")

REPO, COMMIT = "someone/bikes-ONNX", "0123456789abcdef0123456789abcdef01234567"
FILE = "onnx/model.onnx"
LOGITS = np.array([[[-8, 8]]], np.float32)  # one query, nearly sure of class 1
BOXES = np.array([[[0.5, 0.5, 0.5, 0.5]]], np.float32)
MODEL = answering({"pixel_values": ("float32", (1, 3, 32, 32))}, logits=LOGITS, pred_boxes=BOXES)
SHA256 = hashlib.sha256(MODEL).hexdigest()
CONFIG = json.dumps({"id2label": {"0": "car", "1": "cargo bike"}}).encode()

FETCH = f"""
from geobike.detectors.onnx.hub import Pin, cached, fetch
path = fetch(Pin("{REPO}", "{COMMIT}", sha256="{SHA256}", names={{1: "cargo bike"}}))
print(path.read_bytes() == cached(Pin("{REPO}", "{COMMIT}")).read_bytes(), path)
"""
DETECT = f"""
from PIL import Image
from geobike.detectors.onnx.detector import OnnxDetector, is_available
name = "{REPO}@{COMMIT}"
found = OnnxDetector(name)
print(found.name, found.version, is_available(name).here)
print([one.label for one in found.detect(Image.new("RGB", (8, 8)))], is_available(name).here)
"""


@pytest.fixture
def served():
    files = {(REPO, COMMIT, FILE): MODEL, (REPO, COMMIT, "config.json"): CONFIG}
    with serving(Hub(files)) as running:
        yield running


def run(code, home, address, **environment):
    """Run Python code with an empty or given hub cache; return status, stdout and stderr."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    settings = {"HF_HOME": str(home), "HF_ENDPOINT": address, "NO_PROXY": "127.0.0.1"}
    caught = f"""
import sys, time
from geobike.errors import GeobikeError
time.sleep = lambda seconds: None  # huggingface_hub waits some 20 seconds between its tries
try:
    exec({code!r})
except GeobikeError as error:
    sys.exit(f"{{type(error).__name__}}: {{error}}")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", caught],
        env=clean | settings | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_model_is_downloaded_once_and_silently(served, tmp_path):
    # TQDM_POSITION: huggingface_hub's way to show progress even where no terminal is.
    status, out, err = run(FETCH, tmp_path, served.address, TQDM_POSITION="-1")
    assert (status, out.split()[0], err) == (0, "True", "")
    asked = list(served.asked)
    assert [line for line in asked if line.startswith("GET")] == [
        f"GET /{REPO}/resolve/{COMMIT}/{FILE}"
    ]
    assert run(FETCH, tmp_path, served.address)[0] == 0
    assert served.asked == asked  # the second run asked nothing at all


def test_a_cached_model_needs_no_network(served, tmp_path):
    assert run(FETCH, tmp_path, served.address)[0] == 0
    status, out, err = run(FETCH, tmp_path, "http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert (status, out.split()[0], err) == (0, "True", "")


def test_another_file_than_the_pinned_one_is_not_used(served, tmp_path):
    served.files[REPO, COMMIT, FILE] = MODEL + b"\0"
    found = hashlib.sha256(MODEL + b"\0").hexdigest()
    status, _, err = run(FETCH, tmp_path, served.address)
    assert (status, err.startswith("ModelUnavailable: ")) == (1, True)
    assert f"its SHA-256 is {found}, not {SHA256}" in err
    folder = tmp_path / "hub" / "models--someone--bikes-ONNX"
    assert f"delete the folder {folder} and run again" in err
    assert folder.is_dir()
    assert run(FETCH, tmp_path, served.address)[0] == 1  # nor the next time, from the cache


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"status": 500}, "the hub answers 500"),
        ({"status": 403}, "the hub answers 403"),
        ({"cut": 20}, "cannot be downloaded"),
        ({"files": {}}, "the hub answers 404"),
        ({"files": {(REPO, COMMIT, "config.json"): CONFIG}}, f"the hub has no {FILE}"),
    ],
)
def test_a_failed_download_names_file_and_remedy(served, tmp_path, trouble, message):
    for name, value in trouble.items():
        setattr(served, name, value)
    status, _, err = run(FETCH, tmp_path, served.address)
    assert (status, err.startswith("ModelUnavailable: ")) == (1, True)
    assert err.count("\n") == 1  # huggingface_hub does not log its tries
    assert message in err
    assert REPO in err
    assert COMMIT in err


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ({"HF_HUB_OFFLINE": "1"}, ", since HF_HUB_OFFLINE is set (LocalEntryNotFoundError). Unset"),
        ({}, " from http://127.0.0.1:9, which HF_ENDPOINT names (LocalEntryNotFoundError). Check"),
    ],
)
def test_without_a_network_the_message_names_the_setting_and_the_remedy(tmp_path, setting, why):
    status, _, err = run(FETCH, tmp_path, "http://127.0.0.1:9", **setting)
    assert f"cannot be downloaded{why}" in err
    assert (status, err.startswith("ModelUnavailable: ")) == (1, True)
    assert err.count("\n") == 1
    assert "fetch the file on another machine and give its path as the model: --model PATH" in err


def test_an_unpinned_model_comes_with_its_names(served, tmp_path):
    status, out, err = run(DETECT, tmp_path, served.address)
    assert (status, err) == (0, "")
    assert out.splitlines() == [f"{REPO} {COMMIT} False", "['cargo bike'] True"]
    again = run(DETECT, tmp_path, "http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert again == (0, out.replace("False", "True"), "")


def test_an_unpinned_model_is_held_against_what_the_hub_declares(served, tmp_path):
    served.declares = "0" * 64
    status, _, err = run(DETECT, tmp_path, served.address)
    assert status == 1
    assert f"its SHA-256 is {SHA256}, not {'0' * 64}" in err


def test_offline_is_seen_before_a_run(tmp_path):
    code = "from geobike.detectors.onnx.detector import is_available as a; print(bool(a()), a())"
    for offline, wanted in (("1", "False"), ("0", "True")):
        status, out, _ = run(code, tmp_path, "http://127.0.0.1:9", HF_HUB_OFFLINE=offline)
        assert (status, out.split()[0]) == (0, wanted)
        assert f"downloadable={wanted}, size=41535197" in out


def test_the_default_model_is_pinned_and_short_names_mean_the_same():
    assert hub.find(hub.DEFAULT_MODEL) is hub.find("dfine_s")
    for name, pin in hub.PINS.items():
        assert hub.find(name) is hub.find(pin.repo) is pin
        assert (len(pin.revision), len(pin.sha256)) == (40, 64)


def test_a_copied_pinned_model_is_recognized_by_its_sha256():
    pin = hub.PINS["rfdetr_small"]
    assert hub.pinned_as(pin.sha256) is pin
    assert hub.pinned_as(SHA256) is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("yolo", "one of dfine_n, dfine_s"),
        ("org/name", r"org/name@ and the 40 digits of the commit"),
        ("org/name@main", "is not pinned"),
        (f"../etc@{COMMIT}", "neither an .onnx file"),
        (f"a/b/c@{COMMIT}", "neither an .onnx file"),
    ],
)
def test_a_name_that_means_no_fixed_model_is_refused(name, message):
    with pytest.raises(InputError, match=message):
        hub.find(name)
