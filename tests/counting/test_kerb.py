"""How much of the kerb photos have in view, beside a count of points and by worked-out chords."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

import geobike
from geobike import areas as area_room
from geobike import schema, streets
from geobike.counting import stage
from tests.counting.test_stops import LAT, LON, METRE, survey
from tests.streets.test_network import at, halves, lines

LENGTH = 200.0
GEOD = Geod(ellps="WGS84")


def seen(photos: gpd.GeoDataFrame, **named: Any) -> tuple[pd.Series, pd.Series]:
    """Return the share of the kerb in view by the name of the street, and by area."""
    boxes = schema.table(schema.DETECTIONS, {})
    located = photos.assign(area_id="east").astype({"area_id": "str"})
    drawn = lines(**(named or {"Dam": at((0, 0), (LENGTH, 0))}))
    network = streets.build(drawn, halves(), area_room.row_at(halves()))
    counted = geobike.count_areas(located, boxes, halves(), streets=drawn)
    kerb = stage.kerb_in_view(located, counted, network, halves()["area_id"])
    return kerb.streets.set_axis(network.streets["name"]), kerb.areas


def looking_around(photos: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    around = {"width": 2048, "height": 1024, "turn_px": 2048.0, "horizon_px": 512.0}
    return photos.assign(**around).astype({"width": "Int64", "height": "Int64"})


def chord(metres: float) -> float:
    """Metres of kerb within 15 m of a camera that is so far from it."""
    return float(2 * np.sqrt(15**2 - metres**2))


def test_a_camera_that_looks_all_around_sees_the_chords_of_a_circle() -> None:
    found, areas = seen(looking_around(survey([100.0])))
    expected = np.mean([chord(metres) for metres in (4, 6, 8)]) / LENGTH
    assert found["Dam"] == pytest.approx(expected, abs=2 / LENGTH)
    assert areas["east"] == pytest.approx(found["Dam"])
    assert np.isnan(areas["west"])  # it has no street


@pytest.mark.parametrize("heading", [0.0, 90.0, 200.0, 275.0])
def test_a_photo_sees_what_lies_in_its_angle_and_within_15_m(heading: float) -> None:
    """Against points every 10 cm of the kerb, by bearing and distance on the ellipsoid."""
    found, _ = seen(survey([60.0], 1.5, heading=heading))
    half = np.degrees(np.arctan(36 / 2 / 27))  # of a lens of 27 mm
    x = np.tile(np.arange(0.05, LENGTH, 0.1), 6)
    y = np.repeat([-8, -6, -4, 4, 6, 8], len(x) // 6)
    camera = np.full(len(x), LON + 60 * METRE[0]), np.full(len(x), LAT + 1.5 * METRE[1])
    bearing, _, away = GEOD.inv(*camera, LON + x * METRE[0], LAT + y * METRE[1])
    turn = (np.asarray(bearing) - heading + 180) % 360 - 180
    aslant = np.abs(np.cos(np.radians(bearing))) >= np.sin(np.radians(15))  # the street runs east
    expected = float(((np.abs(turn) <= half) & (np.asarray(away) <= 15) & aslant).mean())
    assert found["Dam"] == pytest.approx(expected, abs=1 / LENGTH)
    assert found["Dam"] > 0.01


def test_across_both_ways_every_5_m_all_is_in_view_and_every_25_m_a_third() -> None:
    near, far = np.arange(2.5, LENGTH, 5.0), np.arange(12.5, LENGTH, 25.0)
    shares = []
    for along in (near, far):
        both = pd.concat([survey(along, heading=0.0), survey(along, heading=180.0)])
        ids = [f"{number}.jpg" for number in range(len(both))]
        shares.append(seen(gpd.GeoDataFrame(both.assign(photo_id=ids)).reset_index(drop=True))[0])
    assert shares[0]["Dam"] == pytest.approx(1, abs=0.02)
    width = np.mean([2 * metres * (36 / 2 / 27) for metres in (4, 6, 8)])
    assert shares[1]["Dam"] == pytest.approx(width / 25, abs=0.05)


def test_from_beside_a_rack_the_rack_is_in_view_across_the_street_only() -> None:
    """7 m beside the middle of the street, where a phone is held.

    The lines 4, 6 and 8 m on its side are 3, 1 and 1 m away: aslant for 11, 4 and 4 m each way. Of
    the other side, the line 4 m from the middle is 11 m away, within 15 m for 10 m each way, 6 m
    from it for 7.5 m; that 8 m from it is out of reach.
    """
    found, _ = seen(looking_around(survey([100.0], 7.0)))
    near = [2 * metres / np.tan(np.radians(15)) for metres in (3, 1, 1)]
    far = [chord(metres) for metres in (11, 13)]
    assert found["Dam"] == pytest.approx((sum(near) + sum(far)) / 6 / LENGTH, abs=1 / LENGTH)


def test_the_kerb_of_the_next_street_is_not_in_view_through_the_houses() -> None:
    """Bicycles on a photo count in the street of its stop, and so does the ground."""
    both = {"Dam": at((0, 0), (LENGTH, 0)), "Lane": at((0, 12), (LENGTH, 12))}
    found, _ = seen(survey([100.0], 1.0, heading=0.0), **both)
    assert found["Dam"] > 0
    assert found["Lane"] == 0


def test_without_a_heading_it_is_not_known_what_a_photo_shows() -> None:
    named = {"Dam": at((0, 0), (LENGTH, 0)), "Lane": at((0, 200), (LENGTH, 200))}
    found, areas = seen(survey([60.0], heading=np.nan), **named)
    assert np.isnan(found["Dam"])
    assert found["Lane"] == 0  # nobody was there, which is known
    assert np.isnan(areas["east"])
    turned = survey([60.0, 100.0], heading=[np.nan, 0.0])
    known, _ = seen(turned, **named)
    assert known["Dam"] == pytest.approx(seen(survey([100.0], heading=0.0))[0]["Dam"])


def test_what_looks_all_around_needs_no_heading() -> None:
    photos = survey([100.0], heading=np.nan)
    assert photos["heading"].isna().all()
    assert seen(looking_around(photos))[0]["Dam"] > 0.1


def test_photos_repeated_from_one_place_change_nothing() -> None:
    once = survey([100.0], heading=0.0)
    often = survey([100.0] * 500, heading=0.0)
    assert seen(often)[0]["Dam"] == seen(once)[0]["Dam"]
