"""The columns and figures of files, whatever their format."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geobike import metrics, schema
from geobike.counting import counts
from geobike.exports import rounding
from geobike.exports.frames import select
from geobike.exports.protocol import About, Frames
from tests.support.making import photos_frame
from tests.support.map_frames import TOWN


def times(**columns: list[str | None]) -> gpd.GeoDataFrame:
    photos = photos_frame(dict.fromkeys(("summer.jpg", "winter.jpg", "never.jpg"), (4, 52)))
    kinds = {"taken_at": schema.TIME, "taken_local": schema.LOCAL_TIME}
    for name, values in columns.items():
        zoned = pd.to_datetime(values, utc=name == "taken_at")
        photos[name] = pd.Series(zoned).astype(kinds[name])
    return photos


UTC = ["2026-05-12T07:02:07Z", "2026-01-12T07:02:07Z", None]


def test_local_times_are_those_of_the_surveys_zone_in_summer_and_winter() -> None:
    frames = Frames(photos=times(taken_at=UTC), about=About(timezone="Europe/Amsterdam"))
    local = select(frames).photos["taken_local"]
    assert local.dropna().tolist() == ["2026-05-12 09:02:07", "2026-01-12 08:02:07"]
    assert local.isna().tolist() == [False, False, True]


def test_without_a_zone_local_times_are_what_the_camera_showed() -> None:
    shown = ["2026-05-12 10:00:00", None, "2026-05-12 11:00:00"]
    local = select(Frames(photos=times(taken_at=UTC, taken_local=shown))).photos["taken_local"]
    assert [None if pd.isna(one) else one for one in local] == shown
    assert select(Frames(photos=times(taken_at=UTC))).photos["taken_local"].isna().all()


def test_a_figure_has_the_decimals_that_it_means() -> None:
    areas = TOWN.assign(area_km2=0.26352542423922215, detected_per_stop=1 / 3, covered_km=2 / 3)
    row = select(Frames(areas=areas)).areas.iloc[0]
    found = (row["area_km2"], row["detected_per_stop"], row["covered_km"])
    assert found == (0.263525, 0.3333, 0.667)


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=30))
def test_a_rounded_figure_is_shown_as_the_page_shows_the_full_one(values: list[float]) -> None:
    metric = next(one for one in metrics.METRICS if one.name == "detected_per_stop")
    full = pd.DataFrame({metric.name: values})
    rounded = rounding.figures(full, [metric.name])
    scale = 10**metric.digits

    def shown(column: "pd.Series[float]") -> np.ndarray:
        """As classes.js: half up, but a small value never becomes zero."""
        whole = np.maximum(1, np.floor(column * scale + 0.5))
        return np.where(column > 0, whole, 0)

    assert shown(rounded[metric.name]).tolist() == shown(full[metric.name]).tolist()


def test_a_polygon_that_a_centimetre_would_break_keeps_its_coordinates() -> None:
    thin = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.5, 4e-8), (0, 1)])
    plain = shapely.Polygon([(2, 0), (3, 0.123456789), (3, 1)])
    assert thin.is_valid
    rounded = rounding.places(gpd.GeoSeries([thin, plain], crs=schema.CRS))
    assert rounded.is_valid.all()
    assert rounded[0].equals(thin)
    assert rounded[1].exterior.coords[1] == (3, 0.1234568)


@pytest.mark.parametrize("score", [0.30004, 0.1 + 0.2])
def test_scores_and_boxes_are_written_in_full(score: float) -> None:
    box = {"photo_id": ["a.jpg"], "label": "bicycle", "score": score, "kept": True}
    sides = {"xmin": score, "ymin": 0.0, "xmax": 9.0, "ymax": 9.0}
    found = select(Frames(detections=schema.table(schema.DETECTIONS, pd.DataFrame(box | sides))))
    assert found.detections[["score", "x_min"]].iloc[0].tolist() == [score, score]
    assert "xmin" not in found.detections  # of PostgreSQL


def test_the_count_of_a_photo_stays_whole() -> None:
    counted = counts.per_photo(times(taken_at=UTC), schema.table(schema.DETECTIONS, {}))
    assert select(Frames(photos=counted)).photos["bicycle_count"].dtype == schema.COUNT
