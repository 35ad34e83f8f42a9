"""Which photo shows what, where and when: two surveys of two days each.

In both a phone user walks through the inner town on a clear morning, and a scan car drives on the
next day, under a grey sky until the light of the setting sun. They look along most streets, where
they see both sides. But for the racks, the routes know nothing of where bicycles stand: every
second photo shows none.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, cached_property
from hashlib import sha256

from data.town import geography
from data.town.geography import Metres
from data.town.places import LINES, SEED, Place, beyond, nearest, places, standing

DAYS = {
    "spring": {"day1": datetime(2026, 5, 12), "day2": datetime(2026, 5, 13)},
    "autumn": {"day1": datetime(2026, 10, 7), "day2": datetime(2026, 10, 8)},
}
OFFSET = timezone(timedelta(hours=2))  # all days are in summer time
DUSK = {"spring": 2000, "autumn": 1740}  # from when on the sun is low

SIZE = (480, 360)
"""Of every photo, in pixels."""
POSITION_ERROR = 3.0
"""Standard deviation of the recorded position in metres, to the east and to the north."""
HEADING_ERROR = 5.0
"""Standard deviation of the recorded heading in degrees."""

# View -> metres from the bicycles, how far the camera turns right, its place along the street.
VIEWS = {
    "near": (4.6, 0, 0.0),
    "across": (7.0, 0, 0.0),
    "back_off": (8.6, 0, 0.0),
    "wide": (10.2, 0, 0.0),
    "slant": (6.0, 28, -2.8),
    "slant2": (6.5, -28, 2.8),
    "along": (4.2, 56, -7.0),
    "back": (4.2, -56, 7.0),
}
LENSES = {"day1": 27.0, "day2": 30.0}  # mm, on a frame 36 mm wide: of the phone, of the car
HEIGHTS = {"day1": 1.6, "day2": 2.1}  # metres that they are held above the street
# Look -> the most passers-by.
CROWDS = {"shops": 4, "station": 3, "canal": 1, "park": 2, "dike": 1}


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One photo to be taken. Lengths in metres, angles in degrees."""

    survey: str
    name: str
    at: Place
    view: str
    bicycles: int  # placed; how many can be seen is for the masks to say
    riders: int
    people: int
    weather: str
    exif: str = "whole"
    shift: float = 0.0  # of the camera to the right

    @property
    def look(self) -> str:
        """What the place looks like."""
        return self.at.look

    @property
    def stand(self) -> str:
        """How bicycles stand there."""
        return self.at.stand

    @property
    def place_seed(self) -> str:
        """What chance is seeded with for all that stays: houses and trees."""
        return f"{SEED} {self.at.place_id}"

    @property
    def visit_seed(self) -> str:
        """The same for what stands there in this survey: bicycles and cars."""
        return f"{SEED} {self.survey} {self.at.place_id}"

    @property
    def moment_seed(self) -> str:
        """The same for who passes by while this photo is taken, and for the devices' errors."""
        return f"{SEED} {self.survey} {self.name}"

    @cached_property
    def number(self) -> int:
        """A number of its own for the renderer's noise and the clock's seconds."""
        return random.Random(self.moment_seed).randrange(10_000)

    @property
    def digest(self) -> str:
        """Stands for all that was asked of this photo: it is rendered again where this changes."""
        return sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def lens(self) -> float:
        """The focal length in mm, on a frame 36 mm wide."""
        return LENSES[self.name[:4]]

    @property
    def height(self) -> float:
        """How high the camera is above the street."""
        return HEIGHTS[self.name[:4]]

    @property
    def camera(self) -> Metres:
        """Where the camera stands on the stage, along the street and away from it."""
        away, _, along = VIEWS[self.view]
        return along + self.shift, LINES[self.look] - away

    @property
    def turn(self) -> float:
        """How far right of straight across the street the camera looks."""
        return VIEWS[self.view][1]

    @property
    def season(self) -> str:
        """What colour the leaves have."""
        return self.survey

    @cached_property
    def taken_at(self) -> datetime:
        """When the photo was taken, in local time with its offset."""
        day, file = self.name.split("/")
        time = timedelta(hours=int(file[:2]), minutes=int(file[2:4]), seconds=self.number * 7 % 60)
        return (DAYS[self.survey][day] + time).replace(tzinfo=OFFSET)

    @cached_property
    def spot(self) -> Metres:
        """Where the photo was taken, in metres from the market: where the stage's camera stood."""
        along, away = self.camera
        return geography.beside(self.at.middle, self.at.heading, away, along)

    @cached_property
    def heading(self) -> float:
        """Where the camera looked, clockwise from north."""
        return (self.at.heading + self.turn) % 360

    @cached_property
    def recorded(self) -> tuple[Metres, float]:
        """What the device recorded: the true spot and heading, and an error of its own."""
        chance = random.Random(f"{self.moment_seed} recorded")
        east, north = (chance.gauss(0, POSITION_ERROR) for _ in range(2))
        turned = chance.gauss(0, HEADING_ERROR)
        return (self.spot[0] + east, self.spot[1] + north), (self.heading + turned) % 360

    @cached_property
    def sun(self) -> tuple[float, float]:
        """Return the sun's elevation and azimuth."""
        return sun_at(self.taken_at, *geography.lon_lat(self.spot))


