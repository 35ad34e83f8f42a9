"""`geobike classify` as a user meets it."""

import json
from pathlib import Path

import pandas as pd

from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.making import photo
from tests.support.program import geobike


def test_a_link_out_of_the_folder_is_never_sent(tmp_path: Path) -> None:
    secret = photo(tmp_path / "secret" / "s.jpg")
    folder = photo(tmp_path / "photos" / "a.jpg", size=(300, 200)).parent
    (folder / "link.jpg").symlink_to(secret)
    with FakeService() as service:
        done = geobike(
            "classify", folder, "--classifier", "huggingface",
            "--endpoint", service.url("google/vit-base-patch16-224"), env={"HF_TOKEN": TOKEN},
        )  # fmt: skip
        assert len(service.requests) == 1
    assert "link.jpg: a symbolic link that leads out of the photo folder" in done.stderr


def test_classify_asks_the_hosted_model_for_the_five_best(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", size=(300, 200))
    with FakeService() as service:
        done = geobike(
            "classify", path, "--classifier", "huggingface", "--out", tmp_path / "labels.csv",
            "--endpoint", service.url("google/vit-base-patch16-224"), env={"HF_TOKEN": TOKEN},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert len(answer) == 5
    assert set(answer[0]) == {"label", "score"}
    assert pd.read_csv(tmp_path / "labels.csv")["label"].tolist() == [
        one["label"] for one in answer
    ]
