from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from PIL import Image

import geobike
from geobike.detections import imported, matched
from geobike.detectors.protocol import Detection
from geobike.errors import InputError, ManifestError
from geobike.io.inputs import Inputs
from geobike.positions import manifest, resolve
from tests.support.box_tables import HEADER, read
from tests.support.making import FakeDetector, handed, photo, photos_frame, squares


@pytest.mark.parametrize("sides", ['"1,010",10,"1,050",50', '1,10,"1,234,567",50'])
def test_thousands_are_not_taken_for_decimals(boxes: Path, sides: str) -> None:
    with pytest.raises(InputError, match=r"may be thousands or have decimals"):
        read(boxes, f"a.jpg,bicycle,0.9,{sides}\n")


def test_a_decimal_comma_elsewhere_shows_what_commas_are(boxes: Path) -> None:
    found = read(boxes, 'a.jpg,bicycle,"0,9",1,10,"1,050",50\n')
    assert (found["score"][0], found["xmax"][0]) == (0.9, 1.05)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("b.jpg,bicycle,87,0,0,9,9", "row 2 .* score that is not from 0 to 1.*score 87"),
        ("b.jpg,bicycle,high,0,0,9,9", "row 2 .* score that is not from 0 to 1"),
        ("b.jpg,bicycle,0.9,0,0,x,9", "row 2 .* has a box whose sides are not numbers"),
        ("b.jpg,bicycle,nan,0,0,9,9", "row 2 .* score that is not from 0 to 1"),
        ("b.jpg,bicycle,inf,0,0,9,9", "row 2 .* score that is not from 0 to 1"),
        ("b.jpg,bicycle,0.9,0,-inf,9,9", "row 2 .* has a box whose sides are not numbers"),
        ("b.jpg,bicycle,0.9,0,0,1e99,9", "row 2 .* has a box whose sides are not numbers"),
        ("b.jpg,\u00a0,0.9,0,0,9,9", "row 2 .* has a label that is no text"),
        ("b.jpg,bicycle,0.9,9,0,0,9", "row 2 .* in order.*xmin 9"),
        (",bicycle,0.9,0,0,9,9", "row 2 .* names no photo"),
    ],
)
def test_a_bad_box_is_an_error_that_names_its_row(boxes: Path, row: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(boxes, f"a.jpg,bicycle,0.9,0,0,9,9\n{row}\n")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a.jpg,bicycle,0,9,0,0,9,9\n", "line 2: 8 cells where the header has 7; .* decimal comma"),
        ("a.jpg,bicycle,0.9,0,0,9,9\nb.jpg,bicycle,0,9,0,0,9,9\n", "line 3: 8 cells"),
        ("a.jpg,bicycle,0.9,0,0,9,9\nb.jpg\n", "line 3: 1 cell where the header has 7"),
    ],
)
def test_a_row_of_another_length_is_not_read_as_something_else(
    boxes: Path, rows: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read(boxes, rows)


@pytest.mark.parametrize(
    ("delimiter", "score"),
    [(",", "0.25"), (",", '"0,25"'), (";", "0.25"), (";", "0,25"), ("\t", "0,25")],
)
def test_every_usual_delimiter_gives_the_same_boxes(
    boxes: Path, delimiter: str, score: str
) -> None:
    cells = ["a.jpg", "bicycle", score, "0", "1", "8", "9"]
    boxes.write_text(HEADER.replace(",", delimiter) + delimiter.join(cells), "utf-8-sig")
    frame = imported.read(boxes)
    assert frame[["photo_id", "label"]].to_numpy().tolist() == [["a.jpg", "bicycle"]]
    numbers = frame[["score", "xmin", "ymin", "xmax", "ymax"]]
    assert numbers.to_numpy().tolist() == [[0.25, 0, 1, 8, 9]]


def test_the_delimiter_line_for_excel_is_not_a_header(boxes: Path) -> None:
    boxes.write_text("sep=;\n" + (HEADER + "a.jpg,bicycle,0.25,0,1,8,9\n").replace(",", ";"))
    assert imported.read(boxes)[["photo_id", "score", "ymax"]].to_numpy().tolist() == [
        ["a.jpg", 0.25, 9]
    ]
    with pytest.raises(InputError, match="line 3: 1 cell where the header has 7"):
        read(boxes, "a.jpg,bicycle,0.25,0,1,8,9\nb.jpg\n")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("file", "column file is of binary, not text"),
        ("label", "column label is of binary, not text"),
        ("model", "column model is of binary, not text"),
        ("utf-8 file", "cannot be read as Parquet"),
        ("utf-8 label", "cannot be read as Parquet"),
    ],
)
def test_a_parquet_table_whose_text_is_none_is_an_error_that_says_so(
    tmp_path: Path, column: str, said: str
) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    given = {"file": ["a.jpg"], "label": ["bicycle"], "model": ["m"], "score": [0.9]}
    given |= dict(zip(("xmin", "ymin", "xmax", "ymax"), ([0.0], [0.0], [9.0], [9.0]), strict=True))
    text = pa.array([b"\xff"])
    if column.startswith("utf-8 "):
        text = pa.Array.from_buffers(pa.string(), 1, text.buffers())
    path = tmp_path / "boxes.parquet"
    pq.write_table(pa.table(given | {column.removeprefix("utf-8 "): text}), path)
    with pytest.raises(InputError, match=rf"boxes\.parquet: {said}"):
        imported.read(path)


