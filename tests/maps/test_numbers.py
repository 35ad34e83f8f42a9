"""The page, areas.geojson and summary.json say the same numbers."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import geobike
from geobike.maps import PageOptions
from tests.support.browser import Open
from tests.support.making import FakeDetector, photo, squares

STREETS = [4.001 + area * 0.01 + n * 0.0015 for area in (0, 1) for n in range(6)]
"""Six streets of 33 m across each of two areas, by their longitude."""


def streets(path: Path) -> Path:
    lines = [shapely.LineString([(lon, 52.00485), (lon, 52.00515)]) for lon in STREETS]
    gpd.GeoDataFrame(geometry=lines, crs="EPSG:4326").to_file(path)
    return path


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
def test_page_geojson_and_summary_agree(tmp_path: Path, show: Open) -> None:
    photos = tmp_path / "photos"
    photo(photos / "west.jpg", lon_lat=(4.005, 52.005), size=(30, 20))  # three bicycles
    photo(photos / "west_empty.jpg", lon_lat=(4.004, 52.006), size=(8, 20))  # none
    photo(photos / "east.jpg", lon_lat=(4.015, 52.005), size=(50, 20))  # five
    photo(photos / "border.jpg", lon_lat=(4.01, 52.005), size=(10, 20))  # one, counted in west
    photo(photos / "outside.jpg", lon_lat=(5.0, 53.0), size=(70, 20))
    photo(photos / "nowhere.jpg")
    for n, lon in enumerate(STREETS):  # none; all streets are seen, so the areas can be compared
        photo(photos / f"street{n}.jpg", lon_lat=(lon, 52.005), size=(9, 20))
    path = squares(tmp_path / "areas.geojson", ["west", "east", "far"])
    given = json.loads(path.read_text())
    for feature, people in zip(given["features"], [2000, 500, -99997], strict=True):
        feature["properties"]["people"] = people
    path.write_text(json.dumps(given))
    plan = geobike.Survey(
        photos=photos,
        areas=path,
        detector=FakeDetector(),
        streets=streets(tmp_path / "streets.geojson"),
        population_column="people",
        page=PageOptions(title="Agreed", pictures="none"),
    )
    written = geobike.run(plan, store=tmp_path / "store.sqlite").write(tmp_path / "out")

    opened = show(written["map.html"].read_text("utf-8"))
    rows = opened.table("detected_per_stop", "stop_count", "covered_share")
    opened.colour_by("Bicycles detected, each place once")
    once = opened.table("detected_once")
    opened.colour_by("Bicycles detected per 1,000 inhabitants")
    shown_rates = opened.table("bicycles_per_1000_inhabitants")
    read = gpd.read_file(written["areas.geojson"])
    summary = json.loads(written["summary.json"].read_text("utf-8"))["ledger"]

    bicycles = read["bicycle_count"].astype(object).where(read["bicycle_count"].notna(), None)
    by_hand = {"west": (9, 4), "east": (7, 5), "far": (0, None)}  # photos, bicycles
    assert (
        dict(
            zip(
                read["name"],
                zip(read["photo_count"], bicycles, strict=True),
                strict=True,
            )
        )
        == by_hand
    )
    rates = dict(zip(read["name"], read["bicycles_per_1000_inhabitants"], strict=True))
    assert (rates["west"], rates["east"]) == (2, 10)
    assert rates["far"] != rates["far"]  # NaN: no photo, and no population known
    dash, percent = "\N{EN DASH}", "{}\N{NO-BREAK SPACE}%"
    assert read["status"].tolist() == ["compared", "compared", "unseen"]
    assert rows == [
        # The photo on the border is half a stop of each side; its bicycle is of one.
        ["east", "0.67", "8", percent.format(100)],  # 5 / 7.5
        ["west", "0.47", "9", percent.format(100)],  # 4 / 8.5
        ["far", dash, "0", dash],
    ]
    assert once == [["east", "5.0"], ["west", "4.0"], ["far", dash]]
    assert shown_rates == [["east", "10"], ["west", "2.0"], ["far", dash]]
    finding = "16 stops: on average 0.56 bicycles detected per stop. "  # 9 / 16
    in_all = "About 9 detected in all, each place counted once."
    assert opened.texts(".gb-finding") == [finding + in_all]
    assert opened.said(".gb-sums")[0].startswith("9 detected on 16 photos:")
    assert opened.said(".gb-ledger") == [
        "18 photos: 16 counted, 1 outside the areas, 1 with no GPS position."
    ]
    assert summary["photos"]["counted"] == 16
    assert summary["bicycles_in_areas"] == 9
    assert opened.page.locator("img").count() == 0
