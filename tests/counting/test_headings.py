"""Headings that do not fit, on simulated streets: told where they are wrong, never where right."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geobike.counting import headings, placing
from tests.support import simulated_streets as streets


def trouble(survey: streets.Simulated, photos: gpd.GeoDataFrame) -> headings.Trouble | None:
    return headings.heading_trouble(photos, placing.place(photos, survey.detections))


@pytest.fixture(scope="module", params=[1, 3])
def driven(request: pytest.FixtureRequest) -> streets.Simulated:
    """Eight streets by car, with a receiver that errs by 1 or 3 m."""
    return streets.simulate(5, "car", gps=request.param, compass=2, spacing=5)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_headings_turned_by_quarters_are_told_with_the_offset_that_mends_them(
    driven: streets.Simulated, turned: int
) -> None:
    photos = driven.photos.assign(heading=(driven.photos["heading"] + turned) % 360)
    found = trouble(driven, photos)
    assert found is not None
    assert found.offset == 360 - turned
    assert {one.offset for one in found.cameras} == {360 - turned}
    assert f"pass --heading-offset {360 - turned}" in found.message
    bicycles = placing.place(photos, driven.detections, heading_offset=found.offset)
    assert headings.heading_trouble(photos, bicycles, heading_offset=found.offset) is None


@pytest.mark.parametrize("turned", [0, 10, -10])
def test_headings_that_fit_are_left_in_peace(driven: streets.Simulated, turned: int) -> None:
    photos = driven.photos.assign(heading=(driven.photos["heading"] + turned) % 360)
    assert trouble(driven, photos) is None


def test_a_car_that_writes_its_course_needs_another_offset_on_each_side(
    driven: streets.Simulated,
) -> None:
    photos = driven.photos.assign(heading=(driven.photos["heading"] * 0 + 90) % 360)
    found = trouble(driven, photos)
    assert found is not None
    assert found.offset is None
    assert {one.camera: one.offset for one in found.cameras} == pytest.approx(
        {one.camera: 270 if "left" in one.camera else 90 for one in found.cameras}
    )
    assert "by 270 degrees" in found.message


def test_an_offset_that_is_already_used_is_told_with_it(driven: streets.Simulated) -> None:
    bicycles = placing.place(driven.photos, driven.detections, heading_offset=90)
    found = headings.heading_trouble(driven.photos, bicycles, heading_offset=90)
    assert found is not None
    assert found.offset == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("gps", "compass"), [(3, 5), (5, 10), (8, 20)])
def test_a_phone_survey_is_left_in_peace(seed: int, gps: float, compass: float) -> None:
    survey = streets.simulate(seed, "phone", gps=gps, compass=compass, spacing=3, number=8)
    photos = survey.photos.assign(camera="one")
    assert trouble(survey, photos) is None


def test_cameras_are_told_apart_by_folder_where_they_have_no_name(
    driven: streets.Simulated,
) -> None:
    names = {
        name: f"{one}/{name.replace('/', '-')}"
        for name, one in driven.photos.set_index("photo_id")["camera"].items()
    }
    photos = driven.photos.assign(
        photo_id=driven.photos["photo_id"].map(names),
        heading=np.where(driven.photos["camera"] == "left", 90, driven.photos["heading"]),
    ).drop(columns="camera")
    boxes = driven.detections.assign(
        photo_id=driven.detections["photo_id"].astype("str").map(names)
    )
    found = headings.heading_trouble(photos, placing.place(photos, boxes))
    assert found is not None
    assert found.cameras[0].camera == "left"
    assert found.offset is None  # it would spoil the right one


def test_few_photos_say_nothing() -> None:
    survey = streets.simulate(5, "car", gps=1, compass=2, spacing=5, number=1, turned=90)
    photos = survey.photos.iloc[:40]
    boxes = survey.detections[survey.detections["photo_id"].isin(photos["photo_id"])]
    assert headings.heading_trouble(photos, placing.place(photos, boxes)) is None


def test_photos_from_one_spot_prove_nothing() -> None:
    survey = streets.simulate(5, "car", gps=1, compass=2, spacing=5, number=1, turned=90)
    one = survey.detections["photo_id"].value_counts().index[0]
    photos = survey.photos[survey.photos["photo_id"] == one]
    boxes = survey.detections[survey.detections["photo_id"] == one]
    many = pd.concat([photos.assign(photo_id=f"{n}.jpg") for n in range(100)], ignore_index=True)
    seen = pd.concat([boxes.assign(photo_id=f"{n}.jpg") for n in range(100)], ignore_index=True)
    assert headings.heading_trouble(many, placing.place(many, seen)) is None
    assert headings.heading_trouble(many, placing.place(many, seen[:0])) is None
