"""The layer of racks on the page: what is known of each, and nothing where nobody looked."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from geobike import schema
from geobike.errors import SchemaError
from geobike.maps import racks as layer
from tests.support.browser import Open
from tests.support.map_frames import TOWN, areas, build, photos

KEY = ".gb-rack-key li"


def racks(count: int = 4, **columns: Any) -> Any:
    data = {
        "rack_id": [str(number) for number in range(count)],
        "capacity": pd.array([20, None, 8, 1, *[4] * count][:count], "Int64"),
        "capacity_date": ["2024-06-01", *[None] * count][:count],
        "left_out": [None, None, "other access", None, *[None] * count][:count],
        "detected_near": [23.6, 2.0, None, None, *[0.0] * count][:count],
    }
    lon = [4.005 + 0.004 * (number % 11) for number in range(count)]
    lat = [52.003 + 0.0005 * (number // 11) for number in range(count)]
    return schema.geotable(schema.RACKS, data | columns, schema.points(lon, lat))


def popups(opened: Any) -> list[str]:
    """Return what each rack says, opened by keyboard."""
    said = []
    for rack in opened.page.locator("path.gb-rack").all():
        rack.focus()
        opened.page.keyboard.press("Enter")
        said.append(
            opened.page.locator(".leaflet-popup-content").last.inner_text().replace("\n", " ")
        )
        opened.page.keyboard.press("Escape")
    return said


ENGLISH = """
Rack: 20 places. Places as of 1 Jun 2024. 24 bicycles detected within 50 m of it; those nearer to another rack count there. That is 1.2 per place, as far as photos show.
Rack: number of places not known. 2 bicycles detected within 50 m of it; those nearer to another rack count there.
Rack: 8 places. Not said to be for everybody: not counted.
Rack: 1 place. No photo was taken here: how many bicycles stand here is not known.
"""  # noqa: E501 - one line a rack
DUTCH = """
Rek: 20 plaatsen. Plaatsen volgens opgave van 1 jun 2024. 24 fietsen gedetecteerd binnen 50 m; wat dichter bij een ander rek staat telt daar. Dat is 1,2 per plaats, voor zover foto's het tonen.
Rek: aantal plaatsen niet bekend. 2 fietsen gedetecteerd binnen 50 m; wat dichter bij een ander rek staat telt daar.
Rek: 8 plaatsen. Niet gezegd dat het voor iedereen is: niet meegeteld.
Rek: 1 plaats. Hier is geen foto gemaakt: hoeveel fietsen hier staan is niet bekend.
"""  # noqa: E501 - one line a rack


@pytest.mark.parametrize(("language", "said"), [("en", ENGLISH), ("nl", DUTCH)])
def test_a_rack_says_what_is_known_of_it(show: Open, language: str, said: str) -> None:
    opened = show(build(racks=racks(), walk=50.0, language=language))
    assert popups(opened) == said.strip().splitlines()
    assert len(opened.texts(KEY)) == 3
    assert opened.page.locator(".gb-racks").count() == 1
    sizes = [rack.bounding_box()["width"] for rack in opened.page.locator("path.gb-rack").all()]
    assert sizes[0] > sizes[2] > sizes[3]


def test_a_rack_says_so_too_where_the_pointer_is(show: Open) -> None:
    opened = show(build(racks=racks(), walk=50.0))
    opened.page.locator("path.gb-rack").first.hover(force=True)
    tip = opened.page.locator(".leaflet-tooltip")
    tip.wait_for()
    assert tip.inner_text().replace("\n", " ") == ENGLISH.strip().splitlines()[0]
    opened.page.locator("path.gb-rack").first.click(force=True)
    opened.page.locator(".leaflet-popup").wait_for()
    assert not tip.is_visible()  # the same is not said twice


def test_racks_can_be_hidden_with_their_key(show: Open) -> None:
    opened = show(build(racks=racks(), taken=photos({"a.jpg": (4.005, 52.005, 1)})))
    assert opened.page.locator(KEY).first.is_visible()
    opened.layers()
    opened.page.get_by_label("Bicycle racks", exact=True).uncheck()
    assert opened.page.locator("path.gb-rack").count() == 0
    assert not opened.page.locator(KEY).first.is_visible()
    assert opened.page.locator(".gb-place").count() == 1


def test_a_page_without_racks_says_nothing_of_them(show: Open) -> None:
    opened = show(build())
    assert opened.page.get_by_label("Bicycle racks").count() == 0
    assert opened.page.locator(f"{KEY}, .gb-racks").count() == 0


def test_a_whole_citys_racks_are_drawn_on_a_canvas(show: Open) -> None:
    opened = show(build(racks=racks(25_000)))
    assert opened.page.locator("path.gb-rack").count() == 0
    assert opened.page.locator(".leaflet-gb-racks-pane canvas").count() == 1


def test_many_racks_take_little_space() -> None:
    drawn = layer.drawn(racks(25_000), walk=50.0)
    assert drawn is not None
    assert len(json.dumps(drawn)) < 200_000
    assert layer.drawn(None, walk=50.0) is None


def test_pressure_colours_the_map_where_it_is_known_somewhere(show: Open) -> None:
    figures: dict[str, Any] = {
        "kerb_seen_share": [0.83, 0.1],
        "pressure": [1.204, None],
        "rack_count": pd.array([3, 0], "Int64"),
        "rack_capacity": pd.array([40, 0], "Int64"),
        "rack_capacity_known": pd.array([3, 0], "Int64"),
        "detected_near_racks": [40.0, 0.0],
        "shortage": pd.array([12, None], "Int64"),
        "shortage_net": pd.array([12, None], "Int64"),
        "free_within_walk": pd.array([4, None], "Int64"),
    }
    opened = show(build(areas(["West", "East"], [2, 3], [48, 1], **figures)))
    opened.colour_by("Parking pressure: bicycles per place")
    assert opened.texts(".gb-legend summary") == ["Parking pressure: bicycles per place"]
    assert opened.table("pressure")[0] == ["West", "1.2"]
    opened.page.locator(".gb-table tbody tr").first.click()
    popup = opened.detail()
    assert popup["pressure"] == "1.2"
    assert (popup["rack_capacity"], popup["shortage"]) == ("40", "12")
    unknown = {
        name: column if name != "pressure" else [None, None] for name, column in figures.items()
    }
    opened = show(build(areas(["West", "East"], [2, 3], [48, 1], **unknown)))
    assert not any("Parking pressure" in each for each in opened.texts("#gb-metric option"))


def test_racks_of_another_kind_of_frame_are_refused() -> None:
    with pytest.raises(SchemaError, match="the racks frame"):
        build(TOWN, racks=racks().drop(columns="left_out"))


@pytest.mark.parametrize(("capacity", "dashed"), [(None, True), (20, False)])
def test_the_key_of_the_picture_draws_a_rack_as_the_map_does(
    show: Open, tmp_path: Path, capacity: int | None, dashed: bool
) -> None:
    known = pd.array([capacity], "Int64")
    opened = show(build(racks=racks(1, detected_near=[0.0], capacity=known), walk=50.0))
    assert bool(opened.page.locator("path.gb-rack[stroke-dasharray]").count()) == dashed
    opened.download("Picture (PNG)").save_as(tmp_path / "map.png")
    picture = np.asarray(Image.open(tmp_path / "map.png").convert("RGB"), dtype=int)
    beside = picture[:, -500:]
    edge = np.abs(beside - (0x6D, 0x28, 0xD9)).sum(axis=2) < 60
    y, x = np.nonzero(edge)
    turn = np.arctan2(y - (y.min() + y.max()) / 2, x - (x.min() + x.max()) / 2)
    drawn = len(np.unique(np.floor(np.degrees(turn) / 10)))  # sectors of 36 that have ink
    assert (drawn < 30) == dashed


def test_racks_are_on_the_picture_however_few(show: Open, tmp_path: Path) -> None:
    opened = show(build(racks=racks(1, detected_near=[0.0]), walk=50.0))
    opened.download("Picture (PNG)").save_as(tmp_path / "map.png")
    picture = Image.open(tmp_path / "map.png").convert("RGB")
    colours = {colour for _, colour in picture.getcolors(1 << 24) or []}
    assert (0x6D, 0x28, 0xD9) in colours
    beside = picture.crop((picture.width - 500, 0, picture.width, picture.height))
    assert (0x6D, 0x28, 0xD9) in {colour for _, colour in beside.getcolors(1 << 24) or []}
