"""What stands along a street: trees, hedges, lamps, racks, rails; each a mesh of its own."""

import math
import random
from functools import cache

import bpy

from data.town import materials
from data.town.mesh import Point, Shape


@cache
def tree(number: int) -> bpy.types.Mesh:
    """Return a street tree; its leaves take the colour of the object."""
    chance = random.Random(f"tree {number}")
    bark = materials.speckled("bark", (0.05, 0.04, 0.03), (0.12, 0.10, 0.08), scale=12)
    shape = Shape()
    fork = (0.1, 0.05, 3.0)
    shape.tube([(0, 0, 0), (0.04, 0, 1.5), fork], 0.14, bark)
    blobs = []
    for branch in range(6):
        turn = branch * 1.05 + chance.uniform(-0.3, 0.3)
        tip = (1.5 * math.cos(turn), 1.5 * math.sin(turn), chance.uniform(4.2, 6.2))
        shape.tube([fork, tip], 0.05, bark, sides=5)
        blobs.append((tip, chance.uniform(1.0, 1.5)))
    blobs.append(((0, 0, 6.2), 1.6))
    for centre, radius in blobs:
        _add_leaves(shape, centre, (radius, radius, 0.85 * radius), 420, 0.16, chance)
    return shape.mesh("tree")


@cache
def hedge() -> bpy.types.Mesh:
    """Return a clipped hedge, 4 m long, 1.1 m high."""
    chance = random.Random("hedge")
    shape = Shape()
    shape.box((0, 0, 0.5), (3.9, 0.5, 1.0), materials.tinted("leaf", rough=0.8))
    for at in range(8):
        _add_leaves(shape, (-1.75 + at * 0.5, 0, 0.55), (0.38, 0.36, 0.6), 130, 0.07, chance)
    return shape.mesh("hedge")


def _add_leaves(
    shape: Shape, centre: Point, radii: Point, count: int, size: float, chance: random.Random
) -> None:
    leaf = materials.tinted("leaf", rough=0.8)
    for _ in range(count):
        way = [chance.gauss(0, 1) for _ in range(3)]
        length = math.sqrt(sum(w * w for w in way)) or 1
        out = chance.uniform(0.6, 1.0)
        middle = [c + r * out * w / length for c, r, w in zip(centre, radii, way, strict=True)]
        one = [chance.uniform(-size, size) for _ in range(3)]
        other = [chance.uniform(-size, size) for _ in range(3)]
        shape.polygon(
            [
                [m + i * a + j * b for m, a, b in zip(middle, one, other, strict=True)]
                for i, j in ((-1, 0), (0, -1), (1, 0), (0, 1))
            ],
            leaf,
        )


@cache
def lamp_post() -> bpy.types.Mesh:
    """Return a lamp post of 5 m."""
    shape = Shape()
    iron = materials.plain("post", (0.06, 0.08, 0.09))
    shape.tube([(0, 0, 0), (0, 0, 1)], 0.08, iron)
    shape.tube([(0, 0, 1), (0, 0, 4.8), (0, -0.3, 5.0), (0, -0.9, 5.0)], 0.045, iron)
    shape.box((0, -0.9, 4.97), (0.22, 0.6, 0.1), iron)
    shape.box((0, -0.9, 4.91), (0.18, 0.5, 0.03), materials.lit_glass())
    return shape.mesh("lamp")


@cache
def bollard() -> bpy.types.Mesh:
    """Return a post that keeps cars off the pavement."""
    shape = Shape()
    shape.tube([(0, 0, 0), (0, 0, 0.85)], 0.07, materials.plain("bollard", (0.20, 0.02, 0.02)))
    shape.tube([(0, 0, 0.68), (0, 0, 0.76)], 0.072, materials.white())
    return shape.mesh("bollard")


@cache
def rack() -> bpy.types.Mesh:
    """Return a bicycle rack 3 m long: a low beam with hoops."""
    shape = Shape()
    zinc = materials.plain("galvanised", (0.4, 0.42, 0.43), rough=0.4, metal=0.8)
    for y in (-0.15, 0.25):
        shape.tube([(-1.5, y, 0.08), (1.5, y, 0.08)], 0.025, zinc)
    for at in range(7):
        x = -1.5 + at * 0.5
        hoop = [
            (x, -0.15, 0.08),
            (x, -0.15, 0.45),
            (x, 0.05, 0.55),
            (x, 0.25, 0.45),
            (x, 0.25, 0.08),
        ]
        shape.tube(hoop, 0.012, zinc, sides=5)
    return shape.mesh("rack")


@cache
def railing() -> bpy.types.Mesh:
    """Return 4 m of the railing along a quay."""
    shape = Shape()
    iron = materials.plain("post", (0.06, 0.08, 0.09))
    for x in (-2, -1, 0, 1):
        shape.tube([(x, 0, 0), (x, 0, 1.0)], 0.025, iron)
    for z in (0.35, 0.68, 1.0):
        shape.tube([(-2, 0, z), (2, 0, z)], 0.022, iron, sides=6)
    return shape.mesh("railing")


@cache
def fence() -> bpy.types.Mesh:
    """Return 4 m of a school fence: upright bars 1.2 m high."""
    shape = Shape()
    green = materials.plain("fence", (0.02, 0.10, 0.06))
    for at in range(32):
        shape.tube([(-2 + at * 0.125, 0, 0.05), (-2 + at * 0.125, 0, 1.2)], 0.008, green, sides=4)
    for z in (0.12, 1.12):
        shape.box((0, 0, z), (4, 0.03, 0.04), green)
    shape.box((-2, 0, 0.63), (0.06, 0.06, 1.26), green)
    return shape.mesh("fence")


@cache
def bench() -> bpy.types.Mesh:
    """Return a park bench."""
    shape = Shape()
    wood = materials.plain("bench", (0.20, 0.12, 0.06), rough=0.7)
    for y, z in ((0, 0.45), (0.14, 0.45), (0.28, 0.45), (0.38, 0.65), (0.42, 0.82)):
        shape.box((0, y, z), (1.7, 0.11, 0.04) if z < 0.5 else (1.7, 0.03, 0.12), wood)
    for x in (-0.7, 0.7):
        shape.box((x, 0.15, 0.22), (0.06, 0.4, 0.44), materials.plain("post", (0.06, 0.08, 0.09)))
        shape.box((x, 0.4, 0.62), (0.05, 0.05, 0.5), materials.plain("post", (0.06, 0.08, 0.09)))
    return shape.mesh("bench")


@cache
def wheeled_bin() -> bpy.types.Mesh:
    """Return a wheeled refuse bin."""
    shape = Shape()
    shape.box((0, 0, 0.55), (0.55, 0.65, 0.95), materials.plain("bin", (0.05, 0.055, 0.05)))
    shape.box((0, -0.03, 1.06), (0.6, 0.75, 0.08), materials.plain("lid", (0.02, 0.10, 0.04)))
    return shape.mesh("bin")
