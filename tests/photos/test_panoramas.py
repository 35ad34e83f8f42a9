import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

import geobike
from geobike.detectors.protocol import Box, Detection, DetectorBase
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
        assert panoramas.read(xmp, (800, 600)) is None


def gpano(**values: Any) -> bytes:
    said = " ".join(f'GPano:{name}="{value}"' for name, value in values.items())
    return packet(f'xmlns:GPano="{GPANO}" GPano:ProjectionType="equirectangular" {said}')


WHOLE = {
    "FullPanoWidthPixels": 8000, "FullPanoHeightPixels": 4000,
    "CroppedAreaImageWidthPixels": 8000, "CroppedAreaImageHeightPixels": 4000,
    "CroppedAreaLeftPixels": 0, "CroppedAreaTopPixels": 0, "PoseHeadingDegrees": "90.0",
}  # fmt: skip
PART = WHOLE | {
    "CroppedAreaImageWidthPixels": 2000, "CroppedAreaImageHeightPixels": 1000,
    "CroppedAreaLeftPixels": 5000, "CroppedAreaTopPixels": 1400,
}  # fmt: skip


def test_xmp_says_where_directions_are_in_a_panorama() -> None:
    """Google's specification: the heading is that of the middle of the full panorama."""
    assert panoramas.read(gpano(**WHOLE), (8000, 4000)) == (8000, 2000, 90)
    # Columns 5000 to 7000 of 8000: their middle is a quarter of a turn right of the full middle.
    assert panoramas.read(gpano(**PART), (2000, 1000)) == (8000, 600, 180)
    # A copy in half the size: sizes in XMP are those of the original.
    assert panoramas.read(gpano(**PART), (1000, 500)) == (4000, 300, 180)
    # Only the projection: the whole sphere, where the shape says so.
    assert panoramas.read(gpano(PoseHeadingDegrees=-30), (4000, 2000)) == (4000, 1000, 330)


@pytest.mark.parametrize(
    ("said", "size"),
    [
        (PART, (1000, 2000)),  # turned since
        (PART | {"CroppedAreaLeftPixels": 7000}, (2000, 1000)),  # beyond the full picture
        (PART | {"CroppedAreaImageWidthPixels": 0}, (2000, 1000)),
        (PART | {"CroppedAreaTopPixels": -1}, (2000, 1000)),
        (PART | {"FullPanoWidthPixels": "999999999"}, (2000, 1000)),
        ({}, (3000, 1000)),
    ],
)
def test_a_projection_that_cannot_be_is_not_guessed_at(
    said: dict[str, Any], size: tuple[int, int]
) -> None:
    found = panoramas.read(gpano(**said), size)
    assert found is not None
    assert str(found) == str(panoramas.Panorama())


def test_a_panoramas_own_heading_is_that_of_the_photo(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(gpano(**WHOLE), (800, 400)))
    (tmp_path / "b.jpg").write_bytes(picture(FLAT))
    frame = reading.read(reading.find(tmp_path)).set_index("photo_id")
    assert frame.loc["a.jpg", ["heading", "turn_px", "horizon_px"]].tolist() == [90, 800, 200]
    assert frame.loc["b.jpg", ["heading", "turn_px"]].isna().all()


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
    result = run(tmp_path, detector=detector, windows="no")
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
    assert run(tmp_path, panoramas="skip").ledger.photos["failed"] == 1
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


class Round(DetectorBase):
    """Finds one bicycle in the middle of each picture that is shown, and remembers their shapes."""

    name, version = "round", "1"

    def __init__(self) -> None:
        self.shown: list[tuple[int, int]] = []

    def detect(self, image: Image.Image) -> list[Detection]:
        self.shown.append(image.size)
        x, y = image.width / 2, image.height / 2
        return [Detection("bicycle", 0.9, Box(x - 9, y - 9, x + 9, y + 9))]


def test_a_picture_all_around_is_looked_at_in_views_and_a_strip_in_windows(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "wide.jpg", lon_lat=PLACE, size=(2560, 480))
    (tmp_path / "photos" / "round.jpg").write_bytes(picture(gpano(**WHOLE), (800, 400)))
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("file,latitude,longitude\nround.jpg,52.005,4.005\n")
    detector = Round()
    result = run(tmp_path, detector=detector, manifest=manifest)
    counted = result.photos.set_index("photo_id")
    assert counted["status"].tolist() == ["counted", "counted"]
    # Nine views, of which the middle ones are 40 degrees apart: no bicycle is seen by two.
    assert counted.loc["round.jpg", "bicycle_count"] == 9
    views = [size for size in detector.shown if size[0] == size[1]]
    assert len(views) == 9
    windows = [size for size in detector.shown if size == (640, 480)]
    assert len(windows) == counted.loc["wide.jpg", "bicycle_count"] == 5
    assert set(result.detections["model"]) == {
        "round (views 60 every 40, rules 1)",
        "round (windows auto, rules 1)",
    }
    assert result.model.name == "round"


def test_a_picture_twice_as_wide_as_high_is_all_around_where_the_user_says_so(
    tmp_path: Path,
) -> None:
    photo(tmp_path / "photos" / "a.jpg", lon_lat=PLACE, size=(1600, 800))
    assert run(tmp_path, detector=Round()).ledger.bicycles_counted == 1
    result = run(tmp_path, detector=Round(), panoramas="views")
    assert result.ledger.bicycles_counted == 9
    assert result.photos["turn_px"].tolist() == [1600]


def test_a_panorama_in_another_projection_is_failed_unless_it_is_a_strip(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, size in (("fisheye", (900, 900)), ("strip", (2700, 900))):
        (folder / f"{name}.jpg").write_bytes(picture(AS_ELEMENT, size))
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(
        "file,latitude,longitude\nfisheye.jpg,52.005,4.005\nstrip.jpg,52.005,4.005\n"
    )
    counted = run(tmp_path, detector=Round(), manifest=manifest).photos
    assert counted["status"].tolist() == ["failed", "counted"]
    assert "not supported" in counted.at[0, "reason"]
