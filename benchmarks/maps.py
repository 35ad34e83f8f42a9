"""The map page: building, size, time to the first drawing, beside plain Folium's layers.

Plain Folium shows nothing offline, so its layers are put into our page without requests: what is
compared is the layers, not the network.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium import plugins
from playwright.sync_api import Browser, sync_playwright

import geobike
from benchmarks.measure import Row
from geobike import maps, metrics, schema
from geobike.maps.figure import OfflineFigure
from tests.support.browser import CHROMIUM, FLAGS


def run(_: Path) -> Iterator[Row]:
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        path = Path(folder, "map.html")
        for count in (100, 1_000, 14_000):
            areas = made_areas(count)
            ours = measured(lambda a=areas: page(a, made_photos(a, 0)), path, browser)
            theirs = measured(lambda a=areas: folium_areas(a), path, browser)
            yield from rows(f"{count:,} areas", ours, theirs, "folium.GeoJson")
        areas = made_areas(100)
        ways: dict[int, Callable[[gpd.GeoDataFrame], folium.Map] | None] = {
            1_000: folium_circles,
            100_000: folium_clusters,
            1_000_000: None,
        }
        for count, plain in ways.items():
            photos = made_photos(areas, count)
            ours = measured(lambda p=photos: page(areas, p), path, browser)
            theirs = plain and measured(lambda p=photos, f=plain: f(p), path, browser)
            against = plain.__doc__ or "" if plain else "not tried: a minute and more"
            yield from rows(f"100 areas, {count:,} photos", ours, theirs, against)
        browser.close()


def rows(
    what: str, ours: tuple[float, ...], theirs: tuple[float, ...] | None, against: str
) -> Iterator[Row]:
    size = f"{ours[1]:.2f} MB" + (f" against {theirs[1]:.2f} MB" if theirs else "")
    yield Row(f"{what}: built", ours[0], theirs and theirs[0], against, size)
    yield Row(
        f"{what}: first drawn",
        ours[2],
        theirs and theirs[2],
        against,
        f"all there after {ours[3]:.2f} s",
    )


def measured(
    build: Callable[[], folium.Map], path: Path, browser: Browser
) -> tuple[float, float, float, float]:
    """Return seconds to build and save, megabytes, seconds to the first drawing and to all."""
    start = time.perf_counter()
    path.write_text(build().get_root().render(), "utf-8")  # maps.save refuses 25 MB and more
    built = time.perf_counter() - start
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.goto(path.as_uri(), timeout=120_000)
    drawn, complete = opened.evaluate(
        """new Promise((done) => {
          const at = (name) => performance.getEntriesByName(`geobike-${name}`)[0]?.startTime;
          const times = () => [at("drawn"), at("complete")];
          const wait = () => requestAnimationFrame(() => at("complete") ? done(times()) : wait());
          const plain = () => done([performance.now(), performance.now()]);
          if (typeof geobike === "object") wait();
          else requestAnimationFrame(() => requestAnimationFrame(plain));
        })"""
    )
    opened.close()
    return built, path.stat().st_size / 1e6, drawn / 1000, complete / 1000


def made_areas(count: int) -> gpd.GeoDataFrame:
    """Return cells about random points, their borders of about 130 corners each."""
    rng = np.random.default_rng(2)
    wide = 0.02 * count**0.5
    seeds = shapely.MultiPoint(rng.uniform((4, 51), (4 + wide, 51 + wide), (count, 2)))
    box = shapely.box(4, 51, 4 + wide, 51 + wide)
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=box))
    cells = shapely.intersection(cells, box)
    # The same shift for the same place keeps shared borders shared.
    cells = shapely.transform(
        shapely.segmentize(cells, 0.0006), lambda xy: xy + 1.5e-4 * np.sin(xy[:, ::-1] * 9000)
    )
    n = len(cells)
    photos, bicycles = rng.integers(0, 40, n), rng.integers(0, 300, n)
    rate = np.where(photos > 0, bicycles / np.maximum(photos, 1), np.nan)
    data = {
        "area_id": [f"A{i}" for i in range(n)],
        "name": [f"Neighbourhood {i}" for i in range(n)],
        "area_km2": np.ones(n),
        "detected_per_stop": rate,
        "stop_count": photos.astype(float),
        "photo_count": photos,
        "bicycle_count": pd.Series(bicycles).mask(photos == 0).astype("Int64"),
        "detected_once": np.where(photos > 0, bicycles, np.nan).astype(float),
        "detected_at_least": pd.Series(bicycles).mask(photos == 0).astype("Int64"),
        "bicycles_per_photo": rate,
        "streets_seen": photos,
        "status": np.where(photos > 0, schema.COMPARED, schema.UNSEEN),
    }
    return schema.geotable(schema.AREA_COUNTS, data, cells)


def made_photos(areas: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """Return counted photos clustered about two hundred places, taken over thirty days."""
    rng = np.random.default_rng(3)
    west, south, east, north = areas.total_bounds
    centres = rng.uniform((west, south), (east, north), (200, 2))
    spread = (east - west) / 40
    xy = centres[rng.integers(0, 200, count)] + rng.normal(0, spread, (count, 2))
    xy = np.clip(xy, (west, south), (east, north))
    data = {
        "photo_id": pd.Series(np.arange(count)).astype(str) + ".jpg",
        "taken_at": pd.Timestamp("2024-05-01", tz="UTC")
        + pd.to_timedelta(rng.integers(0, 30 * 86400, count), unit="s"),
        "status": schema.COUNTED,
        "bicycle_count": rng.poisson(2, count),
    }
    photos = schema.geotable(schema.COUNTS, pd.DataFrame(data), shapely.points(xy))
    return geobike.assign_areas(photos, areas)


def page(areas: gpd.GeoDataFrame, photos: gpd.GeoDataFrame) -> folium.Map:
    found = schema.table(schema.DETECTIONS, pd.DataFrame({"photo_id": []}))
    ledger = {"counted": len(photos)}
    tallies = made_tallies(photos)
    return maps.build(areas, photos, found, tallies, model="made", threshold=0.5, ledger=ledger)


def made_tallies(photos: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the tallies of photos that are a stop each, and show their own area only."""
    number = photos["bicycle_count"].astype(float)
    sums = {metrics.PHOTOS: 1.0, metrics.STOPS: 1.0, metrics.BICYCLES: number}
    sums |= {metrics.ON_STOPS: number, metrics.SHOWN: number}
    data = {"photo_id": photos["photo_id"], "area_id": photos["area_id"]}
    data |= {"stop_id": photos["photo_id"]} | sums
    return schema.table(schema.TALLIES, pd.DataFrame(data))


