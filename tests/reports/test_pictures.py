"""Pictures in a report: of the photos that were counted, with people hidden."""

import base64
import re
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from geobike import reports, saved
from geobike.reports import ReportOptions
from tests.support.reported import report
from tests.support.sample_survey import SAMPLE
from tests.support.surveyed import edited


def test_pictures_are_the_photos_with_people_hidden(written_sample: Path) -> None:
    """Within the box of each surely found person, the picture is not the photo made small."""
    html = reports.build(saved.read(written_sample), ReportOptions(areas=["all"]))
    found = {
        name: content
        for content, name in re.findall(r'src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)"', html)
    }
    boxes = pd.read_csv(written_sample / "detections.csv")
    people = boxes[(boxes["label"] == "person") & (boxes["score"] > 0.7)]
    seen = people[people["photo_id"].isin(list(found))]
    assert len(seen) >= 3
    for box in seen.itertuples():
        with Image.open(BytesIO(base64.b64decode(found[box.photo_id]))) as picture:
            assert max(picture.size) == 480
            assert not picture.getexif()
            shown = np.asarray(picture.convert("L"), dtype=float)
        with Image.open(SAMPLE / "photos" / box.photo_id) as photo:
            small = photo.convert("L").resize(shown.shape[::-1])
            scale = shown.shape[1] / photo.width
        left, top, right, bottom = (round(scale * v) for v in box[4:8])
        part = (slice(top, bottom), slice(left, right))
        assert np.abs(shown[part] - np.asarray(small, float)[part]).mean() > 5, box


def test_a_photo_that_changed_is_not_shown_in_its_place(
    written_sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(SAMPLE / "photos", tmp_path / "moved")
    moved = report(written_sample, photos=tmp_path / "moved")
    shown = [a["alt"] for tag, a in moved.tags if tag == "img"]
    assert len(shown) == 20
    changed = tmp_path / "moved" / str(shown[0])
    Image.fromarray(np.zeros((360, 480, 3), np.uint8)).save(changed)
    again = report(written_sample, photos=tmp_path / "moved")
    assert shown[0] not in [a["alt"] for tag, a in again.tags if tag == "img"]


def test_no_file_outside_of_the_photo_folder_is_read(written_sample: Path, tmp_path: Path) -> None:
    """A survey's files may come from anybody."""
    secret = SAMPLE / "photos" / "day1" / "0902_stationsplein.jpg"
    inside = tmp_path / "photos"
    inside.mkdir()
    shutil.copy(secret, tmp_path / "secret.jpg")

    def rename(features: list[dict[str, Any]]) -> None:
        for feature in features:
            for key in ("photo_id", "stop_id"):
                if feature["properties"].get(key) == "day1/0902_stationsplein.jpg":
                    feature["properties"][key] = "../secret.jpg"

    folder = edited(written_sample, tmp_path / "out", photos=rename, stops=rename, bicycles=rename)
    page = report(folder, photos=inside)
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert "Without pictures" in page.text
