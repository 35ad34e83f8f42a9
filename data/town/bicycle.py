"""The bicycles: one mesh a make, with the wheels on z = 0, facing along x, rear hub at x = 0."""

import math
from dataclasses import dataclass
from functools import cache

import bpy

from data.town import materials
from data.town.mesh import Point, Shape, arc

FRAME_COLOURS = (
    (0.012, 0.012, 0.014),
    (0.012, 0.012, 0.014),  # every second Dutch bicycle is black
    (0.03, 0.03, 0.035),
    (0.02, 0.06, 0.20),
    (0.05, 0.18, 0.38),
    (0.35, 0.02, 0.02),
    (0.02, 0.12, 0.06),
    (0.16, 0.20, 0.22),
    (0.55, 0.53, 0.48),
    (0.55, 0.27, 0.03),
    (0.28, 0.45, 0.42),
)


@dataclass(frozen=True, kw_only=True)
class Make:
    """The measures of a make, in metres."""

    name: str
    wheel: float = 0.34  # radius to the outside of the tyre
    base: float = 1.10  # from hub to hub
    saddle: float = 0.98  # height
    bars: float = 1.10  # height
    top_tube: bool = True
    city: bool = True  # mudguards, chain case and carrier
    crate: bool = False  # on the front
    cargo: bool = False  # a box between the rider and a small front wheel


MAKES = (
    Make(name="step_through", top_tube=False),
    Make(name="roadster", base=1.14, saddle=1.02),
    Make(name="crate", top_tube=False, crate=True),
    Make(name="sports", base=1.02, wheel=0.335, saddle=0.98, bars=0.98, city=False),
    Make(name="child", wheel=0.25, base=0.84, saddle=0.68, bars=0.86, top_tube=False),
    Make(name="cargo", base=1.85, cargo=True, top_tube=False),
)


@cache
def mesh(make: Make) -> bpy.types.Mesh:
    """Return the mesh of a make, built once."""
    shape = Shape()
    front_wheel = 0.25 if make.cargo else make.wheel
    rear, front = (0.0, 0.0, make.wheel), (make.base, 0.0, front_wheel)
    _add_wheel(shape, rear, make.wheel)
    _add_wheel(shape, front, front_wheel)
    # The rider's end: pedals, saddle and head stand as on any bicycle, in front of the rear wheel.
    reach = 1.10 if make.cargo else make.base
    pedals = (0.43 * reach, 0.0, 0.84 * make.wheel)
    seat = (0.27 * reach, 0.0, make.saddle - 0.17)
    head = (0.78 * reach, 0.0, make.bars - 0.20)
    neck = (0.81 * reach, 0.0, make.bars - 0.38)
    _add_frame(shape, make, pedals, seat, head, neck)
    _add_fork(shape, make, neck, front)
    _add_saddle(shape, seat, make.saddle)
    _add_bars(shape, make, head)
    _add_pedals(shape, pedals, rear, covered=make.city)
    if make.city:
        _add_mudguard(shape, rear, make.wheel, 5, 195)
        _add_mudguard(shape, front, front_wheel, 20, 165)
        _add_carrier(shape, make)
    if make.crate:
        _add_crate(shape, (make.base - 0.02, 0, make.bars - 0.24))
    if make.cargo:
        _add_cargo_box(shape, make)
    return shape.mesh(make.name)


def _add_wheel(shape: Shape, hub: Point, radius: float) -> None:
    x, _, z = hub
    shape.ring(hub, radius - 0.02, 0.02, materials.black())
    shape.ring(hub, radius - 0.043, 0.011, materials.steel())
    for spoke in range(20):
        angle = 2 * math.pi * spoke / 20
        side = 0.02 if spoke % 2 else -0.02
        rim = (x + (radius - 0.045) * math.cos(angle), 0, z + (radius - 0.045) * math.sin(angle))
        shape.tube([(x, side, z), rim], 0.0016, materials.steel(), sides=3)
    shape.tube([(x, -0.06, z), (x, 0.06, z)], 0.02, materials.steel())


def _add_frame(
    shape: Shape, make: Make, pedals: Point, seat: Point, head: Point, neck: Point
) -> None:
    paint = materials.tinted("frame", rough=0.3)
    shape.tube([pedals, seat], 0.017, paint)
    shape.tube([neck, head], 0.021, paint)
    if make.top_tube:
        shape.tube([pedals, neck], 0.02, paint)
        shape.tube([_mix(pedals, seat, 0.92), head], 0.016, paint)
    else:  # a deep curve, and a second tube below it
        low = (0.68 * neck[0] + 0.32 * pedals[0], 0, pedals[2] + 0.16)
        shape.tube([pedals, low, neck], 0.022, paint)
        shape.tube([_mix(pedals, seat, 0.35), (low[0], 0, low[2] + 0.10), head], 0.015, paint)
    for side in (-0.055, 0.055):
        axle = (0, side, make.wheel)
        shape.tube([pedals, axle], 0.011, paint)
        shape.tube([_mix(pedals, seat, 0.9), axle], 0.009, paint)


