"""What things are made of: a few shaders, each made once and shared.

A material whose name ends in `_tint` takes its colour from the object (Object Info), so that one
mesh serves in many colours.
"""

from functools import cache

import bpy

Colour = tuple[float, float, float]  # linear light, as Cycles reckons


@cache
def plain(
    name: str, colour: Colour, *, rough: float = 0.6, metal: float = 0.0, glow: Colour | None = None
) -> bpy.types.Material:
    """Return one even colour; `glow` is the colour of its own light, where it has any."""
    material, shader = _principled(name, rough, metal)
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Emission Color"].default_value = (*(glow or colour), 1)
    shader.inputs["Emission Strength"].default_value = 0  # the light of a photo sets it
    return material


@cache
def tinted(name: str, *, rough: float = 0.4, metal: float = 0.0) -> bpy.types.Material:
    """Return the colour of the object, evenly."""
    material, shader = _principled(f"{name}_tint", rough, metal)
    info = material.node_tree.nodes.new("ShaderNodeObjectInfo")
    material.node_tree.links.new(info.outputs["Color"], shader.inputs["Base Color"])
    return material


@cache
def speckled(
    name: str, dark: Colour, light: Colour, *, scale: float, rough: float = 0.9
) -> bpy.types.Material:
    """Return noise between two colours: asphalt, grass, leaves. `scale` is grains a metre."""
    material, shader = _principled(name, rough, 0)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    place = nodes.new("ShaderNodeNewGeometry")
    noise = nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = scale
    noise.inputs["Detail"].default_value = 6
    ramp = nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.3, 0.7
    ramp.color_ramp.elements[0].color = (*dark, 1)
    ramp.color_ramp.elements[1].color = (*light, 1)
    links.new(place.outputs["Position"], noise.inputs["Vector"])
    links.new(noise.outputs["Fac"], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    return material


@cache
def tiles(name: str, one: Colour, other: Colour, joint: Colour, size: float) -> bpy.types.Material:
    """Return square pavement tiles, `size` metres wide, seen from above."""
    material, brick = _brick(name, one, other, joint)
    brick.inputs["Brick Width"].default_value = size
    brick.inputs["Row Height"].default_value = size
    brick.inputs["Mortar Size"].default_value = 0.007
    return material


@cache
def clinkers(name: str, one: Colour, other: Colour) -> bpy.types.Material:
    """Return the small paving bricks of a Dutch street."""
    material, brick = _brick(name, one, other, (0.10, 0.09, 0.08))
    brick.inputs["Brick Width"].default_value = 0.2
    brick.inputs["Row Height"].default_value = 0.09
    brick.inputs["Mortar Size"].default_value = 0.006
    return material


@cache
def masonry() -> bpy.types.Material:
    """Return brickwork on a wall along x, in the colour of the object."""
    material, brick = _brick("masonry_tint", (1, 1, 1), (1, 1, 1), (0.30, 0.27, 0.24))
    brick.inputs["Brick Width"].default_value = 0.22
    brick.inputs["Row Height"].default_value = 0.065
    brick.inputs["Mortar Size"].default_value = 0.006
    nodes, links = material.node_tree.nodes, material.node_tree.links
    info, darker = nodes.new("ShaderNodeObjectInfo"), nodes.new("ShaderNodeBrightContrast")
    darker.inputs["Bright"].default_value = -0.06
    links.new(info.outputs["Color"], darker.inputs["Color"])
    links.new(info.outputs["Color"], brick.inputs["Color1"])
    links.new(darker.outputs["Color"], brick.inputs["Color2"])
    # The pattern lies in x and y; a wall stands in x and z.
    place, split, join = (
        nodes.new("ShaderNodeTexCoord"),
        nodes.new("ShaderNodeSeparateXYZ"),
        nodes.new("ShaderNodeCombineXYZ"),
    )
    links.new(place.outputs["Object"], split.inputs["Vector"])
    links.new(split.outputs["X"], join.inputs["X"])
    links.new(split.outputs["Z"], join.inputs["Y"])
    links.new(join.outputs["Vector"], brick.inputs["Vector"])
    return material


@cache
def water() -> bpy.types.Material:
    """Return canal water: dark, glossy, rippled."""
    material, shader = _principled("water", 0.08, 0)
    shader.inputs["Base Color"].default_value = (0.02, 0.035, 0.03, 1)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    place, noise, bump = (
        nodes.new("ShaderNodeNewGeometry"),
        nodes.new("ShaderNodeTexNoise"),
        nodes.new("ShaderNodeBump"),
    )
    noise.inputs["Scale"].default_value = 1.6
    noise.inputs["Detail"].default_value = 3
    bump.inputs["Strength"].default_value = 0.25
    bump.inputs["Distance"].default_value = 0.3
    links.new(place.outputs["Position"], noise.inputs["Vector"])
    links.new(noise.outputs["Fac"], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    return material


def black() -> bpy.types.Material:
    """Return tyres, grips, mudguards."""
    return plain("black", (0.015, 0.015, 0.016), rough=0.55)


def steel() -> bpy.types.Material:
    """Return rims, spokes, handlebars."""
    return plain("steel", (0.62, 0.62, 0.64), rough=0.3, metal=1.0)


def white() -> bpy.types.Material:
    """Return painted wood."""
    return plain("white", (0.75, 0.74, 0.70), rough=0.5)


def glass() -> bpy.types.Material:
    """Return a window by day: dark, with the sky in it."""
    return plain("glass", (0.03, 0.04, 0.05), rough=0.05)


def lit_glass() -> bpy.types.Material:
    """Return a window with a lamp behind it; the light of the photo sets how strong it glows."""
    return plain("lit glass", (0.05, 0.05, 0.05), rough=0.05, glow=(0.9, 0.55, 0.25))


def _principled(
    name: str, rough: float, metal: float
) -> tuple[bpy.types.Material, bpy.types.ShaderNode]:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = rough
    shader.inputs["Metallic"].default_value = metal
    return material, shader


def _brick(
    name: str, one: Colour, other: Colour, joint: Colour
) -> tuple[bpy.types.Material, bpy.types.ShaderNode]:
    material, shader = _principled(name, 0.85, 0)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    place, brick = nodes.new("ShaderNodeNewGeometry"), nodes.new("ShaderNodeTexBrick")
    brick.inputs["Scale"].default_value = 1
    for socket, colour in (("Color1", one), ("Color2", other), ("Mortar", joint)):
        brick.inputs[socket].default_value = (*colour, 1)
    links.new(place.outputs["Position"], brick.inputs["Vector"])
    links.new(brick.outputs["Color"], shader.inputs["Base Color"])
    return material, brick