def sun_at(time: datetime, lon: float, lat: float) -> tuple[float, float]:
    """Return elevation, and azimuth clockwise from north, to about a degree.

    Declination and equation of time as in Duffie & Beckman, Solar Engineering, chapter 1.
    """
    utc = time.astimezone(UTC)
    day = utc.timetuple().tm_yday
    turn = math.radians(360 / 365 * (day - 81))
    minutes = 9.87 * math.sin(2 * turn) - 7.53 * math.cos(turn) - 1.5 * math.sin(turn)
    hours = utc.hour + utc.minute / 60 + lon / 15 + minutes / 60
    angle, tilt, north = (
        math.radians(15 * (hours - 12)),
        math.radians(23.45) * math.sin(turn),
        math.radians(lat),
    )
    up = math.sin(north) * math.sin(tilt) + math.cos(north) * math.cos(tilt) * math.cos(angle)
    south = math.cos(angle) * math.sin(north) - math.tan(tilt) * math.cos(north)
    return math.degrees(math.asin(up)), (
        math.degrees(math.atan2(math.sin(angle), south)) + 180
    ) % 360


# First minute, street, from which to which share of the way along it, photos: one a minute.
WALK = """
0911 Stationsplein 0.16 0.16 1
0912 Stationsplein 0.33 0.33 1
0913 Stationsplein 0.42 0.42 1
0914 Stationsplein 0.61 0.73 2
0916 Stationsplein 0.92 0.92 1
0918 Stationslaan 0.92 0.08 6
0927 Stationsstraat 0.92 0.08 5
0949 Markt 0.30 0.95 3
0953 Zilverstraat 0.15 0.85 4
0957 Zilverstraat 0.54 0.54 1
1001 Singel 0.56 0.69 5
1013 Singel 0.72 0.93 6
1021 Korte_Gracht 0.80 0.25 3
1024 Korte_Gracht 0.64 0.64 1
1027 Molenstraat 0.10 0.90 5
1034 Singel 0.97 0.97 1
1038 Achterom 0.25 0.80 2
1044 Kerkstraat 0.06 0.90 4
1056 Singel 0.02 0.14 5
1104 Lange_Nering 0.30 0.75 2
1110 Singel 0.18 0.28 5
1118 Singel 0.31 0.39 2
1124 Havenstraat 0.85 0.06 5
"""
DRIVE = """
1402 Schoolstraat 0.90 0.20 6
1412 Esdoornstraat 0.92 0.10 7
1421 Meeuwenlaan 0.15 0.85 4
1428 Sternstraat 0.25 0.80 3
1434 Noorderweg 0.10 0.90 7
1445 Eikenlaan 0.06 0.94 7
1455 Parklaan 0.92 0.08 7
1522 Ketelhuisstraat 0.08 0.50 6
1535 Rietlaan 0.12 0.85 4
1543 Weidelaan 0.90 0.10 6
1612 Weversweg 0.10 0.85 6
1618 Weversweg 0.49 0.49 1
1621 Lindelaan 0.85 0.15 3
1624 Lindelaan 0.31 0.31 1
1629 Molenweg 0.10 0.90 6
1640 Parkpad 0.90 0.10 5
2041 Dijkpad 0.32 0.60 2
2043 Dijkpad 0.79 0.79 1
2050 Singel 0.09 0.09 1
"""
# Places in autumn that were not visited in spring; three in ten of spring's are left out.
WALK_AGAIN = """
1140 Zilverstraat 0.45 0.60 2
1146 Molenstraat 0.70 0.70 1
1148 Korte_Gracht 0.45 0.45 1
"""
DRIVE_AGAIN = """
1650 Weversweg 0.36 0.62 2
1655 Rietlaan 0.50 0.50 1
1658 Esdoornstraat 0.30 0.55 2
1705 Parkpad 0.40 0.62 2
"""
KEPT = 0.72
ALONG = ("along", "back")
LOOKING_ALONG = 0.8  # of the places without a full rack
RIDERS_SEEN = ("across", "back_off", "wide", "along", "back")  # whole, and not too near
RIDDEN = 0.1  # of these views
MANY = 12  # bicycles that nobody takes from near by
# A phone user who takes a rack from all sides: first minute, street, share of the way, views.
ROUND_A_RACK = """
0902 Stationsplein 0.50 back_off across slant near slant2 wide
0943 Markt 0.13 across back_off slant slant2 near
1050 Kerkstraat 0.63 across slant back_off slant2
"""
# The awkward ones that a real survey has, and one that a notebook shows: file, street, share of the
# way, view, and what is awkward.
AWKWARD = """
day1/0941_markt                   Markt         0.88 across whole
day1/0942_frame_2_of_one_stop     Markt         0.88 across whole
day1/1012_no_gps_but_in_manifest  Singel        0.70 across nowhere
day1/1145_position_0_0            Noorderweg    0.40 across zero
day2/1417_no_gps_but_in_manifest  Esdoornstraat 0.62 across nowhere
day2/1507_no_gps_but_in_manifest  Kerkstraat    0.35 across nowhere
day2/1532_held_sideways           Stationslaan  0.30 across sideways
day2/1555_no_position             Weversweg     0.94 across nowhere
day2/1803_stationsstraat          Stationsstraat 0.03 across whole
day2/1604_outside_the_town        Hoeve_De_Punt 0.50 across whole
"""
# Where the detector missed what a person sees plainly, another view of the same was taken.
TAKEN_ANEW = {
    ("spring", "day1/0954_zilverstraat"): "back_off",
    ("spring", "day1/1001_singel"): "along",
    ("spring", "day1/1028_molenstraat"): "back",
    ("autumn", "day1/1125_havenstraat"): "slant",
}
STEP_ASIDE = {"day1/0942_frame_2_of_one_stop": 0.9}  # metres
COPY = ("day1/0906_stationsplein.jpg", "day1/0906_stationsplein_copy.jpg")
CUT_SHORT = (
    "day2/1522_ketelhuisstraat.jpg",
    "day2/1610_cut_short.jpg",
    9_000,
)  # bytes that are left
IN_MANIFEST = "no_gps_but_in_manifest"


