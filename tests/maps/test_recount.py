"""The page counts a period by itself: with the numbers of `sums` and `metrics` for its photos."""

import math
from collections import Counter
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from geobike import metrics, schema, sums
from geobike.counting import counts
from geobike.maps import options, payload
from geobike.maps import periods as page_periods
from geobike.maps import photos as page_photos
from geobike.maps import places as page_places
from tests.support import map_frames
from tests.support.browser import Open
from tests.support.counted import area_counts, no_boxes, no_tallies
from tests.support.map_frames import TOWN, build

RECOUNT = """async (data) => {
  await geobike.unpack(data);
  geobike.placePhotos(data);
  const page = geobike.state(null, data);
  geobike.count(page);
  const figures = () => data.areas.map((area) => ({ ...area.figures }));
  const periods = data.periods.map((name, period) => {
    page.change({ period });
    return [name, figures()];
  });
  page.change({ period: -1 });
  return { periods, all: figures() };
}"""
"""What the page shows for each period, by its own scripts."""

TIMEZONES = ["UTC", "Europe/Amsterdam", "America/St_Johns", "Pacific/Kiritimati"]
AREAS = ["north", "south", "empty"]
STOPS = ["0.jpg", "1.jpg", "2.jpg"]


class Survey(NamedTuple):
    """Photos, what each adds to the areas, and the areas with what the whole survey saw."""

    photos: gpd.GeoDataFrame
    tallies: pd.DataFrame
    areas: gpd.GeoDataFrame


@st.composite
def surveys(draw: st.DrawFn, days: int) -> Survey:
    """Photos of so many days; stops are visited again and show two areas and what is outside."""
    hours = st.sampled_from(range(0, 24 * days, 2 * days))
    photo = st.fixed_dictionaries(
        {
            "area_id": st.sampled_from(["north", "south"]),
            "status": st.sampled_from([None, None, None, None, "outside", "failed", "unlocated"]),
            "hours": st.one_of(hours, hours, hours, st.none()),
            "stop": st.sampled_from([*STOPS, ""]),
            "ninths": st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted),
            "stand": st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)),
        }
    )
    rows = pd.DataFrame(draw(st.lists(photo, min_size=draw(st.sampled_from([1, 9])), max_size=15)))
    rows["photo_id"] = [f"{number}.jpg" for number in range(len(rows))]
    start = pd.Timestamp("2022-03-26T20:00:00Z")
    taken = start + pd.to_timedelta(pd.array(rows["hours"], "Float64").astype("float64"), unit="h")
    data = {
        "photo_id": rows["photo_id"],
        "area_id": rows["area_id"].where(rows["status"].isna() | (rows["status"] == "failed")),
        "status": rows["status"],
        "taken_at": pd.Series(taken).dt.as_unit("us"),
    }
    frame = schema.geotable(schema.PHOTOS, data, shapely.points(range(len(rows)), 0.5))
    photos = counts.per_photo(frame, no_boxes())
    tallies = tallies_of(rows[rows["status"].isna()].to_dict("records"))
    return Survey(photos, tallies, draw(polygons(tallies)))


def tallies_of(counted: list[dict[str, Any]]) -> pd.DataFrame:
    """Return what these photos add: a row for the photo, and one for each area that it shows."""
    visits = Counter(row["stop"] for row in counted)
    out: list[dict[str, Any]] = []
    for row in counted:
        key = {"photo_id": row["photo_id"]}
        own = {"area_id": row["area_id"], "photo_count": 1, "bicycles_shown": sum(row["stand"])}
        out.append(key | own)
        low, high = row["ninths"]
        shares = (low / 9, (high - low) / 9, (9 - high) / 9)
        for area, share, stand in zip(("north", "south", None), shares, row["stand"], strict=True):
            out.append(key | {"area_id": area, "bicycle_count": stand})
            if row["stop"]:
                weight = 1 / visits[row["stop"]]
                looked = {"stop_count": weight * share, "bicycles_on_stops": weight * stand}
                out.append(key | {"area_id": area, "stop_id": row["stop"]} | looked)
    zeros = dict.fromkeys(metrics.SUMS, 0.0)
    return schema.table(schema.TALLIES, pd.DataFrame([zeros | row for row in out], columns=COLUMNS))


COLUMNS = list(schema.TALLIES.columns)


