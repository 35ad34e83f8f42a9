import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

import geobike
from geobike import schema
from geobike.counting import counts
from geobike.photos import panoramas, reading
from tests.support.making import FakeDetector, handed, photo, squares

pytestmark = pytest.mark.filterwarnings("ignore::geobike.errors.GeobikeWarning")
PLACE = (4.005, 52.005)
GPANO = "http://ns.google.com/photos/1.0/panorama/"


def packet(described: str, inside: str = "") -> bytes:
    """Return an XMP packet as programs write it."""
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {described}>{inside}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


AS_ATTRIBUTE = packet(f'xmlns:GPano="{GPANO}" GPano:ProjectionType="equirectangular"')
AS_ELEMENT = packet(
    f"xmlns:GPano='{GPANO}'", "<GPano:ProjectionType>cylindrical</GPano:ProjectionType>"
)
OTHER_PREFIX = packet(f'xmlns:p1="{GPANO}" p1:ProjectionType = "equirectangular"')
FLAT = packet(f'xmlns:GPano="{GPANO}" GPano:ProjectionType="perspective"')
NAME_ONLY = packet('xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="GPano:ProjectionType"')


def picture(xmp: bytes, size: tuple[int, int] = (800, 600), format: str = "JPEG") -> bytes:
    out, text = BytesIO(), PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode("latin-1"))
    places = {"TIFF": {"tiffinfo": {700: xmp}}, "PNG": {"pnginfo": text}}
    Image.new("RGB", size, "grey").save(out, format, **places.get(format, {"xmp": xmp}))
    return out.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF", "AVIF", "PNG"])
@pytest.mark.parametrize("xmp", [AS_ATTRIBUTE, AS_ELEMENT, OTHER_PREFIX])
def test_a_photo_whose_xmp_gives_a_panoramas_projection_is_one(
    tmp_path: Path, xmp: bytes, format: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(xmp, format=format))
    assert reading.read(reading.find(tmp_path)).at[0, "panorama"]


@pytest.mark.parametrize("xmp", [FLAT, NAME_ONLY, b"", b"\xff" * 100, GPANO.encode()])
def test_other_xmp_makes_no_panorama(tmp_path: Path, xmp: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(xmp))
    assert "panorama" not in reading.read(reading.find(tmp_path))


@pytest.mark.parametrize(
    ("size", "is_one"),
    [
        ((2560, 480), True),
        ((480, 2560), True),
        ((2401, 1000), True),
        ((2100, 900), False),  # a phone's full screen
        ((1920, 1080), False),
        ((600, 100), False),  # the detector sees all its pixels
    ],
)
def test_a_strip_is_a_panorama(tmp_path: Path, size: tuple[int, int], is_one: bool) -> None:
    photo(tmp_path / "a.jpg", size=size)
    assert ("panorama" in reading.read(reading.find(tmp_path))) == is_one


def test_hostile_xmp_takes_no_time_and_is_not_followed() -> None:
    bomb = b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + b'xmlns:G="' * 20_000
    for xmp in (bomb, bomb + GPANO.encode(), f'xmlns:a="{GPANO}" a:ProjectionType='.encode() * 900):
        assert not panoramas.is_named_in(xmp)


def run(folder: Path, **options: Any) -> geobike.SurveyResult:
    areas = squares(folder / "areas.geojson", ["west"])
    return geobike.run(
        geobike.Survey(
            photos=folder / "photos", areas=areas, **{"detector": FakeDetector()} | options
        )
    )


def test_a_panorama_is_never_a_quiet_zero_and_nothing_is_spent_on_it(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "wide.jpg", lon_lat=PLACE, size=(2560, 480))
    detector = FakeDetector()
    result = run(tmp_path, detector=detector)
    assert detector.asked == 0
    assert result.photos.at[0, "status"] == "failed"
    assert "--panoramas count" in result.photos.at[0, "reason"]
    assert result.photos["bicycle_count"].isna().all()
    assert result.areas["bicycle_count"].isna().all()
    assert any("wide.jpg (2560 x 480)" in note for note in result.warnings)
    written = result.write(tmp_path / "out")
    for name in ("photos.geojson", "areas.geojson"):
        features = json.loads(Path(written[name]).read_text())["features"]
        assert [one["properties"]["bicycle_count"] for one in features] == [None]
    assert result.empty is not None
    assert "panorama" in result.empty


def test_panoramas_count_where_that_is_asked_for_or_boxes_are_given(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "wide.jpg", lon_lat=PLACE, size=(2560, 480))
    assert run(tmp_path, panoramas="count").ledger.bicycles_counted == 256
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("photo_id,label,score,xmin,ymin,xmax,ymax\nwide.jpg,bicycle,0.9,1,2,90,140\n")
    given = run(tmp_path, detections=boxes)
    assert (given.ledger.photos["counted"], given.ledger.bicycles_counted) == (1, 1)


def test_a_panorama_outside_the_areas_stays_outside(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "wide.jpg", lon_lat=(9.0, 52.005), size=(2560, 480))
    assert run(tmp_path).photos["status"].tolist() == ["outside"]


def test_the_handed_panorama_is_one_by_its_xmp(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(handed(shared, "panorama.jpg").read_bytes())
    frame = reading.read(reading.find(tmp_path))
    assert frame["panorama"].tolist() == [True]
    counted = counts.per_photo(panoramas.skip(frame), schema.table(schema.DETECTIONS, {}))
    assert counted["status"].tolist() == ["failed"]
