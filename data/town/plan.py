"""Which photo shows what, where and when.

Two survey days: a phone on a clear morning in May, a scan car on a grey afternoon in October that
ends in the light of the setting sun.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property

from data.town import geography
from data.town.geography import Metres

SEED = 20260512
DAYS = {"day1": datetime(2026, 5, 12), "day2": datetime(2026, 10, 8)}
OFFSET = timezone(timedelta(hours=2))  # both days are in summer time

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
# Place -> where bicycles stand, metres from the middle of the street.
LINES = {
    "brick": 5.9, "shops": 5.3, "estate": 5.7, "station": 6.2,
    "canal": 4.7, "park": 5.6, "school": 6.6, "dike": 3.4,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One photo to be taken. Lengths in metres, angles in degrees."""

    name: str
    number: int
    place: str
    street: str
    share: float  # of the way along the street
    view: str
    stand: str
    bicycles: int  # placed; how many can be seen is for the masks to say
    people: int
    weather: str
    scene: str  # two photos of one scene have the same
    exif: str = "whole"
    lens: float = 28.0  # mm, on a frame 36 mm wide
    height: float = 1.6
    shift: float = 0.0  # of the camera to the right

    @property
    def seed(self) -> str:
        """What chance is seeded with."""
        return f"{SEED} {self.scene}"

    @property
    def camera(self) -> Metres:
        """Where the camera stands, along the street and away from it."""
        away, _, along = VIEWS[self.view]
        return along + self.shift, LINES[self.place] - away

    @property
    def turn(self) -> float:
        """How far right of straight across the street the camera looks."""
        return VIEWS[self.view][1]

    @property
    def season(self) -> str:
        """What colour the leaves have."""
        return "spring" if self.name.startswith("day1") else "autumn"

    @cached_property
    def taken_at(self) -> datetime:
        """When the photo was taken, in local time with its offset."""
        day, file = self.name.split("/")
        time = timedelta(hours=int(file[:2]), minutes=int(file[2:4]), seconds=self.number * 7 % 60)
        return (DAYS[day] + time).replace(tzinfo=OFFSET)

    @cached_property
    def spot(self) -> Metres:
        """Where the photo was taken, in metres from the market."""
        side = -3 if self.place == "dike" else 2  # on the dike's side of its path
        return geography.spot(self.street, self.share, side)[0]

    @cached_property
    def heading(self) -> float:
        """Where the camera looked, clockwise from north."""
        return (geography.spot(self.street, self.share)[1] - 90 + self.turn) % 360

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


