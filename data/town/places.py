"""The places of the town: its streets in pieces of 25 m, and where bicycles stand in each.

Every piece is one place, photographed or not. Its bicycles stand about its middle, all on one side
of the street, so that the truth holds for streets that nobody looked at too.
"""

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

from shapely import LineString, Point
from shapely.ops import substring

from data.town import geography
from data.town.geography import Metres

SEED = 20260512
PIECE = 25.0
"""Length of a piece in metres, nearly: a street between junctions is cut into equal ones."""
BORDER = 12.0
"""A piece with half its length or more this near to a second neighbourhood belongs half to each."""
SEASONS = ("spring", "autumn")

# Street -> what it looks like, where that is not a brick street.
LOOKS = {
    "shops": ("Stationsstraat", "Markt", "Kerkstraat", "Havenstraat"),
    "station": ("Stationsplein",),
    "canal": ("Singel", "Korte Gracht", "Kade"),
    "park": ("Parkpad", "Parklaan", "Markerdijk"),
    "dike": ("Dijkpad",),
    "estate": (
        "Rietlaan", "Molenweg", "Eikenlaan", "Esdoornstraat", "Meeuwenlaan", "Sternstraat",
        "Weversweg", "Weidelaan", "Schoolstraat", "Scheepmakersstraat",
    ),
}  # fmt: skip
# Look -> how often bicycles stand in a piece of 25 m, how many then on average, and how.
HABITS = {
    "shops": (0.60, 4.5, ("row", "row", "wall", "loose")),
    "station": (0.45, 5.0, ("row", "loose")),
    "brick": (0.40, 2.8, ("wall", "wall", "row")),
    "canal": (0.36, 3.0, ("wall",)),
    "estate": (0.30, 2.0, ("row",)),
    "school": (1.0, 8.0, ("rack",)),
    "park": (0.16, 2.0, ("loose", "row")),
    "dike": (0.03, 1.0, ("loose",)),
}
MOST = 11  # where no rack is
# Look -> where bicycles stand, metres from the middle of the street.
LINES = {
    "brick": 5.9, "shops": 5.3, "estate": 5.7, "station": 6.2,
    "canal": 4.7, "park": 5.6, "school": 6.6, "dike": 3.4,
}  # fmt: skip
# Racks: street, share of the way along it, look, capacity (None: nobody knows), bicycles in
# spring, year in which it was put up or last counted.
RACKS = (
    ("Stationsplein", 0.16, "station", 64, 34, 2019),
    ("Stationsplein", 0.33, "station", 64, 25, 2019),
    ("Stationsplein", 0.50, "station", 64, 40, 2022),
    ("Stationsplein", 0.61, "station", None, 18, 2014),
    ("Stationsplein", 0.73, "station", 48, 11, 2022),
    ("Schoolstraat", 0.62, "school", 30, 22, 2017),
    ("Esdoornstraat", 0.42, "school", 30, 15, 2021),
    ("Esdoornstraat", 0.76, "school", None, 6, 2009),
    ("Markt", 0.13, "shops", 28, 21, 2024),
    ("Markt", 0.69, "shops", 20, 9, 2024),
    ("Kerkstraat", 0.63, "shops", 20, 17, 2018),
    ("Havenstraat", 0.55, "shops", 24, 7, 2018),
    ("Stationsstraat", 0.66, "shops", None, 12, 2011),
    ("Weversweg", 0.45, "school", 24, 16, 2020),
    ("Ketelhuisstraat", 0.36, "estate", 16, 8, 2023),
    ("Sternstraat", 0.55, "estate", 12, 0, 2016),
    ("Parkpad", 0.52, "estate", 12, 3, 2016),
)
# Autumn: what happened to the number of bicycles; elsewhere it is the same.
CHANGED = {"Binnenstad Noord": 4 / 3, "Molenbuurt": 4 / 3, "Schoolbuurt": 1 / 2}


@dataclass(frozen=True, kw_only=True)
class Place:
    """One piece of street. Lengths in metres, angles in degrees."""

    place_id: str
    street: str
    section: int  # between which junctions of the street, from 1
    line: LineString
    look: str
    stand: str
    right: bool = True  # bicycles stand to the right, looking along the street
    bicycles: int  # in spring
    rack: int | None = None  # the number of its rack in RACKS

    @cached_property
    def middle(self) -> Metres:
        """The middle of the piece, on the street's centre line."""
        point = self.line.interpolate(0.5, normalized=True)
        return point.x, point.y

    @cached_property
    def bearing(self) -> float:
        """Where the street runs, clockwise from north."""
        (x0, y0), (x1, y1) = self.line.coords[0], self.line.coords[-1]
        return math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360

    @cached_property
    def heading(self) -> float:
        """Where one looks who faces the bicycles, clockwise from north."""
        return (self.bearing + (90 if self.right else -90)) % 360

    @cached_property
    def stands_at(self) -> Metres:
        """Where the middle of the bicycles is."""
        return geography.beside(self.middle, self.heading, LINES[self.look], 0)

    @cached_property
    def area(self) -> str | None:
        """The neighbourhood that the bicycles stand in."""
        return geography.area_of(self.stands_at)

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """How much of the street's piece belongs to which neighbourhood."""
        near = {
            name: self.line.intersection(outline.buffer(BORDER)).length
            for name, outline in geography.outlines().items()
            if outline.distance(self.line) < BORDER
        }
        half = [name for name, length in near.items() if length >= self.line.length / 2]
        return {name: 1 / len(half) for name in half}


