"""The page counts a period again by itself: with the numbers of `counting` for those photos."""

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from geobike import schema
from geobike.counting import counts
from geobike.maps import options, payload
from geobike.maps import photos as page_photos
from tests.support.browser import Open
from tests.support.map_frames import build

RECOUNT = """async (data) => {
  await geobike.unpack(data);
  geobike.placePhotos(data);
  const page = geobike.state(null, data);
  geobike.count(page);
  const figures = () => data.areas.map((area) => ({ ...area.figures }));
  const periods = data.photos.periods.map((name, period) => {
    page.change({ period });
    return [name, figures()];
  });
  page.change({ period: -1 });
  return { periods, all: figures() };
}"""
"""What the page shows for each period, by its own scripts."""

TIMEZONES = ["UTC", "Europe/Amsterdam", "America/St_Johns", "Pacific/Kiritimati"]
AREAS = ["north", "south", "empty"]


@st.composite
def surveys(draw: st.DrawFn, days: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Photos of so many days with their counts, and the areas they are in."""
    hours = st.sampled_from(range(0, 24 * days, 2 * days))
    photo = st.fixed_dictionaries(
        {
            "area_id": st.sampled_from(["north", "south"]),
            "boxes": st.integers(0, 40),
            "status": st.sampled_from([None, None, None, None, "outside", "failed", "unlocated"]),
            "hours": st.one_of(hours, hours, hours, st.none()),
        }
    )
    rows = pd.DataFrame(draw(st.lists(photo, min_size=draw(st.sampled_from([1, 9])), max_size=15)))
    names = [f"{number}.jpg" for number in range(len(rows))]
    start = pd.Timestamp("2022-03-26T20:00:00Z")
    taken = start + pd.to_timedelta(pd.array(rows["hours"], "Float64").astype("float64"), unit="h")
    data = {
        "photo_id": names,
        "area_id": rows["area_id"].where(rows["status"].isna() | (rows["status"] == "failed")),
        "status": rows["status"],
        "taken_at": pd.Series(taken).dt.as_unit("us"),
    }
    frame = schema.geotable(schema.PHOTOS, data, shapely.points(range(len(rows)), 0.5))
    boxes = [name for name, n in zip(names, rows["boxes"], strict=True) for _ in range(n)]
    detections = schema.table(schema.DETECTIONS, {"photo_id": boxes}).assign(kept=True)
    return counts.per_photo(frame, detections), draw(polygons())


@st.composite
def polygons(draw: st.DrawFn) -> gpd.GeoDataFrame:
    km2 = st.sampled_from([0.0]) | st.floats(1e-6, 1e6)
    people = st.none() | st.sampled_from([0]) | st.integers(1, 10**7)
    data = {
        "area_id": AREAS,
        "name": AREAS,
        "area_km2": [draw(km2) for _ in AREAS],
    }
    if draw(st.booleans()):
        data["population"] = pd.array([draw(people) for _ in AREAS], "Int64")
    shapes = [shapely.box(4 + k, 52, 5 + k, 53) for k in range(len(AREAS))]
    return schema.geotable(schema.AREAS, data, shapes)


def sent(counted: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, timezone: str) -> dict[str, Any]:
    """Return the data of the page for a survey."""
    return payload.page_data(
        counts.per_area(counted, areas),
        counted,
        schema.table(schema.DETECTIONS, {"photo_id": []}),
        {},
        payload.Provenance("bicycle", "tiny", 0.5, timezone, {}),
        options.PageOptions(),
        [],
    )


def expected(counted: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return what `counting` makes of these photos: figures by area, None where there is none."""
    frame = counts.per_area(counted, areas)
    columns = frame.drop(
        columns=["geometry", "area_id", "name", "status", "first_photo_at", "last_photo_at"]
    ).astype(object)
    rows: list[dict[str, Any]] = columns.where(columns.notna(), None).to_dict("records")
    return rows


def of_period(counted: gpd.GeoDataFrame, name: str, timezone: str) -> gpd.GeoDataFrame:
    """Return the photos of a day, a month or a year, as the clock there had it."""
    clock = counted["taken_at"].dt.tz_convert(timezone).dt.strftime("%Y-%m-%d")
    return counted[clock.str.startswith(name).fillna(False).astype(bool)]


@pytest.mark.parametrize(("days", "unit"), [(3, "D"), (90, "M"), (4000, "Y")])
def test_the_page_counts_every_day_month_and_year_as_python_does(
    show: Open, monkeypatch: pytest.MonkeyPatch, days: int, unit: str
) -> None:
    page = show(build()).page
    monkeypatch.setattr(page_photos, "_PERIODS", (unit,))
    checked: list[str] = []

    # Surveys are small enough to read; to shrink one takes minutes in a browser.
    phases = [Phase.explicit, Phase.reuse, Phase.generate]

    @settings(
        max_examples=50,
        deadline=None,
        phases=phases,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(surveys(days), st.sampled_from(TIMEZONES), st.booleans())
    def check(survey: tuple[Any, Any], timezone: str, packed: bool) -> None:
        monkeypatch.setattr(page_photos, "READABLE", 0 if packed else 10_000)
        counted, areas = survey
        shown = page.evaluate(RECOUNT, sent(counted, areas, timezone))
        assert shown["all"] == expected(counted, areas)
        for name, figures in shown["periods"]:
            assert figures == expected(of_period(counted, name, timezone), areas), name
        in_areas = counted["status"].eq(schema.COUNTED) & counted["taken_at"].notna()
        if shown["periods"]:
            photos = sum(area["photo_count"] for _, found in shown["periods"] for area in found)
            assert photos == in_areas.sum()  # no photo is lost between the periods
        checked.extend(name for name, _ in shown["periods"])

    check()
    assert {len(name) for name in checked} == {{"D": 10, "M": 7, "Y": 4}[unit]}


def test_the_page_is_sent_the_time_and_the_column_of_each_photo_by_name() -> None:
    counted = counts.per_photo(
        schema.geotable(
            schema.PHOTOS,
            {
                "photo_id": ["a", "b"],
                "area_id": ["south", None],
                "status": [None, "outside"],
                "taken_at": pd.to_datetime(["2022-01-01"] * 2, utc=True).as_unit("us"),
            },
            shapely.points([4.5, 4.6], [52.1, 52.0]),
        ),
        schema.table(schema.DETECTIONS, {"photo_id": ["a", "a"]}).assign(kept=True),
    )
    shapes = [shapely.box(4 + k, 52, 5 + k, 53) for k in range(len(AREAS))]
    data = {"area_id": AREAS, "name": AREAS, "area_km2": [1.0] * 3}
    photos = sent(counted, schema.geotable(schema.AREAS, data, shapes), "UTC")["photos"]
    assert photos["columns"] == {
        "lon": [450_000, 10_000],
        "lat": [5_210_000, -10_000],
        "area": [1, -1],
        "period": [0, -1],
        "bicycle_count": [2, -1],
    }
    assert photos["names"] == list(photos["columns"])
