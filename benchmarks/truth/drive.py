"""The drive in geobike's own frames: photos at each error of the pose, boxes, and the truth.

    >>> from benchmarks.truth import drive
    >>> photos = drive.photos(drive.CAR)  # positions off by 1 m, headings by 2 degrees
    >>> boxes = drive.detections(photos)

`data/drive/README.md` describes the tables.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import pandas as pd

import geobike
from data.town.drive import frames as drawing
from data.town.drive import recorded, tables
from geobike import schema

FOLDER: Final = Path(__file__).parents[2] / "data" / "drive"
THRESHOLD: Final = 0.3  # as in the map of the sample
MODEL: Final = "deimv2_hgnetv2_femto_coco.onnx"


class Noise(NamedTuple):
    """How far recorded poses are off: standard deviations."""

    words: str
    column: str  # what the columns end in
    position_m: float  # each way
    heading: float  # degrees

    @property
    def within_m(self) -> float:
        """Radius around the truth that holds 68 % of recorded positions, as phones give it."""
        return 1.5 * self.position_m


EXACT: Final = Noise("exact poses", "", 0.0, 0.0)
CAR: Final = Noise("1 m and 2 degrees", "_1m", 1.0, 2.0)
PHONE: Final = Noise("4 m and 8 degrees", "_4m", 4.0, 8.0)
NOISES: Final = (EXACT, CAR, PHONE)


def photos(noise: Noise = EXACT, *, draw: int = 0) -> gpd.GeoDataFrame:
    """Return a photos frame of every frame as recorded, without areas and statuses.

    `camera` tells the cameras apart by pass and side; `focal_length_35mm` is in mm. `draw` is 0 for
    the errors in the tables; others are as likely.
    """
    table, end = frames(), noise.column
    if draw and noise != EXACT:
        table = table.assign(**recorded_again(noise, draw))
    data = {
        "photo_id": table["frame"],
        "width": table["width"],
        "height": table["height"],
        "taken_at": pd.to_datetime(table["taken_at"], utc=True),
        "heading": table[f"heading{end}"],
        "position_source": "manifest",
    }
    points = schema.points(table[f"lon{end}"], table[f"lat{end}"])
    return schema.geotable(schema.PHOTOS, data, points).assign(
        camera=table["camera"].astype(schema.TEXT),
        focal_length_35mm=table["focal_length_35mm"].astype(schema.FLOAT),
    )


def detections(of: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return a detections frame of these photos; kept are bicycles above the threshold, once."""
    sides = {side: side.replace("_", "") for side in ("x_min", "y_min", "x_max", "y_max")}
    raw = boxes().rename(columns={"frame": "photo_id"} | sides)
    raw = raw[raw["photo_id"].isin(of["photo_id"])].reset_index(drop=True)
    found = schema.table(schema.DETECTIONS, raw.assign(model=MODEL))
    return geobike.filter_detections(found, labels=["bicycle"], threshold=THRESHOLD)


def areas() -> gpd.GeoDataFrame:
    """Return the areas frame; `area_id` is the name."""
    return geobike.read_areas(FOLDER / "areas.geojson")


def truth(matched: "pd.Series[str]", photo_ids: "pd.Series[str]") -> pd.DataFrame:
    """Return what is true of each box whose bicycle is parked, on the index of the boxes.

    `matched` is the `bicycle_id` of each box, `photo_ids` its photo. Columns: `bicycle_id`, `lon`,
    `lat`, `street`, `side`, `area`.
    """
    of = pd.DataFrame({"bicycle_id": matched})
    of["day"] = photo_ids.map(frames().set_index("frame")["day"])
    parked = bicycles().loc[lambda table: ~table["ridden"]]
    columns = ["bicycle_id", "day", "lon", "lat", "street", "side", "area"]
    joined = of.reset_index(names="box").merge(parked[columns], on=["bicycle_id", "day"])
    return joined.set_index("box").drop(columns="day")


def recorded_again(noise: Noise, draw: int) -> dict[str, Any]:
    """Return the columns of recorded poses with other errors of the same size."""
    every = drawing.frames()
    of_it = next(one for one in recorded.NOISES if f"_{one.name}" == noise.column)
    poses = recorded.poses(every, of_it, draw=draw)
    lon, lat = tables.degrees(poses[:, :2])
    end = noise.column
    return {f"lon{end}": lon, f"lat{end}": lat, f"heading{end}": poses[:, 2]}


@cache
def streets() -> gpd.GeoDataFrame:
    """Return the centre lines: `name`, `length_m`."""
    return gpd.read_file(FOLDER / "streets.geojson")


@cache
def frames() -> pd.DataFrame:
    """Return `frames.csv`: true and recorded poses, lens, size."""
    return pd.read_csv(FOLDER / "frames.csv")


@cache
def boxes() -> pd.DataFrame:
    """Return `boxes.csv`: what the detector found, from its lowest score on."""
    return pd.read_csv(FOLDER / "boxes.csv")


@cache
def seen() -> pd.DataFrame:
    """Return `seen.csv`: which bicycle each frame shows, and where."""
    return pd.read_csv(FOLDER / "seen.csv")


@cache
def bicycles() -> pd.DataFrame:
    """Return `bicycles.csv`: where each bicycle stands on each day."""
    return pd.read_csv(FOLDER / "bicycles.csv", dtype={"rack_id": "str"})