@st.composite
def polygons(draw: st.DrawFn, tallies: pd.DataFrame) -> gpd.GeoDataFrame:
    """Areas with their sums, and numbers of the whole survey such as counting brings them."""
    share = st.sampled_from([0.0, 0.69, 0.7, 1.0])
    number = st.integers(0, 900).map(lambda tenths: tenths / 10)
    people = st.none() | st.sampled_from([0]) | st.integers(1, 10**7)
    km2 = st.sampled_from([0.0]) | st.floats(1e-6, 1e6)

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return [draw(values) for _ in AREAS]

    data = {"area_id": AREAS, "name": AREAS, "area_km2": column(km2)}
    if draw(st.booleans()):
        data["population"] = pd.array(column(people), "Int64")
    shapes = [shapely.box(4 + k, 52, 5 + k, 53) for k in range(len(AREAS))]
    measured = {"detected_once": column(number), "streets_seen": column(st.integers(0, 9))}
    measured["detected_at_least"] = [int(once) for once in measured["detected_once"]]
    if draw(st.booleans()):
        measured |= {"street_km": 2.0, "covered_km": 1.0, "covered_share": column(share)}
    given = schema.geotable(schema.AREAS, data, shapes)
    none = counts.per_photo(schema.geotable(schema.PHOTOS, {"photo_id": []}, []), no_boxes())
    index = pd.Index(AREAS, name="area_id")
    return counts.per_area(given, none, tallies, pd.DataFrame(measured, index=index))


def sent(survey: Survey, timezone: str, looks: payload.Looks = payload.NO_LOOKS) -> dict[str, Any]:
    """Return the data of the page for a survey."""
    return payload.page_data(
        survey.areas,
        survey.photos,
        no_boxes(),
        survey.tallies,
        page_photos.Pictures({}, {}),
        payload.Provenance("bicycle", "tiny", 0.5, timezone, {}),
        options.PageOptions(),
        [],
        looks,
    )


Figures = list[dict[str, Any]]
"""Values by area and name, None where there is none."""


def rows_of(frame: pd.DataFrame) -> Figures:
    values = frame.astype(object)
    found: Figures = values.where(values.notna(), None).to_dict("records")
    return found


def of_all(areas: gpd.GeoDataFrame, names: list[str]) -> Figures:
    """Return the figures of the areas frame."""
    return rows_of(pd.DataFrame(areas)[names])


def of_period(survey: Survey, name: str, timezone: str, names: list[str]) -> Figures:
    """Return what Python makes of a day, a month or a year, as the clock there had it.

    A metric of the whole survey is not known for a part of it.
    """
    clock = survey.photos["taken_at"].dt.tz_convert(timezone).dt.strftime("%Y-%m-%d")
    inside = clock.str.startswith(name).fillna(False).astype(bool)
    period = pd.Series(0, index=survey.photos.loc[inside, "photo_id"])
    found = sums.by_period(survey.tallies, period).droplevel("period")
    found = found.reindex(survey.areas["area_id"], fill_value=0.0).reset_index(drop=True)
    constants = survey.areas[[*schema.AREAS.columns]].drop(columns="area_id")
    if "population" in survey.areas:
        constants["population"] = survey.areas["population"]
    known = found.join(constants)
    by_name = {metric.name: metric for metric in metrics.METRICS}
    out = {}
    for each in names:
        metric = by_name.get(each)
        if metric is None:
            out[each] = known[each]
        elif metric.numerator in metrics.SUMS:
            out[each] = metrics.values(metric, known)
        else:
            out[each] = pd.Series(None, index=known.index, dtype=object)
    return rows_of(pd.DataFrame(out))


def close(found: Figures, wanted: Figures) -> bool:
    """Tell whether all figures are the same, to the six decimals of sums that the page is sent."""
    pairs = zip(found, wanted, strict=True)
    return all(
        one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
        for one, other in pairs
    )


def alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None or isinstance(one, str):
        return one == other
    return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-5)


