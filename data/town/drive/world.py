"""The drive's bicycles: who stands where on which day, from a seed."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from data.town.drive.streets import STREETS, Metres, Street

SEED = "drive 20260519"
DAYS = (1, 2)
MOVED_STREET, MOVED_SHARE = "Grenslaan", 1 / 3  # what is elsewhere on the second day

# Street, side, metres along it, how they stand, places, bicycles, and where it is not the house
# front: the line on which they stand, metres from the street's middle.
STANDS = """
Grenslaan    left   15 rack  16 13
Grenslaan    left   34 wall   4  3
Grenslaan    left   52 row    8  7
Grenslaan    left   69 wall   4  3
Grenslaan    left  104 rack  14 11
Grenslaan    left  122 loose  5  5
Grenslaan    left  138 wall   5  4
Grenslaan    left  154 rack  10  8
Grenslaan    right  20 wall   3  2
Grenslaan    right  46 row    5  4
Grenslaan    right  80 wall   3  2
Grenslaan    right 112 loose  3  3
Grenslaan    right 146 row    6  5
Scheidweg    left   24 wall   3  2
Scheidweg    left   50 loose  3  3
Scheidweg    left  112 row    5  4
Scheidweg    left  140 wall   3  2
Scheidweg    right  18 rack  14 11
Scheidweg    right  40 wall   4  3
Scheidweg    right  62 row    8  7
Scheidweg    right  84 dense 14 11
Scheidweg    right 108 wall   4  3
Scheidweg    right 126 rack  10  8
Scheidweg    right 148 loose  4  4
Binnenstraat left   20 wall   4  3
Binnenstraat left   48 row    6  5
Binnenstraat left   66 loose  3  3
Binnenstraat left  110 wall   4  3
Binnenstraat left  140 rack  10  7
Binnenstraat right  30 wall   3  2
Binnenstraat right  60 wall   4  3
Binnenstraat right 106 row    7  6
Binnenstraat right 134 loose  3  3
Binnenstraat right 157 wall   3  2
Dwarsstraat  left   22 wall   3  2
Dwarsstraat  left   50 row    4  3
Dwarsstraat  left  115 wall   4  2
Dwarsstraat  right  35 wall   3  2
Dwarsstraat  right  60 loose  2  2
Pleintje     left   20 rack  14 12 9
Pleintje     right  22 rack  12  9 9
Pleintje     left   12 loose  5  5 16
Pleintje     right  30 wall   4  3
"""
_MAKES = ("step_through", "roadster", "crate", "sports", "child", "cargo")
_MAKE_WEIGHTS = (32, 24, 14, 18, 7, 5)
_COLOURS = 11  # of data.town.bicycle.FRAME_COLOURS
GAPS = {"rack": 0.75, "dense": 0.5}  # metres between two places of a rack


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one bicycle can stand: its middle in metres, its turn in the world."""

    street: str
    side: str  # left or right of the street's way
    middle: Metres
    yaw: float  # degrees counter-clockwise from east, where its front wheel points
    lean: float
    rack: str  # number of the rack, empty where it stands in none


