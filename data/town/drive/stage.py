"""Builds the drive's world in Blender, once a day; only the camera and the riders move.

The ground is flat: roads and pavements lie at one height.
"""

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from data.town import bicycle, car, furniture, houses, materials, people, stage
from data.town.drive import frames, world
from data.town.drive.streets import STREETS, Metres, Street
from data.town.mesh import Shape
from data.town.stage import Stage

LEAVES = (0.07, 0.16, 0.025)
MAKES = {make.name: make for make in bicycle.MAKES}
# House fronts: street, side, from and to in metres along it, whether shops.
ROWS = (
    ("Grenslaan", "left", -60, 79.5, False),
    ("Grenslaan", "left", 90.5, 161, True),
    ("Grenslaan", "right", -60, 200, False),
    ("Scheidweg", "left", 15.5, 73.8, False),
    ("Scheidweg", "left", 86.2, 170, False),
    ("Scheidweg", "right", -6, 170, False),
    ("Binnenstraat", "left", 17, 79.5, False),
    ("Binnenstraat", "left", 90.5, 162, False),
    ("Binnenstraat", "right", 17, 79.5, False),
    ("Binnenstraat", "right", 90.5, 170, False),
    ("Dwarsstraat", "left", 15.5, 65.8, False),
    ("Dwarsstraat", "right", 15.5, 65.8, False),
    ("Dwarsstraat", "left", 94.2, 150, False),
    ("Dwarsstraat", "right", 94.2, 150, False),
    ("Pleintje", "left", 0, 45, True),
    ("Pleintje", "right", 0, 45, True),
)
# What a street runs into: a row of houses from a point, in a direction, so long. They face right.
ENDS = (
    ((-60, -12), 90, 24),
    ((155, 172), 0, 30),
    ((76, 152), 0, 18),
    ((-45, 56), 90, 48),
    ((0, 102), 270, 8),
    ((0, 66), 270, 8),
)
# Where a side street opens: nothing stands at the kerb.
OPENINGS = {
    ("Grenslaan", "left"): (77, 93),
    ("Scheidweg", "left"): (70, 90),
    ("Binnenstraat", "left"): (77, 93),
    ("Binnenstraat", "right"): (77, 93),
    ("Dwarsstraat", "left"): (70, 90),
    ("Dwarsstraat", "right"): (70, 90),
}
WALKERS = 16


