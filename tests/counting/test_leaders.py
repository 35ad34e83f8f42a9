"""Leaders found for many photos at once, held to the rule followed photo by photo."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geobike.counting import leaders
from geobike.counting.ellipsoid import metres_per_degree

ORIGINS = [(4.36, 52.01), (179.9999, -17.0), (25.0, 78.2), (-0.00005, 0.00003)]


def followed(looks: leaders.Looks, reach: float) -> list[tuple[int, int, bool]]:
    """Return leader, visit and whether it opens one, of one photo after the other."""
    if np.ptp(looks.lon) > 180:
        looks = looks._replace(lon=looks.lon % 360)
    last: dict[int, tuple[float, int]] = {}  # by leader: begin and number of its last visit
    at_fix: dict[int, int] = {}
    out = []
    for row, (hour, fix) in enumerate(zip(looks.hours, looks.fix, strict=True)):
        near = [(metres(looks, one, row), one) for one in last if alike(looks, one, row)]
        found = at_fix.get(fix, -1) if fix >= 0 else -1
        if found < 0:
            found = min((each for each in near if each[0] <= reach**2), default=(0, row))[1]
        begin, visit = last.get(found, (-math.inf, 0))
        opens = visit == 0 or hour - begin >= 1
        if opens:
            last[found] = (hour, visit + 1)
        out.append((found, 1 if math.isnan(hour) else last[found][1], bool(opens)))
        if fix >= 0:
            at_fix.setdefault(fix, found)
    return out


def metres(looks: leaders.Looks, one: int, row: int) -> float:
    """Return the square of the distance in metres."""
    east_m, north_m = metres_per_degree(looks.lat[row : row + 1])
    east = float((looks.lon[row] - looks.lon[one]) * east_m[0])
    north = float((looks.lat[row] - looks.lat[one]) * north_m[0])
    return east * east + north * north


def alike(looks: leaders.Looks, one: int, row: int) -> bool:
    turn = abs(looks.heading[row] - looks.heading[one]) % 360
    return not min(turn, 360 - turn) > 45


def made(chance: np.random.Generator, origin: tuple[float, float], kind: str) -> leaders.Looks:
    count = int(chance.integers(1, 120))
    east: Any = chance.uniform(0, chance.choice([1, 60, 800]), count)
    north: Any = chance.uniform(0, 40, count)
    hours: Any = chance.uniform(0, chance.choice([0.5, 5, 500]), count)
    if kind == "crowds":
        east, north = 300 * chance.integers(0, 3, (2, count)) + chance.normal(0, 6, (2, count))
    elif kind == "tied":
        east, north = 10 * chance.integers(0, 6, (2, count)).astype(float)
        hours = np.floor(hours)
    elif kind == "driven":
        east, north = 5.0 * np.arange(count), np.zeros(count)
    hours = np.sort(hours)
    hours[count - int(chance.integers(0, 4)) :] = np.nan
    heading = chance.choice([0, 44, 45, 46, 180, 359.5, np.nan], count)
    fix = np.where(chance.random(count) < 0.2, chance.integers(0, 3, count), -1)
    lon: Any = (origin[0] + east / 68_677 + 180) % 360 - 180
    return leaders.Looks(lon, origin[1] + north / 111_267, heading, hours, fix)


@pytest.mark.parametrize("kind", ["anywhere", "crowds", "tied", "driven"])
@pytest.mark.parametrize(("part", "crowd", "pairs"), [(1 << 17, 64, 1 << 20), (40, 3, 10)])
def test_many_photos_at_once_follow_as_one_by_one(
    kind: str, part: int, crowd: int, pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in {"_PART": part, "_CROWD": crowd, "_PAIRS": pairs}.items():
        monkeypatch.setattr(leaders, name, size)

    @settings(max_examples=40, deadline=None)
    @given(
        seed=st.integers(0, 10_000),
        reach=st.sampled_from([1.0, 10.0, 20.0]),
        origin=st.sampled_from(ORIGINS),
    )
    def holds(seed: int, reach: float, origin: tuple[float, float]) -> None:
        looks = made(np.random.default_rng(seed), origin, kind)
        found: Any = leaders.follow(looks, reach)
        assert list(zip(*(each.tolist() for each in found), strict=True)) == followed(looks, reach)

    holds()


def test_a_crowd_on_one_spot_is_not_compared_photo_by_photo() -> None:
    """A hundred thousand photos of one place would be five billion pairs."""
    count = 100_000
    spot = np.zeros(count)
    looks = leaders.Looks(spot, spot, spot, np.arange(count) / 600, np.full(count, -1))
    found = leaders.follow(looks, 20.0)
    assert not found.leader.any()
    assert found.visit.max() == math.ceil(count / 600)
