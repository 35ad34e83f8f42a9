"""The camera, the light and the two passes: the photo, and whose each pixel is."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from data.town import materials
from data.town.plan import SIZE, Shot

SAMPLES = 5  # with the denoiser after them
THREADS = 2
MASK_SIZE = (320, 240)  # thin spokes and tubes are sampled, not blurred
METER_SIZE = (64, 48)
GREY = 0.16  # the mean light that the exposure aims at
MOODS = {"sun": 0.0, "dusk": -0.2, "overcast": 0.1}  # stops more than the meter says
MARGIN = 1.5  # a bicycle cut off by the photo's edge is looked at in a frame so much wider
SENSOR = 36.0  # mm
PITCH = -3  # degrees that the camera looks up: it looks a little down


def set_up() -> None:
    """Start from an empty Blender with Cycles on the processor."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("sky")
    scene.world.use_nodes = True
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.render.threads_mode = "FIXED"
    scene.render.threads = THREADS
    scene.cycles.use_adaptive_sampling = True
    scene.cycles.adaptive_threshold = 0.06
    scene.cycles.max_bounces = 4
    scene.cycles.diffuse_bounces = 2
    scene.cycles.glossy_bounces = 2
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.cycles.sample_clamp_indirect = 4
    scene.cycles.denoiser = "OPENIMAGEDENOISE"
    scene.cycles.denoising_prefilter = scene.cycles.denoising_quality = "FAST"
    scene.render.resolution_percentage = 100


def photograph(shot: Shot, path: Path) -> None:
    """Render the photo to a PNG."""
    _point_camera(shot)
    _light(shot)
    scene = bpy.context.scene
    scene.cycles.seed = shot.number
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    scene.view_settings.exposure = _metered(path) + MOODS[shot.weather]
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.cycles.samples, scene.cycles.use_denoising = SAMPLES, True
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_depth = "8"
    _render(path)


def _metered(path: Path) -> float:
    """Return the exposure in stops, measured on a small picture first, as a phone does."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = METER_SIZE
    scene.cycles.samples, scene.cycles.use_denoising = 8, False
    scene.render.image_settings.file_format = "OPEN_EXR"  # light itself, not what a screen shows
    _render(path.with_suffix(".exr"))
    light = read_pixels(path.with_suffix(".exr"))[..., :3].mean(axis=2)
    path.with_suffix(".exr").unlink()
    # Of the lower two thirds: the sky may burn out, the street may not sink.
    street = light[light.shape[0] // 3 :]
    return float(np.log2(GREY) - np.log2(np.maximum(street, 1e-4)).mean())


def masks(
    bicycles: Sequence[bpy.types.Object], path: Path
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield for each bicycle the pixels that it shows, and those it would show alone.

    Call after `photograph`: the camera stays where it is. Alone, a bicycle is seen in a frame wider
    by MARGIN with pixels of the same size, so that what the photo's edge cuts off is missed.
    """
    shown = _numbered(bicycles, path)
    for number, bicycle in enumerate(bicycles, start=1):
        if not (shown == number).any():  # out of sight: what it would show alone does not matter
            yield shown == number, shown == number
            continue
        with _only(bicycle):
            alone = _numbered([bicycle], path, margin=MARGIN) == 1
        yield shown == number, alone