def _add_fork(shape: Shape, make: Make, neck: Point, front: Point) -> None:
    paint = materials.tinted("frame", rough=0.3)
    if make.cargo:  # a beam runs under the box, and steers the far wheel
        beam = [neck, (0.9, 0, 0.24), (make.base - 0.32, 0, 0.24), (make.base - 0.1, 0, 0.50)]
        shape.tube(beam, 0.025, paint)
        neck = beam[-1]
    for side in (-0.05, 0.05):
        knee = (_mix(neck, front, 0.6)[0] - 0.02, side, _mix(neck, front, 0.6)[2])
        shape.tube(
            [neck, (neck[0] + 0.01, side, neck[2] - 0.03), knee, (front[0], side, front[2])],
            0.012,
            paint,
        )


def _add_saddle(shape: Shape, seat: Point, height: float) -> None:
    shape.tube([seat, (seat[0] - 0.02, 0, height - 0.03)], 0.013, materials.steel())
    shape.ball((seat[0] - 0.06, 0, height), (0.13, 0.095, 0.04), materials.black())
    shape.ball((seat[0] + 0.06, 0, height), (0.11, 0.035, 0.03), materials.black())


def _add_bars(shape: Shape, make: Make, head: Point) -> None:
    x, high = head[0] - 0.03, make.bars
    back = 0.16 if make.city else -0.06
    shape.tube([head, (x, 0, high)], 0.013, materials.steel())
    for side in (-1, 1):
        bend, end = (x + 0.03, side * 0.17, high + 0.02), (x - back, side * 0.28, high - 0.02)
        shape.tube([(x, 0, high), bend, end], 0.012, materials.steel())
        shape.tube([_mix(bend, end, 0.45), end], 0.018, materials.black())
    shape.ball((head[0] + 0.09, 0, head[2] + 0.02), (0.05, 0.045, 0.045), materials.steel())


def _add_pedals(shape: Shape, pedals: Point, rear: Point, *, covered: bool) -> None:
    x, _, z = pedals
    shape.ring((x, 0.05, z), 0.09, 0.009, materials.steel())
    for side, turn in ((1, -0.11), (-1, 0.11)):
        crank = (x + turn, side * 0.09, z + turn * 0.9)
        shape.tube([(x, side * 0.08, z), crank], 0.011, materials.steel())
        shape.box((crank[0], side * 0.14, crank[2]), (0.09, 0.09, 0.022), materials.black())
    for end in (0.055, -0.055):
        thick = 0.022 if covered else 0.005
        shape.tube(
            [(rear[0], 0.07, rear[2] + end), (x, 0.07, z + end * 1.4)], thick, materials.black()
        )


def _add_mudguard(shape: Shape, hub: Point, radius: float, start: float, end: float) -> None:
    shape.tube(arc(hub, radius + 0.03, start, end, 16), 0.019, materials.black(), sides=5)


def _add_carrier(shape: Shape, make: Make) -> None:
    high = 2 * make.wheel + 0.075
    for side in (-0.06, 0.06):
        rail = [(-0.30, side, high), (0.24 * make.base, side, high + 0.01)]
        shape.tube(rail, 0.008, materials.black())
        shape.tube([(0, side * 1.2, make.wheel), (-0.08, side, high)], 0.007, materials.black())
    for x in (-0.25, -0.12, 0.01, 0.14):
        shape.tube([(x, -0.06, high), (x, 0.06, high)], 0.006, materials.black())
    red = materials.plain("red", (0.5, 0.01, 0.01), rough=0.3)
    shape.box((-0.33, 0, high - 0.03), (0.03, 0.09, 0.05), red)  # rear light
    shape.tube([(0.05, 0.08, make.wheel), (0.16, 0.20, 0.01)], 0.01, materials.steel())  # stand


def _add_crate(shape: Shape, centre: Point) -> None:
    x, y, z = centre
    wood = materials.plain("crate", (0.22, 0.13, 0.06), rough=0.8)
    for row in (0, 0.1, 0.2):
        for side in (-0.2, 0.2):
            shape.box((x, y + side, z + row), (0.34, 0.015, 0.07), wood)
        for end in (-0.17, 0.17):
            shape.box((x + end, y, z + row), (0.015, 0.4, 0.07), wood)
    shape.box((x, y, z - 0.04), (0.34, 0.4, 0.015), wood)


def _add_cargo_box(shape: Shape, make: Make) -> None:
    wood = materials.plain("cargo", (0.20, 0.11, 0.05), rough=0.6)
    end = make.base - 0.12
    outline = [(0.98, 0.30), (end - 0.12, 0.30), (end, 0.86), (0.90, 0.78)]
    shape.prism(outline, 0.58, wood)


def _mix(one: Point, other: Point, share: float) -> tuple[float, float, float]:
    x, y, z = (a + share * (b - a) for a, b in zip(one, other, strict=True))
    return (x, y, z)