def test_the_handed_table_of_binary_names_is_an_error_that_says_so(shared: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="is of binary, not text"):
        imported.read(handed(shared, "boxes-binary-names.parquet"))


def test_a_label_of_no_character_says_in_parquet_too_that_nothing_was_found(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pyarrow")
    row = {"score": 0.9, "xmin": 0.0, "ymin": 0.0, "xmax": 9.0, "ymax": 9.0}
    given = [{"file": "a.jpg", "label": "bicycle"} | row, {"file": "b.jpg", "label": ""}]
    pd.DataFrame(given).to_parquet(tmp_path / "boxes.parquet")
    found = imported.read(tmp_path / "boxes.parquet")
    _, applied = matched.apply(found, photos_frame({"a.jpg": (4, 52), "b.jpg": (4, 52)}))
    assert applied["photo_id"].tolist() == ["a.jpg"]


def test_a_table_without_scores_is_refused_by_name(boxes: Path) -> None:
    boxes.write_text("file,label\na.jpg,bicycle\n")
    with pytest.raises(InputError, match=r"boxes\.csv: no column score, x_min"):
        imported.read(boxes)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_sides_of_a_box_have_either_spelling(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("pyarrow")
    row = {"file": ["a.jpg"], "label": ["bicycle"], "score": [0.9]}
    for names in (["xmin", "ymin", "xmax", "ymax"], ["x_min", "y_min", "x_max", "Y max"]):
        table = pd.DataFrame(row | dict(zip(names, ([1.0], [2.0], [3.0], [4.0]), strict=True)))
        path = tmp_path / f"boxes.{ending}"
        table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
        found = imported.read(path)
        assert found[["xmin", "ymin", "xmax", "ymax"]].iloc[0].tolist() == [1, 2, 3, 4]


def test_a_box_with_a_side_in_both_spellings_is_refused(boxes: Path) -> None:
    boxes.write_text("file,label,score,x_min,xmin,y_min,x_max,y_max\na.jpg,bicycle,1,0,1,0,9,9\n")
    with pytest.raises(InputError, match="columns 'x_min' and 'xmin' may both be x_min; leave"):
        imported.read(boxes)


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"{name}: no such file"):
        imported.read(tmp_path / name)


def test_a_label_may_be_called_none_and_a_name_begin_with_an_apostrophe(boxes: Path) -> None:
    frame = read(boxes, "'s-Gravenhage/a.jpg,None,0.9,0,0,9,9\n'=b.jpg,bicycle,1,0,0,9,9\n")
    assert frame["photo_id"].tolist() == ["'s-Gravenhage/a.jpg", "=b.jpg"]
    assert frame["label"].tolist() == ["None", "bicycle"]


@pytest.mark.parametrize("rows", ["", ",52,4\n"])
def test_a_manifest_that_names_no_photo_does_not_make_a_map_of_nothing(
    tmp_path: Path, boxes: Path, rows: str
) -> None:
    read(boxes, "a.jpg,bicycle,1,0,0,9,9\n")
    (tmp_path / "photos.csv").write_text("file,lat,lon\n" + rows)
    areas = squares(tmp_path / "areas.geojson", ["a"])
    plan = geobike.Survey(manifest=tmp_path / "photos.csv", detections=boxes, areas=areas)
    with pytest.raises(ManifestError, match=r"photos\.csv: names no photo"):
        geobike.run(plan)


def test_boxes_of_two_models_are_not_added_up(boxes: Path) -> None:
    boxes.write_text("model," + HEADER + "m,a.jpg,bicycle,1,0,0,9,9\nn,a.jpg,bicycle,1,0,0,9,9\n")
    with Inputs().open("detections", boxes) as file:
        table = imported.read(file.path)
    with pytest.raises(InputError, match="answers of 2 models: m, n"):
        imported.model(table, file)


def test_a_photo_that_the_earlier_run_could_not_count_is_not_a_photo_without_bicycles(
    tmp_path: Path,
) -> None:
    path = tmp_path / "photos.csv"
    path.write_text(
        "photo_id,lat,lon,status,reason\n"
        "a.jpg,52.005,4.005,counted,\n"
        "b.jpg,52.005,4.005,failed,no answer\n"
        "c.jpg,52.5,4.5,outside,in none of the areas\n"
        "d.jpg,,,unlocated,GPS was switched off\n"
    )
    table = manifest.read(path)
    located = resolve.locate(manifest.photos(table), table).set_index("photo_id")
    assert located["status"].fillna("").tolist() == ["", "failed", "", "unlocated"]
    assert located["reason"].fillna("").tolist() == ["", "no answer", "", "GPS was switched off"]


@pytest.mark.parametrize("form", ["auto", "parquet"])
def test_what_a_survey_wrote_gives_the_same_counts_again(tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    for name, lon, width in (("a", 4.005, 50), ("b", 4.015, 20), ("c", 4.5, 30), ("d", None, 30)):
        place = None if lon is None else (lon, 52.005)
        photo(tmp_path / "photos" / f"{name}.jpg", lon_lat=place, size=(width, 20))
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no photo")
    areas = squares(tmp_path / "areas.geojson", ["west", "east", "nobody"])
    first = geobike.run(
        geobike.Survey(
            photos=tmp_path / "photos", areas=areas, detector=FakeDetector(), formats=(form,)
        )
    )
    written = first.write(tmp_path / "first")
    photos, detections = [path for name, path in written.items() if name[:3] in ("pho", "det")]
    again = geobike.run(geobike.Survey(manifest=photos, detections=detections, areas=areas))
    assert again.ledger == first.ledger
    assert again.model.name == "fake"
    columns = ["photo_id", "status", "reason", "bicycle_count", "area_id"]
    assert again.photos[columns].equals(first.photos[columns])
    assert again.areas.drop(columns="geometry").equals(first.areas.drop(columns="geometry"))
    assert not again.map().get_root().render().count("data:image/jpeg;base64,/")  # no photo at hand
    with pytest.raises(InputError, match="would be replaced"):
        again.write(tmp_path / "first")
    assert gpd.read_file(areas).shape[0] == len(again.areas)


def test_odd_names_of_files_mean_the_same_photos_again(tmp_path: Path) -> None:
    odd = ["back\\slash.jpg", " h .jpg", "'-g.jpg", "''=g.jpg", "-g.jpg", "'s.jpg"]
    for width, name in enumerate(odd, start=2):
        photo(tmp_path / "photos" / name, lon_lat=(4.005, 52.005), size=(10 * width, 20))
    areas = squares(tmp_path / "areas.geojson", ["west"])
    plan = geobike.Survey(photos=tmp_path / "photos", areas=areas, detector=FakeDetector())
    first = geobike.run(plan)
    written = first.write(tmp_path / "first")
    boxes = written["detections.csv"]
    for again in (
        geobike.Survey(manifest=written["photos.geojson"], detections=boxes, areas=areas),
        geobike.Survey(photos=tmp_path / "photos", detections=boxes, areas=areas),
    ):
        counted = geobike.run(again).photos.set_index("photo_id")["bicycle_count"]
        assert counted.to_dict() == dict(
            zip(first.photos["photo_id"], first.photos["bicycle_count"], strict=True)
        )


def test_a_photo_outside_the_earlier_areas_is_not_without_bicycles_in_the_new_ones(
    tmp_path: Path,
) -> None:
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005), size=(30, 20))
    photo(tmp_path / "photos" / "b.jpg", lon_lat=(4.015, 52.005), size=(30, 20))
    west = squares(tmp_path / "west.geojson", ["west"])
    both = squares(tmp_path / "both.geojson", ["west", "east"])
    plan = geobike.Survey(photos=tmp_path / "photos", areas=west, detector=FakeDetector())
    first = geobike.run(plan).write(tmp_path / "first")
    tables_ = {"manifest": first["photos.geojson"], "detections": first["detections.csv"]}
    again = geobike.run(geobike.Survey(**tables_, areas=both))
    assert again.photos["status"].tolist() == ["counted", "failed"]
    assert again.areas["photo_count"].tolist() == [1, 0]
    assert "no reason to process" in again.photos["reason"].iloc[1]


