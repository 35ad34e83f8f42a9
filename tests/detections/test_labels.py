"""Spellings of one label: blanks around it, and other names of what is counted."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import geobike
from geobike import schema
from geobike.detections import filtering, imported, matched, stage
from geobike.detections.store.protocol import Model
from geobike.detections.store.sqlite import Store
from geobike.detectors import check
from geobike.detectors.onnx import labels
from geobike.detectors.protocol import Box, Detection
from geobike.errors import GeobikeWarning, InputError
from tests.support.making import handed, photo, photos_frame

HEADER = "file,label,score,xmin,ymin,xmax,ymax\n"
SPELLINGS = [
    "bicycle",
    " bicycle",
    "bicycle\t",
    "\u00a0bicycle\u00a0",  # no-break space
    "\ufeffbicycle",  # byte order mark
    "bicycle\u200b",  # zero-width space
    "\u2003bicycle\u200e",  # em space, left-to-right mark
    "bi\u00adcycle",  # soft hyphen
    "\u3164bicycle",  # Hangul filler
]


def frame(names: list[str]) -> pd.DataFrame:
    columns = {"photo_id": "a.jpg", "label": names, "score": 0.9, "ymin": 0.0, "ymax": 9.0}
    sides = {"xmin": [20.0 * i for i in range(len(names))]}
    sides["xmax"] = [xmin + 9 for xmin in sides["xmin"]]
    return schema.table(schema.DETECTIONS, pd.DataFrame(columns | sides))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_blanks_and_invisible_characters_around_a_label_are_no_part_of_it(spelling: str) -> None:
    judged = filtering.filter_detections(frame(["bicycle", spelling]), labels=["bicycle"])
    assert judged["kept"].tolist() == [True, True]
    assert judged["label"].tolist() == ["bicycle", "bicycle"]
    wanted = filtering.filter_detections(frame(["bicycle"]), labels=[spelling])
    assert wanted["kept"].tolist() == [True]


@pytest.mark.parametrize(
    ("label", "clean"),
    [
        ("stop\u00a0sign", "stop sign"),
        ("ve\u0301lo", "v\u00e9lo"),
        (
            "\u0645\u06cc\u200c\u0631\u0648\u062f",
            "\u0645\u06cc\u200c\u0631\u0648\u062f",
        ),  # a joiner
    ],
)
def test_a_label_keeps_what_is_seen_of_it(label: str, clean: str) -> None:
    assert check.clean_label(label) == clean


@pytest.mark.parametrize("label", [" ", "\u00a0", "\u200b\u200e", "\u3164", "\ufeff"])
def test_a_label_that_shows_nothing_is_none(label: str) -> None:
    assert check.wrong_label(label) == "a blank label"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_labels_of_a_table_are_read_without_them(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"boxes.{suffix}"
    if suffix == "csv":
        rows = [f'a.jpg,"{name}",0.9,0,0,9,9\n' for name in SPELLINGS]
        path.write_text(HEADER + "".join(rows), encoding="utf-8")
    else:
        pytest.importorskip("pyarrow")
        columns = ["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax"]
        frame(SPELLINGS).astype({"label": "str"})[columns].to_parquet(path)
    assert imported.read(path)["label"].tolist() == ["bicycle"] * len(SPELLINGS)


def test_labels_of_a_models_names_and_answers_are_kept_without_them() -> None:
    names = labels.from_config({"id2label": {"0": "bicycle\u00a0", "1": "\u200b"}}, "config.json")
    assert names == {0: "bicycle", 1: "LABEL_1"}
    (kept,) = check.detections([Detection(" person\u200b", 0.9, Box(0, 0, 9, 9))])
    assert kept.label == "person"


class Padded:
    """A detector that an older version stored with blanks."""

    name = "padded"
    version = "1"

    def detect(self, _: Image.Image) -> list[Detection]:
        raise AssertionError("its answer is in the store")


def test_an_older_store_gives_its_labels_without_them(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", lon_lat=(4.0, 52.0))
    read = geobike.read_photos(geobike.find_photos(str(path)))
    given = geobike.locate(read)
    with Store(tmp_path / "d.sqlite") as store:
        boxes = [Detection("bicycle", 0.9, Box(0, 0, 9, 9))]
        store.put(given["sha256"].iloc[0], Model("padded", "1"), boxes)
    with sqlite3.connect(tmp_path / "d.sqlite") as database:
        padded = "replace(boxes, 'bicycle', ' bicycle ')"
        database.execute(f"UPDATE answers SET boxes = {padded}, crc32 = NULL")
    database.close()
    found = stage.detect(
        given,
        detector=Padded(),
        store=tmp_path / "d.sqlite",
        rules=filtering.Filter(("bicycle",)),
    )
    assert found.detections[["label", "kept"]].to_numpy().tolist() == [["bicycle", True]]


@pytest.mark.parametrize(
    "label",
    [
        "object--vehicle--bicycle",
        "parked_bicycle",
        "BicycleRack",
        "Bicycles",
        "Bike",
        "cargo bike",
        "fietsen",
        "Fahrräder",
        "vélo",
        "ve\u0301los",
        "велосипед",
    ],
)
def test_a_label_that_may_mean_a_bicycle_and_does_not_count_is_reported(label: str) -> None:
    with pytest.warns(GeobikeWarning, match=r"do not count.*--label bicycle --label .*\(2 boxes\)"):
        judged = filtering.filter_detections(frame(["bicycle", label, label]), labels=["bicycle"])
    assert judged["kept"].sum() == 1


@pytest.mark.parametrize(
    ("label", "letter"),
    [
        ("b\u0456cycle", "CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I for i"),
        ("Bicycl\u0435", "CYRILLIC SMALL LETTER IE for e"),
        ("bic\u03b3cle", "GREEK SMALL LETTER GAMMA for y"),
        ("\uff42icycle", "FULLWIDTH LATIN SMALL LETTER B for b"),
        ("parked bi\u0441ycles", "CYRILLIC SMALL LETTER ES for c"),
        ("fi\u0435ts", "CYRILLIC SMALL LETTER IE for e"),
    ],
)
def test_a_label_with_letters_that_only_look_alike_is_told_with_the_letter(
    label: str, letter: str
) -> None:
    with pytest.warns(GeobikeWarning, match=rf"do not count.*\(2 boxes, written with {letter}\)"):
        judged = filtering.filter_detections(frame(["bicycle", label, label]), labels=["bicycle"])
    assert judged["kept"].sum() == 1


def test_a_label_to_count_with_such_a_letter_is_told_too() -> None:
    with (
        pytest.warns(GeobikeWarning, match="written with LATIN SMALL LETTER I for \u0456"),
        pytest.raises(InputError),
    ):
        filtering.filter_detections(frame(["bicycle"]), labels=["b\u0456cycle"])


def test_nothing_is_reported_of_labels_that_mean_something_else(
    recwarn: pytest.WarningsRecorder,
) -> None:
    others = [name for name in labels.COCO_80 if name != "bicycle"]
    filtering.filter_detections(
        frame(
            [
                *("bicycle", *others, "motorbike", "motor cycle", "bicyclist"),
                *("автобус", "машина", "tricycle", "мотоцикл"),
            ]
        ),
        labels=["bicycle"],
    )
    filtering.filter_detections(frame(["bike", "bicycle"]), labels=["bicycle", "bike"])
    assert not recwarn.list


@pytest.mark.parametrize("wanted", ["bycicle", "Bicylce", "bicycl"])
def test_a_misspelt_label_is_answered_with_the_one_that_was_meant(wanted: str) -> None:
    boxes = frame(["car", "person", "bicycle"])
    with (
        pytest.warns(GeobikeWarning, match="no box at all"),
        pytest.raises(InputError, match=r"did you mean 'bicycle'\? Or name with --label one of"),
    ):
        filtering.filter_detections(boxes, labels=[wanted])


def test_the_handed_table_with_blanks_has_three_bicycles(shared: Path) -> None:
    found = imported.read(handed(shared, "boxes-label-blanks.csv"))
    _, applied = matched.apply(found, photos_frame({"p0.jpg": (4.0, 52.0)}))
    assert filtering.filter_detections(applied, labels=["bicycle"])["kept"].sum() == 3
