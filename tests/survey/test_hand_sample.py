"""`geobike sample` on finished surveys: with photos and without, again, and on one that changed."""

import base64
import json
import re
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import geobike
from geobike import saved
from geobike.errors import GeobikeWarning, InputError
from geobike.estimates import hand_counts
from tests.conftest import ROOT
from tests.support.corrected import correct
from tests.support.making import FakeDetector, photo, squares

SAMPLE = ROOT / "data" / "sample"

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample's survey of spring."""
    out = tmp_path_factory.mktemp("town") / "out"
    geobike.run(survey_of_spring(), store=SAMPLE / "detections.sqlite").write(out)
    return out


def survey_of_spring(
    *, hand_counts: Path | None = None, corrections: Path | None = None
) -> geobike.Survey:
    return geobike.Survey(
        photos=SAMPLE / "photos",
        areas=SAMPLE / "areas.geojson",
        manifest=SAMPLE / "manifest.csv",
        threshold=0.3,
        detector=geobike.DetectorChoice(kind="cached"),
        page=geobike.PageOptions(pictures="none"),
        hand_counts=hand_counts,
        corrections=corrections,
    )


def rows_of(folder: Path) -> pd.DataFrame:
    return hand_counts.read_drawn(folder / "hand_counts.csv")


def test_what_was_drawn_are_the_looks_of_the_survey(town: Path) -> None:
    drawn = geobike.draw_sample(town)
    looks = saved.read(town).looks()
    stops = json.loads((town / "stops.geojson").read_text("utf-8"))["features"]
    assert len(looks) == sum(one["properties"]["visit_count"] for one in stops) == 163
    assert set(rows_of(town)["file"]) == set(looks["photo_id"])  # as small as it is, all of it
    assert drawn.minutes == pytest.approx((35 * 25 + 128 * 3) / 60)
    settings = saved.read(town).count_settings
    found = hand_counts.read(town / "hand_counts.csv", looks=looks, settings=settings)
    assert found["bicycles"].isna().all()
    assert found["origin"].value_counts().to_dict() == {"sheet": 128, "list": 35}


def test_the_contact_sheets_are_one_file_that_asks_for_nothing(town: Path) -> None:
    geobike.draw_sample(town)
    page = (town / "contact_sheets.html").read_text("utf-8")
    assert page.count('<img src="data:image/jpeg;base64,') == 128
    assert not re.search(r"https?:|<script|<link", page)
    assert page.count('<section class="page">') == 4  # three sheets and the list


def test_a_sample_filled_in_by_hand_says_how_many_bicycles_there_are(
    town: Path, tmp_path: Path
) -> None:
    geobike.draw_sample(town)
    rows = rows_of(town)
    true = pd.read_csv(SAMPLE / "truth.csv").set_index("file").loc[rows["file"]]
    parked = (true["bicycles"] - true["ridden"]).sum()
    sheet = (rows["origin"] == "sheet").to_numpy()
    typed = true[["bicycles", "ridden"]].astype("str").to_numpy()
    rows[["bicycles", "ridden"]] = typed
    blank = sheet & (rows["bicycles"] == "0").to_numpy()
    assert blank.sum() > 60  # numbers stand only where bicycles show, and each page is ticked
    rows.loc[blank, ["bicycles", "ridden"]] = ""
    rows.loc[sheet & (rows["number"] == "1").to_numpy(), "page_done"] = "yes"
    hand_counts.write(rows, town / "hand_counts.csv")
    again = geobike.draw_sample(town)
    assert (again.kept, again.minutes) == (163, 0)

    counted = survey_of_spring(hand_counts=town / "hand_counts.csv")
    geobike.run(counted, store=SAMPLE / "detections.sqlite").write(tmp_path / "out")
    said = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["estimates"]
    assert said["hand_counted"] == 163
    assert said["bicycles_per_stop"] == pytest.approx(parked / 163, abs=1e-4)
    (town / "hand_counts.csv").unlink()


