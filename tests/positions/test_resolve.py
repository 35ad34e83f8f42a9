import warnings
from pathlib import Path

import pandas as pd
import pytest

from geobike import schema
from geobike.errors import GeobikeWarning
from geobike.photos import reading
from geobike.positions import resolve
from tests.support.making import DELFT, photo, photos_frame

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
FAR = (4.40, 52.05)


def manifest(
    *rows: tuple[str, float | None, float | None], reason: str | None = None
) -> pd.DataFrame:
    files, lon, lat = zip(*rows, strict=True)
    return schema.table(
        schema.MANIFEST,
        {
            "file": list(files),
            "lon": list(lon),
            "lat": list(lat),
            "line": range(2, len(rows) + 2),
            "reason": [reason] * len(rows),
        },
    )


def place(frame: pd.DataFrame, photo_id: str) -> tuple[float, float] | None:
    point = frame.set_index("photo_id").geometry[photo_id]
    return None if point is None else (point.x, point.y)


def test_the_manifest_wins_over_exif_unless_told_otherwise() -> None:
    frame = photos_frame({"a.jpg": DELFT}).assign(position_source="exif")
    frame = frame.astype({"position_source": "str"})
    table = manifest(("a.jpg", *FAR))
    assert place(resolve.locate(frame, table), "a.jpg") == FAR
    assert place(resolve.locate(frame, table, prefer="exif"), "a.jpg") == DELFT


def test_the_manifest_fills_what_exif_lacks_either_way() -> None:
    frame = photos_frame({"a.jpg": None})
    for prefer in ("manifest", "exif"):
        out = resolve.locate(frame, manifest(("a.jpg", *FAR)), prefer=prefer)
        assert place(out, "a.jpg") == FAR
        assert out["position_source"].tolist() == ["manifest"]
        assert out["status"].isna().all()


def test_a_disagreement_of_more_than_100_m_is_reported() -> None:
    near = (DELFT[0], DELFT[1] + 0.0008)  # 89 m
    far = (DELFT[0], DELFT[1] + 0.001)  # 111 m
    frame = photos_frame({"near.jpg": DELFT, "far.jpg": DELFT})
    with pytest.warns(GeobikeWarning, match=r"^1 photo lies more than 100 m.*far\.jpg \(111 m\)$"):
        resolve.locate(frame, manifest(("near.jpg", *near), ("far.jpg", *far)))


def test_a_photo_without_any_position_is_unlocated() -> None:
    out = resolve.locate(photos_frame({"a.jpg": DELFT, "b.jpg": None}))
    assert out["status"].fillna("").tolist() == ["", "unlocated"]


def test_a_bad_row_leaves_its_photo_unlocated_whatever_exif_says() -> None:
    table = manifest(("a.jpg", None, None), reason="manifest.csv line 2: latitude 'x'")
    out = resolve.locate(photos_frame({"a.jpg": DELFT}), table)
    assert out["status"].tolist() == ["unlocated"]
    assert out["reason"].tolist() == ["manifest.csv line 2: latitude 'x'"]
    assert place(out, "a.jpg") is None


def test_rows_that_name_no_photo_are_reported_and_never_opened(tmp_path: Path) -> None:
    secret = photo(tmp_path / "secret.jpg", lon_lat=DELFT)
    photo(tmp_path / "photos" / "a.jpg", lon_lat=DELFT)
    frame = reading.read(reading.find(tmp_path / "photos"))
    table = manifest(("../secret.jpg", *FAR), (str(secret), *FAR), ("gone.jpg", *FAR))
    with pytest.warns(GeobikeWarning) as caught:
        out = resolve.locate(frame, table)
    assert out["photo_id"].tolist() == ["a.jpg"]
    (said,) = [str(one.message) for one in caught]
    assert said.startswith("3 rows name photos that are not there: ../secret.jpg (line 2)")


