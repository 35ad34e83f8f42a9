"""Where the cameras of the drive stood: a scan car that looks left and right, and a phone."""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from data.town.drive.streets import STREETS, Metres, Street
from data.town.drive.world import SEED, bicycles

OFFSET = timezone(timedelta(hours=2))
STARTS = {
    1: datetime(2026, 5, 19, 10, 0, tzinfo=OFFSET),
    2: datetime(2026, 5, 21, 16, 30, tzinfo=OFFSET),
}
WIDE, LOW = 480, 360
SPACING = 5.0  # metres between two frames of the car
LANE = 1.1  # metres right of the middle that the car drives
CLEAR = 1.4  # metres that the walker keeps from bicycles


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One photo: its true pose in metres and degrees."""

    name: str
    day: int
    drive: str  # the pass that it belongs to
    camera: str  # left | right | phone
    number: int  # of the stop within the pass
    taken_at: datetime
    at: Metres
    heading: float  # clockwise from north
    pitch_down: float
    high: float  # metres above the ground
    lens: float  # mm on a frame 36 mm wide
    width: int = WIDE
    height: int = LOW


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One drive down one street."""

    street: str
    day: int
    minute: int  # after the start of the day

    @property
    def name(self) -> str:
        """Return what the frames' names begin with."""
        return f"{self.street.lower()}{self.day}"


PASSES = (
    Pass(street="Grenslaan", day=1, minute=0),
    Pass(street="Scheidweg", day=1, minute=3),
    Pass(street="Binnenstraat", day=1, minute=6),
    Pass(street="Grenslaan", day=2, minute=0),
)
WALK = "walk1"
# Street, metres along it and left of its middle: the walker's way, mostly on the pavement.
WAY = (
    ("Binnenstraat", 8, -4.5),
    ("Binnenstraat", 168, -4.5),
    ("Pleintje", 8, -15.0),
    ("Pleintje", 38, -10.0),
    ("Pleintje", 36, 3.0),
    ("Pleintje", 4, 1.0),
    ("Binnenstraat", 150, 4.5),
    ("Binnenstraat", 92, 4.5),
    ("Dwarsstraat", 70, 0.4),
    ("Dwarsstraat", 10, -0.4),
    ("Grenslaan", 84, 5.4),
    ("Grenslaan", 10, 5.4),
    ("Grenslaan", 6, -5.4),
    ("Grenslaan", 160, -5.4),
)
WALKED = 60  # photos
FARTHER = {44: 1.0}  # metres that a photo is taken farther on: a tree stood in the way


def frames() -> list[Frame]:
    """Return every frame, pass by pass."""
    out = [frame for each in PASSES for frame in _driven(each)]
    return out + _walked()


def _driven(drive: Pass) -> list[Frame]:
    street = STREETS[drive.street]
    chance = random.Random(f"{SEED} {drive.name}")
    out = []
    for number in range(int(street.length / SPACING)):
        along = (number + 0.5) * SPACING + chance.gauss(0, 0.3)
        at = street.point(along, -LANE + chance.gauss(0, 0.15))
        sway = chance.gauss(0, 1.0)
        time = STARTS[drive.day] + timedelta(minutes=drive.minute, seconds=round(1.4 * number))
        for camera, turn in (("left", -90), ("right", 90)):
            out.append(
                Frame(
                    name=f"{drive.name}/{number:03d}{camera[0]}",
                    day=drive.day, drive=drive.name, camera=camera, number=number, taken_at=time,
                    at=at, heading=(90 - street.way + turn + sway) % 360,
                    pitch_down=3 + chance.gauss(0, 0.5), high=2.1, lens=30.0,
                )
            )  # fmt: skip
    return out


def _walked() -> list[Frame]:
    """Walk the way, and take a photo every few metres: of bicycles, across, or along the street."""
    chance = random.Random(f"{SEED} {WALK}")
    line = [(STREETS[street].point(along, left), street) for street, along, left in WAY]
    step = sum(math.dist(a[0], b[0]) for a, b in pairwise(line)) / WALKED
    out: list[Frame] = []
    for number in range(WALKED):
        along = (number + chance.uniform(0.3, 0.7)) * step + FARTHER.get(number, 0.0)
        at, street, way = _on_the_way(line, along)
        kind = chance.choices(("bicycles", "across", "along"), weights=(50, 20, 30))[0]
        look = _bicycles(chance, street, at) if kind == "bicycles" else way
        look = _across(street, at) if kind == "across" else look
        turned = number % 6 == 4
        out.append(
            Frame(
                name=f"{WALK}/{number:03d}p", day=1, drive=WALK, camera="phone", number=number,
                taken_at=STARTS[1] + timedelta(minutes=20, seconds=11 * number),
                at=at, heading=(90 - look + chance.uniform(-22, 22)) % 360,
                pitch_down=chance.gauss(2, 3), high=chance.gauss(1.6, 0.06), lens=27.0,
                width=LOW if turned else WIDE, height=WIDE if turned else LOW,
            )
        )  # fmt: skip
    return out