@cache
def places() -> dict[str, Place]:
    """Return every place of the town by its id, street by street."""
    found = {place.place_id: place for street in geography.sections() for place in _along(street)}
    for number, (street, share, look, _, bicycles, _) in enumerate(RACKS):
        bare = nearest(street, share, found)
        chance = random.Random(f"{SEED} rack {bare.place_id}")
        place = replace(bare, look=look, stand="rack", bicycles=bicycles, rack=number)
        found[bare.place_id] = _on_a_side(place, chance)
    return found


def nearest(street: str, share: float, among: Mapping[str, Place]) -> Place:
    """Return the place of a street that lies nearest to a share of the way along it."""
    there = geography.streets()[street].interpolate(share, normalized=True)
    of_street = [place for place in among.values() if place.street == street]
    return min(of_street, key=lambda place: Point(place.middle).distance(there))


def beyond(street: str) -> Place | None:
    """Return a place on a road beyond the edge of town, if the street is one."""
    if street not in geography.OUTSIDE:
        return None
    start = geography.OUTSIDE[street]
    place = Place(
        place_id=f"{street.lower().replace(' ', '-')}-01",
        street=street,
        section=1,
        line=LineString([start, geography.beside(start, 60, PIECE, 0)]),
        look="park",
        stand="row",
        bicycles=2,
    )
    return _on_a_side(place, random.Random(f"{SEED} {street}"))


def standing(season: str, seen: frozenset[str]) -> dict[str, int]:
    """Return how many bicycles stand in each place.

    `seen` are the places that both surveys photograph: there the change of a neighbourhood is as
    large as in the whole of it.
    """
    counts = {place_id: place.bicycles for place_id, place in places().items()}
    if season == "autumn":
        for area, factor in CHANGED.items():
            here = {place_id for place_id, place in places().items() if place.area == area}
            for group in (here & seen, here - seen):
                counts |= _changed({place_id: counts[place_id] for place_id in group}, factor, area)
    return counts


def _changed(counts: Mapping[str, int], factor: float, area: str) -> dict[str, int]:
    """Add or take away bicycles one at a time, until there are `factor` times as many."""
    chance = random.Random(f"{SEED} change {area} {len(counts)}")
    names, changed = sorted(counts), Counter(counts)
    total, target = changed.total(), round(changed.total() * factor)
    step = 1 if target > total else -1
    for _ in range(abs(target - total)):
        # Where many stand, more come and more go; now and then one comes to an empty place.
        weights = [changed[name] + 0.1 * (step > 0 and changed[name] < MOST) for name in names]
        changed[chance.choices(names, weights)[0]] += step
    return dict(changed)


def _along(street: str) -> Iterator[Place]:
    look = next((look for look, names in LOOKS.items() if street in names), "brick")
    number = 0
    for section, line in enumerate(geography.sections()[street], start=1):
        pieces = max(1, round(line.length / PIECE))
        for piece in range(pieces):
            number += 1
            part = substring(line, piece / pieces, (piece + 1) / pieces, normalized=True)
            place_id = f"{street.lower().replace(' ', '-')}-{number:02d}"
            chance = random.Random(f"{SEED} {place_id}")
            place = Place(
                place_id=place_id,
                street=street,
                section=section,
                line=part,
                look=look,
                bicycles=_count(look, part.length, chance),
                stand=chance.choice(HABITS[look][2]),
            )
            yield _on_a_side(place, chance)


def _on_a_side(place: Place, chance: random.Random) -> Place:
    """Let the bicycles stand on a side by chance; on the town's edge within the town."""
    sides = [replace(place, right=right) for right in chance.sample((True, False), 2)]
    return next((side for side in sides if side.area), sides[0])


def _count(look: str, length: float, chance: random.Random) -> int:
    """Return none, or from one on ever fewer times as many (geometric)."""
    often, mean, _ = HABITS[look]
    if chance.random() >= often * min(1.0, length / PIECE):
        return 0
    more = math.log(1 - chance.random()) / math.log(1 - 1 / mean) if mean > 1 else 0
    return min(MOST, 1 + int(more))