@dataclass(frozen=True, kw_only=True)
class Bicycle:
    """One parked bicycle on one day."""

    number: int  # from 1; the same on both days
    make: str
    colour: int
    place: Place

    @property
    def name(self) -> str:
        """Return what the tables call it."""
        return f"b{self.number:03d}"


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A line of the table above, with its places."""

    street: str
    side: str
    along: float
    kind: str
    bicycles: int
    wall: float
    places: tuple[Place, ...]


def bicycles(day: int) -> list[Bicycle]:
    """Return every parked bicycle as it stands on that day."""
    first = _first_day()
    return first if day == 1 else _second_day(first)


def stands() -> list[Stand]:
    """Return where bicycles can stand."""
    chance = random.Random(SEED)
    rows = [line.split() for line in STANDS.strip().splitlines()]
    out, racks = [], 0
    for street, side, along, kind, places, count, *wall in rows:
        racks += kind in GAPS
        rack = f"r{racks:02d}" if kind in GAPS else ""
        line = float(wall[0]) if wall else STREETS[street].front
        spots = _SPOTS[kind](chance, int(places), line)
        out.append(
            Stand(
                street=street, side=side, along=float(along), kind=kind, bicycles=int(count),
                wall=line,
                places=tuple(_placed(STREETS[street], side, float(along), s, rack) for s in spots),
            )
        )  # fmt: skip
    return out


def _first_day() -> list[Bicycle]:
    chance = random.Random(f"{SEED} first day")
    taken = [
        place
        for stand in stands()
        for place in sorted(
            chance.sample(stand.places, stand.bicycles), key=lambda place: place.middle
        )
    ]
    return [
        Bicycle(
            number=number,
            make=chance.choices(_MAKES, weights=_MAKE_WEIGHTS)[0],
            colour=chance.randrange(_COLOURS),
            place=place,
        )
        for number, place in enumerate(taken, start=1)
    ]


def _second_day(first: Sequence[Bicycle]) -> list[Bicycle]:
    """Move a third of one street's bicycles to other places of that street."""
    chance = random.Random(f"{SEED} second day")
    here = [bicycle for bicycle in first if bicycle.place.street == MOVED_STREET]
    movers = chance.sample(here, round(len(here) * MOVED_SHARE))
    stay = {bicycle.place for bicycle in here} - {bicycle.place for bicycle in movers}
    places = [p for stand in stands() if stand.street == MOVED_STREET for p in stand.places]
    free = [place for place in places if place not in stay]
    moved = {}
    for bicycle in movers:
        place = chance.choice([place for place in free if place != bicycle.place])
        free.remove(place)
        moved[bicycle.number] = replace(bicycle, place=place)
    return [moved.get(bicycle.number, bicycle) for bicycle in first]


# A spot: metres along from the stand's middle, metres from the street's middle, yaw and lean as
# seen by one who faces the wall.
Spot = tuple[float, float, float, float]


def _placed(street: Street, side: str, along: float, spot: Spot, rack: str) -> Place:
    x, out, yaw, lean = spot
    turned = side == "right"  # one who faces the right-hand wall looks back along the street
    return Place(
        street=street.name,
        side=side,
        middle=street.point(along - x if turned else along + x, -out if turned else out),
        yaw=(street.way + yaw + 180 * turned) % 360,
        lean=lean,
        rack=rack,
    )


def _on_the_wall(chance: random.Random, count: int, wall: float) -> list[Spot]:
    spots = []
    for number in range(count):
        back = chance.random() < 0.5
        yaw = chance.uniform(-4, 4) + 180 * back
        # The top goes to the wall, which is on the other hand of one that points back.
        spots.append(
            (
                (number - (count - 1) / 2) * 2.1 + chance.uniform(-0.1, 0.1),
                wall - 0.5 - chance.uniform(0, 0.1),
                yaw,
                chance.uniform(5, 9) * (1 if back else -1),
            )
        )
    return spots


def _in_a_row(chance: random.Random, count: int, wall: float) -> list[Spot]:
    slant = chance.choice((58, 66, 114, 122))
    return [
        (
            (number - (count - 1) / 2) * 1.0 + chance.uniform(-0.12, 0.12),
            wall - 1.1 + chance.uniform(-0.15, 0.15),
            slant + chance.uniform(-6, 6) + 180 * (chance.random() < 0.2),
            chance.uniform(-7, -2),
        )
        for number in range(count)
    ]


def _racked(gap: float, slant: float) -> Callable[[random.Random, int, float], list[Spot]]:
    def spots(chance: random.Random, count: int, wall: float) -> list[Spot]:
        return [
            (
                (number - (count - 1) / 2) * gap + chance.uniform(-0.05, 0.05),
                wall - 1.0 + chance.uniform(-0.06, 0.06),
                slant + chance.uniform(-6, 6) + 180 * (chance.random() < 0.15),
                chance.uniform(-4, 4),
            )
            for number in range(count)
        ]

    return spots


def _here_and_there(chance: random.Random, count: int, wall: float) -> list[Spot]:
    """Leave them about, as people do for a minute."""
    spots: list[Spot] = []
    wide = 1.6 + 0.6 * count
    while len(spots) < count:
        x, out = chance.uniform(-wide, wide), wall - chance.uniform(0.8, 2.4)
        if all(abs(x - other[0]) + 0.6 * abs(out - other[1]) > 1.3 for other in spots):
            spots.append((x, out, chance.uniform(0, 360), chance.uniform(-6, -2)))
    return spots


_SPOTS: dict[str, Callable[[random.Random, int, float], list[Spot]]] = {
    "wall": _on_the_wall,
    "row": _in_a_row,
    "rack": _racked(GAPS["rack"], 50),
    "dense": _racked(GAPS["dense"], 78),
    "loose": _here_and_there,
}