def test_boxes_of_another_detector_are_counted_on_photos_at_hand(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005))
    (tmp_path / "boxes.csv").write_text(HEADER + "a.jpg,Bicycle,0.9,0,0,9,9\n")
    plan = geobike.Survey(
        photos=tmp_path / "photos",
        detections=tmp_path / "boxes.csv",
        areas=squares(tmp_path / "areas.geojson", ["a"]),
    )
    result = geobike.run(plan)
    assert result.photos["bicycle_count"].tolist() == [1]
    assert result.model.name == "boxes.csv"


def test_a_survey_without_photos_and_without_tables_is_refused() -> None:
    with pytest.raises(InputError, match="no photos named"):
        geobike.Survey(areas="areas.geojson", manifest="manifest.csv")


def test_tables_and_outputs_may_be_addresses(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    photo(tmp_path / "photos" / "a.jpg", lon_lat=(4.005, 52.005), size=(30, 20))
    areas = squares(tmp_path / "areas.geojson", ["west"])
    plan = geobike.Survey(photos=tmp_path / "photos", areas=areas, detector=FakeDetector())
    there = fsspec.filesystem("memory")
    try:
        geobike.run(plan).write("memory://first")
        there.pipe("/again/photos.parquet", b"of an earlier run")
        there.pipe("/again/summary.json", b'{"files": {"photos": "photos.parquet"}}')
        tables_ = {
            "manifest": "memory://first/photos.geojson",
            "detections": "memory://first/detections.csv",
        }
        again = geobike.run(geobike.Survey(**tables_, areas=areas))
        assert again.areas["bicycle_count"].tolist() == [3]
        with pytest.raises(InputError, match="would be replaced"):
            again.write("memory://first")
        written = again.write("memory://again")
        assert {Path(path).name for path in there.ls("/again", detail=False)} == set(written)
    finally:
        there.store.clear()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_box_without_a_label_is_not_a_photo_without_bicycles(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("pyarrow")
    row = {"score": 0.9, "xmin": 0.0, "ymin": 0.0, "xmax": 9.0, "ymax": 9.0}
    table = pd.DataFrame([{"file": "a.jpg", "label": "bicycle"} | row, {"file": "b.jpg"} | row])
    path = tmp_path / f"boxes.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    with pytest.raises(InputError, match="row 2 below the header has a box without a label"):
        imported.read(path)


def test_a_column_that_is_there_twice_is_not_chosen_silently(boxes: Path) -> None:
    header = HEADER.replace("label", "label,score")
    boxes.write_text(f"{header}a.jpg,bicycle,0.1,0.9,0,1,8,9\n")
    with pytest.raises(InputError, match="columns 'score' and 'score' may both be score"):
        imported.read(boxes)


def test_a_file_with_nothing_in_it_says_so(boxes: Path) -> None:
    boxes.write_text("")
    with pytest.raises(InputError, match="is empty"):
        imported.read(boxes)


def test_boxes_found_in_views_of_a_panorama_are_of_the_same_model(boxes: Path) -> None:
    rows = (
        "a.jpg,bicycle,0.9,0,0,90,90,{}\n"
        'b.jpg,bicycle,0.9,0,0,90,90,"detr (windows auto, rules 1)"\n'
        'c.jpg,bicycle,0.9,0,0,90,90,"detr (views 60 every 40, rules 1)"\n'
    )
    boxes.write_text(HEADER.rstrip() + ",model\n" + rows.format("detr"))
    with Inputs().open("detections", boxes) as file:
        assert imported.model(imported.read(file.path), file)[0] == "detr"


class Nothing(FakeDetector):
    def detect(self, image: Image.Image) -> list[Detection]:  # noqa: ARG002 - finds nothing
        return []


@pytest.fixture
def without_bicycles(tmp_path: Path) -> Path:
    """The folder of a survey that found nothing on two photos, of which one is in no area."""
    for name, lon in (("a", 4.005), ("b", 4.5)):
        photo(tmp_path / "photos" / f"{name}.jpg", lon_lat=(lon, 52.005), size=(20, 20))
    areas = squares(tmp_path / "areas.geojson", ["west", "nobody"])
    geobike.run(geobike.Survey(photos=tmp_path / "photos", areas=areas, detector=Nothing())).write(
        tmp_path / "first"
    )
    return tmp_path / "first"


@pytest.mark.parametrize("given", ["its photos' table", "photos", "its photos' table elsewhere"])
def test_a_survey_without_any_bicycle_is_zero_again_and_not_unknown(
    without_bicycles: Path, tmp_path: Path, given: str
) -> None:
    folder = without_bicycles
    if "elsewhere" in given:
        folder = tmp_path / "moved"
        folder.mkdir()
        for name in ("photos.geojson", "detections.csv"):
            (folder / name).write_bytes((without_bicycles / name).read_bytes())
    assert len((folder / "detections.csv").read_text().splitlines()) == 1
    photos = {"photos": tmp_path / "photos"} if given == "photos" else {}
    again = geobike.run(
        geobike.Survey(
            **(photos or {"manifest": folder / "photos.geojson"}),
            detections=folder / "detections.csv",
            areas=tmp_path / "areas.geojson",
        )
    )
    assert again.photos["status"].tolist() == ["counted", "outside"]
    assert again.photos["bicycle_count"].tolist() == [0, pd.NA]
    assert again.areas.set_index("area_id")["bicycle_count"].tolist() == [0, pd.NA]
    assert not again.warnings


def test_a_survey_without_any_bicycle_says_nothing_of_photos_that_it_did_not_see(
    without_bicycles: Path, tmp_path: Path
) -> None:
    wide = squares(tmp_path / "wide.geojson", map(str, range(60)))
    again = geobike.run(
        geobike.Survey(
            manifest=without_bicycles / "photos.geojson",
            detections=without_bicycles / "detections.csv",
            areas=wide,
        )
    )
    assert again.photos["status"].tolist() == ["counted", "failed"]


@pytest.mark.usefixtures("without_bicycles")
@pytest.mark.parametrize("columns", ["photo_id", "photo_id,kept,dropped_by"])
def test_a_strangers_table_without_rows_is_no_survey_without_bicycles(
    boxes: Path, tmp_path: Path, columns: str
) -> None:
    boxes.write_text(f"{columns},label,score,x_min,y_min,x_max,y_max\n")
    with pytest.raises(InputError, match="has no rows, so that it says of no photo"):
        geobike.run(
            geobike.Survey(
                photos=tmp_path / "photos", detections=boxes, areas=tmp_path / "areas.geojson"
            )
        )
