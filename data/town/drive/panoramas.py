"""Panoramas of the drive's world: pictures all around, with every bicycle known by its pixels.

    python -m data.town.drive.panoramas

Renders what is missing with Blender, on the first day, then writes `data/drive/panoramas.csv` and
`panorama_seen.csv`. Rendering takes a minute or two for each.
"""

import json
import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from data.town.drive import rendered
from data.town.drive.streets import STREETS, Metres

if TYPE_CHECKING:
    import bpy

FOLDER = Path(__file__).parents[2] / "drive"
PHOTOS = FOLDER / "panoramas"
WIDE, HIGH = 2560, 1280  # at the horizon as many pixels a degree as the frames of the car
LEVEL = 2.1  # metres above the ground
LEAST = 10  # visible pixels of a bicycle that is kept
QUALITY = 85  # of the JPEG
# Street, metres along it, metres left of its middle, heading of the middle of the picture. The seam
# is behind: in three of them it cuts a bicycle.
SPOTS = (
    ("Grenslaan", 15, -1.1, 184.0),
    ("Grenslaan", 53, 1.0, 90.0),
    ("Grenslaan", 102, -1.1, 30.0),
    ("Scheidweg", 84, -1.1, 271.5),
    ("Scheidweg", 20, 1.0, 0.0),
    ("Binnenstraat", 140, -1.1, 10.0),
    ("Binnenstraat", 106, 1.0, 200.0),
    ("Pleintje", 21, 4.0, 331.0),
)


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One panorama: where its camera stood, and the heading of its middle."""

    name: str
    at: Metres
    heading: float


def spots() -> list[Spot]:
    """Return every panorama."""
    return [
        Spot(
            name=f"{street.lower()}_{along:03d}",
            at=STREETS[street].point(along, left),
            heading=heading,
        )
        for street, along, left, heading in SPOTS
    ]


def main() -> None:
    """Render the panoramas that are missing, then write the tables from all."""
    PHOTOS.mkdir(parents=True, exist_ok=True)
    missing = [spot for spot in spots() if not _sight(spot).exists()]
    if missing:
        _render(missing)
    _write()


def _photo(spot: Spot) -> Path:
    return PHOTOS / f"{spot.name}.jpg"


def _sight(spot: Spot) -> Path:
    return rendered.FOLDER / "panoramas" / f"{spot.name}.json"


def _render(wanted: list[Spot]) -> None:
    from data.town.drive import camera, stage  # Blender: only where something is rendered

    camera.set_up()
    _, parked = stage.build(1)
    camera.light(1)
    for number, spot in enumerate(wanted):
        begun = time.monotonic()
        _point(spot)
        with tempfile.TemporaryDirectory() as folder:
            raw = Path(folder, "photo.jpg")
            camera.photograph(raw, seed=number)
            _save(raw, _photo(spot), spot)
            seen = _look(spot, parked, Path(folder))
        _sight(spot).parent.mkdir(parents=True, exist_ok=True)
        _sight(spot).write_text(json.dumps(seen))  # last: it says that all is there
        print(f"{spot.name}: {len(seen)} seen, {time.monotonic() - begun:.0f} s", flush=True)


def _point(spot: Spot) -> None:
    import bpy

    from data.town.drive import camera

    scene = bpy.context.scene
    if "camera" not in bpy.data.objects:
        made = bpy.data.objects.new("camera", bpy.data.cameras["camera"])
        scene.collection.objects.link(made)
        scene.camera = made
    eye = bpy.data.objects["camera"]
    eye.data.type = "PANO"
    eye.data.panorama_type = "EQUIRECTANGULAR"
    eye.location = (*spot.at, LEVEL)
    eye.rotation_euler = (math.radians(90), 0, math.radians(-spot.heading))
    scene.render.resolution_x, scene.render.resolution_y = WIDE, HIGH
    scene.view_settings.exposure = camera.EXPOSURE[1, "left"]
    bpy.context.view_layer.update()


def _save(raw: Path, path: Path, spot: Spot) -> None:
    """Write the photo without the renderer's notes, and with what a panorama says of itself."""
    from PIL import Image

    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" '
        'GPano:ProjectionType="equirectangular" '
        f'GPano:FullPanoWidthPixels="{WIDE}" GPano:FullPanoHeightPixels="{HIGH}" '
        f'GPano:CroppedAreaImageWidthPixels="{WIDE}" GPano:CroppedAreaImageHeightPixels="{HIGH}" '
        'GPano:CroppedAreaLeftPixels="0" GPano:CroppedAreaTopPixels="0" '
        f'GPano:PoseHeadingDegrees="{spot.heading:g}"/></rdf:RDF></x:xmpmeta>'
    )
    with Image.open(raw) as photo:
        photo.save(path, quality="keep", comment=b"", xmp=xmp.encode())


