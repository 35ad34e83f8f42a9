from pathlib import Path
from typing import Any

import pytest

import geobike
from geobike import schema
from geobike.detections import corrections, imported, recorded
from geobike.detections.corrections import Correction
from geobike.errors import InputError
from geobike.io.inputs import Inputs
from tests.support.box_tables import HEADER
from tests.support.making import FakeDetector, photo, photos_frame, squares


def struck_and_added(folder: Path) -> Path:
    """Return corrections of a photo of five bicycles: one is struck out, one is added elsewhere."""
    path = folder / "corrections.csv"
    path.write_text(
        "photo_id,sha256,action,label,x_min,y_min,x_max,y_max,reviewer\n"
        "a.jpg,,strike,bicycle,10,0,19,20,Anna\n"
        "b.jpg,,add,bicycle,15,1,19,9,Bert\n"
    )
    return path


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("again_with_file", [False, True])
def test_what_people_corrected_holds_when_the_survey_is_counted_from_its_own_table(
    tmp_path: Path, form: str, again_with_file: bool
) -> None:
    for name, lon, width in (("a", 4.005, 50), ("b", 4.015, 20)):
        photo(tmp_path / "photos" / f"{name}.jpg", lon_lat=(lon, 52.005), size=(width, 20))
    areas = squares(tmp_path / "areas.geojson", ["west", "east"])
    file = struck_and_added(tmp_path)
    given = {"areas": areas, "formats": (form,)}
    first = geobike.run(
        geobike.Survey(
            photos=tmp_path / "photos", detector=FakeDetector(), corrections=file, **given
        )
    )
    first.write(tmp_path / "first")
    photos, boxes = sorted((tmp_path / "first").glob("photos.*")), tmp_path / "first"
    again = geobike.run(
        geobike.Survey(
            manifest=photos[0],
            detections=boxes / f"detections.{form}",
            corrections=file if again_with_file else None,
            **given,
        )
    )
    # A photo of 50 pixels has five, one of 20 has two.
    assert again.photos["bicycle_count"].tolist() == [5 - 1, 2 + 1]
    assert again.photos["detected_count"].tolist() == [5, 2]
    assert again.model.name == "fake"
    assert again.detections["dropped_by"].tolist().count("review") == 1
    again.write(tmp_path / "again")
    third = geobike.run(
        geobike.Survey(
            manifest=sorted((tmp_path / "again").glob("photos.*"))[0],
            detections=tmp_path / "again" / f"detections.{form}",
            **given,
        )
    )
    assert third.ledger == first.ledger
    kept = geobike.filter_detections(
        geobike.read_detections(boxes / f"detections.{form}"), labels=["bicycle"]
    )
    assert kept["kept"].sum() == first.ledger.bicycles_counted


@pytest.mark.parametrize(
    ("cut", "yes", "no"), [(",", "TRUE", "FALSE"), (";", "WAAR", "ONWAAR"), (",", "1", "0")]
)
def test_what_people_corrected_holds_after_a_spreadsheet_saved_the_table(
    boxes: Path, cut: str, yes: str, no: str
) -> None:
    rows = [
        "photo_id|label|score|x_min|y_min|x_max|y_max|model|kept|dropped_by",
        f"a.jpg|bicycle|0.9|0|0|90|90|yolo|{yes}|",
        f"a.jpg|bicycle|0.9|200|0|290|90|yolo|{no}|Review",
        f"b.jpg|bicycle|1|0|0|90|90|Anna|{yes}|",
    ]
    boxes.write_text("\n".join(rows).replace("|", cut) + "\n")
    with Inputs().open("detections", boxes) as file:
        table = recorded.with_added(imported.read(file.path), ["Anna"])
        assert imported.model(table, file)[0] == "yolo"
    found, by_people = recorded.split(table, reviewer="them")
    assert len(found) == 2
    assert [(one.action, one.photo_id, one.reviewer) for one in by_people] == [
        ("strike", "a.jpg", "them"),
        ("add", "b.jpg", "Anna"),
    ]


CORRECTIONS = "photo_id,sha256,action,label,x_min,y_min,x_max,y_max,reviewer\n"

TWO = "b.jpg,,add,bicycle,11,1,19,9,Anna\nb.jpg,,add,bicycle,11,11,19,19,Bert\n"


def surveyed_by_table(folder: Path, found: str) -> dict[str, Any]:
    """Write a survey of two photos, by a table of boxes and TWO more; return what else it had."""
    for name, lon in (("a", 4.005), ("b", 4.015)):
        photo(folder / "photos" / f"{name}.jpg", lon_lat=(lon, 52.005), size=(20, 20))
    (folder / "boxes.csv").write_text(HEADER + found)
    (folder / "c.csv").write_text(CORRECTIONS + TWO)
    given = {
        "photos": folder / "photos",
        "areas": squares(folder / "areas.geojson", ["west", "east"]),
    }
    first = geobike.run(
        geobike.Survey(**given, detections=folder / "boxes.csv", corrections=folder / "c.csv")
    )
    first.write(folder / "out")
    return given


