"""The rendered panoramas of the drive's world: found by distance, and where they are placed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import Geod

import geobike
from benchmarks.measure import Row
from benchmarks.windows.looking import THRESHOLD, counted, detector, hits, look
from geobike import schema
from geobike.counting import placing
from geobike.detectors.views import Views
from geobike.photos.decoding import upright_size

FOLDER = Path(__file__).parents[2] / "data" / "drive"
STEPS = ((0, 5), (5, 10), (10, 15), (15, 30), (30, 200))
SIDES = ["x_min", "y_min", "x_max", "y_max"]
SEEN_M = 16.0  # within which a bicycle is placed well


def rows(shared: Path) -> Iterator[Row]:
    whole = detector(shared)
    ways = {"views": Views(whole), "whole": whole}
    seen = _seen()
    width, found, false, seconds = 0, {}, {}, {}
    for way, eye in ways.items():
        hit = np.zeros(len(seen), dtype=bool)
        false[way], seconds[way] = 0, 0.0
        groups = seen.groupby("panorama").indices
        for name, row in groups.items():
            path = FOLDER / "panoramas" / f"{name}.jpg"
            width = upright_size(path.read_bytes())[0]
            said = look(path, eye)
            boxes = counted(said.boxes)
            hit[row] = hits(boxes, seen.loc[row, SIDES].to_numpy(), turn=width)
            false[way] += len(boxes) - int(hit[row].sum())
            seconds[way] += said.seconds / len(groups)
        found[way] = hit
    clear = (seen["share_visible"] > 0.3).to_numpy()
    note = (
        f"boxes that are none: {false['views']} against {false['whole']}; {seconds['views']:.2f} "
        f"against {seconds['whole']:.2f} s of processor a panorama of {width} x {width // 2}"
    )
    yield _row("panoramas, views: found", found, clear, note)
    for low, high in STEPS:
        some = clear & seen["away"].between(low, high, inclusive="right").to_numpy()
        yield _row(f"panoramas, views: found, {low} to {high} m away", found, some)
    over = clear & (seen["x_max"] > width).to_numpy()
    yield _row("panoramas, views: found, over the seam", found, over)
    yield from _placed(shared, seen)


def _seen() -> pd.DataFrame:
    """Return what each panorama shows, with how far away it stands."""
    seen = pd.read_csv(FOLDER / "panorama_seen.csv")
    here = pd.read_csv(FOLDER / "panoramas.csv").set_index("panorama")
    stand = pd.read_csv(FOLDER / "bicycles.csv").query("day == 1").set_index("bicycle_id")
    at, there = here.loc[seen["panorama"]], stand.loc[seen["bicycle_id"]]
    bearing, _, away = Geod(ellps="WGS84").inv(
        *(table[axis].to_numpy() for table in (at, there) for axis in ("lon", "lat"))
    )
    return seen.assign(bearing=np.asarray(bearing) % 360, away=away)


def _placed(shared: Path, seen: pd.DataFrame) -> Iterator[Row]:
    """Place what the whole pipeline finds, against where the bicycles stand."""
    poses = pd.read_csv(FOLDER / "panoramas.csv").set_index("panorama")
    photos = geobike.read_photos(geobike.find_photos(FOLDER / "panoramas"))
    names = photos["photo_id"].str.removesuffix(".jpg")
    at = poses.loc[names]
    photos = photos.set_geometry(schema.points(at["lon"], at["lat"]), crs=schema.CRS)
    with_boxes = geobike.detect_photos(photos, detector=detector(shared))
    kept = geobike.filter_detections(with_boxes.detections, labels=["bicycle"], threshold=THRESHOLD)
    counts = geobike.count_per_photo(with_boxes.photos, kept)
    bicycles = placing.place(counts, kept)
    bearings, metres = [], []
    for name, some in bicycles.groupby(bicycles["photo_id"].astype("str").str.removesuffix(".jpg")):
        boxes = kept.loc[some.index, ["xmin", "ymin", "xmax", "ymax"]].to_numpy()
        there = seen[seen["panorama"] == name]
        for box, one in zip(boxes, some.itertuples(), strict=True):
            hit = hits([geobike.Box(*box)], there[SIDES].to_numpy(), turn=2560)
            if hit.any() and one.placed and there["away"][hit].iloc[0] <= SEEN_M:
                turn = one.bearing - there["bearing"][hit].iloc[0]
                bearings.append(abs((turn + 180) % 360 - 180))
                metres.append(abs(np.log(one.distance_m / there["away"][hit].iloc[0])))
    note = f"median of {len(bearings)} bicycles within {SEEN_M:g} m"
    yield Row("panoramas, views: bearing is off by", round(float(np.median(bearings)), 2),
              unit="degrees", note=note)  # fmt: skip
    off = 100 * (np.exp(np.median(metres)) - 1)
    yield Row("panoramas, views: distance is off by", round(float(off), 1), unit="%", note=note)


def _row(words: str, found: dict[str, np.ndarray], some: np.ndarray, note: str = "") -> Row:
    ours, theirs = (round(100 * float(found[way][some].mean()), 1) for way in ("views", "whole"))
    said = f"the whole: {theirs} %; of {some.sum()}"
    return Row(words, ours, unit="%", note=f"{said}; {note}" if note else said)
