"""Make the small sample in data/sample: drawn street photos, neighbourhoods, and their truth.

Run it from the project's root: python data/make_sample.py. The same seed gives the same pictures.
"""

import json
import math
import random
import shutil
import sqlite3
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from PIL import ExifTags, Image, ImageDraw

from geobike.detect import Box, Detection
from geobike.photos import find, read
from geobike.store import Model, Store

OUT = Path(__file__).parent / "sample"
SEED = 20260516
WEST, SOUTH = 5.200, 52.570  # of a town that was never built, in the Markermeer
STEP_LON, STEP_LAT = 0.012, 0.007  # about 810 m by 780 m
SIZE = (960, 720)
MODEL = Model("drawn-truth", "data/make_sample.py, seed 20260516")

# Photo -> (column and row in the grid of neighbourhoods, bicycles drawn, people drawn).
SCENES = {
    "day1/0901_havenkade.jpg": ((0.4, 0.5), 3, 1),
    "day1/0907_havenkade.jpg": ((0.7, 0.3), 1, 0),
    "day1/0915_stationsplein.jpg": ((1.5, 0.6), 9, 2),
    "day1/0916_stationsplein.jpg": ((1.6, 0.6), 7, 1),
    "day1/0931_molenpad.jpg": ((2.4, 0.4), 2, 0),
    "day1/0944_parkrand.jpg": ((0.5, 1.5), 0, 1),
    "day1/0952_parkrand.jpg": ((0.3, 1.6), 0, 0),
    "day2/1402_schoolstraat.jpg": ((1.4, 1.5), 6, 1),
    "day2/1405_schoolstraat.jpg": ((1.6, 1.4), 5, 0),
    "day2/1420_dijk.jpg": ((2.6, 1.7), 0, 0),
}
NAMES = (
    "Havenkwartier",
    "Station",
    "Molenbuurt",
    "Parkrand",
    "Schoolbuurt",
    "Aan de Dijk",
    "Eiland",
)


def main() -> None:
    """Write the whole folder anew."""
    random.seed(SEED)
    shutil.rmtree(OUT, ignore_errors=True)
    truth: dict[str, list[Detection]] = {}
    for number, (photo_id, (place, bicycles, people)) in enumerate(SCENES.items()):
        image, truth[photo_id] = draw_scene(bicycles, people)
        save(image, photo_id, lon_lat(*place), number)
    truth |= make_awkward_photos()
    write_areas()
    record(truth)
    write_checksums()


def make_awkward_photos() -> dict[str, list[Detection]]:
    """Add what every real survey has: no position, outside, twice the same, cut short."""
    photos = OUT / "photos"
    truth = {}
    for photo_id, place in {
        "day2/1431_no_gps_but_in_manifest.jpg": None,
        "day2/1440_outside_the_town.jpg": lon_lat(5.5, 0.5),
        "day2/1450_no_position.jpg": None,
    }.items():
        image, truth[photo_id] = draw_scene(2, 0)
        save(image, photo_id, place, len(SCENES) + len(truth))
    lon, lat = lon_lat(2.5, 0.7)
    (OUT / "manifest.csv").write_text(
        f"file,latitude,longitude\nday2/1431_no_gps_but_in_manifest.jpg,{lat:.6f},{lon:.6f}\n"
    )
    original = photos / "day1/0901_havenkade.jpg"
    shutil.copyfile(original, photos / "day1/0901_havenkade_copy.jpg")
    (photos / "day2/1455_cut_short.jpg").write_bytes(original.read_bytes()[:20_000])
    return truth


def lon_lat(column: float, row: float) -> tuple[float, float]:
    """Return degrees from a place in the grid of neighbourhoods."""
    return WEST + column * STEP_LON, SOUTH + row * STEP_LAT