def test_photos_are_missing_from_a_manifest_of_most_and_not_from_one_that_helps_exif_out() -> None:
    frame = photos_frame({"a.jpg": DELFT, "b.jpg": DELFT, "c.jpg": DELFT})
    with pytest.warns(GeobikeWarning, match=r"^1 photo is missing from the manifest .*: c\.jpg"):
        resolve.locate(frame, manifest(("a.jpg", *DELFT), ("b.jpg", *DELFT)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        resolve.locate(frame, manifest(("a.jpg", *DELFT)))


def test_a_path_that_ends_alike_means_the_only_such_photo_and_is_reported() -> None:
    frame = photos_frame({"mon/a.jpg": None, "mon/b.jpg": None, "tue/b.jpg": None, "c.jpg": None})
    table = manifest(("a.jpg", *FAR), ("b.jpg", *FAR), ("/home/me/photos/c.jpg", *FAR))
    with pytest.warns(GeobikeWarning, match=r"^2 rows are taken .*: a\.jpg for mon/a\.jpg, "):
        out = resolve.locate(frame, table)
    assert place(out, "mon/a.jpg") == FAR
    assert place(out, "c.jpg") == FAR
    assert place(out, "mon/b.jpg") is None  # two photos have this name


def test_another_folder_of_the_same_names_lends_no_position() -> None:
    frame = photos_frame({"day1/1.jpg": None, "day1/2.jpg": None})
    table = manifest(("day1/1.jpg", *FAR), ("day2/1.jpg", *DELFT), ("day2/2.jpg", *DELFT))
    out = resolve.locate(frame, table)
    assert place(out, "day1/1.jpg") == FAR
    assert place(out, "day1/2.jpg") is None
    up = resolve.locate(photos_frame({"x/2.jpg": None}), manifest(("../../x/2.jpg", *FAR)))
    assert place(up, "x/2.jpg") is None


def test_composed_and_decomposed_letters_are_the_same_name() -> None:
    frame = photos_frame({"cafe\u0301.jpg": None})
    assert place(resolve.locate(frame, manifest(("caf\u00e9.jpg", *FAR))), "cafe\u0301.jpg") == FAR


def test_a_row_without_a_position_contradicts_none() -> None:
    table = manifest(("a.jpg", None, None), ("a.jpg", *FAR))
    assert place(resolve.locate(photos_frame({"a.jpg": None}), table), "a.jpg") == FAR


def test_a_photo_named_twice_is_reported_and_located_only_if_the_rows_agree() -> None:
    frame = photos_frame({"same.jpg": None, "torn.jpg": None})
    table = manifest(
        ("same.jpg", *FAR), ("torn.jpg", *FAR), ("same.jpg", *FAR), ("torn.jpg", *DELFT)
    )
    with pytest.warns(GeobikeWarning, match=r"stand twice.*same\.jpg \(lines 2, 4\)"):
        out = resolve.locate(frame, table)
    assert place(out, "same.jpg") == FAR
    assert place(out, "torn.jpg") is None
    assert out["reason"].iloc[1] == "manifest lines 3, 5 give different positions"


def test_a_photo_borrows_the_position_that_the_manifest_gives_its_copy(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", description="the same")
    photo(tmp_path / "b.jpg", description="the same")
    frame = reading.read(reading.find(tmp_path))
    out = resolve.locate(frame, manifest(("b.jpg", *FAR)))
    assert place(out, "a.jpg") == FAR
    assert out["status"].fillna("").tolist() == ["", "duplicate"]


def test_time_and_heading_of_the_manifest_win_and_what_it_lacks_stays() -> None:
    taken = pd.Timestamp("2022-01-19T10:00:00Z")
    frame = photos_frame({"a.jpg": DELFT, "b.jpg": DELFT})
    frame["heading"] = [10.0, 20.0]
    frame["taken_at"] = pd.Series([taken, taken]).astype(schema.TIME)
    table = manifest(("a.jpg", *DELFT), ("b.jpg", *DELFT))
    table["heading"] = [99.0, None]
    out = resolve.locate(frame, table)
    assert out["heading"].tolist() == [99.0, 20.0]
    assert (out["taken_at"] == taken).all()
