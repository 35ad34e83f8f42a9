"""Photographs the drive: the photo, the number of the bicycle behind each pixel, and its whole.

The world stays in the renderer's memory from frame to frame, so that only the camera is new.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from data.town import render
from data.town.drive.frames import Frame

SAMPLES = 6  # with the denoiser after them
# Stops, by day and camera: with the sun in the south, one side of the street lies in its shade.
EXPOSURE = {
    (1, "left"): 1.35, (1, "right"): 1.35, (1, "phone"): 1.35,
    (2, "left"): -0.6, (2, "right"): 1.2,
}  # fmt: skip
LEAST = 10  # visible pixels of a bicycle that is kept
QUALITY = 85  # of the JPEG


@dataclass(frozen=True)
class Seen:
    """One bicycle in one frame. Pixels are the photo's; the box is of what is visible."""

    bicycle: str
    visible: int
    whole: int  # pixels with nothing before it and no edge of the photo
    x_min: int
    y_min: int
    x_max: int  # the first column after it
    y_max: int


def set_up() -> None:
    """Start an empty Blender that keeps the world between frames."""
    render.set_up()
    scene = bpy.context.scene
    scene.render.use_persistent_data = True
    # Said here too, so that the frames stay what the tables were made from if the sample changes.
    scene.cycles.denoising_prefilter, scene.cycles.denoising_quality = "ACCURATE", "HIGH"
    scene.cycles.adaptive_threshold = 0.03
    scene.cycles.max_bounces = 3
    scene.cycles.diffuse_bounces = 2
    scene.cycles.glossy_bounces = 1
    scene.cycles.transmission_bounces = 0
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_layers[0].use_pass_object_index = True
    camera = bpy.data.cameras.new("camera")
    camera.sensor_width, camera.sensor_fit = render.SENSOR, "AUTO"  # along the longer side


def light(day: int) -> None:
    """Light the first day with a grey sky, the second with the sun."""
    tree = bpy.context.scene.world.node_tree
    background = tree.nodes["Background"]
    for node in [node for node in tree.nodes if node.name.startswith("Sky")]:
        tree.nodes.remove(node)
    background.inputs["Strength"].default_value = 1 if day == 1 else 0.12
    if day == 1:
        background.inputs["Color"].default_value = (0.80, 0.86, 0.92, 1)
        return
    sky = tree.nodes.new("ShaderNodeTexSky")
    sky.name, sky.sky_type = "Sky", "NISHITA"
    sky.sun_elevation, sky.sun_rotation = math.radians(48), math.radians(205)
    sky.sun_size, sky.dust_density = math.radians(2), 1.5
    tree.links.new(sky.outputs["Color"], background.inputs["Color"])


def point(frame: Frame) -> None:
    """Put the camera where the frame was taken."""
    scene = bpy.context.scene
    if "camera" not in bpy.data.objects:
        camera = bpy.data.objects.new("camera", bpy.data.cameras["camera"])
        scene.collection.objects.link(camera)
        scene.camera = camera
    camera = bpy.data.objects["camera"]
    camera.data.lens = frame.lens
    camera.location = (*frame.at, frame.high)
    turn = math.radians(90 - frame.pitch_down)
    camera.rotation_euler = (turn, 0, math.radians(-frame.heading))
    scene.render.resolution_x, scene.render.resolution_y = frame.width, frame.height
    scene.view_settings.exposure = EXPOSURE[frame.day, frame.camera]
    bpy.context.view_layer.update()


