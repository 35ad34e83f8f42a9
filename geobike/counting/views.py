"""What each photo shows: its lens, its direction, and which places are in its view."""

from collections.abc import Iterator
from copy import copy
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geobike import schema
from geobike.config import POSITION_ERROR
from geobike.counting import cells
from geobike.counting.arrays import Flags, Floats, Numbers, runs
from geobike.counting.ellipsoid import metres_per_degree

FOCAL_LENGTH: Final = 27.0  # mm on a frame 36 mm wide, as most phones have
PANORAMA: Final = 2.0  # times as wide as high: stitched or all around, not one look through a lens
PASS: Final = 10.0  # minutes within which the error of a receiver stays about the same

_AROUND: Final = 0.99 * np.pi  # half the angle of view of a photo that shows everything
_WIDE: Final = 36.0  # mm of the longer side of the frame that focal lengths are given for
_PLACES: Final = 250_000  # that are looked up together
_PAIRS: Final = 500_000  # of a place and a photo near it that are looked at together


class Views(NamedTuple):
    """What is known of the view of each photo, as one value per photo."""

    panorama: Flags
    """Whether it is more than one look through a lens, and directions in it are not known."""
    lon: Floats
    lat: Floats
    heading: Floats
    """Degrees clockwise from north, NaN where not known."""
    width: Floats
    """Upright pixels, NaN where not known."""
    height: Floats
    focal: Floats
    """Focal length in pixels, NaN without a size; on a sphere, the pixels of a radian."""
    half: Floats
    """Half the horizontal angle of view in radians; NaN where no heading or lens is known."""
    horizon: Floats
    """Row of the horizon of an equirectangular panorama, a sphere; NaN for other photos."""
    minute: Floats
    """When it was taken, counted from any beginning; NaN where not known."""
    error: Floats
    """Likely error of its position in metres."""

    def chosen(self, rows: Numbers) -> "Views":
        """Return some of the views."""
        return Views(self.panorama[rows], *(values[rows] for values in self[1:]))


def focal_length_of(field_of_view: float) -> float:
    """Return the focal length in mm for 36 mm of an angle of view in degrees.

    >>> round(focal_length_of(67.4), 1)
    27.0
    """
    return float(_WIDE / 2 / np.tan(np.radians(field_of_view) / 2))


def views(
    photos: gpd.GeoDataFrame,
    *,
    field_of_view: float | None = None,
    heading_offset: float = 0.0,
    position_error_m: float = POSITION_ERROR,
) -> Views:
    """Return the views of a photos frame.

    `field_of_view` is the angle in degrees along the longer side of a photo whose focal length is
    not known; None stands for 27 mm. `heading_offset` is added to every heading.
    `position_error_m` is that of photos that do not say theirs.
    """
    width, height = (
        photos[side].to_numpy(dtype=float, na_value=np.nan) for side in ("width", "height")
    )
    lens = focal_lengths(photos, field_of_view=field_of_view)
    focal = lens / _WIDE * np.maximum(width, height)
    heading = (photos["heading"].to_numpy(dtype=float) + heading_offset) % 360
    # Without a size, a photo is most likely a landscape one: as wide as the frame.
    half = np.arctan(np.where(np.isnan(width), _WIDE / 2 / lens, width / 2 / focal))
    panorama = width >= PANORAMA * height
    if "panorama" in photos:  # as a photo says of itself
        panorama |= photos["panorama"].to_numpy(dtype=bool)
    horizon = np.full(len(photos), np.nan)
    if "turn_px" in photos:
        turn = photos["turn_px"].to_numpy(dtype=float)
        sphere = turn > 0
        horizon[sphere] = photos["horizon_px"].to_numpy(dtype=float)[sphere]
        focal = np.where(sphere, turn / (2 * np.pi), focal)
        half = np.where(sphere, np.minimum(np.pi * width / turn, np.pi), half)
        panorama &= ~sphere
    known = ~np.isnan(heading) & ~panorama
    return Views(
        panorama,
        *schema.coordinates(photos.geometry),
        heading,
        width,
        height,
        focal,
        np.where(known, half, np.nan),
        horizon,
        _minutes(photos["taken_at"]),
        _errors(photos, position_error_m),
    )


