"""Which photos are looked at in which way, and that answers of each way are kept apart."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import geobike
from geobike.detections.looking import PLAIN, STANDARD, Looking, decide
from geobike.detections.store.opening import open_store
from geobike.detections.store.protocol import Model
from geobike.detections.upload import estimate_upload
from geobike.detections.ways import base
from geobike.detectors.protocol import Box, Detection, DetectorBase
from geobike.errors import InputError
from geobike.photos import reading
from tests.support.making import photo, squares

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
PLACE = (4.005, 52.005)
VIEWS = Looking(panoramas="views")


class Middle(DetectorBase):
    """Finds one bicycle in the middle of each picture, and counts the pictures."""

    name, version = "middle", "1"

    def __init__(self) -> None:
        self.shown = 0

    def detect(self, image: Image.Image) -> list[Detection]:
        self.shown += 1
        x, y = image.width / 2, image.height / 2
        return [Detection("bicycle", 0.9, Box(x - 9, y - 9, x + 9, y + 9))]


def town(folder: Path) -> dict[str, Any]:
    photo(folder / "photos" / "plain.jpg", lon_lat=PLACE, size=(800, 600))
    photo(folder / "photos" / "strip.jpg", lon_lat=PLACE, size=(2560, 480))
    return {
        "photos": folder / "photos",
        "areas": squares(folder / "areas.geojson", ["west"]),
    }


def run(folder: Path, detector: Any, **more: Any) -> geobike.SurveyResult:
    survey = geobike.Survey(**town(folder), detector=detector, **more)
    return geobike.run(survey, store=folder / "store.sqlite")


def test_an_ordinary_photo_is_not_detected_again_because_others_are_looked_at_in_windows(
    tmp_path: Path,
) -> None:
    before = Middle()
    run(tmp_path, before, windows="no", panoramas="count")
    assert before.shown == 2
    after = Middle()
    result = run(tmp_path, after)
    assert after.shown == 5 + 1  # five windows of the strip, and the whole of it
    assert result.detected_now == 1
    again = Middle()
    assert run(tmp_path, again).ledger.bicycles_counted == result.ledger.bicycles_counted == 1 + 5
    assert again.shown == 0
    fine = Middle()
    assert run(tmp_path, fine, windows="2").detected_now == 2
    assert fine.shown == (4 + 1) + (2 + 1)


def test_recorded_detections_serve_every_way_of_looking(tmp_path: Path) -> None:
    made = run(tmp_path, Middle())
    cached = geobike.DetectorChoice(kind="cached")
    again = run(tmp_path, cached)
    assert again.detections.equals(made.detections)
    assert again.model == made.model == Model("middle", "1")
    with geobike.Store(tmp_path / "store.sqlite") as store:
        assert len(store.models()) == 2


def test_recorded_detections_of_the_whole_do_not_stand_for_those_of_windows(tmp_path: Path) -> None:
    run(tmp_path, Middle(), windows="no", panoramas="count")
    result = run(tmp_path, geobike.DetectorChoice(kind="cached"))
    photos = result.photos.set_index("photo_id")
    assert photos.at["plain.jpg", "status"] == "counted"
    assert photos.at["strip.jpg", "status"] == "failed"
    assert "not among the detections recorded" in photos.at["strip.jpg", "reason"]


def test_auto_takes_the_store_where_it_has_every_photo_in_its_way(tmp_path: Path) -> None:
    run(tmp_path, Middle())
    result = run(tmp_path, geobike.DetectorChoice())
    assert (result.detected_now, result.model.name) == (0, "middle")


@pytest.mark.parametrize("way", ["windows", "views"])
def test_a_way_is_told_from_the_detector_within(way: Any) -> None:
    for model in (Model("a (b)", "sha256:1+2"), Model("x", "hosted:y/z"), Model("(v)\n", "1 2")):
        for looking in (Looking(), Looking("3")):
            named = looking.named(model, way)
            assert named != model
            assert base(named) == model
            assert base(model) == model


def test_each_window_and_view_is_a_request_that_a_dry_run_counts(tmp_path: Path) -> None:
    photo(tmp_path / "plain.jpg", lon_lat=PLACE, size=(800, 600))
    photo(tmp_path / "strip.jpg", lon_lat=PLACE, size=(2560, 480))
    photo(tmp_path / "round.jpg", lon_lat=PLACE, size=(1600, 800))
    photos = reading.read(reading.find(tmp_path))
    hosted = geobike.DetectorChoice(kind="huggingface", token="hf_x")
    sent = {}
    with open_store(None) as store:
        for name, looking in (("plain", PLAIN), ("auto", STANDARD), ("views", VIEWS)):
            sent[name] = estimate_upload(photos, hosted, store=store, looking=looking)
    assert [one.photos for one in sent.values()] == [3, 3, 3]
    assert [one.requests for one in sent.values()] == [3, 1 + 6 + 1, 1 + 6 + 10]
    assert sent["plain"].sent < sent["auto"].sent < sent["views"].sent
    assert sent["auto"].dollars[0] == pytest.approx(sent["plain"].dollars[0] * 8 / 3)


@pytest.mark.parametrize("said", [{"windows": "1"}, {"windows": "yes"}, {"panoramas": "all"}])
def test_a_wrong_setting_is_refused_with_what_there_is(said: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"--(windows|panoramas) '"):
        Looking(**said)


def test_the_photos_given_are_not_changed(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", size=(1600, 800))
    frame = reading.read(reading.find(tmp_path))
    before = frame.copy()
    decided, _ = decide(frame, Looking(panoramas="views"))
    assert decided.at[0, "turn_px"] == 1600
    assert frame.equals(before)
