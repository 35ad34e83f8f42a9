import unicodedata

import pandas as pd
import pytest

from geobike.io.matching import isin, kind_of_match, match
from tests.support.bounded import processor_seconds


def text(*names: str | None) -> "pd.Series[str]":
    return pd.Series(names, dtype="str")


@pytest.mark.parametrize(
    ("file", "meant"),
    [
        ("north/a.jpg", "north/a.jpg"),
        ("survey/north/a.jpg", "north/a.jpg"),  # the folder above the photo folder
        ("b.jpg", "north/b.jpg"),
        ("orth/b.jpg", None),  # ends alike as text, but not as a path
        ("a.jpg", None),  # two photos are called so
        ("south/../north/b.jpg", None),
        ("c.jpg", None),
        ("survey/south/d.jpg", None),  # south/d.jpg or d.jpg
        (unicodedata.normalize("NFD", "north/é.jpg"), "north/é.jpg"),
        (unicodedata.normalize("NFD", "é.jpg"), "north/é.jpg"),
        (r"north\a.jpg", "north/a.jpg"),
        (r"survey\north\a.jpg", "north/a.jpg"),
        (" ./south/a.jpg ", "south/a.jpg"),
        ("NORTH/A.JPG", "north/a.jpg"),
        ("survey/North/B.jpg", "north/b.jpg"),
        ("A.JPG", None),  # of two photos
        ("north/b", "north/b.jpg"),
        ("B", "north/b.jpg"),
        ("a", None),
        ("north/b.png", None),  # another file
        ("", None),
    ],
)
def test_a_name_is_matched_by_path_suffix_to_the_only_photo_with_it(
    file: str, meant: str | None
) -> None:
    photos = text(
        "north/a.jpg", "north/b.jpg", "south/a.jpg", "north/é.jpg", "d.jpg", "south/d.jpg"
    )
    assert match(text(file), photos).fillna("").tolist() == [meant or ""]


def test_an_exact_match_comes_before_a_match_by_suffix() -> None:
    forms = [unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD")]
    photos = text(r"a\b.jpg", "a/b.jpg", " h .jpg", "h .jpg", *forms)
    assert match(photos, photos).tolist() == photos.tolist()
    assert match(text(r".\a\b.jpg", "./h .jpg"), photos).isna().all()  # either may be meant


def test_a_photo_that_a_row_names_in_full_is_not_taken_for_another_row() -> None:
    assert match(text("a.jpg", "x/a.jpg"), text("x/a.jpg")).isna().tolist() == [True, False]


def test_photos_that_all_have_the_same_name_are_matched_in_seconds() -> None:
    folders = [f"drive{i:06d}" for i in range(100_000)]
    photos = text(*(f"{folder}/front.jpg" for folder in folders))
    with processor_seconds(10):  # each against each would take hours
        found = match("survey/" + photos, photos)
    assert (found == photos).all()


def test_among_knows_what_is_missing() -> None:
    assert isin(text("a", None, "c"), text("a", "a", None, "b")).tolist() == [True, False, False]


def test_a_row_without_a_name_means_no_photo() -> None:
    assert match(text(None, "b.jpg"), text("x/a.jpg", "x/b.jpg")).fillna("").tolist() == [
        "",
        "x/b.jpg",
    ]


def test_a_photo_of_the_same_case_comes_before_one_of_another() -> None:
    assert match(text("a.jpg", "A.JPG"), text("A.JPG", "a.jpg")).tolist() == ["a.jpg", "A.JPG"]


def test_a_name_that_two_photos_fit_is_not_decided_by_what_other_rows_name() -> None:
    found = match(text("a.jpg", "survey/north/a.jpg"), text("north/a.jpg", "south/a.jpg"))
    assert found.fillna("").tolist() == ["", "north/a.jpg"]


@pytest.mark.parametrize(
    ("file", "photo_id", "kind"),
    [
        ("a.jpg", "a.jpg", "whole"),
        ("x/a.jpg", "a.jpg", "path"),
        (r"C:\x\a.jpg", "x/a.jpg", "path"),
        ("x/A.jpg", "a.JPG", "case"),
        ("X/a", "a.JPG", "ending"),
    ],
)
def test_it_is_known_how_a_name_means_its_photo(file: str, photo_id: str, kind: str) -> None:
    assert match(text(file), text(photo_id)).tolist() == [photo_id]
    assert kind_of_match(file, photo_id) == kind
