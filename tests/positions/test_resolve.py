import re
import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geobike import schema
from geobike.errors import GeobikeWarning, InputError
from geobike.photos import reading
from geobike.positions import resolve, sources
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


def test_the_source_named_first_wins() -> None:
    frame = photos_frame({"a.jpg": DELFT}).assign(position_source="exif")
    frame = frame.astype({"position_source": "str"})
    table = manifest(("a.jpg", *FAR))
    assert place(resolve.locate(frame, table), "a.jpg") == FAR
    assert place(resolve.locate(frame, table, positions=("exif", "manifest")), "a.jpg") == DELFT


def test_the_manifest_fills_what_exif_lacks_in_either_order() -> None:
    frame = photos_frame({"a.jpg": None})
    for positions in (("manifest", "exif"), ("exif", "manifest")):
        out = resolve.locate(frame, manifest(("a.jpg", *FAR)), positions=positions)
        assert place(out, "a.jpg") == FAR
        assert out["position_source"].tolist() == ["manifest"]
        assert out["status"].isna().all()


def test_a_disagreement_of_more_than_100_m_is_reported() -> None:
    near = (DELFT[0], DELFT[1] + 0.0008)  # 89 m
    far = (DELFT[0], DELFT[1] + 0.001)  # 111 m
    frame = photos_frame({"near.jpg": DELFT, "far.jpg": DELFT})
    with pytest.warns(
        GeobikeWarning, match=r"^1 photo has positions more than 100 m.*far\.jpg \(111 m\)$"
    ):
        resolve.locate(frame, manifest(("near.jpg", *near), ("far.jpg", *far)))


def test_a_photo_without_any_position_is_unlocated_and_the_reason_names_the_sources() -> None:
    out = resolve.locate(photos_frame({"a.jpg": DELFT, "b.jpg": None}))
    assert out["status"].fillna("").tolist() == ["", "unlocated"]
    assert out["reason"].iloc[1] == "no position in EXIF"


def in_delft(photo_id: str = "a.jpg") -> gpd.GeoDataFrame:
    """Return a photo of 10:00 UTC that looks east, with a position from EXIF."""
    frame = photos_frame({photo_id: DELFT}).assign(heading=90.0)
    frame["position_source"] = pd.Series(["exif"], dtype="str")
    frame["taken_at"] = pd.Series([pd.Timestamp("2022-01-19T10:00:00Z")]).astype(schema.TIME)
    return frame


