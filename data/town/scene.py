"""The places of Wielstad, and how bicycles stand in them.

The camera stands near x = 0 and looks along y, turned by the view; the far front is at y = FRONT.
"""

import math
import random
from collections.abc import Callable, Sequence

from data.town import car, furniture, houses, materials, people
from data.town.places import LINES
from data.town.plan import Shot
from data.town.stage import Colour, Stage

FRONT = 6.5  # far house fronts
KERB = 3.2  # where the far pavement begins
REACH = 66.0  # how far a street goes on to either side
LEAVES = {"spring": (0.07, 0.16, 0.025), "autumn": (0.20, 0.13, 0.02)}


def build(shot: Shot) -> Stage:
    """Fill the stage for one photo."""
    seeds = (shot.place_seed, shot.visit_seed, shot.moment_seed)
    stage = Stage(*(random.Random(seed) for seed in seeds))
    PLACES[shot.look](stage, shot)
    _riders(stage, shot)
    return stage


def _brick_street(stage: Stage, shot: Shot) -> None:
    _road(stage)
    _fronts(stage, houses.BRICKS)
    _kerbside(stage, shot, cars=0.5)
    _stand(stage, shot, wall=FRONT)
    _walkers(stage, shot.people, KERB + 0.3, KERB + 0.9)


def _shops(stage: Stage, shot: Shot) -> None:
    grey = materials.tiles(
        "shop tiles", (0.26, 0.25, 0.24), (0.33, 0.32, 0.30), (0.12, 0.12, 0.11), 0.4
    )
    stage.ground(grey, (-REACH, REACH), (-40, FRONT), 0)
    _fronts(stage, houses.BRICKS, shop=True)
    for x in range(-40, 41, 10):
        stage.place(furniture.lamp_post(), x + 3, -2.2, yaw=180)
        stage.place(furniture.tree(x % 2), x - 2, -2.4, colour=LEAVES[shot.season])
    _stand(stage, shot, wall=FRONT - 0.6)
    _walkers(stage, shot.people, 1.0, 2.2)


def _estate(stage: Stage, shot: Shot) -> None:
    _road(stage, new=True)
    _fronts(stage, houses.NEW_BRICKS, setback=3.0)
    for x in range(-40, 41, 4):
        if stage.chance.random() < 0.75:
            stage.place(furniture.hedge(), x, FRONT + 0.2, colour=LEAVES["spring"])
    _kerbside(stage, shot, cars=0.65)
    _stand(stage, shot, wall=FRONT - 0.2)
    _walkers(stage, shot.people, KERB + 0.3, KERB + 0.9)


def _station(stage: Stage, shot: Shot) -> None:
    paving = materials.tiles(
        "square", (0.34, 0.31, 0.28), (0.27, 0.25, 0.23), (0.13, 0.12, 0.11), 0.6
    )
    stage.ground(paving, (-REACH, REACH), (-40, 60), 0)
    stage.place(houses.station(), stage.chance.uniform(-8, 8), 19, colour=houses.BRICKS[0])
    for x in range(-36, 37, 9):
        stage.place(furniture.tree(x % 2), x, 15, colour=LEAVES[shot.season])
        stage.place(furniture.lamp_post(), x + 4, 11.5, yaw=180)
    if shot.stand == "rack":
        _racks(stage, 9.4)
    _stand(stage, shot, wall=6.4, second=3.0)
    _walkers(stage, shot.people, 3.2, 4.4)


def _canal(stage: Stage, shot: Shot) -> None:
    clinker = materials.clinkers("quay bricks", (0.20, 0.10, 0.07), (0.27, 0.14, 0.10))
    stone = materials.plain("quay stone", (0.30, 0.29, 0.27), rough=0.8)
    quay = materials.speckled("quay wall", (0.08, 0.06, 0.05), (0.16, 0.12, 0.10), scale=3)
    stage.ground(clinker, (-REACH, REACH), (-30, 5.0), 0)
    stage.ground(stone, (-REACH, REACH), (5.0, 5.6), 0.04)
    stage.ground(materials.water(), (-REACH, REACH), (5.6, 21), -1.3)
    stage.surface([(-REACH, 21, -1.4), (REACH, 21, -1.4), (REACH, 21, 0), (-REACH, 21, 0)], quay)
    stage.ground(clinker, (-REACH, REACH), (21, 60), 0)
    _row_of_houses(stage, houses.BRICKS, 27.0, 0)
    _near_houses(stage, houses.BRICKS, -12.0)
    for x in range(-44, 45, 4):
        stage.place(furniture.railing(), x, 5.2)
    for x in range(-40, 41, 10):
        stage.place(furniture.tree(x % 2), x + 4, 23, colour=LEAVES[shot.season])
        stage.place(car.parked(), x, 24.5, colour=stage.chance.choice(car.PAINTS))
        stage.place(furniture.lamp_post(), x + 1, 4.4, yaw=0)
    _stand(stage, shot, wall=5.15)
    _walkers(stage, shot.people, 1.6, 3.3)