def photograph(path: Path, seed: int) -> None:
    """Render the photo to a JPEG."""
    scene = bpy.context.scene
    scene.use_nodes = False
    scene.cycles.seed = seed
    scene.cycles.samples, scene.cycles.use_denoising = SAMPLES, True
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    scene.render.image_settings.file_format = "JPEG"
    scene.render.image_settings.quality = QUALITY
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def look(frame: Frame, bicycles: Mapping[str, bpy.types.Object], folder: Path) -> list[Seen]:
    """Return which bicycles show at least LEAST pixels, and where. Call after `point`."""
    names = list(bicycles)
    for number, name in enumerate(names, start=1):
        bicycles[name].pass_index = number
    numbers = numbers_shown(folder)
    out = []
    counts = np.bincount(numbers.ravel(), minlength=len(names) + 1)
    for number in np.flatnonzero(counts[1:] >= LEAST) + 1:
        rows, columns = np.nonzero(numbers == number)
        name = names[number - 1]
        out.append(
            Seen(
                bicycle=name,
                visible=int(counts[number]),
                whole=whole(frame, bicycles[name]),
                x_min=int(columns.min()), y_min=int(rows.min()),
                x_max=int(columns.max()) + 1, y_max=int(rows.max()) + 1,
            )
        )  # fmt: skip
    return out


def numbers_shown(folder: Path) -> NDArray[np.int_]:
    """Render the number of the object that the middle of each pixel shows."""
    scene = bpy.context.scene
    _wire(folder)
    scene.cycles.seed = 0
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01  # no pixel of two
    bpy.ops.render.render()
    (path,) = folder.glob("numbers*.exr")
    try:
        return np.rint(render.read_pixels(path)[..., 0]).astype(int)
    finally:
        path.unlink()


def _wire(folder: Path) -> None:
    """Let the compositor write the pass of object numbers to a file of its own."""
    scene = bpy.context.scene
    scene.use_nodes = True
    tree = scene.node_tree
    if "numbers" not in tree.nodes:
        tree.nodes.clear()
        layers = tree.nodes.new("CompositorNodeRLayers")
        output = tree.nodes.new("CompositorNodeOutputFile")
        output.name = "numbers"
        output.format.file_format, output.format.color_depth = "OPEN_EXR", "32"
        output.file_slots[0].path = "numbers"
        tree.links.new(layers.outputs["IndexOB"], output.inputs[0])
    tree.nodes["numbers"].base_path = str(folder)


def whole(frame: Frame, bicycle: bpy.types.Object) -> int:
    """Count the pixels that a bicycle would show alone, and with no edge to the photo.

    A ray through the middle of each pixel, as for the numbers, meets the mesh or does not.
    """
    camera = bpy.data.objects["camera"].matrix_world
    mesh = bicycle.data
    points = np.empty(len(mesh.vertices) * 3)
    mesh.vertices.foreach_get("co", points)
    to_camera = np.array(camera.inverted() @ bicycle.matrix_world)
    seen = points.reshape(-1, 3) @ to_camera[:3, :3].T + to_camera[:3, 3]
    if (seen[:, 2] > -0.1).any():
        return 0  # beside or behind the camera
    focal = frame.lens / render.SENSOR * max(frame.width, frame.height)
    middle = frame.width / 2, frame.height / 2
    x = middle[0] - focal * seen[:, 0] / seen[:, 2]
    y = middle[1] + focal * seen[:, 1] / seen[:, 2]
    into = bicycle.matrix_world.inverted()
    start, turn = into @ camera.translation, (into @ camera).to_3x3()
    tree = mesh_tree(mesh.name)
    count = 0
    for row in range(math.floor(y.min()), math.ceil(y.max())):
        up = -(row + 0.5 - middle[1]) / focal
        for column in range(math.floor(x.min()), math.ceil(x.max())):
            way = turn @ Vector(((column + 0.5 - middle[0]) / focal, up, -1))
            count += tree.ray_cast(start, way)[0] is not None
    return count


@cache
def mesh_tree(mesh: str) -> BVHTree:
    """Return the faces of a mesh for rays to meet."""
    faces = bpy.data.meshes[mesh]
    return BVHTree.FromPolygons(
        [vertex.co for vertex in faces.vertices], [tuple(face.vertices) for face in faces.polygons]
    )