class Town(Stage):
    """A stage that stays up from frame to frame."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance


def build(day: int) -> tuple[Town, dict[str, bpy.types.Object]]:
    """Fill the stage; return it, and the parked bicycles by name."""
    stage.clear()
    town = Town(random.Random(f"{world.SEED} {day}"))
    _ground(town)
    for name, side, start, end, shop in ROWS:
        street, sign = STREETS[name], 1 if side == "left" else -1
        corner = street.point(start if side == "left" else end, sign * street.front)
        _houses(town, corner, street.way + (0 if side == "left" else 180), end - start, shop=shop)
    for corner, way, length in ENDS:
        _houses(town, corner, way, length)
    for street in STREETS.values():
        _kerbside(town, street, random.Random(f"{world.SEED} {street.name}"))
        _cars(town, street)
    _racks(town)
    _walkers(town)
    return town, {each.name: _parked(town, each) for each in world.bicycles(day)}


@contextmanager
def riding(town: Town, frame: frames.Frame) -> Iterator[dict[str, bpy.types.Object]]:
    """Place who rides by, for as long as the context lasts; return the bicycles by name."""
    placed = []
    out = {}
    for each in frames.ridden(frame):
        make = bicycle.MAKES[each.number % 2]
        x, y = _rear_hub(each.middle, each.yaw, make)
        paint = bicycle.FRAME_COLOURS[each.number % len(bicycle.FRAME_COLOURS)]
        coat = people.COATS[each.number % len(people.COATS)]
        out[each.name] = town.place(bicycle.mesh(make), x, y, yaw=each.yaw, colour=paint)
        placed.append(
            town.place(people.rider(each.number % people.FIGURES), x, y, yaw=each.yaw, colour=coat)
        )
    try:
        yield out
    finally:
        for thing in [*placed, *out.values()]:
            bpy.data.objects.remove(thing)


def _parked(town: Town, each: world.Bicycle) -> bpy.types.Object:
    make = MAKES[each.make]
    x, y = _rear_hub(each.place.middle, each.place.yaw, make)
    colour = bicycle.FRAME_COLOURS[each.colour]
    mesh = bicycle.mesh(make)
    return town.place(mesh, x, y, yaw=each.place.yaw, lean=each.place.lean, colour=colour)


def _rear_hub(middle: Metres, yaw: float, make: bicycle.Make) -> Metres:
    turn = math.radians(yaw)
    back = make.base / 2
    return middle[0] - back * math.cos(turn), middle[1] - back * math.sin(turn)


def _ground(town: Town) -> None:
    slabs = materials.tiles(
        "slabs", (0.30, 0.29, 0.28), (0.36, 0.35, 0.33), (0.16, 0.16, 0.15), 0.3
    )
    clinker = materials.clinkers("clinkers", (0.17, 0.085, 0.065), (0.23, 0.12, 0.09))
    asphalt = materials.speckled("asphalt", (0.05, 0.05, 0.052), (0.10, 0.10, 0.10), scale=60)
    square = materials.tiles(
        "square", (0.34, 0.31, 0.28), (0.27, 0.25, 0.23), (0.13, 0.12, 0.11), 0.6
    )
    kerb = materials.plain("kerb", (0.38, 0.37, 0.35), rough=0.9)
    town.ground(slabs, (-150, 350), (-150, 300), 0)
    for street in STREETS.values():
        if street.name == "Pleintje":
            _strip(town, street, (0, 45), (-22, 22), square, 0.002)
            continue
        span = {"Grenslaan": (-60, 174.6), "Binnenstraat": (4.6, 170)}.get(street.name, (-4, 170))
        for side in (-1, 1):
            edge = sorted((side * street.kerb, side * (street.kerb + 0.15)))
            _strip(town, street, span, (edge[0], edge[1]), kerb, 0.004)
        paving = asphalt if street.name == "Scheidweg" else clinker
        # Each a little above the one before, so that none shows through where they cross.
        high = 0.006 + 0.002 * list(STREETS).index(street.name)
        _strip(town, street, span, (-street.kerb, street.kerb), paving, high)


def _strip(
    town: Town,
    street: Street,
    along: tuple[float, float],
    left: tuple[float, float],
    material: bpy.types.Material,
    z: float,
) -> None:
    corners = [(along[0], left[0]), (along[1], left[0]), (along[1], left[1]), (along[0], left[1])]
    town.surface([(*street.point(*corner), z) for corner in corners], material)


def _houses(town: Town, corner: Metres, way: float, length: float, *, shop: bool = False) -> None:
    """Line up houses from a corner; a garden wall fills what is left."""
    cosine, sine = math.cos(math.radians(way)), math.sin(math.radians(way))
    count = int(length // houses.HOUSE_WIDTH)
    for number in range(count):
        out = number * houses.HOUSE_WIDTH
        house = houses.house(town.chance.randrange(houses.HOUSES), shop=shop)
        at = corner[0] + out * cosine, corner[1] + out * sine
        town.place(house, *at, yaw=way, colour=town.chance.choice(houses.BRICKS))
    rest = length - count * houses.HOUSE_WIDTH
    if rest > 0.05:
        out = count * houses.HOUSE_WIDTH
        at = corner[0] + out * cosine, corner[1] + out * sine
        town.place(_garden_wall(rest), *at, yaw=way, colour=houses.BRICKS[0])


def _garden_wall(wide: float) -> bpy.types.Mesh:
    shape = Shape()
    shape.box((wide / 2, 0.15, 1.2), (wide, 0.3, 2.4), materials.masonry())
    shape.box((wide / 2, 0.15, 2.44), (wide, 0.4, 0.08), materials.plain("coping", (0.3, 0.3, 0.3)))
    return shape.mesh("garden wall")


def _kerbside(town: Town, street: Street, chance: random.Random) -> None:
    """Place trees and lamp posts, the same on both days."""
    if street.name == "Pleintje":
        for along in range(6, 42, 9):
            town.place(furniture.tree(along % 3), *street.point(along, 0.0), colour=LEAVES)
            town.place(furniture.lamp_post(), *street.point(along + 4, 1.0))
        return
    for sign, side in ((1, "left"), (-1, "right")):
        for number, along in enumerate(range(11, int(street.length), 9)):
            shifted = along + chance.uniform(-1.5, 1.5)
            if _open(street, side, shifted):
                continue
            at = street.point(shifted, sign * (street.kerb + 0.5))
            if number % 3 == 2:
                town.place(furniture.lamp_post(), *at, yaw=street.way + 90 - 90 * sign)
            elif number % 3 == 0:
                green = tuple(each * chance.uniform(0.8, 1.2) for each in LEAVES)
                town.place(furniture.tree(number % 2), *at, colour=green, scale=0.9)


def _cars(town: Town, street: Street) -> None:
    """Park cars along both kerbs, others on each day."""
    for sign, side, share in ((1, "left", street.cars[0]), (-1, "right", street.cars[1])):
        for along in range(6, int(street.length) - 4, 6):
            taken = town.chance.random() < share and not _open(street, side, along)
            if taken:
                town.place(
                    car.parked(van=town.chance.random() < 0.1),
                    *street.point(along + town.chance.uniform(-0.5, 0.5), sign * (street.kerb - 1)),
                    yaw=street.way + (0 if sign < 0 else 180) + town.chance.uniform(-1.5, 1.5),
                    colour=town.chance.choice(car.PAINTS),
                )


def _open(street: Street, side: str, along: float) -> bool:
    start, end = OPENINGS.get((street.name, side), (0, 0))
    return start - 1 < along < end + 1 or not 9 < along < street.length - 9


def _racks(town: Town) -> None:
    """Place modules of three metres under the places of each rack."""
    for stand in world.stands():
        if stand.kind not in world.GAPS:
            continue
        street, sign = STREETS[stand.street], 1 if stand.side == "left" else -1
        modules = math.ceil(world.GAPS[stand.kind] * len(stand.places) / 3.0)
        for module in range(modules):
            along = stand.along + 3.0 * (module - (modules - 1) / 2)
            at = street.point(along, sign * (stand.wall - 0.75))
            town.place(furniture.rack(), *at, yaw=street.way + (0 if sign > 0 else 180))


def _walkers(town: Town) -> None:
    """Let people pass on the pavements, not where the photographer stands."""
    chance = town.chance
    walk = [frame.at for frame in frames.frames() if frame.drive == frames.WALK]
    for number in range(WALKERS):
        street = STREETS[chance.choice(("Grenslaan", "Scheidweg", "Binnenstraat"))]
        left = chance.choice((-1, 1)) * (street.kerb + chance.uniform(0.7, 1.2))
        at = street.point(chance.uniform(8, street.length - 8), left)
        if min(math.dist(at, other) for other in walk) > 2.5:
            town.place(
                people.walker(number % people.FIGURES),
                *at,
                yaw=street.way + chance.choice((0, 180)) + chance.uniform(-15, 15),
                colour=chance.choice(people.COATS),
                scale=chance.uniform(0.92, 1.1),
            )
