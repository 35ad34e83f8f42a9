"""Placing and counting once on the rendered drive, whose bicycles have a name and a place.

The bounds leave some room beside what was measured; the detector is a small one. What it misses,
and what it finds twice, is in the figures of counting once: one look finds fewer than many do.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geobike import schema
from geobike.counting import headings, places, placing
from tests.support.simulated_streets import GEOD

drive = pytest.importorskip("benchmarks.truth.drive", reason="the loader of the drive is not here")
matching = pytest.importorskip("benchmarks.truth.matching")
of_draws = pytest.importorskip("benchmarks.truth.of_draws")

if not (drive.FOLDER / "boxes.csv").is_file():
    pytest.skip("no tables of the drive; make sample ARGS=--drive", allow_module_level=True)

NOISES = {"exact": drive.EXACT, "1 m": drive.CAR, "4 m": drive.PHONE}


def taken(
    noise: str, *, turned: float = 0, every: int = 1, passes: str = "", draw: int = 0
) -> gpd.GeoDataFrame:
    """Return a counts frame of the frames as recorded; of each camera and pass every n-th."""
    photos = drive.photos(NOISES[noise], draw=draw)
    photos = of_draws.thinned(photos[photos["photo_id"].str.startswith(passes)], every)
    heading = (photos["heading"] + turned) % 360
    return photos.assign(status=schema.COUNTED, heading=heading).assign(
        bicycle_count=pd.Series(0, photos.index, dtype=schema.COUNT)
    )


def placed(photos: gpd.GeoDataFrame, noise: str) -> pd.DataFrame:
    errors = NOISES[noise]
    return placing.place(
        photos,
        drive.detections(photos),
        position_error_m=errors.within_m,
        heading_error=errors.heading,
    )


def truth(photos: gpd.GeoDataFrame, bicycles: pd.DataFrame) -> pd.DataFrame:
    """Return what is true of each box of a parked bicycle, on its index."""
    matched = matching.match(drive.detections(photos), drive.seen())
    return drive.truth(matched.dropna(), bicycles["photo_id"].astype("str"))


def metres(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    return np.asarray(
        GEOD.inv(*(frame[axis].to_numpy() for frame in (one, other) for axis in ("lon", "lat")))[2]
    )


def test_bicycles_stand_within_a_step_of_where_they_are() -> None:
    photos = taken("exact")
    found = placed(photos, "exact")
    true = truth(photos, found)
    error = metres(found.loc[true.index], true)
    assert len(true) > 300
    assert found["placed"].mean() > 0.98
    assert np.median(error) <= 0.6
    assert np.quantile(error, 0.9) <= 2.0
    assert (error < 2 * found.loc[true.index, "placed_error_m"]).mean() > 0.85


@pytest.mark.parametrize(("noise", "share"), [("exact", 0.98), ("1 m", 0.97), ("4 m", 0.85)])
def test_bicycles_stand_in_their_area_though_the_camera_often_does_not(
    noise: str, share: float
) -> None:
    photos = taken(noise)
    found = placed(photos, noise)
    true = truth(photos, found)
    areas = drive.areas().set_index("name").geometry

    def right(lon: pd.Series, lat: pd.Series) -> float:
        points = gpd.points_from_xy(lon, lat)
        return float(
            np.mean(
                [areas[name].contains(at) for name, at in zip(true["area"], points, strict=True)]
            )
        )

    camera = photos.set_index("photo_id").geometry.loc[
        found.loc[true.index, "photo_id"].astype("str")
    ]
    assert right(*(found.loc[true.index, axis] for axis in ("lon", "lat"))) >= share
    assert right(camera.x, camera.y) < 0.75


@pytest.mark.parametrize("noise", ["exact", "1 m", "4 m"])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_each_place_counted_once_is_near_the_bicycles_that_were_found(
    noise: str, every: int
) -> None:
    photos = taken(noise, every=every)
    found = placed(photos, noise)
    size = places.square_size(photos, position_error_m=NOISES[noise].within_m)
    least, once, boxes = places.count_once(found, size_m=size).iloc[0][
        ["detected_at_least", "detected_once", "bicycle_count"]
    ]
    distinct = truth(photos, found)["bicycle_id"].nunique()
    assert least <= once <= boxes
    assert 0.75 <= once / distinct <= (1.3 if noise == "4 m" else 1.15)
    assert abs(once / distinct - 1) < boxes / distinct - 1  # nearer than the sum of boxes
    assert least <= 1.1 * distinct  # a few boxes are second ones of their bicycle


@pytest.mark.parametrize(("noise", "most"), [("exact", 8), ("1 m", 8), ("4 m", 12)])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_chance_errors_of_poses_move_the_number_on_average_as_the_documentation_says(
    noise: str, every: int, most: float
) -> None:
    off = of_draws.errors(NOISES[noise], every, draws=4)
    assert -17 <= off["detected_once"].mean() <= (most if every == 3 else 8)
    assert off["detected_at_least"].mean() <= 0


@pytest.mark.parametrize("noise", ["exact", "1 m"])
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_drive_turned_by_quarters_is_told_with_the_offset(noise: str, turned: int) -> None:
    photos = taken(noise, turned=turned)
    found = headings.heading_trouble(photos, placed(photos, noise))
    assert found is not None
    assert found.offset == 360 - turned


@pytest.mark.parametrize("turned", [90, 270])
def test_a_course_in_place_of_headings_is_told_by_poor_receivers_too_and_never_wrongly(
    turned: int,
) -> None:
    """Positions off by 4 m and headings by 8 degrees: a few pairs of photos agree by chance."""
    surveys = [taken("4 m", turned=turned, draw=draw) for draw in range(6)]
    found = [headings.heading_trouble(photos, placed(photos, "4 m")) for photos in surveys]
    offsets = {one.offset for trouble in found if trouble for one in trouble.cameras}
    assert offsets == {360 - turned}
    assert len([trouble for trouble in found if trouble]) >= 3


@pytest.mark.parametrize("noise", ["exact", "1 m", "4 m"])
@pytest.mark.parametrize("passes", ["", "grenslaan", "walk"])
def test_headings_as_recorded_are_left_in_peace(noise: str, passes: str) -> None:
    photos = taken(noise, passes=passes)
    assert headings.heading_trouble(photos, placed(photos, noise)) is None