def plain_map() -> folium.Map:
    drawn = folium.Map(location=[51.1, 4.1], tiles=None, zoom_start=11)
    drawn.options["max_zoom"] = 19
    OfflineFigure("plain", "en").add_child(drawn)
    return drawn


def folium_areas(areas: gpd.GeoDataFrame) -> folium.Map:
    drawn = plain_map()
    shown = areas[["name", "bicycle_count", "bicycles_per_photo", "geometry"]]
    tooltip = folium.GeoJsonTooltip(["name", "bicycle_count", "bicycles_per_photo"])
    folium.GeoJson(shown, style_function=lambda _: {"fillColor": "red"}, tooltip=tooltip).add_to(
        drawn
    )
    return drawn


def folium_circles(photos: gpd.GeoDataFrame) -> folium.Map:
    """folium.CircleMarker each"""
    drawn = plain_map()
    for row in photos.itertuples():
        folium.CircleMarker([row.geometry.y, row.geometry.x], tooltip=row.photo_id).add_to(drawn)
    return drawn


def folium_clusters(photos: gpd.GeoDataFrame) -> folium.Map:
    """folium FastMarkerCluster"""
    drawn = plain_map()
    places = np.column_stack([photos.geometry.y, photos.geometry.x]).tolist()
    circle = "function (row) { return L.circleMarker(new L.LatLng(row[0], row[1])); }"
    plugins.FastMarkerCluster(places, callback=circle).add_to(drawn)
    return drawn