@cache
def shots(survey: str) -> list[Shot]:
    """Return every photo of a survey that is rendered, in the order of their names."""
    rows = sorted(_rows(survey))
    counts = standing(survey, seen_twice())
    return [_shot(survey, row, counts.get(row[1].place_id, row[1].bicycles)) for row in rows]


@cache
def seen_twice() -> frozenset[str]:
    """Return the places that both surveys photograph."""
    spring, autumn = ({place.place_id for _, place, _, _ in _rows(season)} for season in DAYS)
    return frozenset(spring & autumn)


Row = tuple[str, Place, str | None, str]
"""The file, the place, the view (None: any) and what is awkward about it."""


def _rows(survey: str) -> Iterator[Row]:
    if survey == "spring":
        yield from _first_routes()
        yield from _round_racks(20)
        yield from _awkward()
    else:
        for name, place, _, _ in _first_routes():
            again = random.Random(f"{SEED} again {place.place_id}").random() < KEPT
            if again or place.rack is not None:
                yield _in_autumn(name), place, None, "whole"
        yield from _round_racks(1)
        yield from _routes("day1", WALK_AGAIN)
        yield from _routes("day2", DRIVE_AGAIN)


def _first_routes() -> Iterator[Row]:
    yield from _routes("day1", WALK)
    yield from _routes("day2", DRIVE)


