"""Who rides a bicycle: a sitting figure in the place that a bicycle's mesh leaves. See people.py."""

from functools import cache

import bpy

from data.town import materials
from data.town.mesh import Shape

_SKINS = ((0.50, 0.30, 0.22), (0.22, 0.11, 0.07), (0.40, 0.22, 0.14))
_JEANS = ((0.03, 0.05, 0.11), (0.02, 0.02, 0.02), (0.12, 0.11, 0.09))


@cache
def mesh(number: int) -> bpy.types.Mesh:
    """Return a person on the saddle, facing along x, the rear hub at x = 0."""
    shape = Shape()
    skin = materials.plain(f"skin {number}", _SKINS[number])
    jeans = materials.plain(f"jeans {number}", _JEANS[number])
    coat = materials.tinted("coat", rough=0.8)
    hip, neck = (0.24, 0.0, 1.10), (0.42, 0.0, 1.58)
    for side, pedal in ((-1, (0.58, 0.18)), (1, (0.37, 0.40))):
        knee = (0.66, side * 0.13, 0.62 + pedal[1])
        foot = (pedal[0], side * 0.14, pedal[1] + 0.06)
        shape.tube([(hip[0], side * 0.10, 1.05), knee, foot], 0.075, jeans, sides=10)
        shape.ball((foot[0] + 0.06, foot[1], foot[2] - 0.03), (0.14, 0.05, 0.05), materials.black())
        hand = (0.70, side * 0.27, 1.11)
        shape.tube([(0.40, side * 0.20, 1.48), (0.50, side * 0.30, 1.25), hand], 0.05, coat)
        shape.ball(hand, (0.05, 0.04, 0.045), skin)
    shape.tube([hip, (0.31, 0, 1.32), neck], 0.17, coat, sides=14)
    shape.ball((0.25, 0, 1.08), (0.17, 0.19, 0.14), coat, sides=16)
    shape.ball((0.40, 0, 1.50), (0.12, 0.22, 0.12), coat, sides=16)
    shape.tube([neck, (0.45, 0, 1.68)], 0.05, skin)
    shape.ball((0.47, 0, 1.77), (0.095, 0.08, 0.12), skin, sides=16)
    hair = materials.plain(f"hair of a rider {number}", (0.10, 0.06, 0.03), rough=0.8)
    shape.ball((0.44, 0, 1.80), (0.10, 0.09, 0.115), hair, sides=16)
    return shape.mesh("rider")
