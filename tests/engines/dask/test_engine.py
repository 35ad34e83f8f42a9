"""A survey on a cluster of two workers gives what one machine gives, whatever happens to it."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import ExifTags

import geobike
from geobike.detections.store.parquet import Shards
from geobike.detections.store.protocol import Model
from geobike.detectors.onnx.postprocessing import DEPLOYED
from geobike.engines.dask import worker
from geobike.errors import (
    CreditsExhausted,
    DetectorStopped,
    InputError,
    MissingPackageError,
    ModelUnavailable,
    StoreError,
)
from geobike.photos import hashing, metadata
from geobike.photos.discovery import PhotoFile
from geobike.reporting import report
from tests.support import cluster_surveys, tiny_onnx
from tests.support.cluster_detectors import (
    Broken,
    Counting,
    Deadly,
    Failing,
    Grumbling,
    Poor,
    asked,
    lines,
)
from tests.support.cluster_surveys import same
from tests.support.hosted_scenarios import TOKEN
from tests.support.hosted_service import FakeService
from tests.support.making import photo, squares

distributed = pytest.importorskip("distributed")
pytestmark = [pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")]


def test_the_result_is_that_of_one_machine_row_by_row(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    survey = geobike.Survey(**plan, detector=Failing(tmp_path / "diary"))
    alone = geobike.run(survey, store=tmp_path / "store.sqlite")
    spread = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    same(alone, spread)
    assert spread.ledger.in_words() == (
        "127 photos: 122 counted, 1 outside, 1 unlocated, 1 duplicate, 1 unreadable, 1 failed"
    )
    assert spread.warnings == alone.warnings
    assert spread.detected_now == alone.detected_now == 122


def test_a_model_without_one_usable_answer_stops_the_run_and_leaves_no_shard(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    survey = geobike.Survey(**plan, detector=Broken(tmp_path / "diary"))
    with pytest.raises(ModelUnavailable, match=r"gives no usable answer.* a score of nan"):
        geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    assert Shards(tmp_path / "shards").models() == {}


def test_each_worker_makes_the_detector_once_and_no_photo_is_detected_twice(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    survey = geobike.Survey(**plan, detector=Counting(diary, seconds=0.01))
    geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    assert asked(diary) == 123
    made = lines(diary, "made")
    assert len(made) == len({pid for (pid,) in made}) == 2
    again = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    assert (again.detected_now, asked(diary)) == (0, 123)


def test_a_failed_photo_is_tried_again_in_the_next_run(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    for detector, now in ((Failing(diary), 122), (Counting(diary), 1)):
        survey = geobike.Survey(**plan, detector=detector)
        result = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
        assert result.detected_now == now


def test_files_that_are_known_are_not_read_again(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    survey = geobike.Survey(**plan, detector=Counting(tmp_path / "diary"))
    first = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    silent: list[tuple[str, int | None]] = []

    def track(items, description, *, total):
        silent.append((description, total))
        yield from items

    again = geobike.run(survey, store=tmp_path / "shards", engine=cluster, track=track)
    same(first, again)
    # A truncated photo is read again: it might have been repaired.
    assert dict(silent) == {
        "Finding photos": None, "Reading positions": 127, "Looking at files": 127,
        "Reading photos": 1, "Detecting": 0, "Counting": 124,
    }  # fmt: skip


def test_a_detector_that_stops_on_a_worker_stops_the_run_and_keeps_what_it_answered(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    survey = geobike.Survey(**plan, detector=Poor(diary))
    with pytest.raises(CreditsExhausted, match="no credit left; buy some"):
        geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    kept = asked(diary)
    assert Poor.credit <= kept <= Poor.credit + 1
    rich = geobike.Survey(**plan, detector=Counting(diary))
    result = geobike.run(rich, store=tmp_path / "shards", engine=cluster)
    assert result.detected_now == 123 - kept
    assert asked(diary) == 123


def test_a_photo_that_ends_every_worker_is_failed_and_the_others_are_counted(
    plan: dict[str, Path], tmp_path: Path
) -> None:
    import dask

    survey = geobike.Survey(**plan, detector=Deadly(tmp_path / "diary"))
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        geobike.Cluster(workers=2) as cluster,
    ):
        result = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    failed = result.photos[result.photos["status"] == "failed"]
    assert failed["photo_id"].tolist() == ["east.jpg"]
    assert failed["reason"].str.contains("every worker that tried it died").all()
    assert result.ledger.photos["counted"] == 122


def local_model(folder: Path) -> Path:
    """Write a model that finds one bicycle in every photo and does not name its classes."""
    labels, boxes, scores = DEPLOYED
    answers = {
        labels: np.array([[1]], np.int64),
        boxes: np.array([[[1, 1, 9, 9]]], np.float32),
        scores: np.array([[0.9]], np.float32),
    }
    inputs = {
        "images": ("float32", ("n", 3, 32, 32)),
        "orig_target_sizes": ("int64", ("n", 2)),
    }
    path = folder / "tiny.onnx"
    path.write_bytes(tiny_onnx.answering(inputs, **answers))
    return path


def test_a_model_named_by_the_user_gives_the_same_on_workers(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    choice = geobike.DetectorChoice(kind="onnx", model=str(local_model(tmp_path)), classes="coco80")
    survey = geobike.Survey(**plan, detector=choice)
    alone = geobike.run(survey, store=tmp_path / "store.sqlite")
    spread = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    same(alone, spread)
    assert spread.ledger.bicycles_counted == 123
    assert spread.warnings == alone.warnings


def test_strips_and_panoramas_are_looked_at_on_workers_as_they_are_here(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    for name, size in (("strip", (1600, 320)), ("around", (1200, 600))):
        photo(plan["photos"] / f"{name}.jpg", lon_lat=(4.005, 52.005), size=size)
    survey = geobike.Survey(
        **plan, detector=Counting(tmp_path / "diary"), panoramas="views", same_shot="all"
    )
    alone = geobike.run(survey, store=tmp_path / "store.sqlite")
    spread = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    same(alone, spread)
    assert len(set(alone.detections["model"])) == 3
    again = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    assert again.detected_now == 0


def test_what_workers_report_of_the_photos_reaches_the_survey_once(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    survey = geobike.Survey(**plan, detector=Grumbling(tmp_path / "diary"))
    alone = geobike.run(survey, store=tmp_path / "store.sqlite")
    spread = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    assert spread.warnings.count("the lens is dirty") == 1
    assert spread.warnings == alone.warnings


def dusty(files: Sequence[PhotoFile], **options: Any) -> Any:
    report("the shelf is dusty")
    return cluster_surveys.original("read")(files, **options)


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stage", [metadata, hashing])
def test_what_workers_report_while_they_read_reaches_the_survey_once(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path, stage: ModuleType
) -> None:
    survey = geobike.Survey(**plan, detector=Counting(tmp_path / "diary"))
    with cluster_surveys.on_workers(cluster, stage, "read", dusty):
        result = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    assert result.warnings.count("the shelf is dusty") == 1
    assert result.ledger.photos["counted"] == 123


def test_an_error_that_nobody_foresaw_on_a_worker_is_not_taken_for_a_lost_scheduler(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    survey = geobike.Survey(**plan, detector=Counting(tmp_path / "diary"))
    with (
        cluster_surveys.on_workers(cluster, metadata, "read", full),
        pytest.raises(DetectorStopped, match=r"a worker .* OSError: .*No space left on device"),
    ):
        geobike.run(survey, store=tmp_path / "shards", engine=cluster)


def test_shards_alone_are_enough_and_what_they_lack_is_failed(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    survey = geobike.Survey(**plan, detector=Counting(tmp_path / "diary"))
    geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    photo(plan["photos"] / "new.jpg", lon_lat=(4.005, 52.005))
    recorded = geobike.Survey(**plan, detector=geobike.DetectorChoice(kind="cached"))
    result = geobike.run(recorded, store=tmp_path / "shards", engine=cluster)
    row = result.photos.set_index("photo_id").loc["new.jpg"]
    assert (result.model.name, result.detected_now, row["status"]) == ("counting", 0, "failed")
    assert "not among the detections recorded" in row["reason"]
    with pytest.raises(StoreError, match="no such folder"):
        geobike.run(recorded, store=tmp_path / "none", engine=cluster)


def test_photos_that_workers_cannot_reach_stop_the_run_with_the_reason(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")  # one in each process: what is here is not there
    memory.pipe("/street/a.jpg", (plan["photos"] / "west.jpg").read_bytes())
    options = {"areas": plan["areas"], "detector": Counting(tmp_path / "diary")}
    survey = geobike.Survey(photos="memory://street", **options)
    with pytest.raises(InputError, match=r"cannot read memory://street/a\.jpg, which can be read"):
        geobike.run(survey, store=tmp_path / "shards", engine=cluster)


def test_a_store_that_is_not_shared_stops_the_run_with_the_reason(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    survey = geobike.Survey(**plan, detector=Counting(tmp_path / "diary"))
    with pytest.raises(InputError, match="wrote there cannot be seen from here"):
        geobike.run(survey, store="memory://shards", engine=cluster)


class Unsendable(Counting):
    def __reduce__(self):
        raise TypeError("cannot pickle a session")


def test_a_detector_that_cannot_be_sent_is_refused_before_anything_is_detected(
    cluster: geobike.Cluster, plan: dict[str, Path], tmp_path: Path
) -> None:
    survey = geobike.Survey(**plan, detector=Unsendable(tmp_path / "diary"))
    with pytest.raises(InputError, match=r"counting cannot be sent to workers.*DetectorChoice"):
        geobike.run(survey, store=tmp_path / "shards", engine=cluster)


def test_workers_may_send_photos_to_a_service_and_no_log_has_the_token(
    cluster: geobike.Cluster, service: FakeService, plan: dict[str, Path], tmp_path: Path
) -> None:
    choice = geobike.DetectorChoice(kind="huggingface", token=TOKEN, endpoint=service.url())
    survey = geobike.Survey(**plan, detector=choice)
    result = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
    assert result.detected_now == 123
    logs = (cluster._client.get_scheduler_logs(), cluster._client.get_worker_logs())
    assert TOKEN not in repr(logs)


def test_a_token_on_its_way_shows_nowhere() -> None:
    choice = geobike.DetectorChoice(kind="huggingface", token="hf_very_secret")
    for detector in (choice, worker.Pickled(pickle.dumps(choice))):
        run = worker.Run(detector, Model("m", "1"), "shards", 1, 1, "stop")
        assert "hf_very_secret" not in repr(worker.DetectTask(run, "x", pd.DataFrame()))


def test_every_error_that_a_worker_sends_arrives_as_it_was() -> None:
    error = pickle.loads(pickle.dumps(MissingPackageError("Detection on this machine", "local")))
    assert str(error) == str(MissingPackageError("Detection on this machine", "local"))
    assert error.extra == "local"


def test_one_shot_in_several_files_counts_once_on_a_cluster_too(
    cluster: geobike.Cluster, tmp_path: Path
) -> None:
    areas = squares(tmp_path / "areas.geojson", ["west"])
    taken = {ExifTags.Base.DateTimeOriginal: "2022:01:19 17:33:03"}
    for name in ("IMG_1.jpg", "IMG_1-edited.jpg"):
        photo(tmp_path / "photos" / name, size=(30, 20), lon_lat=(4.005, 52.005), times=taken)
    for choice, counted in (("once", 1), ("all", 2)):
        survey = geobike.Survey(
            photos=tmp_path / "photos",
            areas=areas,
            same_shot=choice,
            detector=Counting(tmp_path / "diary"),
        )
        result = geobike.run(survey, store=tmp_path / "shards", engine=cluster)
        assert result.ledger.photos["counted"] == counted
        assert result.ledger.bicycles_counted == 3 * counted
