"""Panoramas of a finished survey, counted again: bicycles stand where the photo shows them."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import geobike
from geobike import saved
from geobike.comparison import surveys
from tests.support.making import squares

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")

TURN = 4000
"""Pixels of 360 degrees; the middle is east, so that a quarter on either side is north or south."""

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" GPano:ProjectionType="equirectangular"
 GPano:PoseHeadingDegrees="90"/></rdf:RDF></x:xmpmeta>"""


def bicycle(middle: int) -> str:
    """Return the cells of a box some ten metres away, its wheels below the horizon."""
    return f"round.jpg,bicycle,0.9,{middle - 50},1035,{middle + 50},1100"


@pytest.fixture
def survey(tmp_path: Path) -> geobike.Survey:
    """A picture all around, a metre west of the border; 3 of its 4 bicycles are east of it."""
    (tmp_path / "photos").mkdir()
    around = Image.new("RGB", (TURN, TURN // 2), "grey")
    around.save(tmp_path / "photos" / "round.jpg", xmp=XMP.encode())
    rows = [bicycle(TURN // 2 + aside) for aside in (-400, 0, 400)] + [bicycle(100)]
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("\n".join(["photo_id,label,score,xmin,ymin,xmax,ymax", *rows]) + "\n")
    (tmp_path / "manifest.csv").write_text("file,latitude,longitude\nround.jpg,52.005,4.009985\n")
    return geobike.Survey(
        photos=tmp_path / "photos",
        manifest=tmp_path / "manifest.csv",
        areas=squares(tmp_path / "areas.geojson", ["west", "east"]),
        detections=boxes,
        page=geobike.PageOptions(pictures="none"),
    )


@pytest.mark.parametrize("table", ["geojson", "parquet"])
def test_bicycles_on_a_panorama_are_in_the_areas_that_the_map_gave_them(
    survey: geobike.Survey, tmp_path: Path, table: str
) -> None:
    result = geobike.run(replace(survey, formats=(table,)))
    mapped = result.areas.set_index("name")["detected_once"]
    assert mapped.to_dict() == {"west": 1, "east": 3}
    result.write(tmp_path / "out")
    again = surveys.recount(saved.read(tmp_path / "out"), result.areas)
    names = result.areas.set_index("area_id")["name"]
    shown = again.parts.groupby(again.parts["area_id"].map(names))["detected"].sum()
    assert shown.to_dict() == {"west": 1, "east": 3}
