"""The list of metrics: complete, computable, worded and documented; one more is enough."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geobike import metrics, schema
from geobike.maps import assets
from geobike.maps.options import languages
from geobike.metrics import METRICS, SUMS
from tests.conftest import ROOT
from tests.support.browser import Open

PAGE = ROOT / "geobike" / "maps" / "page"
NAMES = [metric.name for metric in METRICS]
MEASURED = {
    "detected_once",
    "detected_at_least",
    "streets_seen",
    "street_km",
    "covered_km",
    "covered_share",
    *(metric.name for metric in METRICS if metric.needs == metrics.RACKS),
    "bicycles_per_stop",
    "bicycles_per_km",
}
"""What counting and parking bring from the whole survey, in place of a sum."""


def test_every_metric_can_be_computed_from_sums_and_the_columns_of_areas() -> None:
    for metric in METRICS:
        assert metric.numerator in {*SUMS, *MEASURED}, metric.name
        always = {*SUMS, *schema.AREAS.columns, None, metric.needs}
        assert metric.denominator in always, metric.name
        assert metric.needs in {
            *schema.AREAS.optional,
            "street_km",
            "hand_counted",
            metrics.RACKS,
            None,
        }, metric.name
    assert set(SUMS) <= set(schema.TALLIES.columns)
    assert len(set(NAMES)) == len(NAMES)


def test_the_formula_divides_the_sum_and_knows_nothing_where_nobody_looked() -> None:
    rate = metrics.Metric(
        name="rate", numerator="bicycle_count", denominator="people", per=10, unit="", digits=1
    )
    areas = pd.DataFrame(
        {
            "photo_count": pd.array([2, 2, 0, 1, 3], "Int64"),
            "stop_count": [2.0, 1.0, 0.0, 1.0, 1.5],
            "bicycle_count": pd.array([6, 0, 0, 4, 5], "Int64"),
            "people": pd.array([40, 40, 40, 0, None], "Int64"),
        }
    )
    found = metrics.values(rate, areas)
    assert found.fillna(-1).tolist() == [1.5, 0.0, -1, -1, -1]
    count = replace(rate, denominator=None)
    assert metrics.values(count, areas).fillna(-1).tolist() == [6, 0, -1, 4, 5]
    photos = replace(count, numerator="photo_count", tells_looking=True)
    assert metrics.values(photos, areas).tolist() == [2, 2, 0, 1, 3]


def test_an_area_seen_from_across_its_border_is_known_without_a_photo_of_its_own() -> None:
    named = {metric.name: metric for metric in METRICS}
    areas = pd.DataFrame(
        {"photo_count": [0, 0], "stop_count": [0.5, 0], "bicycle_count": [0, 0]}
    ).assign(bicycles_on_stops=[1.0, 0.0])
    assert metrics.values(named["detected_per_stop"], areas).fillna(-1).tolist() == [2, -1]
    assert metrics.values(named["bicycle_count"], areas).fillna(-1).tolist() == [0, -1]
    assert metrics.values(named["photo_count"], areas).tolist() == [0, 0]


def test_a_total_per_area_needs_seven_tenths_of_the_streets() -> None:
    dense = next(metric for metric in METRICS if metric.name == "bicycles_per_km2")
    areas = pd.DataFrame(
        {"photo_count": 1, "stop_count": 1.0, "bicycle_count": 1, "detected_once": 6.0}
        | {"area_km2": 2.0, "covered_share": [0.69, 0.7, 1.0, None]}
    )
    assert metrics.values(dense, areas).fillna(-1).tolist() == [-1, 3, 3, -1]
    assert metrics.values(dense, areas.drop(columns="covered_share")).isna().all()


ENDS = ("by_hand", "low", "high")


def test_the_frame_of_areas_has_a_column_for_each_metric_and_each_range() -> None:
    named = {metric.name: metric for metric in METRICS}
    ranged = replace(named["bicycles_per_photo"], low="rate_low", high="rate_high")
    by_people = named["bicycles_per_1000_inhabitants"]
    frame = schema.area_counts([named["photo_count"], ranged, by_people])
    assert list(frame.columns) == [
        *schema.AREAS.columns,
        "photo_count",
        "bicycles_per_photo",
        "status",
        "first_photo_at",
        "last_photo_at",
    ]
    optional = ["population", "bicycles_per_1000_inhabitants", "rate_low", "rate_high"]
    optional += ["parked_count", "ridden_count"]
    optional += ["hand_counted", "rank_low", "rank_high", "group", "hot_spot"]
    optional += [f"{figure}_{end}" for figure in ("pressure", "shortage") for end in ENDS]
    assert list(frame.optional) == optional
    assert frame.columns["photo_count"] == "Int64"
    assert frame.columns["bicycles_per_photo"] == frame.optional["rate_low"] == "float64"


@pytest.mark.parametrize("language", languages())
def test_every_metric_has_its_words_in_every_language(language: str) -> None:
    words = json.loads(assets.page(f"words-{language}.json"))
    needed = {metric.needs for metric in METRICS} - {None}
    for key in [*NAMES, *(f"short_{name}" for name in NAMES), *needed]:
        assert isinstance(words.get(key), str), key
        assert words[key].strip(), key


@pytest.mark.parametrize("script", sorted(PAGE.glob("*.js")), ids=lambda path: path.name)
def test_no_script_of_the_page_names_a_metric_or_a_sum(script: Path) -> None:
    text = script.read_text("utf-8")
    named = {*NAMES, *SUMS, "population", "area_km2"}
    assert [name for name in named if name in text] == []


TOY = """    Metric(
        name="photos_per_km2",
        numerator=PHOTOS,
        denominator="area_km2",
        unit="photos / km²",
        digits=1,
        order=9,
    ),
)
\"\"\"In the order of the columns"""

