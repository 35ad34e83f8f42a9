"""Photos along GPX tracks, held to exiftool's -geotag; what is no track is refused."""

import csv
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import ExifTags
from pyproj import Geod

import geobike
from geobike import schema
from geobike.errors import GeobikeWarning, InputError
from geobike.positions import resolve, track
from geobike.reporting import collect_warnings
from geobike.survey import locating
from tests.support.making import photo

HEAD = '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk>'
LON, LAT = 4.9, 52.37
NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
BASE = ExifTags.Base
AMSTERDAM = ZoneInfo("Europe/Amsterdam")

CLOCKS = {
    "back": datetime(2026, 10, 25, 0, 50, tzinfo=UTC),
    "forward": datetime(2026, 3, 29, 0, 50, tzinfo=UTC),
}
"""Ten minutes before clocks in Amsterdam change."""

exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")

Fix = tuple[float, float, float]
"""Seconds after the start, degrees east and north."""


def gpx(path: Path, *segments: Sequence[Fix], start: datetime = NOON) -> Path:
    """Write a GPX file with a fix a second or more, in UTC."""
    text = HEAD
    for segment in segments:
        points = [
            f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}"><time>'
            f"{(start + timedelta(seconds=second)).isoformat().replace('+00:00', 'Z')}"
            "</time></trkpt>"
            for second, lon, lat in segment
        ]
        text += f"<trkseg>{''.join(points)}</trkseg>"
    path.write_text(f"{text}</trk></gpx>")
    return path


def straight(begin: float, end: float, *, every: float = 5, speed: float = 5.0) -> list[Fix]:
    """Return fixes of a ride to the east."""
    metre = 1 / (111_320 * np.cos(np.radians(LAT)))
    seconds = np.arange(begin, end + every / 2, every)
    return [(float(s), LON + speed * s * metre, LAT + 1e-6 * s) for s in seconds]


def shots(*seconds: float, **columns: Any) -> gpd.GeoDataFrame:
    """Photos without a place, so many seconds after noon."""
    data = {
        "photo_id": [f"{number}.jpg" for number in range(len(seconds))],
        "taken_at": [pd.Timestamp(NOON) + pd.Timedelta(seconds=s) for s in seconds],
    }
    return schema.geotable(schema.PHOTOS, data | columns, [None] * len(seconds))


def placed(path: Path, *seconds: float, **options: Any) -> pd.DataFrame:
    photos = shots(*seconds)
    with collect_warnings():
        out = resolve.locate(photos, track=track.read([path], **options))
    return pd.DataFrame(
        {"lon": out.geometry.x, "lat": out.geometry.y, **out[["heading", "reason", "status"]]}
    )


