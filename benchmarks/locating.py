"""Where many photos were taken: geobike against exiftool in batch and a plain exifread loop.

GEOBIKE_BENCH_PHOTOS says how many, 10,000 if nothing does. Each has EXIF as a phone writes it,
64 kB of its own bytes, and the length of a photo of 12 megapixels: what follows is a hole in the
file, for none of the three ways reads it, and the disk is spared 60 GB.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import exifread
from PIL import ExifTags, Image

from benchmarks.measure import Row, seconds
from geobike.photos import reading

LENGTH = 3_500_000  # bytes
OWN = 65_536
TAGS = ("GPSLatitude", "GPSLongitude", "GPSImgDirection", "DateTimeOriginal", "OffsetTimeOriginal")


def run(_: Path) -> Iterator[Row]:
    count = int(os.environ.get("GEOBIKE_BENCH_PHOTOS", "10000"))
    with TemporaryDirectory() as folder:
        make(Path(folder), count)
        in_geobikes_way(folder)  # warms the disk's cache for all three
        ours = seconds(lambda: in_geobikes_way(folder))
        loop = seconds(lambda: in_a_plain_loop(Path(folder)))
        what, note = f"{count:,} photos located", f"{count / ours:,.0f} photos/s"
        yield Row(what, ours, loop, "a plain exifread loop, details=False", note)
        if shutil.which("exiftool"):
            batch = seconds(lambda: with_exiftool(folder))
            yield Row(what, ours, batch, "exiftool -r -n -fast2 -csv", note)


def in_geobikes_way(folder: str) -> None:
    found = reading.read_metadata(reading.find(folder))
    assert found.geometry.notna().all()
    assert found["taken_at"].notna().all()


def in_a_plain_loop(folder: Path) -> None:
    for path in folder.rglob("*.jpg"):
        with path.open("rb") as file:
            assert exifread.process_file(file, details=False)


def with_exiftool(folder: str) -> None:
    command = ["exiftool", "-r", "-n", "-fast2", "-csv", *(f"-{tag}" for tag in TAGS), folder]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def make(folder: Path, count: int) -> None:
    """Write photos that differ in their place, a thousand to a folder."""
    noise = Image.effect_noise((4000, 3000), 60).convert("RGB")
    for number in range(count):
        if number % 1000 == 0:
            day = folder / f"{number // 1000:03d}"
            day.mkdir()
        if number == 0:
            plain = BytesIO()
            noise.save(plain, "JPEG", quality=60)
            pixels = plain.getvalue()[2:OWN]
        block = phone_exif(4 + number / count, 52 + number / count)
        segment = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
        with (day / f"IMG_{number:06d}.jpg").open("wb") as file:
            file.write(b"\xff\xd8" + segment + pixels)
            file.truncate(LENGTH)


def phone_exif(lon: float, lat: float) -> bytes:
    """Return an EXIF block of 47 tags, with a note of its maker's of 2 kB."""
    exif = Image.Exif()
    base, gps = ExifTags.Base, ExifTags.GPS
    exif.update(
        {
            base.Make: "Maker",
            base.Model: "Phone 7 Pro",
            base.Orientation: 6,
            base.XResolution: 72.0,
            base.YResolution: 72.0,
            base.ResolutionUnit: 2,
            base.Software: "HDR+ 1.0.504000000zdr",
            base.DateTime: "2024:05:14 09:30:12",
            base.YCbCrPositioning: 1,
        }
    )
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            base.ExposureTime: 0.0041,
            base.FNumber: 1.85,
            base.ExposureProgram: 2,
            base.ISOSpeedRatings: 54,
            base.ExifVersion: b"0232",
            base.DateTimeOriginal: "2024:05:14 09:30:12",
            base.DateTimeDigitized: "2024:05:14 09:30:12",
            base.OffsetTime: "+02:00",
            base.OffsetTimeOriginal: "+02:00",
            base.OffsetTimeDigitized: "+02:00",
            base.ComponentsConfiguration: b"\1\2\3\0",
            base.ShutterSpeedValue: 7.93,
            base.ApertureValue: 1.78,
            base.BrightnessValue: 6.4,
            base.ExposureBiasValue: 0.0,
            base.MaxApertureValue: 1.78,
            base.SubjectDistance: 4.2,
            base.MeteringMode: 2,
            base.Flash: 16,
            base.FocalLength: 6.81,
            base.MakerNote: bytes(range(256)) * 8,
            base.SubsecTime: "532",
            base.SubsecTimeOriginal: "532",
            base.SubsecTimeDigitized: "532",
            base.FlashPixVersion: b"0100",
            base.ColorSpace: 1,
            base.ExifImageWidth: 4000,
            base.ExifImageHeight: 3000,
            base.SensingMethod: 2,
            base.SceneType: b"\1",
            base.ExposureMode: 0,
            base.WhiteBalance: 0,
            base.DigitalZoomRatio: 1.0,
            base.FocalLengthIn35mmFilm: 24,
            base.SceneCaptureType: 0,
            base.LensMake: "Maker",
            base.LensModel: "Phone 7 Pro back camera 6.81mm f/1.85",
        }
    )
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            gps.GPSVersionID: b"\2\2\0\0",
            gps.GPSLatitudeRef: "N",
            gps.GPSLatitude: (float(int(lat)), lat % 1 * 60, 0.0),
            gps.GPSLongitudeRef: "E",
            gps.GPSLongitude: (float(int(lon)), lon % 1 * 60, 0.0),
            gps.GPSAltitudeRef: b"\0",
            gps.GPSAltitude: 47.2,
            gps.GPSTimeStamp: (7.0, 30.0, 11.0),
            gps.GPSImgDirectionRef: "M",
            gps.GPSImgDirection: 211.0,
            gps.GPSDateStamp: "2024:05:14",
        }
    )
    return exif.tobytes()
