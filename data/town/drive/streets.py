"""The drive's streets, drawn in metres east and north of the corner where the car starts.

Two streets are the borders of neighbourhoods; one lies within, and crosses another on its way to
a square. The kerb and the house fronts run parallel to a centre line.
"""

import math
from dataclasses import dataclass

Metres = tuple[float, float]

NORTH, SOUTH, EAST = "Noorderkwartier", "Zuiderkwartier", "Oosterkwartier"


@dataclass(frozen=True, kw_only=True)
class Street:
    """A straight street. `along` is metres from its start, `left` metres left of its middle."""

    name: str
    start: Metres
    way: float  # degrees counter-clockwise from east
    length: float
    kerb: float  # from the middle
    front: float  # of the houses, from the middle
    areas: tuple[str, str]  # on its left, on its right
    sides: tuple[str, str]  # the same, by the compass
    cars: tuple[float, float]  # share of the places along each kerb that are taken

    def point(self, along: float, left: float) -> Metres:
        """Return metres east and north."""
        cosine, sine = math.cos(math.radians(self.way)), math.sin(math.radians(self.way))
        x, y = self.start
        return x + along * cosine - left * sine, y + along * sine + left * cosine


STREETS = {
    street.name: street
    for street in (
        Street(
            name="Grenslaan", start=(0, 0), way=0, length=170, kerb=4.2, front=7.5,
            areas=(NORTH, SOUTH), sides=("north", "south"), cars=(0.35, 0.35),
        ),
        Street(
            name="Scheidweg", start=(170, 0), way=90, length=160, kerb=4.6, front=9.0,
            areas=(NORTH, EAST), sides=("west", "east"), cars=(0.4, 0.4),
        ),
        Street(
            name="Binnenstraat", start=(170, 80), way=180, length=170, kerb=3.4, front=6.2,
            areas=(NORTH, NORTH), sides=("south", "north"), cars=(0.3, 0.0),
        ),
        Street(
            name="Dwarsstraat", start=(85, 0), way=90, length=150, kerb=3.0, front=5.5,
            areas=(NORTH, NORTH), sides=("west", "east"), cars=(0.2, 0.0),
        ),
        # The square is where the inner street widens; nobody drives there.
        Street(
            name="Pleintje", start=(0, 80), way=180, length=45, kerb=6.0, front=22.0,
            areas=(NORTH, NORTH), sides=("south", "north"), cars=(0.0, 0.0),
        ),
    )
}  # fmt: skip

# Rectangles: west, south, east, north. The borders are the centre lines of the streets.
AREAS = {
    NORTH: (-80.0, 0.0, 170.0, 170.0),
    EAST: (170.0, 0.0, 250.0, 170.0),
    SOUTH: (-80.0, -80.0, 250.0, 0.0),
}