def _park(stage: Stage, shot: Shot) -> None:
    grass = materials.speckled("grass", (0.03, 0.07, 0.012), (0.08, 0.15, 0.03), scale=14)
    path = materials.speckled("path", (0.26, 0.22, 0.16), (0.36, 0.31, 0.23), scale=30)
    stage.ground(grass, (-REACH, REACH), (-30, 80), -0.01)
    stage.ground(path, (-REACH, REACH), (-2.5, 4.5), 0.0)
    for _ in range(26):
        x, y = stage.chance.uniform(-40, 40), stage.chance.uniform(9, 50)
        size = stage.chance.uniform(0.9, 1.6)
        stage.place(
            furniture.tree(stage.chance.randrange(3)), x, y, scale=size, colour=_leaf(stage, shot)
        )
    for x in range(-60, 61, 4):
        stage.place(furniture.hedge(), x, 52, scale=2.5, colour=LEAVES["spring"])
    stage.place(furniture.bench(), stage.chance.uniform(-4, 4), 5.0)
    for x in (-12, 10, 30):
        stage.place(furniture.lamp_post(), x, 5.0)
    _stand(stage, shot, wall=6.2)
    _walkers(stage, shot.people, 0.8, 2.6)


def _school(stage: Stage, shot: Shot) -> None:
    _road(stage)
    yard = materials.tiles("yard", (0.30, 0.29, 0.28), (0.36, 0.35, 0.33), (0.16, 0.16, 0.15), 0.3)
    stage.ground(yard, (-REACH, REACH), (KERB, 60), 0.02)
    stage.place(houses.school(), stage.chance.uniform(-6, 6), 17, colour=houses.NEW_BRICKS[3])
    for x in range(-40, 41, 4):
        stage.place(furniture.fence(), x, 8.4)
    for x in range(-32, 33, 8):
        stage.place(furniture.tree(x % 3), x + 3, 12.5, colour=_leaf(stage, shot))
    _near_houses(stage, houses.BRICKS, -FRONT)
    _stand(stage, shot, wall=7.0)
    _walkers(stage, shot.people, KERB + 0.3, 5.0)


def _dike(stage: Stage, shot: Shot) -> None:
    grass = materials.speckled("dike grass", (0.05, 0.09, 0.02), (0.11, 0.17, 0.04), scale=9)
    asphalt = materials.speckled("asphalt", (0.05, 0.05, 0.052), (0.10, 0.10, 0.10), scale=60)
    stage.ground(grass, (-300, 300), (-60, 5), -0.02)
    stage.ground(asphalt, (-300, 300), (-2.0, 2.0), 0)
    top = stage.chance.uniform(1.2, 2.6)
    stage.surface([(-300, 5, -0.02), (300, 5, -0.02), (300, 14, top), (-300, 14, top)], grass)
    stage.surface([(-300, 14, top), (300, 14, top), (300, 26, -1), (-300, 26, -1)], grass)
    stage.ground(materials.water(), (-900, 900), (24, 900), -0.8)
    for x in range(-60, 61, 12):
        stage.place(furniture.bollard(), x, 2.6)
    stage.place(
        furniture.tree(1), stage.chance.uniform(-25, 25), 10, z=1, colour=LEAVES[shot.season]
    )
    _stand(stage, shot, wall=4.0)
    _walkers(stage, shot.people, -1.0, 1.5)


PLACES: dict[str, Callable[[Stage, Shot], None]] = {
    "brick": _brick_street,
    "shops": _shops,
    "estate": _estate,
    "station": _station,
    "canal": _canal,
    "park": _park,
    "school": _school,
    "dike": _dike,
}