def _minutes(taken: "pd.Series[pd.Timestamp]") -> Floats:
    return np.asarray((taken - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(minutes=1), dtype=float)


def _errors(photos: gpd.GeoDataFrame, assumed: float) -> Floats:
    if "position_error_m" not in photos:
        return np.full(len(photos), assumed, dtype=float)
    return np.asarray(photos["position_error_m"].fillna(assumed), dtype=float)


def all_around(seen: Views) -> Flags:
    """Tell which photos show everything around them, whatever their heading."""
    around: Flags = seen.half >= _AROUND
    return around


def focal_lengths(photos: pd.DataFrame, *, field_of_view: float | None = None) -> Floats:
    """Return the focal length of each photo in mm for 36 mm: its own, else the one assumed."""
    assumed = FOCAL_LENGTH if field_of_view is None else focal_length_of(field_of_view)
    if "focal_length_35mm" not in photos:
        return np.full(len(photos), assumed, dtype=float)
    own = photos["focal_length_35mm"].to_numpy(dtype=float)
    return np.where(own > 0, own, assumed)


class Pairs(NamedTuple):
    """Pairs of one of some places and a view."""

    places: Numbers
    """The places that these pairs are of."""
    place: Numbers
    """Number of the place among these, of each pair."""
    view: Numbers
    """Row of the view, of each pair."""
    inside: Floats
    """Metres that the place is inside the edge of the view; negative in the margin beside it."""


class Grid:
    """The views by cells of one reach, to find those that have a place within reach in view."""

    def __init__(self, views: Views, reach: float, *, margin: float = 0.0) -> None:
        """Sort the views into cells.

        `reach` is in metres, at least 10. With a margin, views are found too that miss a place by
        as many metres.
        """
        self._reach, self._cell_m = reach, reach + margin
        seeing = np.flatnonzero(~np.isnan(views.half) & ~np.isnan(views.lon))
        lon = views.lon[seeing]
        self._crosses = cells.crosses(lon)
        keys = self._cells(self._one_side(lon), self._bands(views.lat[seeing]))
        order = np.argsort(keys, kind="stable")
        self._view = seeing[order]
        self._cell = keys[order]
        self._lon, self._lat = self._one_side(lon[order]), views.lat[self._view]
        self._heading = views.heading[self._view]
        self._face(self._heading)
        half = views.half[self._view]
        self._around = half >= _AROUND
        self._sine, self._cosine = np.sin(half), np.cos(half)

    def turned(self, degrees: float) -> "Grid":
        """Return the same views with all their headings turned; they need not be sorted again."""
        out = copy(self)
        out._face((self._heading + degrees) % 360)
        return out

    def pairs(self, lon: Floats, lat: Floats) -> Iterator["Pairs"]:
        """Yield pairs of a place and a view that has it in view within reach, or nearly so.

        The pairs come in parts of bounded size, each of them once.
        """
        for start in range(0, len(lon), _PLACES):
            x = self._one_side(lon[start : start + _PLACES])
            y = lat[start : start + _PLACES]
            order = np.argsort(self._cells(x, self._bands(y)))  # neighbours share the cache
            for part, number, view, inside in self._in_order(x[order], y[order]):
                yield Pairs(start + order[part], number, self._view[view], inside)

    def _in_order(self, x: Floats, y: Floats) -> Iterator[tuple[slice, Numbers, Numbers, Floats]]:
        bands = self._bands(y)
        metres = metres_per_degree(y)
        for row in (-1, 0, 1):
            key = self._cells(x, bands + row)
            low = np.searchsorted(self._cell, key - 1)
            size = np.searchsorted(self._cell, key + 1, side="right") - low
            for part in _parts(size):
                number = np.repeat(np.arange(part.stop - part.start), size[part])
                view = runs(low[part], size[part])
                east = (x[part][number] - self._lon[view]) * metres[0][part][number]
                north = (y[part][number] - self._lat[view]) * metres[1][part][number]
                squared = east * east + north * north
                near = np.flatnonzero((squared > 0) & (squared <= self._cell_m**2))
                number, view = number[near], view[near]
                inside = self._inside(view, east[near], north[near], np.sqrt(squared[near]))
                seen = np.flatnonzero(inside >= self._reach - self._cell_m)
                yield part, number[seen], view[seen], inside[seen]

    def _inside(self, view: Numbers, east: Floats, north: Floats, away: Floats) -> Floats:
        """Return the metres from each place to the edge of the view, or to the end of its reach."""
        ahead = east * self._east[view] + north * self._north[view]
        aside = np.sqrt(np.maximum(away * away - ahead * ahead, 0))
        edge = ahead * self._sine[view] - aside * self._cosine[view]
        edge[self._around[view]] = np.inf
        inside: Floats = np.minimum(self._reach - away, edge)
        return inside

    def _face(self, heading: Floats) -> None:
        angle = np.radians(heading)
        self._east, self._north = np.sin(angle), np.cos(angle)

    def _one_side(self, lon: Floats) -> Floats:
        return lon % 360 if self._crosses else lon

    def _bands(self, lat: Floats) -> Numbers:
        return cells.bands(lat, self._cell_m)

    def _cells(self, lon: Floats, bands: Numbers) -> Numbers:
        return cells.numbers(lon, bands, self._cell_m)


def _parts(number: Numbers) -> Iterator[slice]:
    """Yield slices in which the numbers sum up to a bounded number of pairs."""
    ends = np.cumsum(number)
    start = 0
    while start < len(number):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _PAIRS, side="right")))
        yield slice(start, stop)
        start = stop
