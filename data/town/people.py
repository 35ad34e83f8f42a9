"""Passers-by: a few figures, walking and riding. Coats take the colour of the object."""

from functools import cache

import bpy

from data.town import materials
from data.town.mesh import Shape

COATS = (
    (0.03, 0.04, 0.08),
    (0.25, 0.03, 0.03),
    (0.08, 0.10, 0.05),
    (0.30, 0.26, 0.20),
    (0.02, 0.02, 0.02),
    (0.05, 0.16, 0.22),
)
_SKINS = ((0.50, 0.30, 0.22), (0.22, 0.11, 0.07), (0.40, 0.22, 0.14))
_HAIR = ((0.03, 0.02, 0.015), (0.18, 0.10, 0.04), (0.35, 0.34, 0.33))
_JEANS = ((0.03, 0.05, 0.11), (0.02, 0.02, 0.02), (0.12, 0.11, 0.09))
FIGURES = 3


def _looks(number: int) -> tuple[bpy.types.Material, ...]:
    """Return the materials of skin, hair, coat and trousers."""
    return (
        materials.plain(f"skin {number}", _SKINS[number]),
        materials.plain(f"hair {number}", _HAIR[number], rough=0.8),
        materials.tinted("coat", rough=0.8),
        materials.plain(f"jeans {number}", _JEANS[number]),
    )


@cache
def walker(number: int) -> bpy.types.Mesh:
    """Return a person of 1.7 m in mid-stride along x."""
    shape = Shape()
    skin, hair, coat, jeans = _looks(number)
    stride = 0.16 + 0.05 * number
    for side, way in ((-0.09, 1), (0.09, -1)):
        foot = way * stride
        shape.tube(
            [(0, side, 0.86), (foot * 0.6 + 0.05, side, 0.48), (foot, side, 0.08)],
            0.075,
            jeans,
            sides=10,
        )
        shape.ball((foot + 0.06, side, 0.05), (0.14, 0.05, 0.05), materials.black())
        hand = (-foot * 0.9, side * 2.9, 0.82)
        shape.tube(
            [(0, side * 2.1, 1.38), (-foot * 0.35 - 0.03, side * 2.7, 1.08), hand],
            0.05,
            coat,
            sides=8,
        )
        shape.ball(hand, (0.045, 0.035, 0.06), skin)
    shape.ball((0, 0, 1.15), (0.15, 0.21, 0.38), coat, sides=16)
    shape.ball((0, 0, 0.92), (0.145, 0.19, 0.2), coat, sides=16)
    shape.ball((0, 0, 1.36), (0.10, 0.21, 0.11), coat, sides=16)
    shape.tube([(0, 0, 1.42), (0.01, 0, 1.54)], 0.05, skin)
    shape.ball((0.02, 0, 1.60), (0.095, 0.08, 0.12), skin, sides=16)
    shape.ball((-0.015, 0, 1.635), (0.10, 0.09, 0.115), hair, sides=16)
    if number == 1:
        shape.ball((-0.2, 0, 1.2), (0.1, 0.16, 0.24), materials.plain("bag", (0.25, 0.10, 0.02)))
    return shape.mesh("walker")


@cache
def rider(number: int) -> bpy.types.Mesh:
    """Return a person who sits on a bicycle, upright, with the rear hub at x = 0 as it has."""
    shape = Shape()
    skin, hair, coat, jeans = _looks(number)
    # One pedal is low and behind, the other high and in front, as the bicycle's cranks are.
    for side, knee, foot in ((1, (0.60, 0.66), (0.38, 0.24)), (-1, (0.67, 0.84), (0.60, 0.45))):
        leg = [(0.26, side * 0.09, 1.0), (knee[0], side * 0.12, knee[1])]
        shape.tube([*leg, (foot[0] - 0.03, side * 0.14, foot[1] + 0.05)], 0.07, jeans, sides=10)
        shape.ball((foot[0] + 0.03, side * 0.14, foot[1]), (0.13, 0.05, 0.045), materials.black())
        elbow, hand = (0.50, side * 0.30, 1.22), (0.68, side * 0.27, 1.12)
        shape.tube([(0.37, side * 0.19, 1.46), elbow, hand], 0.048, coat, sides=8)
        shape.ball(hand, (0.05, 0.035, 0.04), skin)
    shape.tube([(0.22, 0, 1.0), (0.29, 0, 1.25), (0.36, 0, 1.46)], 0.16, coat, sides=14)
    shape.ball((0.365, 0, 1.45), (0.12, 0.21, 0.1), coat, sides=16)
    shape.ball((0.23, 0, 1.02), (0.17, 0.18, 0.12), coat, sides=16)
    shape.tube([(0.38, 0, 1.50), (0.41, 0, 1.62)], 0.05, skin)
    shape.ball((0.43, 0, 1.68), (0.095, 0.08, 0.12), skin, sides=16)
    shape.ball((0.395, 0, 1.715), (0.10, 0.09, 0.115), hair, sides=16)
    return shape.mesh("rider")