def _on_the_way(line: list[tuple[Metres, str]], along: float) -> tuple[Metres, Street, float]:
    """Return a point of the way where no bicycle is too near, its street, and where it leads."""
    standing = [bicycle.place.middle for bicycle in bicycles(1)]
    while True:
        at, street, way = _interpolated(line, along)
        if all(math.dist(at, middle) > CLEAR for middle in standing):
            return at, STREETS[street], way
        along += 0.3


def _interpolated(line: list[tuple[Metres, str]], along: float) -> tuple[Metres, str, float]:
    left = along
    for ((x0, y0), _), ((x1, y1), street) in pairwise(line):
        length = math.dist((x0, y0), (x1, y1))
        if left <= length:
            share = left / length
            at = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
            return at, street, math.degrees(math.atan2(y1 - y0, x1 - x0))
        left -= length
    return _interpolated(line, along - 1.0)  # the last photo waits at the end


def _across(street: Street, at: Metres) -> float:
    """Return the direction, counter-clockwise from east, to the far side of the street."""
    middle = street.point(0, 0)
    way = math.radians(street.way)
    left = -(at[0] - middle[0]) * math.sin(way) + (at[1] - middle[1]) * math.cos(way)
    return street.way + (-90 if left > 0 else 90)


def _bicycles(chance: random.Random, street: Street, at: Metres) -> float:
    """Return the direction, counter-clockwise from east, to bicycles some way off; else across."""
    standing = [bicycle.place.middle for bicycle in bicycles(1)]
    there = [middle for middle in standing if 5 < math.dist(at, middle) < 16]
    if not there:
        return _across(street, at)
    x, y = chance.choice(there)
    return math.degrees(math.atan2(y - at[1], x - at[0]))


# A rider overtakes or meets the car: pass, the stop where they are abreast, metres left of the
# street's middle, metres that the rider gains on the car between two stops, and their own way.
RIDERS = (
    ("grenslaan1", 8, 1.9, -9.0, 180),
    ("grenslaan1", 21, -2.0, 1.2, 0),
    ("scheidweg1", 9, 2.4, -8.5, 180),
    ("scheidweg1", 24, -2.4, 1.5, 0),
    ("binnenstraat1", 12, 1.6, -8.0, 180),
    ("grenslaan2", 13, 1.9, -9.0, 180),
    ("grenslaan2", 27, -2.1, 1.0, 0),
    *(("walk1", number, 0.0, 0.0, 0) for number in (3, 16, 22, 33, 41, 56)),
)
NEAR_STOPS = 3  # a rider is there so many stops before and after


@dataclass(frozen=True, kw_only=True)
class Ridden:
    """A bicycle with its rider, as it passes in one frame."""

    number: int  # from 1
    middle: Metres
    yaw: float

    @property
    def name(self) -> str:
        """Return what the tables call it."""
        return f"m{self.number:02d}"


def ridden(frame: Frame) -> list[Ridden]:
    """Return who rides by when the frame is taken."""
    out = []
    for number, (drive, stop, left, gain, turn) in enumerate(RIDERS, start=1):
        behind = frame.number - stop
        if frame.drive != drive or abs(behind) > (0 if drive == WALK else NEAR_STOPS):
            continue
        if drive == WALK:  # rides past, seven metres before the photographer
            look = math.radians(90 - frame.heading)
            middle = (frame.at[0] + 7 * math.cos(look), frame.at[1] + 7 * math.sin(look))
            yaw = 90 - frame.heading + (75 if number % 2 else -105)
        else:
            street = STREETS[next(each.street for each in PASSES if each.name == drive)]
            along = (frame.number + 0.5) * SPACING + 0.8 + gain * behind
            middle, yaw = street.point(along, left), street.way + turn
        out.append(Ridden(number=number, middle=middle, yaw=yaw % 360))
    return out