@pytest.mark.parametrize(
    ("found", "struck", "counts"),
    [
        # A detector without scores: its boxes look like added ones.
        ("a.jpg,bicycle,1,0,0,9,9\nb.jpg,bicycle,1,0,0,9,9\n", "", [1, 3]),
        # Struck out are the only added box of one person, and with it all of another.
        ("a.jpg,bicycle,0.9,0,0,9,9\nb.jpg,,,,,,\n", "Bert", [1, 1]),
        ("a.jpg,bicycle,1,0,0,9,9\nb.jpg,bicycle,1,0,0,9,9\n", "Anna Bert", [1, 1]),
        # The detector found nothing at all.
        ("a.jpg,,,,,,\nb.jpg,,,,,,\n", "", [0, 2]),
        ("a.jpg,,,,,,\nb.jpg,,,,,,\n", "Anna Bert", [0, 0]),
    ],
)
@pytest.mark.parametrize("edited", [False, True])
def test_who_added_boxes_is_known_from_the_survey_beside_its_table(
    tmp_path: Path, found: str, struck: str, counts: list[int], edited: bool
) -> None:
    given = surveyed_by_table(tmp_path, found)
    table = tmp_path / "out" / "detections.csv"
    strikes = "".join(
        row.replace(",add,", ",strike,").replace("Anna", "Cees").replace("Bert", "Cees") + "\n"
        for row in TWO.splitlines()
        if row.rpartition(",")[2] in struck.split()
    )
    (tmp_path / "strikes.csv").write_text(CORRECTIONS + strikes)
    again = geobike.run(
        geobike.Survey(
            detections=table, **given, corrections=tmp_path / "strikes.csv" if strikes else None
        )
    )
    assert again.photos["bicycle_count"].tolist() == counts
    again.write(tmp_path / "out2")
    table = tmp_path / "out2" / "detections.csv"
    if edited and sum(counts):
        table.write_text(table.read_text() + "\n")
    third = geobike.run(geobike.Survey(detections=table, **given))
    assert third.photos["bicycle_count"].tolist() == counts
    if not struck:
        assert third.photos["detected_count"].sum() == sum(counts) - len(TWO.splitlines())


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a.jpg,bicycle,0.9,0,0,9,9,detr,\nb.jpg,bicycle,1,0,0,9,9,Anna,\n", "Anna, detr"),
        ("a.jpg,bicycle,1,0,0,9,9,detr,\nb.jpg,bicycle,1,0,0,9,9,Anna,review\n", "Anna, detr"),
        ("a.jpg,bicycle,1,0,0,9,9,Bert,\nb.jpg,bicycle,1,0,0,9,9,Anna,\n", "Anna, Bert"),
        ("a.jpg,bicycle,0.9,0,0,9,9,,\nb.jpg,bicycle,1,0,0,9,9,Anna,\n", "Anna, one without"),
    ],
)
def test_who_added_boxes_is_not_guessed_where_no_survey_says_it(
    boxes: Path, rows: str, said: str
) -> None:
    boxes.write_text(f"{HEADER.strip()},model,dropped_by,kept\n" + rows.replace("\n", ",True\n"))
    areas = squares(boxes.parent / "areas.geojson", ["west"])
    for name in ("a", "b"):
        photo(boxes.parent / "photos" / f"{name}.jpg", lon_lat=(4.005, 52.005), size=(20, 20))
    survey = geobike.Survey(photos=boxes.parent / "photos", areas=areas, detections=boxes)
    with pytest.raises(
        InputError, match=f"2 models: {said}.* give the table in its survey's folder"
    ):
        geobike.run(survey)


def test_a_strike_given_again_by_another_name_of_the_photo_strikes_no_second_bicycle() -> None:
    sides = {"xmin": [0, 20], "ymin": [0, 0], "xmax": [100, 120], "ymax": [90, 90]}  # overlap 0.67
    rows = {"photo_id": ["d/a.jpg"] * 2, "label": ["bicycle"] * 2, "score": [0.9, 0.8], **sides}
    table = schema.table(schema.DETECTIONS, rows | {"dropped_by": ["review", None]})
    photos = photos_frame({"d/a.jpg": (4.0, 52.0)}).assign(sha256="f" * 64)
    found, known = recorded.split(table, reviewer="them")
    filtered = geobike.filter_detections(found, labels=["bicycle"], max_overlap=0.8)
    once = corrections.apply(known, filtered, photos)
    strike = Correction("a.jpg", "f" * 64, "strike", "bicycle", (0, 0, 100, 90), "Anna")
    again = recorded.new([strike], known, photos)
    assert corrections.apply(again, once, photos)["kept"].tolist() == [False, True]
    # Whoever strikes out both has the second one struck.
    both = recorded.new([strike, strike], known, photos)
    assert not corrections.apply(both, once, photos)["kept"].any()


def test_other_reasons_are_found_anew_so_that_another_threshold_can_be_tried(boxes: Path) -> None:
    boxes.write_text(
        "photo_id,label,score,x_min,y_min,x_max,y_max,model,kept,dropped_by\n"
        "a.jpg,bicycle,0.4,0,0,90,90,yolo,False,threshold\n"
        "a.jpg,bike,0.9,200,0,290,90,yolo,False,label\n"
        "a.jpg,bicycle,0.9,400,0,490,90,yolo,False,review\n"
    )
    found = geobike.filter_detections(
        imported.read(boxes), labels=["bicycle", "bike"], threshold=0.3
    )
    assert found["kept"].tolist() == [True, True, False]
