"""Fronts along the street: terraced houses, shops, the station, the school.

A front lies along x at y = 0, the house behind it; walls take the colour of the object.
"""

import random
from functools import cache

import bpy

from data.town import materials
from data.town.mesh import Shape

BRICKS = (
    (0.27, 0.085, 0.05),
    (0.20, 0.07, 0.045),
    (0.34, 0.15, 0.08),
    (0.14, 0.065, 0.05),
    (0.40, 0.27, 0.17),
    (0.30, 0.11, 0.06),
)
NEW_BRICKS = ((0.50, 0.42, 0.33), (0.42, 0.36, 0.30), (0.16, 0.14, 0.13), (0.38, 0.22, 0.15))
DOORS = ((0.02, 0.07, 0.05), (0.03, 0.05, 0.12), (0.25, 0.03, 0.02), (0.10, 0.06, 0.04))
AWNINGS = (
    (0.35, 0.05, 0.04),
    (0.05, 0.12, 0.07),
    (0.55, 0.50, 0.40),
    (0.06, 0.09, 0.18),
    (0.45, 0.24, 0.05),
)
HOUSE_WIDTH = 6.0
HOUSES = 5  # how many differ


@cache
def house(number: int, *, shop: bool = False) -> bpy.types.Mesh:
    """Return a terraced house two or three storeys high, or one with a shop below."""
    chance = random.Random(f"house {number} {shop}")
    shape = Shape()
    storeys = chance.choice((2, 2, 3))
    high = 2.9 * storeys + 0.3
    wide = HOUSE_WIDTH
    wall, trim = materials.masonry(), materials.white()
    shape.box((wide / 2, 4, high / 2), (wide - 0.004, 8, high), wall)
    shape.box(
        (wide / 2, 3.98, 0.2), (wide - 0.01, 8, 0.4), materials.plain("plinth", (0.13, 0.13, 0.13))
    )
    shape.box((wide / 2, -0.12, high + 0.05), (wide, 0.35, 0.16), trim)  # gutter
    _add_roof(shape, wide, high)
    if shop:
        _add_shop_front(shape, wide, chance)
    else:
        _add_door(shape, 1.0, chance)
        _add_window(shape, 3.9, 1.65, 2.4, 1.6, chance)
    for storey in range(1, storeys):
        for x in (1.3, 3.0, 4.7) if number % 2 else (1.6, 4.3):
            _add_window(shape, x, 2.9 * storey + 1.55, 1.1 if number % 2 else 1.7, 1.5, chance)
    shape.tube(
        [(0.12, -0.06, 0), (0.12, -0.06, high)], 0.04, materials.plain("zinc", (0.3, 0.31, 0.32))
    )
    return shape.mesh("house")


def _add_roof(shape: Shape, wide: float, high: float) -> None:
    slates = materials.speckled("roof", (0.10, 0.04, 0.03), (0.20, 0.08, 0.05), scale=9)
    shape.polygon(
        [
            (0, -0.3, high + 0.1),
            (wide, -0.3, high + 0.1),
            (wide, 4, high + 3.2),
            (0, 4, high + 3.2),
        ],
        slates,
    )
    shape.polygon(
        [(0, 8, high), (wide, 8, high), (wide, 4, high + 3.2), (0, 4, high + 3.2)], slates
    )
    for x in (0.01, wide - 0.01):
        shape.polygon([(x, 0, high), (x, 8, high), (x, 4, high + 3.2)], materials.masonry())
    shape.box((wide - 0.5, 4, high + 3.4), (0.6, 0.6, 1.3), materials.masonry())


def _add_window(
    shape: Shape, x: float, z: float, wide: float, high: float, chance: random.Random
) -> None:
    trim = materials.white()
    shape.box((x, 0.0, z), (wide, 0.10, high), trim)
    lit = chance.random() < 0.4
    pane = materials.lit_glass() if lit else materials.glass()
    panes = 2 if wide > 1.5 else 1
    each = (wide - 0.08) / panes
    for number in range(panes):
        middle = x - wide / 2 + 0.04 + (number + 0.5) * each
        shape.box((middle, -0.03, z), (each - 0.08, 0.06, high - 0.18), pane)
        if not lit and chance.random() < 0.6:  # a curtain at the side
            cloth = materials.plain("curtain", (0.45, 0.43, 0.38))
            shape.box((middle - each / 2 + 0.15, -0.032, z), (0.2, 0.062, high - 0.2), cloth)
    shape.box(
        (x, -0.08, z - high / 2 - 0.04),
        (wide + 0.15, 0.14, 0.07),
        materials.plain("sill", (0.35, 0.34, 0.32)),
    )