def _look(
    spot: Spot, bicycles: "Mapping[str, bpy.types.Object]", folder: Path
) -> list[dict[str, Any]]:
    """Return which bicycles show at least LEAST pixels, and where. Call after `_point`."""
    import numpy as np

    from data.town.drive import camera

    names = list(bicycles)
    for number, name in enumerate(names, start=1):
        bicycles[name].pass_index = number
    numbers = camera.numbers_shown(folder)
    counts = np.bincount(numbers.ravel(), minlength=len(names) + 1)
    out = []
    for number in np.flatnonzero(counts[1:] >= LEAST) + 1:
        rows, columns = np.nonzero(numbers == number)
        bicycle = bicycles[names[number - 1]]
        east, north = bicycle.location.x - spot.at[0], bicycle.location.y - spot.at[1]
        middle = WIDE / 2 + (math.degrees(math.atan2(east, north)) - spot.heading) * WIDE / 360
        # A bicycle over the seam is one box: all columns are taken near its middle.
        near = columns + WIDE * np.round((middle - columns) / WIDE).astype(int)
        start = int(near.min() // WIDE) * WIDE
        out.append(
            {
                "bicycle_id": names[number - 1],
                "visible_pixels": int(counts[number]),
                "whole": _whole(spot, bicycle),
                "x_min": int(near.min()) - start, "y_min": int(rows.min()),
                "x_max": int(near.max()) + 1 - start, "y_max": int(rows.max()) + 1,
            }
        )  # fmt: skip
    return out


def _whole(spot: Spot, bicycle: "bpy.types.Object") -> int:
    """Count the pixels that a bicycle would show alone: a ray through the middle of each."""
    import numpy as np
    from mathutils import Vector

    from data.town.drive import camera

    mesh = bicycle.data
    points = np.empty(len(mesh.vertices) * 3)
    mesh.vertices.foreach_get("co", points)
    world = np.array(bicycle.matrix_world)
    at = points.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3] - (*spot.at, LEVEL)
    step = 2 * math.pi / WIDE
    bearing = np.arctan2(at[:, 0], at[:, 1])
    bearing = bearing[0] + (bearing - bearing[0] + math.pi) % (2 * math.pi) - math.pi
    up = np.arctan2(at[:, 2], np.hypot(at[:, 0], at[:, 1]))
    into = bicycle.matrix_world.inverted()
    start, turn = into @ Vector((*spot.at, LEVEL)), into.to_3x3()
    tree = camera.mesh_tree(mesh.name)
    first = math.radians(spot.heading) - math.pi
    count = 0
    for column in range(
        math.floor((bearing.min() - first) / step), math.ceil((bearing.max() - first) / step)
    ):
        angle = first + (column + 0.5) * step
        for row in range(
            math.floor((math.pi / 2 - up.max()) / step), math.ceil((math.pi / 2 - up.min()) / step)
        ):
            high = math.pi / 2 - (row + 0.5) * step
            flat = math.cos(high)
            way = Vector((flat * math.sin(angle), flat * math.cos(angle), math.sin(high)))
            count += tree.ray_cast(start, turn @ way)[0] is not None
    return count


def _write() -> None:
    from data.town.drive import tables

    every = spots()
    lon, lat = tables.degrees([spot.at for spot in every])
    poses = {
        "panorama": [spot.name for spot in every],
        "lon": lon,
        "lat": lat,
        "heading": [spot.heading for spot in every],
        "camera_height_m": LEVEL,
    }
    tables.write_csv(pd.DataFrame(poses), FOLDER / "panoramas.csv")
    rows = [
        {"panorama": spot.name, **seen}
        for spot in every
        for seen in json.loads(_sight(spot).read_text())
    ]
    table = pd.DataFrame(rows)
    share = (table["visible_pixels"] / table["whole"].where(table["whole"] > 0)).clip(upper=1)
    table.insert(3, "share_visible", share.round(3))
    tables.write_csv(table.drop(columns="whole"), FOLDER / "panorama_seen.csv")


if __name__ == "__main__":
    main()