def _routes(day: str, table: str) -> Iterator[Row]:
    for line in table.strip().splitlines():
        start, street, first, last, count = line.split()
        for at in range(int(count)):
            share = float(first) + at * (float(last) - float(first)) / max(1, int(count) - 1)
            place = nearest(street.replace("_", " "), share, places())
            yield f"{day}/{_clock(start, at)}_{street.lower()}", place, None, "whole"


def _round_racks(most: int) -> Iterator[Row]:
    for line in ROUND_A_RACK.strip().splitlines():
        start, street, share, *views = line.split()
        place = nearest(street, float(share), places())
        for at, view in enumerate(views[:most]):
            yield f"day1/{_clock(start, at)}_{street.lower()}", place, view, "whole"


def _awkward() -> Iterator[Row]:
    for line in AWKWARD.strip().splitlines():
        name, street, share, view, exif = line.split()
        street = street.replace("_", " ")
        place = beyond(street) or nearest(street, float(share), places())
        yield name, place, view, exif


def _clock(start: str, minutes: int) -> str:
    later = 60 * int(start[:2]) + int(start[2:]) + minutes
    return f"{later // 60:02d}{later % 60:02d}"


def _in_autumn(name: str) -> str:
    """Return the name of the same photo where the sun is low three hours earlier."""
    day, file = name.split("/")
    return f"{day}/{int(file[:2]) - 3}{file[2:]}" if file[:4] >= "2000" else name


def _shot(survey: str, row: Row, count: int) -> Shot:
    name, place, view, exif = row
    chance = random.Random(f"{SEED} {survey} {name}")
    view = TAKEN_ANEW.get((survey, name)) or view or _any_view(place, chance, count)
    most = CROWDS.get(place.look, 1)
    passes = view in RIDERS_SEEN and exif == "whole" and place.rack is None
    return Shot(
        survey=survey,
        name=f"{name}.jpg",
        at=place,
        view=view,
        bicycles=count,
        riders=int(passes and chance.random() < RIDDEN),
        people=int(chance.random() * (most + 0.99) * 0.9),
        weather=_weather(survey, name),
        exif=exif,
        shift=STEP_ASIDE.get(name, 0.0),
    )


def _any_view(place: Place, chance: random.Random, count: int) -> str:
    """Look along most streets, where both sides are seen, and the same way in both surveys."""
    if count >= MANY:
        return chance.choice(("across", "back_off", "back_off", "wide", "slant", "slant2"))
    view = chance.choices(list(VIEWS), weights=(1, 4, 3, 3, 2, 2, 2, 2))[0]
    along = random.Random(f"{SEED} {place.place_id} along")
    return along.choice(ALONG) if along.random() < LOOKING_ALONG else view


def _weather(survey: str, name: str) -> str:
    day, file = name.split("/")
    if day == "day2":
        return "dusk" if int(file[:4]) >= DUSK[survey] else "overcast"
    return "overcast" if file[:4] < "0920" else "sun"  # the haze of the morning
