import json
import os
import warnings
from pathlib import Path

import pytest
from PIL import Image

from geobike.errors import GeobikeWarning
from geobike.photos.reading import find, read_metadata
from geobike.survey import locating
from tests.support.making import photo

DELFT = {"latitude": 52.0091, "longitude": 4.3506, "altitude": 0.0}
NONE = {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0}


def notes(folder: Path) -> list[str]:
    """Return what is reported when the photos of a folder are located."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GeobikeWarning)
        locating.locate(find(folder), metadata_only=True)
    said = [str(one.message) for one in caught]
    return [note for note in said if " not read: " not in note]  # that they are no photos


def takeout(folder: Path, name: str, place: dict[str, float]) -> None:
    (folder / name).write_text(json.dumps({"title": "x", "geoData": place}))


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1.JPG.supplemental-metadata.json",
        "IMG_1.JPG.supplemental-me.json",
        "IMG_1.JPG.suppl.json",
        "IMG_1.JPG.json",
    ],
)
def test_a_position_in_googles_takeout_is_reported(tmp_path: Path, name: str) -> None:
    photo(tmp_path / "IMG_1.JPG")
    takeout(tmp_path, name, DELFT)
    (said,) = notes(tmp_path)
    assert said.startswith("1 photo without a position has one in a sidecar file (Google Takeout")
    assert "exiftool -tagsFromFile" in said
    assert said.endswith(f": {name}")


@pytest.mark.parametrize("name", ["IMG_1.JPG.xmp", "IMG_1.xmp"])
def test_a_position_in_xmp_is_reported(tmp_path: Path, name: str) -> None:
    photo(tmp_path / "IMG_1.JPG")
    (tmp_path / name).write_text('<rdf:Description exif:GPSLatitude="52,0.546N"/>')
    assert notes(tmp_path)[0].endswith(name)


def test_nothing_is_reported_where_the_sidecar_knows_no_position(tmp_path: Path) -> None:
    photo(tmp_path / "IMG_1.JPG")
    takeout(tmp_path, "IMG_1.JPG.supplemental-metadata.json", NONE)
    (tmp_path / "IMG_1.JPG.json").write_text("[" * 100_000)
    (tmp_path / "IMG_1.xmp").write_text("<rdf/>")
    os.mkfifo(tmp_path / "IMG_1.JPG.x.json")
    takeout(tmp_path, "metadata.json", DELFT)
    assert notes(tmp_path) == []


def test_nothing_is_reported_where_the_photo_has_a_position(tmp_path: Path) -> None:
    photo(tmp_path / "IMG_1.JPG", lon_lat=(4.35, 52.01))
    takeout(tmp_path, "IMG_1.JPG.json", DELFT)
    assert notes(tmp_path) == []


def test_a_thousand_sidecars_are_one_short_note(tmp_path: Path) -> None:
    content = photo(tmp_path / "0.jpg").read_bytes()
    for number in range(1000):
        (tmp_path / f"{number}.jpg").write_bytes(content)
        takeout(tmp_path, f"{number}.jpg.json", DELFT)
    (said,) = notes(tmp_path)
    assert said.startswith("1000 photos without a position have one")
    assert len(said) < 300


def test_a_position_that_only_the_photos_own_xmp_has_is_said(tmp_path: Path) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d exif:GPSLatitude="52,0.3N"/></x:xmpmeta>'
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg", xmp=xmp)
    Image.new("RGB", (64, 48)).save(tmp_path / "b.jpg")
    photos = read_metadata(find(tmp_path))
    said = photos["reason"].str.contains("its XMP has a position, which is not read")
    assert said.tolist() == [True, False]
