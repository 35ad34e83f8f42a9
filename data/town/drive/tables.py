"""Writes what is kept of the drive: tables and maps, and a few photos to look at."""

import json
import shutil
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from PIL import Image
from pyproj import Geod, Transformer
from shapely import LineString, Polygon

from data.town import files
from data.town.drive import frames, recorded, rendered, world
from data.town.drive.streets import AREAS, STREETS, Metres
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.photos.decoding import read_upright

DRIVE = Path(__file__).parents[2] / "drive"
LON, LAT = 5.250, 52.600  # where the car starts, in the Markermeer
LEAST_SCORE = 0.05
LABELS = ("bicycle", "person")
SHOWN = (
    "grenslaan1/003l", "grenslaan1/010l", "grenslaan1/030r", "grenslaan2/003l", "grenslaan2/021l",
    "scheidweg1/003r", "scheidweg1/016r", "binnenstraat1/012r", "walk1/016p", "walk1/021p",
    "walk1/041p", "walk1/046p",
)  # fmt: skip
"""Frames whose photos are kept."""


def write(folder: Path = DRIVE) -> None:
    """Write all but `boxes.csv`, which a detector has to fill."""
    folder.mkdir(exist_ok=True)
    every = frames.frames()
    write_csv(frames_table(every), folder / "frames.csv")
    write_csv(bicycles_table(every), folder / "bicycles.csv")
    write_csv(seen_table(every), folder / "seen.csv")
    files.write_features(streets_table(), folder / "streets.geojson")
    files.write_features(areas_table(), folder / "areas.geojson")
    photos = folder / "frames"
    shutil.rmtree(photos, ignore_errors=True)
    photos.mkdir()
    for frame in every:
        if frame.name in SHOWN:
            with Image.open(rendered.photo(frame)) as photo:  # without the renderer's notes
                name = f"{frame.name.replace('/', '_')}.jpg"
                photo.save(photos / name, quality="keep", comment=b"")


def detect(model: Path, folder: Path = DRIVE) -> None:
    """Write `boxes.csv`: what a detector sees in each photo, in its pixels."""
    detector = OnnxDetector(model, threads=2, classes="coco80")
    rows = [
        (frame.name, found.label, found.score, *found.box)
        for frame in frames.frames()
        for found in detector.detect(read_upright(rendered.photo(frame)))
        if found.label in LABELS and found.score >= LEAST_SCORE
    ]
    columns = ["frame", "label", "score", "x_min", "y_min", "x_max", "y_max"]
    table = pd.DataFrame(rows, columns=columns)
    write_csv(table.round({"score": 3} | dict.fromkeys(columns[3:], 1)), folder / "boxes.csv")


def frames_table(every: Sequence[frames.Frame]) -> pd.DataFrame:
    """Return a row a frame: when, the true pose, the recorded ones, and the lens."""
    lon, lat = degrees([frame.at for frame in every])
    table = pd.DataFrame(
        {
            "frame": [frame.name for frame in every],
            "day": [frame.day for frame in every],
            "drive": [frame.drive for frame in every],
            "camera": [frame.camera for frame in every],
            "taken_at": [frame.taken_at.isoformat() for frame in every],
            "lon": lon,
            "lat": lat,
            "heading": [round(frame.heading, 2) % 360 for frame in every],
        }
    )
    for noise in recorded.NOISES:
        poses = recorded.poses(every, noise)
        table[f"lon_{noise.name}"], table[f"lat_{noise.name}"] = degrees(poses[:, :2])
        table[f"heading_{noise.name}"] = poses[:, 2].round(2) % 360
    lens = {
        "focal_length_35mm": [round(frame.lens) for frame in every],
        "camera_height_m": [round(frame.high, 3) for frame in every],
        "pitch_down": [round(frame.pitch_down, 2) for frame in every],
        "width": [frame.width for frame in every],
        "height": [frame.height for frame in every],
    }
    return table.assign(**lens)