SURVEY = """
import sys
from pathlib import Path
import geobike
from tests.support.making import FakeDetector, photo, squares

folder = Path(sys.argv[1])
for west, count in ((4.0, 9), (4.01, 6)):
    for n in range(count):
        place = (west + 0.002 + n % 3 * 0.003, 52.002 + n // 3 * 0.003)
        photo(folder / "photos" / f"{west} {n}.jpg", lon_lat=place, size=(20, 9))
areas = squares(folder / "areas.geojson", ["west", "east", "far"])
page = geobike.PageOptions(language=sys.argv[2], pictures="none")
survey = geobike.Survey(photos=folder / "photos", areas=areas, detector=FakeDetector(), page=page)
geobike.run(survey, store=folder / "store.sqlite").write(folder / "out")
print(geobike.__file__)
"""


def with_toy_metric(folder: Path) -> Path:
    """Copy the package and add a metric: to its list and to the two catalogues, nowhere else."""
    package = shutil.copytree(
        ROOT / "geobike", folder / "geobike", ignore=shutil.ignore_patterns("__pycache__")
    )
    listed = (package / "metrics.py").read_text("utf-8")
    changed = listed.replace(')\n"""In the order of the columns', TOY)
    assert changed != listed
    (package / "metrics.py").write_text(changed, "utf-8")
    for language, short, name in (
        ("en", "photos per km²", "Photos per km²"),
        ("nl", "foto's per km²", "Foto's per km²"),
    ):
        catalogue = package / "maps" / "page" / f"words-{language}.json"
        words = json.loads(catalogue.read_text("utf-8"))
        words |= {"photos_per_km2": name, "short_photos_per_km2": short}
        catalogue.write_text(json.dumps(words), "utf-8")
    return package


@pytest.mark.parametrize(("language", "name"), [("en", "Photos per km²"), ("nl", "Foto's per km²")])
def test_a_new_metric_reaches_file_map_legend_table_and_download(
    tmp_path: Path, show: Open, language: str, name: str
) -> None:
    package = with_toy_metric(tmp_path / "with toy")
    ran = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", "-c", SURVEY, str(tmp_path), language],
        env={"PYTHONPATH": f"{package.parent}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()) == package / "__init__.py"

    written = gpd.read_file(tmp_path / "out" / "areas.geojson").set_index("name")
    rates = {"west": 9 / written["area_km2"]["west"], "east": 6 / written["area_km2"]["east"]}
    assert written["photos_per_km2"].dropna().to_dict() == pytest.approx(rates, abs=5e-4)

    opened = show((tmp_path / "out" / "map.html").read_text("utf-8"))
    opened.page.locator("#gb-metric").select_option(label=name)
    assert opened.texts(".gb-legend summary") == [name]
    decimal = "," if language == "nl" else "."
    shown = [f"{rate:.2g}".replace(".", decimal) for rate in rates.values()]
    fills = opened.fills()
    assert fills[0] != fills[1]
    assert fills[2] == "url(#gb-none)"
    column = "[data-metric=photos_per_km2]"
    assert opened.texts(f".gb-table th{column} button") == [name[0].lower() + name[1:]]
    assert opened.texts(f".gb-table td{column}") == [*shown, "\N{EN DASH}"]
    opened.page.locator("#gb-metric").select_option(value="detected_per_stop")
    opened.page.locator(".gb-table tbody tr[tabindex]").first.click()
    assert name in opened.texts(".gb-detail dt")
    menu = {"en": "Areas (GeoJSON)", "nl": "Gebieden (GeoJSON)"}[language]
    opened.download(menu).save_as(tmp_path / "downloaded.geojson")
    downloaded = gpd.read_file(tmp_path / "downloaded.geojson").set_index("name")
    assert downloaded["photos_per_km2"].dropna().to_dict() == pytest.approx(rates, rel=1e-5)