def _road(stage: Stage, *, new: bool = False) -> None:
    """Lay a road with a pavement and a kerb on both sides."""
    clinker = materials.clinkers("clinkers", (0.17, 0.085, 0.065), (0.23, 0.12, 0.09))
    asphalt = materials.speckled("asphalt", (0.05, 0.05, 0.052), (0.10, 0.10, 0.10), scale=60)
    slabs = materials.tiles(
        "slabs", (0.30, 0.29, 0.28), (0.36, 0.35, 0.33), (0.16, 0.16, 0.15), 0.3
    )
    kerb = materials.plain("kerb", (0.38, 0.37, 0.35), rough=0.9)
    stage.ground(asphalt if new else clinker, (-REACH, REACH), (-40, 40), -0.10)
    for near, far in ((KERB, 40.0), (-40.0, -KERB)):
        stage.ground(slabs, (-REACH, REACH), (near, far), 0.0)
    for y in (KERB, -KERB):
        stage.ground(kerb, (-REACH, REACH), (y - 0.1, y + 0.1), 0.005)
        edge = [
            (-REACH, y - 0.1, -0.1),
            (REACH, y - 0.1, -0.1),
            (REACH, y - 0.1, 0),
            (-REACH, y - 0.1, 0),
        ]
        stage.surface(edge, kerb)


def _fronts(
    stage: Stage, bricks: Sequence[Colour], *, shop: bool = False, setback: float = 0.0
) -> None:
    """Line both sides of the street with houses, and close its far ends."""
    _row_of_houses(stage, bricks, FRONT + setback, 0, shop=shop)
    _near_houses(stage, bricks, -FRONT - setback, shop=shop)
    for end in (-REACH, REACH):
        for y in range(-10, 11, 5):
            stage.place(furniture.tree(0), end, y, colour=LEAVES["spring"], scale=1.3)


def _row_of_houses(
    stage: Stage, bricks: Sequence[Colour], y: float, yaw: float, *, shop: bool = False
) -> None:
    x = -REACH + stage.chance.uniform(0, houses.HOUSE_WIDTH)
    while x < REACH:
        house = houses.house(stage.chance.randrange(houses.HOUSES), shop=shop)
        stage.place(house, x, y, yaw=yaw, colour=stage.chance.choice(bricks))
        x += houses.HOUSE_WIDTH


def _near_houses(stage: Stage, bricks: Sequence[Colour], y: float, *, shop: bool = False) -> None:
    """Place the houses behind the camera: they throw shadows and show in windows."""
    _row_of_houses(stage, bricks, y, 180, shop=shop)


def _kerbside(stage: Stage, shot: Shot, *, cars: float) -> None:
    """Place lamp posts, trees, bins, and parked cars where they hide no bicycle we look at."""
    chance, cars_by = stage.chance, random.Random(f"{shot.visit_seed} cars")
    for x in range(-48, 49, 12):
        stage.place(furniture.lamp_post(), x + 5, KERB + 0.5)
        stage.place(furniture.tree(x % 3), x + 6, -KERB - 0.9, colour=_leaf(stage, shot), scale=0.9)
        if chance.random() < 0.3:
            stage.place(furniture.wheeled_bin(), x + 2, FRONT - 0.5, yaw=chance.uniform(-15, 15))
    for side in (-1, 1):
        for x in range(-48, 49, 6):
            # Free: before the bicycles, and round the camera, which looks along in some views.
            free = 11 if shot.turn else 9 if side == -1 else 3.5 + 0.5 * shot.bicycles
            if cars_by.random() < cars and abs(x) > free:
                stage.place(
                    car.parked(van=cars_by.random() < 0.15),
                    x + cars_by.uniform(-0.5, 0.5),
                    side * (KERB - 1.15),
                    z=-0.1,
                    yaw=90 - 90 * side + cars_by.uniform(-1.5, 1.5),
                    colour=cars_by.choice(car.PAINTS),
                )


def _leaf(stage: Stage, shot: Shot) -> Colour:
    red, green, blue = LEAVES[shot.season]
    return (red * stage.chance.uniform(0.7, 1.3), green * stage.chance.uniform(0.8, 1.2), blue)


def _walkers(stage: Stage, count: int, near: float, far: float) -> None:
    """Let people pass, each in a stretch of pavement of their own."""
    for number in range(count):
        stage.place(
            people.walker(stage.moment.randrange(people.FIGURES)),
            -6 + 15 * (number + stage.moment.uniform(0.15, 0.85)) / count,
            stage.moment.uniform(near, far),
            yaw=stage.moment.choice((0, 180)) + stage.moment.uniform(-25, 25),
            colour=stage.moment.choice(people.COATS),
            scale=stage.moment.uniform(0.92, 1.1),
        )