# time, street, share, place, view, stand, bicycles, people
DAY_1 = """
0902 Stationsplein      0.20 station across rack  14 2
0903 Stationsplein      0.35 station back_off rack 22 3
0905 Stationsplein      0.50 station slant2 rack  16 2
0906 Stationsplein      0.12 station near   rack   7 1
0909 Stationslaan       0.85 brick   across wall   5 1
0914 Stationslaan       0.55 brick   along  wall   6 1
0919 Rietlaan           0.25 estate  across row    3 0
0923 Rietlaan           0.60 estate  along  row    4 1
0931 Stationsstraat     0.70 shops   across row    9 3
0936 Stationsstraat     0.35 shops   slant  row    7 2
0941 Markt              0.15 shops   wide   loose  8 4
0945 Markt              0.60 shops   across wall   4 2
0952 Zilverstraat       0.30 brick   across wall   3 0
0956 Zilverstraat       0.70 canal   across wall   5 1
1003 Singel             0.62 canal   slant  wall   6 0
1008 Singel             0.74 canal   across wall   4 1
1015 Korte_Gracht       0.50 canal   near   wall   3 0
1019 Korte_Gracht       0.20 canal   along  wall   6 0
1026 Molenstraat        0.40 brick   across wall   4 0
1030 Molenstraat        0.75 brick   slant2 wall   5 1
1037 Achterom           0.50 brick   near   wall   2 0
1044 Molenweg           0.40 estate  across row    2 0
1049 Parkpad            0.35 park    across loose  2 1
1053 Parkpad            0.55 park    wide   loose  0 2
1058 Parkpad            0.75 park    slant  row    3 1
1106 Parklaan           0.60 park    across loose  0 1
1112 Eikenlaan          0.40 estate  across row    1 0
1117 Eikenlaan          0.70 estate  along  row    0 0
1124 Noorderweg         0.75 brick   across wall   2 0
1133 Dijkpad            0.30 dike    across loose  0 0
1138 Dijkpad            0.55 dike    along  loose  0 1
"""
DAY_2 = """
1402 Schoolstraat       0.70 school  across rack  13 1
1405 Schoolstraat       0.55 school  slant2 rack  10 2
1409 Esdoornstraat      0.75 school  near   rack   6 0
1414 Esdoornstraat      0.40 estate  across row    3 1
1421 Meeuwenlaan        0.30 estate  slant2 row    2 0
1426 Meeuwenlaan        0.70 brick   across wall   3 0
1431 Sternstraat        0.50 estate  wide   row    0 0
1440 Sternstraat        0.25 brick   across wall   1 0
1447 Havenstraat        0.55 shops   across row    6 2
1452 Havenstraat        0.30 shops   slant  loose  5 2
1459 Lange_Nering       0.40 brick   back   wall   5 0
1503 Lange_Nering       0.75 brick   across wall   3 1
1510 Kerkstraat         0.60 shops   across row    8 2
1522 Ketelhuisstraat    0.30 brick   across row    4 0
1527 Ketelhuisstraat    0.70 brick   wide   wall   5 1
1538 Weversweg          0.30 brick   across wall   2 0
1543 Weversweg          0.65 estate  along  row    3 0
1549 Lindelaan          0.50 brick   slant  wall   4 1
1744 Lindelaan          0.20 estate  across row    0 0
1752 Stationsplein      0.28 station slant2 rack  18 2
1755 Stationsplein      0.60 station across rack  11 1
1803 Stationsstraat     0.50 shops   across row    6 2
1811 Singel             0.20 canal   across wall   5 1
1816 Singel             0.08 canal   slant2 wall   4 0
1824 Dijkpad            0.80 dike    slant  loose  0 0
"""
# The awkward ones that a real survey has: file, the same as above, and what is awkward.
AWKWARD = """
day1/0942_frame_2_of_one_stop         Markt           0.15 shops   wide   loose  8 4 whole
day1/1012_no_gps_but_in_manifest      Singel          0.68 canal   across wall   3 0 nowhere
day1/1145_position_0_0                Noorderweg      0.40 brick   across wall   3 0 zero
day2/1417_no_gps_but_in_manifest      Esdoornstraat   0.55 brick   near   wall   2 0 nowhere
day2/1507_no_gps_but_in_manifest      Kerkstraat      0.35 brick   across wall   4 1 nowhere
day2/1532_held_sideways               Stationslaan    0.30 brick   across wall   4 1 sideways
day2/1555_no_position                 Weversweg       0.80 brick   across wall   2 0 nowhere
day2/1604_outside_the_town            Hoeve_De_Punt   0.50 park    across row    2 0 whole
"""
SAME_SCENE = {"day1/0942_frame_2_of_one_stop": "day1/0941_markt"}
COPY = ("day1/0906_stationsplein.jpg", "day1/0906_stationsplein_copy.jpg")
CUT_SHORT = (
    "day2/1522_ketelhuisstraat.jpg",
    "day2/1610_cut_short.jpg",
    20_000,
)  # bytes that are left
IN_MANIFEST = "no_gps_but_in_manifest"


def shots() -> list[Shot]:
    """Return every photo that is rendered, in the order of their names."""
    rows = []
    for day, table in (("day1", DAY_1), ("day2", DAY_2)):
        for line in table.strip().splitlines():
            time, street, *rest = line.split()
            rows.append((f"{day}/{time}_{street.lower()}", street, *rest, "whole"))
    rows += [tuple(line.split()) for line in AWKWARD.strip().splitlines()]
    return [_shot(number, *row) for number, row in enumerate(sorted(rows), start=1)]


def _shot(number: int, *row: str) -> Shot:
    name, street, share, place, view, stand, bicycles, people, exif = row
    time = int(name.split("/")[1][:4])
    weather = "sun" if name.startswith("day1") else "dusk" if time >= 1740 else "overcast"
    if name.startswith("day1") and time < 920:
        weather = "overcast"  # the haze of the morning
    again = name in SAME_SCENE
    return Shot(
        name=f"{name}.jpg",
        number=number,
        place=place,
        street=street.replace("_", " "),
        share=float(share),
        view=view,
        stand=stand,
        bicycles=int(bicycles),
        people=int(people),
        weather=weather,
        scene=SAME_SCENE.get(name, name),
        exif=exif,
        lens=27 if name.startswith("day1") else 30,
        height=1.6 if name.startswith("day1") else 2.1,
        shift=0.9 if again else 0.0,
    )
