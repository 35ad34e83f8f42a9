"""No source, whoever wrote it, brings a position that cannot be."""

import math

import geopandas as gpd
import pandas as pd
import pytest

from geobike import schema
from geobike.errors import SchemaError
from geobike.positions import resolve, sources
from tests.support.making import DELFT, photos_frame


def source(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    """Register a position source that gives the second photo these values."""

    def positions(photos: gpd.GeoDataFrame, _: pd.DataFrame | None = None) -> pd.DataFrame:
        rows = {"lon": 4.0, "lat": 52.0, "heading": 0.0, "source": "balloon", "refused": False}
        frame = schema.table(schema.POSITIONS, pd.DataFrame(rows, index=photos.index))
        for name, value in values.items():
            frame.loc[photos.index[1], name] = value
        return frame

    added = sources.Source("balloon", "balloon", positions, needs_file=False)
    monkeypatch.setitem(sources.SOURCES, "balloon", added)


def located() -> gpd.GeoDataFrame:
    photos = photos_frame({"a.jpg": DELFT, "b.jpg": DELFT})
    return resolve.locate(photos, positions=("balloon",))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lon": 180.1}, "longitude 180.1, which is not from -180 to 180"),
        ({"lon": -math.inf}, "longitude -inf, which is not from"),
        ({"lat": 90.5}, "latitude 90.5, which is not from -90 to 90"),
        ({"lon": 52.0, "lat": 154.0}, "latitude 154, which is not"),
        ({"heading": 360.0}, "heading 360, which is not from 0 to below 360"),
        ({"heading": -1.0}, "heading -1, which is not"),
        ({"accuracy": -5.0}, "position error -5, which is not 0 or more metres"),
        ({"accuracy": math.inf}, "position error inf, which is not"),
        ({"lon": None}, "only one of longitude and latitude"),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_names_source_photo_and_value(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, object], said: str
) -> None:
    source(monkeypatch, **values)
    with pytest.raises(SchemaError, match=r"^balloon gives the photo 'b\.jpg'") as caught:
        located()
    assert said in str(caught.value)


def test_a_source_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    source(monkeypatch, source="kite")
    with pytest.raises(SchemaError, match="names 'kite' as the source of a position; known are"):
        located()


def test_positions_of_other_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    source(monkeypatch)
    give = sources.SOURCES["balloon"].positions

    def shifted(photos: gpd.GeoDataFrame, table: pd.DataFrame | None = None) -> pd.DataFrame:
        frame = give(photos, table)
        assert frame is not None
        return frame.set_index(frame.index + 1)

    added = sources.Source("balloon", "balloon", shifted, needs_file=False)
    monkeypatch.setitem(sources.SOURCES, "balloon", added)
    with pytest.raises(SchemaError, match="positions of balloon are not on the index"):
        located()


@pytest.mark.parametrize(
    "values",
    [
        {"lon": 180.0, "lat": -90.0, "heading": 359.999},
        {"lon": None, "lat": None},
        {"source": None},
    ],
)
def test_what_can_be_is_taken(monkeypatch: pytest.MonkeyPatch, values: dict[str, object]) -> None:
    source(monkeypatch, **values)
    frame = located()
    assert frame["status"].fillna("").tolist() == ["", "" if values.get("lon", 1) else "unlocated"]
    assert frame["position_source"].iloc[0] == "balloon"