def _numbered(
    bicycles: Sequence[bpy.types.Object], path: Path, *, margin: float = 1.0
) -> NDArray[np.int_]:
    """Render every pixel as the number of its bicycle, from 1; 0 for everything else."""
    scene, layer = bpy.context.scene, bpy.context.view_layer
    colours = {thing.name: tuple(thing.color) for thing in bpy.data.objects}
    for thing in bpy.data.objects:
        thing.color = (0, 0, 0, 1)
    for number, bicycle in enumerate(bicycles, start=1):
        bicycle.color = (number / 255, 0, 0, 1)
    scene.render.resolution_x, scene.render.resolution_y = (round(s * margin) for s in MASK_SIZE)
    scene.camera.data.sensor_width = SENSOR * margin
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.seed = 0
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01  # no pixel of two
    scene.view_settings.view_transform, scene.view_settings.look = "Raw", "None"
    scene.view_settings.exposure = 0
    scene.render.dither_intensity = 0
    layer.material_override = _number_plate()
    strength = scene.world.node_tree.nodes["Background"].inputs["Strength"]
    daylight, strength.default_value = strength.default_value, 0
    try:
        _render(path)
        return np.rint(read_pixels(path)[..., 0] * 255).astype(int)
    finally:
        layer.material_override = None
        scene.render.dither_intensity = 1
        strength.default_value = daylight
        scene.camera.data.sensor_width = SENSOR
        for thing in bpy.data.objects:
            thing.color = colours[thing.name]


def _number_plate() -> bpy.types.Material:
    """Return a material that shines in the object's colour and takes no light."""
    name = "number"
    if name not in bpy.data.materials:
        material = bpy.data.materials.new(name)
        material.use_nodes = True
        nodes, links = material.node_tree.nodes, material.node_tree.links
        nodes.remove(nodes["Principled BSDF"])
        info, shine = nodes.new("ShaderNodeObjectInfo"), nodes.new("ShaderNodeEmission")
        links.new(info.outputs["Color"], shine.inputs["Color"])
        links.new(shine.outputs["Emission"], nodes["Material Output"].inputs["Surface"])
    return bpy.data.materials[name]


def read_pixels(path: Path) -> NDArray[np.float32]:
    """Return rows from the top, columns, and RGBA."""
    image = bpy.data.images.load(str(path), check_existing=False)
    image.colorspace_settings.name = "Non-Color"
    wide, high = image.size
    pixels = np.empty(wide * high * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(high, wide, 4)[::-1]


@contextmanager
def _only(bicycle: bpy.types.Object) -> Iterator[None]:
    """Hide everything else."""
    others = [thing for thing in bpy.data.objects if thing.type == "MESH" and thing != bicycle]
    for thing in others:
        thing.hide_render = True
    try:
        yield
    finally:
        for thing in others:
            thing.hide_render = False


def _render(path: Path) -> None:
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def _point_camera(shot: Shot) -> None:
    data = bpy.data.cameras.new("camera")
    data.sensor_width, data.lens = SENSOR, shot.lens
    camera = bpy.data.objects.new("camera", data)
    camera.location = (shot.camera[0], shot.camera[1], shot.height)
    camera.rotation_euler = (math.radians(90 + PITCH), 0, math.radians(-shot.turn))
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera


def _light(shot: Shot) -> None:
    """Light the sky: clear, with the sun where it stood at that hour; or grey."""
    nodes = bpy.context.scene.world.node_tree.nodes
    links = bpy.context.scene.world.node_tree.links
    background = nodes["Background"]
    for node in [node for node in nodes if node.name.startswith("Sky")]:
        nodes.remove(node)
    background.inputs["Strength"].default_value = 1
    lamp = materials.lit_glass().node_tree.nodes["Principled BSDF"]
    lamp.inputs["Emission Strength"].default_value = 1.2 if shot.weather == "dusk" else 0
    if shot.weather == "overcast":
        background.inputs["Color"].default_value = (0.80, 0.86, 0.92, 1)
        return
    sky = nodes.new("ShaderNodeTexSky")
    sky.name = "Sky"
    sky.sky_type = "NISHITA"
    elevation, azimuth = shot.sun
    sky.sun_elevation = math.radians(max(elevation, 1.5))
    # Blender turns the sun clockwise from y; the camera's own y points where the street's does.
    sky.sun_rotation = math.radians(azimuth - shot.heading + shot.turn)
    sky.sun_size = math.radians(1.5)  # a little haze softens the shadows
    sky.dust_density = 1.5
    links.new(sky.outputs["Color"], background.inputs["Color"])