def draw_scene(bicycles: int, people: int) -> tuple[Image.Image, list[Detection]]:
    """Draw a street and return it with what stands in it."""
    image = Image.new("RGB", (SIZE[0] * 2, SIZE[1] * 2))  # drawn double, shrunk to smooth edges
    pen = ImageDraw.Draw(image)
    draw_street(pen, image.width, image.height)
    slots = random.sample([(slot + 0.5) / max(bicycles, 4) for slot in range(bicycles)], bicycles)
    far_to_near = sorted(random.random() for _ in range(bicycles))
    found = [
        draw_bicycle(pen, image.width, image.height, near, across)
        for near, across in zip(far_to_near, slots, strict=True)
    ]
    found += [draw_person(pen, image.width, image.height) for _ in range(people)]
    return image.resize(SIZE, Image.Resampling.LANCZOS), found


def draw_street(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """Sky, a row of brick fronts, a pavement and a road."""
    light = random.randint(185, 235)
    pen.rectangle((0, 0, width, height), fill=(light - 25, light - 5, light + 15))
    left = 0
    while left < width:
        right = left + random.randint(260, 420)
        top = random.randint(60, 240)
        brick = random.choice([(142, 84, 66), (168, 118, 92), (120, 72, 62), (186, 160, 134)])
        pen.rectangle((left, top, right, height * 0.6), fill=brick)
        for x in range(left + 40, right - 80, 120):
            for y in range(top + 50, int(height * 0.5), 170):
                pen.rectangle(
                    (x, y, x + 64, y + 100), fill=(66, 78, 88), outline=(225, 220, 210), width=6
                )
        left = right
    pen.rectangle((0, height * 0.6, width, height * 0.86), fill=(172, 166, 158))
    pen.rectangle((0, height * 0.86, width, height), fill=(92, 92, 96))


def draw_bicycle(
    pen: ImageDraw.ImageDraw, width: int, height: int, near: float, across: float
) -> Detection:
    """Draw a bicycle from the side; `near` and `across` (from the left) run from 0 to 1."""
    r = 48 + 52 * near  # radius of a wheel, in pixels
    x = r + across * (width - 4.6 * r) + random.uniform(-20, 20)
    y = height * (0.68 + 0.12 * near)  # height of the axles
    colour = random.choice(
        [(30, 30, 34), (24, 62, 110), (140, 30, 36), (36, 96, 66), (210, 206, 196)]
    )
    line = max(4, int(r / 11))
    rear, front = (x, y), (x + 2.5 * r, y)
    pedal, seat, head = (
        (x + 1.1 * r, y + 0.1 * r),
        (x + 0.75 * r, y - 1.25 * r),
        (x + 2.1 * r, y - 1.2 * r),
    )
    for hub_x, hub_y in (rear, front):
        pen.ellipse((hub_x - r, hub_y - r, hub_x + r, hub_y + r), outline=(20, 20, 20), width=line)
        for spoke in range(10):
            angle = spoke * math.pi / 5
            end = (hub_x + r * math.cos(angle), hub_y + r * math.sin(angle))
            pen.line((hub_x, hub_y, *end), fill=(150, 150, 150), width=1)
    for one, other in (
        (rear, pedal),
        (rear, seat),
        (seat, pedal),
        (pedal, head),
        (seat, head),
        (head, front),
    ):
        pen.line((*one, *other), fill=colour, width=line)
    pen.line(
        (seat[0] - 0.3 * r, seat[1] - 0.1 * r, seat[0] + 0.25 * r, seat[1] - 0.1 * r),
        fill=(20, 20, 20),
        width=2 * line,
    )
    pen.line(
        (*head, head[0] - 0.1 * r, head[1] - 0.3 * r, head[0] - 0.5 * r, head[1] - 0.25 * r),
        fill=(40, 40, 40),
        width=line,
    )
    return detection("bicycle", (x - r, y - 1.5 * r, x + 3.5 * r, y + r))


def draw_person(pen: ImageDraw.ImageDraw, width: int, height: int) -> Detection:
    """Draw a passer-by."""
    x, y, tall = random.uniform(200, width - 200), height * 0.8, random.uniform(330, 400)
    coat = random.choice([(70, 60, 110), (150, 60, 50), (40, 80, 80)])
    head = tall * 0.07
    pen.ellipse((x - head, y - tall, x + head, y - tall + 2 * head), fill=(208, 168, 140))
    pen.rounded_rectangle(
        (x - tall * 0.12, y - tall * 0.85, x + tall * 0.12, y - tall * 0.4), 30, fill=coat
    )
    for side in (-1, 1):
        pen.line((x + side * 20, y - tall * 0.42, x + side * 34, y), fill=(40, 44, 60), width=36)
    return detection("person", (x - tall * 0.14, y - tall, x + tall * 0.14, y))


def detection(label: str, double: tuple[float, float, float, float]) -> Detection:
    """Return what was drawn, in the pixels of the finished picture and clipped to it."""
    xmin, ymin, xmax, ymax = (edge / 2 for edge in double)
    box = Box(max(xmin, 0), max(ymin, 0), min(xmax, SIZE[0]), min(ymax, SIZE[1]))
    return Detection(label, 1.0, box)


def save(image: Image.Image, photo_id: str, place: tuple[float, float] | None, number: int) -> None:
    """Save with the EXIF of a phone: time with offset, heading, and position if there is one."""
    day = datetime(2026, 5, 16 if photo_id.startswith("day1") else 17)
    hour, minute = int(photo_id[5:7]), int(photo_id[7:9])
    taken_at = day + timedelta(hours=hour, minutes=minute, seconds=number)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "geobike"
    exif[ExifTags.Base.Model] = "drawn sample"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    details[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    if place is not None:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", dms(place[1])
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", dms(place[0])
        gps[ExifTags.GPS.GPSImgDirectionRef] = "T"
        gps[ExifTags.GPS.GPSImgDirection] = float(number * 37 % 360)
    path = OUT / "photos" / photo_id
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=80, exif=exif)


def dms(degrees: float) -> tuple[float, float, float]:
    """Return degrees, minutes and seconds."""
    minutes = (degrees % 1) * 60
    return (int(degrees), int(minutes), round((minutes % 1) * 60, 3))


def write_areas() -> None:
    """Write six neighbourhoods in a grid, and an island that nobody photographed."""
    corners = [(column, row) for row in range(2) for column in range(3)] + [(1, 2.15)]
    features = []
    for name, (column, row) in zip(NAMES, corners, strict=True):
        ring = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
        lean = [(column + x + 0.06 * (row + y), row + y) for x, y in ring]
        polygon = {
            "type": "Polygon",
            "coordinates": [[[round(c, 7) for c in lon_lat(*p)] for p in lean]],
        }
        features.append({"type": "Feature", "properties": {"name": name}, "geometry": polygon})
    collection = {"type": "FeatureCollection", "features": features}
    (OUT / "areas.geojson").write_text(json.dumps(collection, indent=1) + "\n")


def record(truth: dict[str, list[Detection]]) -> None:
    """Record what was drawn, as the answers of a detector that makes no mistake."""
    path = OUT / "detections.sqlite"
    digest = read(find(OUT / "photos")).set_index("photo_id")["sha256"]
    with Store(path) as store:
        for photo_id, found in truth.items():
            store.put(digest[photo_id], MODEL, found)
    # One plain file, without the write-ahead log that a store in use keeps beside it.
    connection = sqlite3.connect(path)
    connection.execute("UPDATE answers SET answered_at = '2026-05-18T00:00:00+00:00'")
    connection.commit()
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("VACUUM")
    connection.close()


def write_checksums() -> None:
    """List every file with its SHA-256, as `sha256sum` writes and reads it."""
    files = sorted(path for path in OUT.rglob("*") if path.is_file())
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(OUT)}" for path in files]
    (OUT / "SHA256SUMS").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
