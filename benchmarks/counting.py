"""From boxes to figures of areas: places, looks, stops, exposure and streets, step by step.

A made scan car drives a grid of streets three times, with a camera on each side, and 2.5 bicycles a
photo. Steps are timed in one process, one after the other, in seconds of the processor.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.measure import Row, Spent, held_memory, in_child
from geobike import schema, streets
from geobike.areas import row_at
from geobike.counting import coverage, exposure, headings, kerb, placing, stops, tallies, views

SIZES = (10_000, 100_000, 1_000_000)
BOXES = 2.5  # bicycles a photo
SPACING = 5.0  # metres between photos
BLOCK = 200.0  # metres of a street
AREAS = 100
METRE = (1 / 68_677, 1 / 111_267)  # degrees east and north at 52 degrees


def run(_: Path) -> Iterator[Row]:
    before = 0.0
    for count in SIZES:
        spent: Spent = in_child(steps, count)
        seconds: dict[str, float] = spent.answer[0]
        held: float | None = spent.answer[1]
        total = sum(seconds.values())
        growth = f"ten times the photos take {total / before:.1f} times as long; " if before else ""
        more = f"{spent.megabytes - held:,.0f} MB more than its input; " if held else ""
        note = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
        what = f"{count:,} photos with {BOXES * count:,.0f} boxes: to figures of {AREAS} areas"
        yield Row(what, total, note=growth + more + note, memory=spent.megabytes)
        before = total


def steps(count: int) -> tuple[dict[str, float], float | None]:
    """Return the seconds of each step, and the MB that were held before the first."""
    seconds: dict[str, float] = {}
    areas, lines = town(count)
    photos, boxes = drive(count)
    at = row_at(areas)
    held = held_memory()

    def timed(name: str, begun: float) -> None:
        seconds[name] = time.process_time() - begun

    begun = time.process_time()
    bicycles = placing.place(photos, boxes)
    timed("placing and looks", begun)
    begun = time.process_time()
    headings.heading_trouble(photos, bicycles)
    timed("headings", begun)
    begun = time.process_time()
    visits = stops.find_stops(photos)
    found = stops.describe_stops(photos, visits)
    timed("stops", begun)
    begun = time.process_time()
    row = at(bicycles["lon"].to_numpy(), bicycles["lat"].to_numpy())
    area_id = pd.Categorical.from_codes(row, pd.Index(areas["area_id"]))
    bicycles = bicycles.assign(area_id=area_id)
    half = pd.Series(np.degrees(views.views(photos).half), index=photos.index)
    shown = exposure.share_out(photos, visits, bicycles, areas, row_at=at, half_view=half)
    tallies.tally(photos, bicycles, shown)
    timed("exposure", begun)
    begun = time.process_time()
    network = streets.build(lines, areas, at)
    timed("streets", begun)
    begun = time.process_time()
    covered = coverage.cover(found, network, areas["area_id"])
    timed("coverage", begun)
    begun = time.process_time()
    stop = schema.rows_of(visits["stop_id"], found["stop_id"])
    row = schema.rows_of(covered.street_of_stop, network.streets["street_id"])
    kerb.in_view(network, views.views(photos), np.append(row, -1)[stop], areas["area_id"])
    timed("kerb", begun)
    return seconds, held


def blocks(count: int) -> int:
    """Return how many blocks of street the car drives: three times, with two cameras."""
    return max(4, round(count / (3 * 2 * BLOCK / SPACING)))


def town(count: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return areas and street lines of a grid of as many blocks as are driven."""
    side = int(np.ceil(np.sqrt(blocks(count))))
    east, north = BLOCK * METRE[0], BLOCK * METRE[1]
    rows = [
        shapely.LineString([(4.3, 52 + row * north), (4.3 + side * east, 52 + row * north)])
        for row in range(side + 1)
    ]
    columns = [
        shapely.LineString([(4.3 + column * east, 52), (4.3 + column * east, 52 + side * north)])
        for column in range(side + 1)
    ]
    lines = [*rows, *columns]
    named = gpd.GeoDataFrame(
        {"name": [str(n) for n in range(len(lines))]}, geometry=lines, crs=4326
    )
    across = int(np.sqrt(AREAS))
    step = side / across
    shapes = [
        shapely.box(
            4.3 + x * step * east,
            52 + y * step * north,
            4.3 + (x + 1) * step * east,
            52 + (y + 1) * step * north,
        )
        for x in range(across)
        for y in range(across)
    ]
    names = [f"A{number}" for number in range(len(shapes))]
    data = {"area_id": names, "name": names, "area_km2": 1.0}
    return schema.geotable(schema.AREAS, data, shapes), named


def drive(count: int) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return a counts frame and its detections frame."""
    chance = np.random.default_rng(1)
    number = np.arange(count)
    step = int(BLOCK / SPACING)
    side = int(np.ceil(np.sqrt(blocks(count))))
    camera, place = number % 2, (number // 2) % (blocks(count) * step)
    drives = number // (2 * blocks(count) * step)
    block, along = place // step, place % step * SPACING
    noise = chance.normal(0, 2, (2, count))
    lon = 4.3 + ((block % side) * BLOCK + along + noise[0]) * METRE[0]
    lat = 52 + ((block // side) * BLOCK + noise[1]) * METRE[1]
    seconds = drives * 7 * 86_400 + place * 2
    boxes = chance.poisson(BOXES, count)
    photos = schema.geotable(
        schema.COUNTS,
        {
            "photo_id": [f"{each:08d}.jpg" for each in number],
            "status": schema.COUNTED,
            "heading": (180.0 * camera + chance.normal(0, 3, count)) % 360,
            "width": 640,
            "height": 480,
            "taken_at": pd.to_datetime(seconds, unit="s", utc=True),
            "bicycle_count": boxes,
        },
        schema.points(lon, lat),
    )
    return photos, detections(boxes, chance)


def detections(boxes: np.ndarray, chance: np.random.Generator) -> pd.DataFrame:
    total = int(boxes.sum())
    metres = chance.uniform(4, 12, total)
    high = 480 * 1.12 / metres
    left, low = chance.uniform(0, 500, total), 240 + 480 * 1.6 / metres
    photo = np.repeat(np.arange(len(boxes)), boxes)
    names = pd.Index([f"{each:08d}.jpg" for each in range(len(boxes))])
    return schema.table(
        schema.DETECTIONS,
        pd.DataFrame(
            {
                "photo_id": pd.Categorical.from_codes(photo, names),
                "label": pd.Categorical.from_codes(np.zeros(total, dtype=int), ["bicycle"]),
                "score": 0.9,
                "xmin": left,
                "xmax": left + high,
                "ymin": low - high,
                "ymax": low,
                "kept": True,
            }
        ),
    )