def test_a_source_left_out_is_not_used_but_a_photo_keeps_its_time() -> None:
    other = manifest(("b.jpg", *FAR))
    with pytest.warns(GeobikeWarning, match="not found"):
        out = resolve.locate(in_delft(), other, positions=("manifest",))
    assert out["status"].tolist() == ["unlocated"]
    assert out["reason"].tolist() == ["no position in manifest"]
    assert out.loc[0, ["position_source", "heading"]].isna().all()
    assert out["taken_at"].tolist() == [pd.Timestamp("2022-01-19T10:00:00Z")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nor is the other's row missed, or the distance reported
        out = resolve.locate(in_delft(), manifest(("a.jpg", *FAR)), positions=("exif",))
    assert place(out, "a.jpg") == DELFT
    assert out["heading"].tolist() == [90]


def test_the_first_source_that_gives_a_time_or_a_heading_wins() -> None:
    table = manifest(("a.jpg", *DELFT))
    table["heading"] = [180.0]
    table["taken_at"] = pd.Series([pd.Timestamp("2022-01-19T11:00:00Z")]).astype(schema.TIME)
    ahead = resolve.locate(in_delft(), table)
    behind = resolve.locate(in_delft(), table, positions=("exif", "manifest"))
    assert (ahead["heading"][0], ahead["taken_at"][0].hour) == (180, 11)
    assert (behind["heading"][0], behind["taken_at"][0].hour) == (90, 10)


@pytest.mark.parametrize(
    ("positions", "said"),
    [
        (("exfi",), "'exfi' is not a position source; the nearest is exif"),
        (("EXIF",), "the nearest is exif"),
        (("manifest", "gps"), "'gps' is not a position source"),
        (("manifest", "exif", "manifest"), "names manifest more than once"),
        (("manifest", ""), "'manifest,' has an empty name"),
        ((), "has an empty name"),
        ("manifest", "positions is the text 'manifest'"),
        (("manifest",), "add --manifest FILE, or exif to --positions"),
    ],
)
def test_sources_that_cannot_be_used_are_refused_by_name(
    positions: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        resolve.locate(photos_frame({"a.jpg": DELFT}), positions=positions)


def logger(photos: gpd.GeoDataFrame, table: pd.DataFrame | None) -> pd.DataFrame | None:
    """Give positions by the minute of a photo's own clock, as a source that comes later may."""
    if table is None:
        return None
    rows = table.set_index("minute").reindex(photos["taken_local"].dt.minute)
    rows = rows.set_index(photos.index)
    source = pd.Series("logger", index=photos.index).where(rows["lon"].notna())
    reason = pd.Series("no point of the logger", index=photos.index).where(rows["lon"].isna())
    return schema.table(schema.POSITIONS, rows.assign(source=source, reason=reason))


@pytest.fixture
def with_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    source = sources.Source("logger", "logger", logger, needs_file=True)
    monkeypatch.setitem(sources.SOURCES, "logger", source)


def minutes(*photo_ids: str) -> gpd.GeoDataFrame:
    """Return photos of 12:00, 12:01 and so on by their own clocks, in an unknown zone."""
    frame = photos_frame(dict.fromkeys(photo_ids))
    clock = pd.date_range("2022-01-19T12:00", periods=len(frame), freq="min")
    frame["taken_local"] = pd.Series(clock).astype(schema.LOCAL_TIME)
    return frame


@pytest.mark.usefixtures("with_logger")
def test_another_source_needs_one_line_in_the_registry_and_matches_clocks_of_no_zone() -> None:
    points = pd.DataFrame({"minute": [0], "lon": [4.5], "lat": [52.5], "accuracy": [7.0]})
    order = ("manifest", "logger", "exif")
    out = resolve.locate(minutes("a.jpg", "b.jpg"), positions=order, logger=points)
    assert place(out, "a.jpg") == (4.5, 52.5)
    assert out["position_source"].fillna("").tolist() == ["logger", ""]
    assert out["position_error_m"].fillna(-1).tolist() == [7, -1]
    assert out["reason"].fillna("").tolist() == ["", "no point of the logger"]


@pytest.mark.usefixtures("with_logger")
@pytest.mark.parametrize(
    ("order", "found"),
    [
        (("logger", "manifest", "exif"), None),  # the row corrects what EXIF says
        (("manifest", "logger", "exif"), None),
        (("logger", "exif", "manifest"), DELFT),
        (("exif", "manifest", "logger"), DELFT),
    ],
)
def test_a_bad_row_blocks_only_the_sources_after_the_manifest(
    order: tuple[str, ...], found: tuple[float, float] | None
) -> None:
    frame = minutes("a.jpg")
    frame["geometry"] = photos_frame({"a.jpg": DELFT}).geometry
    nothing = pd.DataFrame({"minute": [], "lon": [], "lat": []})
    table = manifest(("a.jpg", None, None), reason="line 2: latitude 'x'")
    out = resolve.locate(frame, table, positions=order, logger=nothing)
    assert place(out, "a.jpg") == found
    assert out["reason"].fillna("").tolist() == ["" if found else "line 2: latitude 'x'"]


@pytest.mark.usefixtures("with_logger")
def test_each_two_sources_that_disagree_are_reported() -> None:
    frame = minutes("a.jpg")
    frame["geometry"] = photos_frame({"a.jpg": DELFT}).geometry
    points = pd.DataFrame({"minute": [0], "lon": [4.5], "lat": [52.5]})
    order = ("manifest", "logger", "exif")
    with pytest.warns(GeobikeWarning) as caught:
        resolve.locate(frame, manifest(("a.jpg", *FAR)), positions=order, logger=points)
    notes = [str(one.message) for one in caught if " apart in " in str(one.message)]
    said = [note.partition(" apart in ")[2].split(":")[0] for note in notes]
    assert said == ["manifest and logger", "manifest and EXIF", "logger and EXIF"]


def test_a_bad_row_leaves_its_photo_unlocated_whatever_exif_says() -> None:
    table = manifest(("a.jpg", None, None), reason="manifest.csv line 2: latitude 'x'")
    for positions in (("manifest", "exif"), ("manifest",)):
        out = resolve.locate(photos_frame({"a.jpg": DELFT}), table, positions=positions)
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
    assert said.startswith("3 rows name photos that were not found: ../secret.jpg (line 2)")


def test_photos_are_missing_from_a_manifest_of_most_and_not_from_one_that_helps_exif_out() -> None:
    frame = photos_frame({"a.jpg": DELFT, "b.jpg": DELFT, "c.jpg": DELFT})
    with pytest.warns(GeobikeWarning, match=r"^1 photo is missing from the manifest: c\.jpg"):
        resolve.locate(frame, manifest(("a.jpg", *DELFT), ("b.jpg", *DELFT)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        resolve.locate(frame, manifest(("a.jpg", *DELFT)))


def test_a_row_matches_the_only_photo_with_the_same_end_of_its_path_and_is_reported() -> None:
    frame = photos_frame({"mon/a.jpg": None, "mon/b.jpg": None, "tue/b.jpg": None, "c.jpg": None})
    table = manifest(("a.jpg", *FAR), ("b.jpg", *FAR), ("/home/me/photos/c.jpg", *FAR))
    with pytest.warns(GeobikeWarning, match=r"^2 rows are matched .*: a\.jpg for mon/a\.jpg, "):
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
    with pytest.warns(GeobikeWarning, match=r"more than one row.*same\.jpg \(lines 2, 4\)"):
        out = resolve.locate(frame, table)
    assert place(out, "same.jpg") == FAR
    assert place(out, "torn.jpg") is None
    assert out["reason"].iloc[1] == "manifest lines 3, 5 give different positions"


def test_a_photo_borrows_the_position_that_the_manifest_gives_its_copy(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", description="the same")
    photo(tmp_path / "b.jpg", description="the same")
    frame = reading.read(reading.find(tmp_path))
    for positions in (("manifest", "exif"), ("exif", "manifest"), ("manifest",)):
        out = resolve.locate(frame, manifest(("b.jpg", *FAR)), positions=positions)
        assert place(out, "a.jpg") == FAR
        assert out["status"].fillna("").tolist() == ["", "duplicate"]


def test_a_copy_lends_its_position_to_a_bad_row_only_where_the_manifest_is_the_last_resort(
    tmp_path: Path,
) -> None:
    photo(tmp_path / "a.jpg", description="the same")
    photo(tmp_path / "b.jpg", description="the same")
    frame = reading.read(reading.find(tmp_path))
    table = manifest(("a.jpg", None, None), ("b.jpg", *FAR))
    table["reason"] = pd.Series(["line 2: latitude 'x'", None], dtype="str")
    assert place(resolve.locate(frame, table), "a.jpg") is None
    last = resolve.locate(frame, table, positions=("exif", "manifest"))
    assert place(last, "a.jpg") == FAR


def test_time_and_heading_of_the_manifest_win_and_exif_fills_what_it_lacks() -> None:
    taken = pd.Timestamp("2022-01-19T10:00:00Z")
    frame = photos_frame({"a.jpg": DELFT, "b.jpg": DELFT})
    frame["heading"] = [10.0, 20.0]
    frame["taken_at"] = pd.Series([taken, taken]).astype(schema.TIME)
    table = manifest(("a.jpg", *DELFT), ("b.jpg", *DELFT))
    table["heading"] = [99.0, None]
    out = resolve.locate(frame, table)
    assert out["heading"].tolist() == [99.0, 20.0]
    assert (out["taken_at"] == taken).all()