def geotagged(folder: Path, path: Path, options: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Let exiftool place the photos of a folder; return longitude and latitude by name."""
    limits = ["-api", "GeoMaxIntSecs=30", "-api", "GeoMaxExtSecs=5"]
    write = ["exiftool", "-q", "-q", "-overwrite_original", "-geotag", str(path), *limits]
    subprocess.run([*write, *options, str(folder)], capture_output=True, check=False)
    read = ["exiftool", "-n", "-csv", "-GPSLongitude", "-GPSLatitude", str(folder)]
    out = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    rows = csv.DictReader(out.splitlines())
    return {
        Path(row["SourceFile"]).name: (float(row["GPSLongitude"]), float(row["GPSLatitude"]))
        for row in rows
        if row.get("GPSLongitude")
    }


def loop(begin: float, end: float, every: float) -> list[Fix]:
    """Return fixes of a ride that bends, at 5 m/s."""
    seconds = np.arange(0, end + 1)
    bearing = np.radians(90 * (seconds // 150) + 10 * np.sin(seconds / 20))
    east, north = np.cumsum(5 * np.sin(bearing)), np.cumsum(5 * np.cos(bearing))
    lon = LON + east / (111_320 * np.cos(np.radians(LAT)))
    rows = [(float(s), lon[s], LAT + north[s] / 111_320) for s in seconds.astype(int)]
    return [row for row in rows if row[0] >= begin and row[0] % every == 0]


def ride(every: int, after: float = 0) -> list[list[Fix]]:
    """A pause of 100 s between two segments, and a tunnel of 45 s in the second."""
    second = [fix for fix in loop(700, 1400, every) if not 1000 < fix[0] < 1045]
    return [[(s + after, *at) for s, *at in part] for part in (loop(0, 600, every), second)]


def snaps() -> np.ndarray[Any, Any]:
    """When photos were taken: before and after the ride, on it, and at the ends of its parts."""
    chance = np.random.default_rng(7)
    ends = [600, 603.5, 606.2, 697.1, 1001, 1040.4, 1404.9, 1405.1]
    return np.sort(np.r_[chance.uniform(-20, 1420, 60).round(3), ends])


def take(folder: Path, true: datetime, *, tagged: bool) -> None:
    """Write a photo of a camera that is 37 s fast and shows the time of Amsterdam."""
    local = (true + timedelta(seconds=37)).astimezone(AMSTERDAM)
    times = {
        int(BASE.DateTimeOriginal): f"{local:%Y:%m:%d %H:%M:%S}",
        int(BASE.SubsecTimeOriginal): f"{local:%f}"[:3],
    }
    if tagged:
        times[int(BASE.OffsetTimeOriginal)] = f"{local:%z}"[:3] + ":00"
    photo(folder / f"{true:%d_%H%M%S_%f}.jpg", times=times)


def compare(ours: Path, path: Path, told: dict[str, tuple[float, float]]) -> None:
    with collect_warnings():
        located = locating.locate(
            geobike.find_photos(ours),
            track_paths=[path],
            track_offset=-37,
            timezone="Europe/Amsterdam",
            metadata_only=True,
        )
    found = located[located.geometry.notna()].set_index("photo_id").geometry
    found.index = [name.rpartition("/")[2] for name in found.index]
    assert set(found.index) == set(told)
    assert 20 < len(told) < len(located) - 5
    ellipsoid = Geod(ellps="WGS84")
    far = [ellipsoid.inv(found[name].x, found[name].y, *told[name])[2] for name in told]
    assert max(far) < 0.01


@exiftool
@pytest.mark.parametrize("every", [1, 5, 15])
@pytest.mark.parametrize("clocks", CLOCKS)
def test_in_the_hour_that_clocks_show_twice_or_never_photos_are_where_exiftool_puts_them(
    tmp_path: Path, clocks: str, every: int
) -> None:
    start = CLOCKS[clocks]
    path = gpx(tmp_path / "ride.gpx", *ride(every), start=start)
    for second in snaps():
        take(tmp_path / "ours", start + timedelta(seconds=second), tagged=True)
    shutil.copytree(tmp_path / "ours", tmp_path / "theirs")
    options = ["-geosync=-37", "-geotime<SubSecDateTimeOriginal"]
    compare(tmp_path / "ours", path, geotagged(tmp_path / "theirs", path, options))


@exiftool
def test_clocks_without_an_offset_take_summer_and_winter_time_from_the_users_zone(
    tmp_path: Path,
) -> None:
    start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    later = 3 * 3600.0
    path = gpx(tmp_path / "ride.gpx", *ride(5), *ride(5, after=later), start=start)
    told = {}
    for zone, after in (("+02:00", 0.0), ("+01:00", later)):
        folder = tmp_path / "ours" / zone
        for second in snaps():
            take(folder, start + timedelta(seconds=second + after), tagged=False)
        theirs = shutil.copytree(folder, tmp_path / "theirs" / zone)
        when = "-geotime<${SubSecDateTimeOriginal}" + zone
        told |= geotagged(theirs, path, ["-geosync=-37", when])
    compare(tmp_path / "ours", path, told)


def test_the_zone_of_the_computer_is_never_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = gpx(tmp_path / "ride.gpx", straight(0, 600))
    for second in range(0, 600, 60):
        take(tmp_path / "photos", NOON + timedelta(seconds=second - 37), tagged=False)
    monkeypatch.setenv("TZ", "Europe/Amsterdam")
    with collect_warnings() as notes:
        located = locating.locate(
            geobike.find_photos(tmp_path / "photos"), track_paths=[path], metadata_only=True
        )
    assert located.geometry.isna().all()
    assert (
        located["reason"]
        .str.endswith("its time has no offset from UTC, which a track needs: pass --timezone")
        .all()
    )
    (proposal,) = [note for note in notes if "fall on the track" in note]
    assert (
        "0 of 10 photos fall on the track; 10 would if the camera's clock shows UTC+2" in proposal
    )
    assert "--timezone" in proposal


def test_between_two_fixes_a_photo_is_in_proportion_to_its_time(tmp_path: Path) -> None:
    path = gpx(tmp_path / "a.gpx", [(0, 4.0, 52.0), (10, 4.001, 52.002)])
    found = placed(path, 0, 2.5, 10, 14.9, -4.9)
    assert found["lon"].tolist() == pytest.approx([4.0, 4.00025, 4.001, 4.001, 4.0], abs=1e-9)
    assert found["lat"].tolist() == pytest.approx([52.0, 52.0005, 52.002, 52.002, 52.0], abs=1e-9)


def test_a_gap_gives_no_place_and_says_how_long_it_is_and_when(tmp_path: Path) -> None:
    path = gpx(
        tmp_path / "a.gpx", [(0, 4.0, 52), (30, 4.001, 52), (131, 4.01, 52), (150, 4.02, 52)]
    )
    found = placed(path, 15, 60, 35, 126, 1000, -6)
    assert found["lon"].notna().tolist() == [True, False, True, True, False, False]
    assert found["status"].fillna("").tolist() == [
        "",
        "unlocated",
        "",
        "",
        "unlocated",
        "unlocated",
    ]
    said = found["reason"].fillna("").tolist()
    assert said[1].endswith("the track has a gap of 101 s at 2026-05-12 12:00:30 UTC")
    assert said[4].endswith("14 min after the track ends, at 2026-05-12 12:02:30 UTC")
    assert said[5].endswith("6 s before the track begins, at 2026-05-12 12:00:00 UTC")
    assert placed(path, 60, max_gap=120)["lon"].notna().all()


def test_a_pause_between_segments_is_a_gap_however_short(tmp_path: Path) -> None:
    path = gpx(tmp_path / "a.gpx", [(0, 4.0, 52), (5, 4.001, 52)], [(25, 4.5, 52), (30, 4.6, 52)])
    found = placed(path, 15, 9, 21)
    assert found["lon"].fillna(0).tolist() == pytest.approx([0, 4.001, 4.5])
    assert found["reason"].iloc[0].endswith("a gap of 20 s at 2026-05-12 12:00:05 UTC")


def test_the_offset_is_added_to_the_cameras_time(tmp_path: Path) -> None:
    path = gpx(tmp_path / "a.gpx", [(0, 4.0, 52.0), (10, 4.001, 52.002)])
    assert placed(path, 42, offset=-37)["lon"].tolist() == pytest.approx([4.0005])
    late = placed(path, 100, offset=-37)["reason"].iloc[0]
    assert late.endswith("53 s after the track ends, at 2026-05-12 12:00:10 UTC")


def test_headings_are_those_of_the_ride_and_none_while_it_stands(tmp_path: Path) -> None:
    halt = [(100 + s, straight(100, 100)[0][1], straight(100, 100)[0][2]) for s in range(5, 60, 5)]
    path = gpx(tmp_path / "a.gpx", [*straight(0, 100), *halt])
    found = placed(path, 0, 50, 130)
    east = Geod(ellps="WGS84").inv(*straight(0, 0)[0][1:], *straight(100, 100)[0][1:])[0]
    assert found["heading"].tolist()[:2] == pytest.approx([east, east], abs=0.5)
    assert np.isnan(found["heading"].iloc[2])


def test_a_heading_of_the_photo_itself_wins(tmp_path: Path) -> None:
    path = gpx(tmp_path / "a.gpx", straight(0, 100))
    photos = shots(50, 60, heading=[200.0, np.nan])
    out = resolve.locate(photos, track=track.read([path]))
    assert out["heading"].iloc[0] == 200
    assert 80 < out["heading"].iloc[1] < 100
    assert out["position_source"].tolist() == ["track", "track"]


def test_the_place_of_the_photo_itself_wins_unless_the_user_says_otherwise(tmp_path: Path) -> None:
    path = gpx(tmp_path / "a.gpx", straight(0, 100))
    photos = shots(50, 60)
    photos.geometry = gpd.points_from_xy([4.95, None], [52.4, None])
    photos.loc[1, "geometry"] = None
    photos["position_source"] = pd.Series(["exif", None], dtype="str")
    with pytest.warns(GeobikeWarning, match="apart in EXIF and track"):
        out = resolve.locate(photos, track=track.read([path]))
    assert out["position_source"].tolist() == ["exif", "track"]
    with pytest.warns(GeobikeWarning):
        out = resolve.locate(photos, positions=("track", "exif"), track=track.read([path]))
    assert out["position_source"].tolist() == ["track", "track"]


def test_a_ride_over_the_antimeridian_does_not_cross_the_world(tmp_path: Path) -> None:
    path = gpx(tmp_path / "a.gpx", [(0, 179.999, -17.0), (10, -179.997, -17.0)])
    assert placed(path, 2.5, 5)["lon"].tolist() == pytest.approx([180 - 360, -179.999], abs=1e-6)


def test_whole_hours_are_proposed_and_not_applied(tmp_path: Path) -> None:
    path = gpx(tmp_path / "a.gpx", straight(0, 600))
    with collect_warnings() as notes:
        out = resolve.locate(shots(*(7200 + 50.0 * n for n in range(9))), track=track.read([path]))
    assert out.geometry.isna().all()
    assert any("9 would 2 h earlier" in note and "--track-offset -7200" in note for note in notes)


def test_the_offset_of_photos_that_know_their_place_is_estimated_and_not_applied(
    tmp_path: Path,
) -> None:
    path = gpx(tmp_path / "a.gpx", loop(0, 1200, 1))
    fixes = {fix[0]: fix[1:] for fix in loop(0, 1200, 1)}
    seconds = [float(s) for s in range(60, 1100, 40)]
    chance = np.random.default_rng(3).normal(0, 4 / 111_320, (2, len(seconds)))
    lon, lat = np.array([fixes[s] for s in seconds]).T
    photos = shots(*(s + 37 for s in seconds))
    photos.geometry = gpd.points_from_xy(lon + chance[0] / np.cos(np.radians(LAT)), lat + chance[1])
    with collect_warnings() as notes:
        out = resolve.locate(photos, track=track.read([path]))
    (note,) = [note for note in notes if "fit the track best" in note]
    found = float(re.search(r"--track-offset (-?[\d.]+)", note)[1])  # type: ignore[index]
    assert found == pytest.approx(-37, abs=1.5)
    assert "is not applied" in note
    assert (out["position_source"] == "exif").sum() == 0  # the frame says no source of its own
    with collect_warnings() as quiet:
        resolve.locate(photos, track=track.read([path], offset=-37))
    assert not any("fit the track" in note for note in quiet)


def refused(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(InputError) as caught, collect_warnings():
        track.read([path])
    said = str(caught.value)
    assert said.isprintable()
    assert path.name in said
    return said


def points(*written: tuple[str, str, str]) -> str:
    inner = "".join(
        f'<trkpt lat="{lat}" lon="{lon}">' + (f"<time>{time}</time>" if time else "") + "</trkpt>"
        for time, lon, lat in written
    )
    return f"{HEAD}<trkseg>{inner}</trkseg></trk></gpx>"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            points(("2026-05-12T12:00:00Z", "4", "52"), ("2026-05-12T12:00:05", "4", "52")),
            r"line 1: the time '2026-05-12T12:00:05' does not say that it is UTC",
        ),
        (
            points(("2026-05-12T12:00:05Z", "4", "52"), ("2026-05-12T12:00:00Z", "4", "52")),
            r"do not increase: 2026-05-12 12:00:00 UTC follows 2026-05-12 12:00:05 UTC",
        ),
        (
            points(("2026-05-12T12:00:00Z", "4", "52"), ("2026-05-12T12:00:00Z", "4.1", "52")),
            "12:00:00 UTC is there twice, at two places",
        ),
        (points(("", "4", "52")), "no track point has a time"),
        (points(("2026-05-12T12:00:00Z", "4", "152")), "latitude 152, which is nowhere on Earth"),
        (points(("2026-05-12T12:00:00Z", "1e400", "52")), "nowhere on Earth"),
        (points(("2026-05-12T12:00:00Z", "4", "nan")), "its lat 'nan' is not a number"),
        (points(("2026-05-12T12:00:00Z", "4,35", "52")), "its lon '4,35' is not a number"),
        (points(("2026-02-30T12:00:00Z", "4", "52")), "the time '2026-02-30T12:00:00Z' is none"),
        (points(("2026-05-12T12:00:00Z", "0", "0")), "no track point has a place"),
        (points(), "holds no track point"),
        (f'{HEAD}<trkseg><trkpt lat="52" lon="4">', "XML parsing of GPX file failed"),
        (
            '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
            + points(("&b;", "4", "52")).partition("?>")[2],
            "declares entities",
        ),
        (
            '<?xml version="1.0"?><!DOCTYPE gpx SYSTEM "http://localhost/evil.dtd">'
            + points(("2026-05-12T12:00:00Z", "4", "52")).partition("?>")[2],
            "declares entities",
        ),
        (HEAD + "<trk>" * 50_000, "cannot be read as GPX: "),
        ("<html><body>Not found</body></html>", "its content is not GPX"),
        (
            points(("2026-05-12T12:00:00Z", "4", "52")).replace("trkpt", "rtept"),
            "holds no track point",
        ),
        ("file,lat,lon\n", "its content is not GPX"),
        ("<OGRVRTDataSource/>", "its content is not GPX"),
        ('<?xml version="1.0"?><kml></kml>', "its content is not GPX"),
    ],
)
def test_what_is_no_sound_track_is_refused_in_plain_words(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in refused(tmp_path / "hostile.gpx", text)


def test_files_that_are_not_there_or_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"track nowhere\.gpx: no such file"):
        track.read([tmp_path / "nowhere.gpx"])
    with (tmp_path / "huge.gpx").open("wb") as file:
        file.truncate(600_000_000)  # sparse: takes no room
    with pytest.raises(InputError, match=r"track huge\.gpx: it has 600 MB, over 500; split it"):
        track.read([tmp_path / "huge.gpx"])


def test_several_tracks_are_one_but_none_may_be_in_two_places_at_once(tmp_path: Path) -> None:
    one = gpx(tmp_path / "one.gpx", straight(0, 100))
    two = gpx(tmp_path / "two.gpx", straight(200, 300))
    both = track.read([two, one, one])
    assert len(both) == len(straight(0, 100)) + len(straight(200, 300))
    assert both["time"].is_monotonic_increasing
    assert both["segment"].nunique() == 2
    other = gpx(tmp_path / "other.gpx", [(50.5, 5.0, 52.0), (60.5, 5.0, 52.0)])
    with pytest.raises(InputError, match=r"in two places at once, from 2026-05-12 12:00:50 UTC"):
        track.read([one, other])


def test_points_without_a_time_are_reported_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.gpx").write_text(
        points(
            ("2026-05-12T12:00:00Z", "4", "52"), ("", "9", "9"), ("2026-05-12T12:00:10Z", "4", "52")
        )
    )
    with pytest.warns(GeobikeWarning, match=r"1 point of track a\.gpx has no time"):
        assert len(track.read([tmp_path / "a.gpx"])) == 2


def test_times_of_other_offsets_and_of_gpx_1_0_read_alike(tmp_path: Path) -> None:
    text = points(("2026-05-12T14:00:00+02:00", "4", "52"), ("2026-05-12T12:00:10.25Z", "5", "52"))
    (tmp_path / "a.gpx").write_text(text)
    (tmp_path / "b.gpx").write_text(text.replace("1.1", "1.0").replace("/1/1", "/1/0"))
    for name in ("a.gpx", "b.gpx"):
        seconds = (track.read([tmp_path / name])["time"] - pd.Timestamp(NOON)).dt.total_seconds()
        assert seconds.tolist() == [0, 10.25]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"offset": 1e7}, "--track-offset 1e"),
        ({"offset": float("nan")}, "--track-offset nan"),
        ({"max_gap": 0.0}, "--track-max-gap 0 is not from 1 to 3600"),
        ({"max_gap": float("inf")}, "--track-max-gap inf"),
    ],
)
def test_offsets_and_gaps_that_cannot_be_are_refused(options: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        track.check(**{"offset": 0.0, "max_gap": 30.0} | options)


def test_a_hundred_thousand_photos_are_placed_in_seconds(tmp_path: Path) -> None:
    path = gpx(tmp_path / "day.gpx", straight(0, 36_000, every=1))
    table = track.read([path])
    times = pd.Series(
        pd.Timestamp(NOON)
        + pd.to_timedelta(np.random.default_rng(1).uniform(0, 36_000, 100_000), "s")
    ).astype(schema.TIME)
    found = track.place(table, times)
    assert np.isfinite(found.lon).all()


def test_a_jump_that_nobody_can_have_made_is_reported(tmp_path: Path) -> None:
    fixes = [(f"2026-05-12T12:00:0{n}Z", f"4.00{n}", "52") for n in range(6)]
    fixes[3] = (fixes[3][0], "4.003", "52.9")
    (tmp_path / "t.gpx").write_text(points(*fixes))
    with pytest.warns(GeobikeWarning, match=r"2 fixes .*100 m/s allow.*12:00:03 UTC, .*12:00:04"):
        track.read([tmp_path / "t.gpx"])


def test_points_at_0_0_are_left_out_and_the_photo_lies_between_the_others(tmp_path: Path) -> None:
    fixes = [(f"2026-05-12T12:00:0{n}Z", f"4.00{n}", "52") for n in range(6)]
    fixes[3] = (fixes[3][0], "0", "0")
    (tmp_path / "t.gpx").write_text(points(*fixes))
    with pytest.warns(GeobikeWarning, match=r"1 point of track t\.gpx is at \(0, 0\)"):
        found = track.read([tmp_path / "t.gpx"])
    assert found["lon"].tolist() == [4.0, 4.001, 4.002, 4.004, 4.005]
