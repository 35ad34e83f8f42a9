"""Small inputs that tests make for themselves."""

import json
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from PIL import ExifTags, Image
from shapely.geometry import box

import geobike
from geobike import schema
from geobike.detectors.protocol import Box, Detection


def survey_of_delft(shared: Path, **options: Any) -> geobike.Survey:
    """A survey of the shared photos with the shared model."""
    return geobike.Survey(
        photos=shared / "photos",
        areas=shared / "areas" / "delft_neighbourhoods.geojson",
        manifest=shared / "photos" / "manifest.csv",
        threshold=0.3,
        detector=geobike.DetectorChoice(
            kind="onnx",
            model=str(shared / "models" / "deimv2_hgnetv2_femto_coco.onnx"),
            classes="coco80",
        ),
        **options,
    )


DELFT = (4.3571, 52.0116)
"""Longitude and latitude of a point in Delft."""


def jpeg(
    *,
    lon_lat: tuple[float, float] | None = None,
    size: tuple[int, int] = (64, 48),
    colour: str | tuple[int, int, int] = "grey",
    orientation: int | None = None,
    description: str | None = None,
    gps: Mapping[int, Any] | None = None,
    times: Mapping[int, str] | None = None,
    format: str = "JPEG",
) -> bytes:
    """Return an image file with the EXIF asked for, written by Pillow."""
    exif = Image.Exif()
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    if description is not None:
        exif[ExifTags.Base.ImageDescription] = description
    for tag, value in (times or {}).items():
        exif.get_ifd(ExifTags.IFD.Exif)[tag] = value
    tags = dict(gps or {})
    if lon_lat is not None:
        lon, lat = lon_lat
        tags = {
            ExifTags.GPS.GPSLatitudeRef: "N" if lat >= 0 else "S",
            ExifTags.GPS.GPSLatitude: (abs(lat), 0.0, 0.0),
            ExifTags.GPS.GPSLongitudeRef: "E" if lon >= 0 else "W",
            ExifTags.GPS.GPSLongitude: (abs(lon), 0.0, 0.0),
        } | tags
    for number, value in tags.items():
        exif.get_ifd(ExifTags.IFD.GPSInfo)[number] = value
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, format, exif=exif.tobytes())
    return out.getvalue()


def photo(path: Path, **options: Any) -> Path:
    """Write an image file that says its path in its EXIF, so that no two are the same photo."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg(**{"description": path.as_posix()} | options))
    return path


def handed(shared: Path, name: str) -> Path:
    """Return one of the inputs that were handed over because they fail; skip where it is not."""
    file = shared / "cases" / name
    if not file.is_file():
        pytest.skip(f"no {file}")
    return file


def squares(path: Path, names: Iterable[str], *, west: float = 4.0, south: float = 52.0) -> Path:
    """Write squares of 0.01 degrees side by side, from west to east, as GeoJSON."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": box(
                west + 0.01 * i, south, west + 0.01 * (i + 1), south + 0.01
            ).__geo_interface__,
        }
        for i, name in enumerate(names)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def photos_frame(rows: Mapping[str, tuple[float, float] | None]) -> gpd.GeoDataFrame:
    """Return a photos frame of located photos: photo_id -> longitude, latitude."""
    return schema.geotable(
        schema.PHOTOS,
        {"photo_id": list(rows), "sha256": [f"{name:0>64}" for name in rows]},
        schema.points(
            [place[0] if place else None for place in rows.values()],
            [place[1] if place else None for place in rows.values()],
        ),
    )


def town(folder: Path) -> dict[str, Path]:
    """Make a survey with one photo for every way a photo can end."""
    photos = folder / "photos"
    photo(photos / "west.jpg", lon_lat=(4.005, 52.005), size=(30, 20))  # three bicycles
    photo(photos / "west_empty.jpg", lon_lat=(4.005, 52.006), size=(8, 20))  # none
    photo(photos / "east.jpg", lon_lat=(4.015, 52.005), size=(50, 20))  # five
    photo(photos / "outside.jpg", lon_lat=(5.0, 53.0), size=(70, 20))
    photo(photos / "nowhere.jpg")
    (photos / "z_copy.jpg").write_bytes((photos / "west.jpg").read_bytes())
    (photos / "cut.jpg").write_bytes(jpeg(size=(640, 480), lon_lat=(4.005, 52.005))[:-900])
    areas = squares(folder / "areas.geojson", ["west", "east", "far"])
    return {"photos": photos, "areas": areas}


class FakeDetector:
    """Finds as many bicycles as the photo is wide in tens of pixels; remembers being asked."""

    name = "fake"
    version = "1"

    def __init__(self) -> None:
        self.asked = 0

    def detect(self, image: Image.Image) -> list[Detection]:
        self.asked += 1
        return [
            Detection("bicycle", 0.9, Box(10 * i, 0, 10 * i + 9, image.height))
            for i in range(image.width // 10)
        ]