def _riders(stage: Stage, shot: Shot) -> None:
    """Let people ride past, along the street, far enough away to be seen whole."""
    x, y = shot.camera
    far = LINES[shot.look] - 2.4
    for _ in range(shot.riders):
        if shot.turn:  # looking along the street: some way ahead, before the bicycles
            across = stage.moment.uniform(y + 0.8, y + 1.4)
            along = x + math.copysign(stage.moment.uniform(7.5, 9), shot.turn)
        else:
            across = stage.moment.uniform(min(y + 3.9, far), far)
            along = x + stage.moment.uniform(-1.6, 1.6)
        z = -0.1 if shot.look in ("brick", "estate", "school") and across < KERB else 0.0
        yaw = stage.moment.choice((0, 180)) + stage.moment.uniform(-6, 6)
        stage.rider(along, across, z=z, yaw=yaw)


def _racks(stage: Stage, wall: float) -> None:
    """Set up racks along a line."""
    for at in range(-4, 5):
        stage.place(furniture.rack(), at * 3.3, wall)


def _stand(stage: Stage, shot: Shot, *, wall: float, second: float = 0.0) -> None:
    """Stand the bicycles about x = 0 before the line y = wall, in the way that the shot says.

    `second` is how far behind the first a second row of racks stands, where there is one.
    """
    if shot.stand == "rack":
        _racks(stage, wall)
    if shot.bicycles:
        STANDS[shot.stand](stage, shot.bicycles, wall, second)


def _against_the_wall(stage: Stage, count: int, wall: float, _second: float) -> None:
    """Lean each along the wall; now and then one leans on another."""
    chance = stage.visit
    along = -0.85 * count
    for number in range(count):
        doubled = number % 4 == 3
        yaw = chance.choice((0, 180)) + chance.uniform(-4, 4)
        lean = -9 if abs(yaw) < 90 else 9  # the top goes to the wall
        out = 0.42 + 0.45 * doubled
        stage.bicycle(along + chance.uniform(-0.1, 0.1), wall - out, yaw=yaw, lean=lean)
        along += 0.75 if doubled else 2.0 + chance.uniform(-0.15, 0.3)


def _in_a_row(stage: Stage, count: int, wall: float, _second: float) -> None:
    """Park side by side on their stands, all aslant alike; one in five faces the other way."""
    chance = stage.visit
    slant = chance.choice((58, 66, 114, 122))
    for number in range(count):
        x = (number - (count - 1) / 2) * 1.0 + chance.uniform(-0.12, 0.12)
        yaw = slant + chance.uniform(-6, 6) + (180 if chance.random() < 0.2 else 0)
        y = wall - 1.1 + chance.uniform(-0.15, 0.15)
        stage.bicycle(x, y, yaw=yaw, lean=chance.uniform(-7, -2))


def _in_racks(stage: Stage, count: int, wall: float, second: float) -> None:
    """Fill slanting racks, a place every 0.75 m, some free; the second row from 14 on."""
    chance = stage.visit
    rows = 2 if second and count > 13 else 1
    for row in range(rows):
        here = count // rows + (row < count % rows)
        slots = sorted(chance.sample(range(int(here * 1.25) + 1), here))
        for slot in slots:
            x = (slot - slots[-1] / 2) * 0.75 + chance.uniform(-0.05, 0.05)
            yaw = 48 + chance.uniform(-7, 7) + (180 if chance.random() < 0.15 else 0)
            stage.bicycle(x, wall - 0.45 + row * second, yaw=yaw, lean=chance.uniform(-4, 4))


def _here_and_there(stage: Stage, count: int, wall: float, _second: float) -> None:
    """Leave them about, as people do for a minute."""
    chance = stage.visit
    taken: list[tuple[float, float]] = []
    wide = 1.6 + 0.5 * count
    while len(taken) < count:
        x, y = chance.uniform(-wide, wide), wall - chance.uniform(0.8, 3.2)
        if all(abs(x - other_x) + 0.6 * abs(y - other_y) > 1.1 for other_x, other_y in taken):
            taken.append((x, y))
            stage.bicycle(x, y, yaw=chance.uniform(0, 360), lean=chance.uniform(-6, -2))


STANDS: dict[str, Callable[[Stage, int, float, float], None]] = {
    "wall": _against_the_wall,
    "row": _in_a_row,
    "rack": _in_racks,
    "loose": _here_and_there,
}
