"""`geobike locate` as a user meets it."""

import json
from pathlib import Path

from tests.cli.commands.conftest import SAMPLE, Mapped
from tests.support.making import photo
from tests.support.program import geobike


def test_locate_says_where_photos_lie_and_which_have_no_position(tmp_path: Path) -> None:
    photo(tmp_path / "p" / "west.jpg", lon_lat=(4.125, 52.5))
    photo(tmp_path / "p" / "east.jpg", lon_lat=(4.25, -0.75))
    for number in range(12):
        photo(tmp_path / "p" / f"lost{number:02}.jpg")
    done = geobike("locate", tmp_path / "p")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "from 4.12500 to 4.25000 degrees east, -0.75000 to 52.50000 north" in said
    assert "lost00.jpg: no GPS position in EXIF" in said
    assert "lost09.jpg" in said
    assert "lost10.jpg" not in said
    assert "and 2 more" in said
    assert "--manifest FILE.csv with file,latitude,longitude" in said


def test_locate_writes_the_columns_of_a_map_but_those_of_counting(
    sample_map: Mapped, tmp_path: Path
) -> None:
    out = tmp_path / "photos.geojson"
    done = geobike("locate", SAMPLE / "photos", "--manifest", SAMPLE / "manifest.csv", "--out", out)
    assert done.returncode == 0
    # By their headers alone: one more is truncated, which only `map` detects.
    assert "located          178" in done.stdout
    whole = json.loads((sample_map.out / "photos.geojson").read_text())["features"]
    alone = json.loads(out.read_text())["features"]
    counting = {"parked_count", "ridden_count", "stop_id", "stop_photo"}
    columns = [name for name in whole[0]["properties"] if name not in counting]
    assert [list(f["properties"]) for f in alone] == [columns] * len(whole)
    assert [f["geometry"] for f in alone] == [f["geometry"] for f in whole]
