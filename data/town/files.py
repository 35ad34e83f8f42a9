"""Writes the sample's files: photos as a device saves them, maps, the store, the checksums."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
from PIL import ExifTags, Image

from data.town import geography, plan
from data.town.plan import Shot
from geobike.detections.store.protocol import Model
from geobike.detections.store.sqlite import Store
from geobike.detectors.onnx.detector import OnnxDetector
from geobike.photos.decoding import read_upright

ANSWERED_AT = (
    "2026-10-09T00:00:00+00:00"  # one time for all, so that the same make is the same file
)
QUALITY = 68  # of the JPEG: the largest photo stays under 35 kB, the wheel under 5 MB
# Make and model of two devices that nobody builds.
CAMERAS = {"day1": ("Polderfoon", "P1"), "day2": ("Markerscan", "Scan car 2")}


def save_photo(shot: Shot, rendered: Path, photos: Path) -> None:
    """Save a rendered picture as the device would have."""
    path = photos / shot.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(rendered) as picture:
        image = picture.convert("RGB")
    exif = _exif(shot)
    if shot.exif == "sideways":  # the sensor lay on its side; a reader turns it a quarter clockwise
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[ExifTags.Base.Orientation] = 6
    image.save(path, quality=QUALITY, optimize=True, exif=exif)


def _exif(shot: Shot) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = CAMERAS[shot.name[:4]]
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = shot.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    details[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    details[ExifTags.Base.FocalLengthIn35mmFilm] = round(shot.lens)
    if shot.exif != "nowhere":
        spot, heading = shot.recorded
        lon, lat = (0.0, 0.0) if shot.exif == "zero" else geography.lon_lat(spot)
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", _dms(lat)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", _dms(lon)
        gps[ExifTags.GPS.GPSImgDirectionRef] = "T"
        gps[ExifTags.GPS.GPSImgDirection] = round(heading, 1)
        gps[ExifTags.GPS.GPSHPositioningError] = plan.POSITION_ERROR
    return exif


def _dms(degrees: float) -> tuple[float, float, float]:
    """Return degrees, minutes and seconds."""
    minutes = (degrees % 1) * 60
    return (int(degrees), int(minutes), round((minutes % 1) * 60, 3))


def add_copies(photos: Path) -> None:
    """Add the file that was saved twice, and the one whose saving was cut short."""
    original, copy = plan.COPY
    shutil.copyfile(photos / original, photos / copy)
    original, cut, length = plan.CUT_SHORT
    (photos / cut).write_bytes((photos / original).read_bytes()[:length])


def write_manifest(shots: Sequence[Shot], path: Path) -> None:
    """Write where those stand that have no GPS of their own."""
    lines = ["file,longitude,latitude,heading"]
    for shot in shots:
        if plan.IN_MANIFEST in shot.name:
            spot, heading = shot.recorded
            lon, lat = geography.lon_lat(spot)
            lines.append(f"{shot.name},{lon:.6f},{lat:.6f},{heading:.0f}")
    path.write_text("\n".join(lines) + "\n")


def write_map(folder: Path) -> None:
    """Write the neighbourhoods and the streets."""
    write_features(geography.neighbourhoods(), folder / "areas.geojson")
    write_features(geography.street_lines(), folder / "streets.geojson")


def write_features(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write a feature a line, so that a change can be read."""
    features = json.loads(table.to_json(drop_id=True))["features"]
    rows = ",\n".join(json.dumps(feature) for feature in features)
    path.write_text(f'{{"type": "FeatureCollection", "features": [\n{rows}\n]}}\n')


def record(model: Path, photos: Path, path: Path) -> None:
    """Let a detector look at every photo, and keep its answers in a store."""
    path.unlink(missing_ok=True)
    detector = OnnxDetector(model, threads=2, classes="coco80")
    name = Model(detector.name, detector.version)
    with Store(path) as store:
        for photo in sorted(photos.rglob("*.jpg")):
            if photo != photos / plan.CUT_SHORT[1]:
                digest = sha256(photo.read_bytes()).hexdigest()
                store.put(digest, name, detector.detect(read_upright(photo)))
    # One plain file, without the write-ahead log that a store in use keeps beside it, nor the
    # tables of files and headers, so that no run changes it that finds all its photos answered.
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE files")
    connection.execute("DROP TABLE headers")
    connection.execute("UPDATE answers SET answered_at = ?", [ANSWERED_AT])
    connection.commit()
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("VACUUM")
    connection.close()


def write_checksums(folder: Path) -> None:
    """List a survey's files with their SHA-256, as `sha256sum` writes and reads them.

    README.md is left out, and the autumn's survey in the spring's, which has a list of its own.
    """
    listing = folder / "SHA256SUMS"
    left_out = {listing, folder / "README.md"}
    left_out.update((folder / "autumn").rglob("*"))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path not in left_out)
    lines = [
        f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}" for path in files
    ]
    listing.write_text("\n".join(lines) + "\n")