def _add_door(shape: Shape, x: float, chance: random.Random) -> None:
    paint = materials.plain("door", chance.choice(DOORS), rough=0.35)
    shape.box((x, 0, 1.4), (1.15, 0.1, 2.7), materials.white())
    shape.box((x, -0.03, 1.1), (0.92, 0.07, 2.05), paint)
    shape.box((x, -0.03, 2.4), (0.92, 0.07, 0.45), materials.glass())
    shape.box((x, -0.07, 1.55), (0.4, 0.02, 0.7), materials.glass())
    shape.box((x, -0.2, 0.08), (1.3, 0.5, 0.16), materials.plain("step", (0.3, 0.3, 0.29)))


def _add_shop_front(shape: Shape, wide: float, chance: random.Random) -> None:
    colour, cloth = chance.choice(DOORS), chance.choice(AWNINGS)
    front = materials.plain("shop", colour, rough=0.5)
    shape.box((wide / 2, 0, 1.5), (wide - 0.3, 0.14, 3.0), front)
    shape.box(
        (wide / 2 - 0.6, -0.06, 1.45),
        (wide - 2.2, 0.08, 2.0),
        materials.lit_glass() if chance.random() < 0.5 else materials.glass(),
    )
    shape.box((wide - 0.85, -0.06, 1.2), (0.9, 0.08, 2.2), materials.glass())
    cloth = materials.plain("awning", cloth, rough=0.9)
    shape.polygon(
        [(0.3, -0.05, 3.0), (wide - 0.3, -0.05, 3.0), (wide - 0.3, -1.2, 2.5), (0.3, -1.2, 2.5)],
        cloth,
    )
    shape.polygon(
        [(0.3, -1.2, 2.5), (wide - 0.3, -1.2, 2.5), (wide - 0.3, -1.2, 2.28), (0.3, -1.2, 2.28)],
        cloth,
    )


@cache
def station() -> bpy.types.Mesh:
    """Return a station: a long brick hall with high windows, a canopy and a clock."""
    shape = Shape()
    wall = materials.masonry()
    shape.box((0, 5, 3), (44, 10, 6), wall)
    shape.box((0, 4, 4.8), (12, 9, 9.6), wall)
    for x in range(-20, 21, 4):
        if abs(x) > 7:
            shape.box((x, -0.02, 2.6), (2.4, 0.1, 3.4), materials.white())
            shape.box((x, -0.05, 2.6), (2.2, 0.1, 3.2), materials.glass())
    for x in (-4, 0, 4):
        shape.box((x, -0.55, 2.0), (3.0, 0.1, 4.0), materials.white())
        shape.box((x, -0.6, 2.0), (2.7, 0.1, 3.7), materials.lit_glass())
    shape.box((0, -2.0, 3.9), (30, 4.2, 0.25), materials.plain("canopy", (0.25, 0.27, 0.28)))
    for x in range(-14, 15, 7):
        shape.tube(
            [(x, -3.8, 0), (x, -3.8, 3.9)], 0.09, materials.plain("post", (0.06, 0.08, 0.09))
        )
    shape.box((0, 5, 6.1), (44.6, 10.6, 0.3), materials.white())
    shape.box((0, 4, 9.7), (12.6, 9.6, 0.3), materials.white())
    shape.ball((0, -0.55, 7.2), (0.9, 0.08, 0.9), materials.white(), sides=24)
    shape.box((0, -0.66, 7.4), (0.07, 0.02, 0.6), materials.black())
    shape.box((0.2, -0.66, 7.2), (0.4, 0.02, 0.07), materials.black())
    return shape.mesh("station")


@cache
def school() -> bpy.types.Mesh:
    """Return a school: one low storey, wide windows, a flat roof with a white edge."""
    shape = Shape()
    shape.box((0, 5, 1.9), (40, 10, 3.8), materials.masonry())
    shape.box((0, 4.8, 3.9), (40.8, 10.8, 0.4), materials.white())
    for x in range(-18, 19, 4):
        shape.box((x, 0, 1.9), (3.3, 0.12, 1.9), materials.white())
        for side in (-0.8, 0.8):
            shape.box(
                (x + side, -0.04, 1.9),
                (1.45, 0.1, 1.7),
                materials.lit_glass() if x % 3 else materials.glass(),
            )
        paint = ((0.5, 0.1, 0.05), (0.6, 0.4, 0.03), (0.05, 0.2, 0.4))[x % 3]
        shape.box((x, -0.02, 0.55), (3.3, 0.1, 0.5), materials.plain(f"panel {x % 3}", paint))
    return shape.mesh("school")