@pytest.mark.parametrize(("days", "unit"), [(3, "D"), (90, "M"), (4000, "Y")])
def test_the_page_counts_every_day_month_and_year_as_python_does(
    show: Open, monkeypatch: pytest.MonkeyPatch, days: int, unit: str
) -> None:
    page = show(build()).page
    monkeypatch.setattr(page_periods, "_PERIODS", (unit,))
    checked: list[str] = []
    revisited: list[bool] = []

    # Surveys are small enough to read; to shrink one takes minutes in a browser.
    phases = [Phase.explicit, Phase.reuse, Phase.generate]

    @settings(
        max_examples=50,
        deadline=None,
        phases=phases,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(surveys(days), st.sampled_from(TIMEZONES), st.booleans())
    def check(survey: Survey, timezone: str, packed: bool) -> None:
        for module in (page_photos, page_places):
            monkeypatch.setattr(module, "READABLE", 0 if packed else 10_000)
        data = sent(survey, timezone)
        shown = page.evaluate(RECOUNT, data)
        names = list(shown["all"][0])
        assert shown["all"] == of_all(survey.areas, names)
        for name, figures in shown["periods"]:
            assert close(figures, of_period(survey, name, timezone, names)), name
        counted = survey.photos["status"].eq(schema.COUNTED) & survey.photos["taken_at"].notna()
        if shown["periods"]:
            photos = sum(area["photo_count"] for _, found in shown["periods"] for area in found)
            assert photos == counted.sum()  # no photo is lost between the periods
            looks = survey.tallies.dropna(subset=["stop_id"])
            revisited.append(looks.groupby("stop_id")["photo_id"].nunique().gt(1).any())
        checked.extend(name for name, _ in shown["periods"])

    check()
    assert any(revisited)
    assert {len(name) for name in checked} == {{"D": 10, "M": 7, "Y": 4}[unit]}


def test_the_page_is_sent_the_time_and_the_column_of_each_photo_by_name() -> None:
    photos = counts.per_photo(
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
    given = schema.geotable(
        schema.AREAS, {"area_id": AREAS, "name": AREAS, "area_km2": [1.0] * 3}, shapes
    )
    survey = Survey(photos, no_tallies(), area_counts(photos, given))
    columns = sent(survey, "UTC")["photos"]["columns"]
    assert columns == {
        "lon": [0, 10_000],  # b is not at a place: its step is from a
        "lat": [0, -10_000],
        "area": [1, -1],
        "place": [0, -1],
        "period": [0, 0],
        "count": [2, -1],
        "first": [1, 0],
    }
    assert sent(survey, "UTC")["photos"]["names"] == list(columns)


SPOTS = """async (data) => {
  await geobike.unpack(data);
  geobike.placePhotos(data);
  const page = geobike.state(null, data);
  geobike.count(page);
  const { photos, places } = data;
  const seen = () => Array.from({ length: places.n }, (_, i) =>
    [places.lon[i], places.lat[i], places.photos[i], places.visits[i], places.things[i]]);
  const shown = data.periods.map((name, period) => {
    page.change({ period });
    return seen();
  });
  page.change({ period: -1 });
  await geobike.unpackDetails(page);
  const found = Object.fromEntries(
    (photos.details || []).map(({ id }, i) => [id, [photos.lon[i], photos.lat[i]]]));
  return { shown, whole: seen(), photos: found, details: photos.details };
}"""
"""Where the page shows places and photos, and what each period shows of a place."""


@pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
@pytest.mark.parametrize(("readable", "single"), [(9, 9), (0, 9), (9, 0), (0, 0)])
def test_places_and_photos_are_the_same_however_they_are_sent(
    show: Open, monkeypatch: pytest.MonkeyPatch, readable: int, single: int
) -> None:
    """The first photo of a visit counts: a shows 3 bicycles on one day, 4 on the next."""
    rows: dict[str, tuple[float, float, int | None]] = {
        "b": (-0.00101, 52.00102, 5),
        "outside": (5.5, 51.5, None),
        "a": (-0.001, 52.001, 3),
        "d": (-3.25, -51.75, 2),
        "c": (-0.00099, 52.00098, 4),
    }
    taken = map_frames.photos(rows)
    taken.loc[taken["photo_id"].isin(["c", "d"]), "taken_at"] += pd.Timedelta(days=1)
    seen = map_frames.visits(taken, ["a", "outside", "a", "d", "a"])
    seen["visit"] = pd.array([1, 1, 1, 1, 2], dtype="Int64")
    seen["first"] = [False, False, True, True, True]
    for module in (page_photos, page_places):
        monkeypatch.setattr(module, "READABLE", readable)
    monkeypatch.setattr(page_photos, "SINGLE", single)
    survey = Survey(taken, map_frames.tallies(taken), TOWN)
    data = sent(survey, "UTC", payload.Looks(visits=seen))
    found = show(build()).page.evaluate(SPOTS, data)
    first, second = (-0.001, 52.001), (-3.25, -51.75)
    assert sorted(found["whole"]) == [[*second, 1, 1, 2], [*first, 3, 2, 3.5]]
    assert [sorted(each) for each in found["shown"]] == [
        [[*second, 0, 0, 0], [*first, 2, 1, 3]],
        [[*second, 1, 1, 2], [*first, 1, 1, 4]],
    ]
    places = {name: [lon, lat] for name, (lon, lat, _) in rows.items()}
    assert found["photos"] == ({} if single == 0 else places)
    statuses = {each["id"]: each["status"] for each in found["details"] or []}
    assert statuses == ({} if single == 0 else dict(zip(rows, taken["status"], strict=True)))