@pytest.fixture(scope="module")
def corrected(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same survey, in which people corrected boxes."""
    folder = tmp_path_factory.mktemp("corrected")
    correct(town, folder / "corrections.csv")
    plan = survey_of_spring(corrections=folder / "corrections.csv")
    geobike.run(plan, store=SAMPLE / "detections.sqlite").write(folder / "out")
    return folder / "out"


def test_photos_are_drawn_by_what_was_detected_also_after_corrections(
    town: Path, corrected: Path, tmp_path: Path
) -> None:
    looks = saved.read(corrected).looks()
    pd.testing.assert_frame_equal(looks, saved.read(town).looks())
    mapped = [saved.read(one).photos()["bicycle_count"].dropna() for one in (town, corrected)]
    assert (mapped[0] != mapped[1]).sum() == 5  # the map shows what people made of it
    geobike.draw_sample(town)
    geobike.draw_sample(corrected)
    pd.testing.assert_frame_equal(rows_of(corrected), rows_of(town))

    rows = rows_of(corrected).assign(bicycles="2")
    hand_counts.write(rows, corrected / "hand_counts.csv")
    plan = survey_of_spring(
        hand_counts=corrected / "hand_counts.csv",
        corrections=corrected.parent / "corrections.csv",
    )
    geobike.run(plan, store=SAMPLE / "detections.sqlite").write(tmp_path / "out")
    said = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["estimates"]
    assert said["hand_counted"] == 163
    again = geobike.draw_sample(tmp_path / "out")  # of the survey with both
    assert again.rows["file"].tolist() == rows["file"].tolist()
    for folder in (town, corrected):
        (folder / "hand_counts.csv").unlink()


def test_corrected_by_an_older_geobike_is_not_drawn_from(corrected: Path, tmp_path: Path) -> None:
    for name in ("summary.json", "photos.geojson", "detections.csv"):
        text = (corrected / name).read_text("utf-8").replace('"detected_count"', '"other"')
        (tmp_path / name).write_text(re.sub(r'"sha256": \{[^}]*\}', '"sha256": {}', text), "utf-8")
    with pytest.raises(InputError, match="before people corrected boxes; run geobike map again"):
        geobike.draw_sample(tmp_path)


def test_counts_are_kept_when_the_same_is_drawn_again(town: Path) -> None:
    geobike.draw_sample(town)
    rows = rows_of(town)
    rows.loc[rows["origin"] == "list", "bicycles"] = "3"
    hand_counts.write(rows, town / "hand_counts.csv")
    again = geobike.draw_sample(town)
    assert again.kept == 35
    assert again.minutes == pytest.approx(128 * 3 / 60)
    assert (rows_of(town)["bicycles"] == "3").sum() == 35
    with pytest.raises(InputError, match="holds counts of 35 photos that were drawn with seed 1"):
        geobike.draw_sample(town, seed=9)
    assert (rows_of(town)["bicycles"] == "3").sum() == 35
    (town / "hand_counts.csv").unlink()


def test_a_file_that_is_no_draw_is_not_overwritten(town: Path) -> None:
    path = town / "hand_counts.csv"
    path.write_bytes(b"PK\x03\x04 a workbook")
    with pytest.raises(InputError, match="an Excel or OpenDocument workbook; save it as CSV UTF-8"):
        geobike.draw_sample(town)
    assert path.read_bytes() == b"PK\x03\x04 a workbook"
    path.unlink()


def test_a_survey_of_tables_alone_can_be_sampled(town: Path, tmp_path: Path) -> None:
    survey = geobike.Survey(
        manifest=town / "photos.geojson",
        detections=town / "detections.csv",
        areas=SAMPLE / "areas.geojson",
        threshold=0.3,
    )
    geobike.run(survey).write(tmp_path / "tables")
    (tmp_path / "tables" / "contact_sheets.html").write_text("of an earlier draw")
    drawn = geobike.draw_sample(tmp_path / "tables")
    assert list(drawn.written) == ["hand_counts.csv"]
    assert not (tmp_path / "tables" / "contact_sheets.html").exists()
    geobike.draw_sample(town)
    columns = ["number", "file", "stratum", "stratum_size", "drawn", "origin", "page"]
    pd.testing.assert_frame_equal(rows_of(tmp_path / "tables")[columns], rows_of(town)[columns])


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    names = ["=cmd|1.jpg", "<img src=x onerror=alert(1)>.jpg", "a\"b'c&d.jpg"]
    for place, name in enumerate(names):
        photo(tmp_path / "photos" / name, lon_lat=(4.001 + place / 1000, 52.005), size=(8, 20))
    plan = geobike.Survey(
        photos=tmp_path / "photos",
        areas=squares(tmp_path / "areas.geojson", ["a"]),
        detector=FakeDetector(),
    )
    geobike.run(plan, store=tmp_path / "store.sqlite").write(tmp_path / "out")
    geobike.draw_sample(tmp_path / "out", show_people=True)
    assert sorted(rows_of(tmp_path / "out")["file"]) == sorted(names)
    assert "\n1,=" not in (tmp_path / "out" / "hand_counts.csv").read_text("utf-8")
    page = (tmp_path / "out" / "contact_sheets.html").read_text("utf-8")
    assert "<img src=x" not in page
    assert "a\"b'c" not in page
    assert page.count("<img") == 3


def test_people_are_unrecognisable_unless_asked_for(town: Path) -> None:
    def picture(page: str) -> str:
        return re.findall(r'title="day1/1001_singel\.jpg"><img src="([^"]+)', page)[0]

    geobike.draw_sample(town)
    hidden = picture((town / "contact_sheets.html").read_text("utf-8"))
    geobike.draw_sample(town, show_people=True)
    assert picture((town / "contact_sheets.html").read_text("utf-8")) != hidden


def test_without_knowing_people_no_picture_is_shown(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005), size=(8, 20))
    areas = squares(tmp_path / "areas.geojson", ["a"])
    plan = geobike.Survey(photos=tmp_path / "photos", areas=areas, detector=FakeDetector())
    geobike.run(plan, store=tmp_path / "store.sqlite").write(tmp_path / "out")
    with pytest.warns(GeobikeWarning, match="the contact sheet has no pictures: no box is labell"):
        drawn = geobike.draw_sample(tmp_path / "out")
    assert list(drawn.written) == ["hand_counts.csv"]


def test_photos_that_are_gone_are_said_and_the_draw_stands(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005), size=(8, 20))
    areas = squares(tmp_path / "areas.geojson", ["a"])
    plan = geobike.Survey(photos=tmp_path / "photos", areas=areas, detector=FakeDetector())
    geobike.run(plan, store=tmp_path / "store.sqlite").write(tmp_path / "out")
    (tmp_path / "photos" / "a.jpg").unlink()
    with pytest.warns(GeobikeWarning, match="no contact sheets to look at or print: the photos"):
        geobike.draw_sample(tmp_path / "out")
    assert rows_of(tmp_path / "out")["file"].tolist() == ["a.jpg"]


def test_a_folder_of_an_older_geobike_says_what_to_do(town: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no survey; name the folder that geobike map"):
        geobike.draw_sample(tmp_path)
    old = tmp_path / "old"
    old.mkdir()
    for name in ("summary.json", "photos.geojson", "detections.csv"):
        text = (town / name).read_text("utf-8").replace('"stop_photo"', '"other"')
        (old / name).write_text(re.sub(r'"sha256": \{[^}]*\}', '"sha256": {}', text), "utf-8")
    with pytest.raises(InputError, match="do not say which stops they are of; run geobike map aga"):
        geobike.draw_sample(old)


def test_a_thumbnail_is_small_and_has_no_metadata(town: Path) -> None:
    geobike.draw_sample(town)
    page = (town / "contact_sheets.html").read_text("utf-8")
    data = base64.b64decode(re.findall(r"data:image/jpeg;base64,([^\"]+)", page)[0])
    with Image.open(BytesIO(data)) as image:
        assert max(image.size) == 320
        assert not image.getexif()