def bicycles_table(every: Iterable[frames.Frame]) -> pd.DataFrame:
    """Return a row for each bicycle and day; one that is ridden has no place."""
    rows = [
        _parked(bicycle, day, *degrees([bicycle.place.middle]))
        for day in world.DAYS
        for bicycle in world.bicycles(day)
    ]
    ridden = {(each.name, frame.day) for frame in every for each in frames.ridden(frame)}
    rows += [{"bicycle_id": name, "day": day, "ridden": True} for name, day in sorted(ridden)]
    return pd.DataFrame(rows)


def _parked(
    bicycle: world.Bicycle, day: int, lon: np.ndarray, lat: np.ndarray
) -> dict[str, object]:
    place = bicycle.place
    street = STREETS[place.street]
    hand = 0 if place.side == "left" else 1
    return {
        "bicycle_id": bicycle.name,
        "day": day,
        "ridden": False,
        "lon": lon[0],
        "lat": lat[0],
        "points_to": round(90 - place.yaw, 1) % 360,
        "street": place.street,
        "side": street.sides[hand],
        "area": street.areas[hand],
        "rack_id": place.rack,
        "make": bicycle.make,
    }


def seen_table(every: Iterable[frames.Frame]) -> pd.DataFrame:
    """Return a row for each bicycle that a frame shows."""
    rows = [
        {"frame": frame.name, **seen}
        for frame in every
        for seen in json.loads(rendered.sight(frame).read_text())
    ]
    table = pd.DataFrame(rows)
    share = (table["visible"] / table["whole"].where(table["whole"] > 0)).clip(upper=1).round(3)
    table.insert(3, "share_visible", share)
    names = {"bicycle": "bicycle_id", "visible": "visible_pixels"}
    return table.drop(columns="whole").rename(columns=names)


def streets_table() -> gpd.GeoDataFrame:
    """Return the centre lines that were driven or walked."""
    ends = [(street.point(0, 0), street.point(street.length, 0)) for street in STREETS.values()]
    lines = [LineString(np.column_stack(degrees(each))) for each in ends]
    table = gpd.GeoDataFrame({"name": list(STREETS)}, geometry=lines, crs="EPSG:4326")
    length = table.geometry.map(Geod(ellps="WGS84").geometry_length).round().astype(int)
    table.insert(1, "length_m", length)
    return table


def areas_table() -> gpd.GeoDataFrame:
    """Return the neighbourhoods; their border is the centre line of a street, end to end."""
    shapes = [Polygon(np.column_stack(degrees(_corners(each)))) for each in AREAS.values()]
    return gpd.GeoDataFrame({"name": list(AREAS)}, geometry=shapes, crs="EPSG:4326")


def _corners(rectangle: tuple[float, float, float, float]) -> list[Metres]:
    """Return the corners, and those of other areas on the edges, so that neighbours fit."""
    west, south, east, north = rectangle
    across = sorted({x for area in AREAS.values() for x in area[::2] if west <= x <= east})
    up = sorted({y for area in AREAS.values() for y in area[1::2] if south <= y <= north})
    return [
        *((x, south) for x in across),
        *((east, y) for y in up[1:]),
        *((x, north) for x in across[-2::-1]),
        *((west, y) for y in up[-2:0:-1]),
    ]


@cache
def _to_degrees() -> Transformer:
    flat = f"+proj=tmerc +lat_0={LAT} +lon_0={LON} +ellps=WGS84 +units=m"
    return Transformer.from_crs(flat, "EPSG:4326", always_xy=True)


def degrees(points: Iterable[Metres]) -> tuple[np.ndarray, np.ndarray]:
    """Return longitudes and latitudes, to a centimetre."""
    x, y = np.asarray(list(points), dtype=float).T
    lon, lat = _to_degrees().transform(x, y)
    return np.round(lon, 7), np.round(lat, 7)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV."""
    table.to_csv(path, index=False, lineterminator="\n")
