"""The tables of a finished survey that a report is made from."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd

from geobike import certainty, metrics, schema
from geobike.errors import InputError
from geobike.metrics import Metric
from geobike.reports import fullest
from geobike.saved import SavedSurvey


@dataclass(frozen=True, kw_only=True)
class SurveyTables:
    """Frames of a survey, read from its files."""

    summary: Mapping[str, Any]
    areas: gpd.GeoDataFrame
    """Area counts."""
    photos: pd.DataFrame
    streets: gpd.GeoDataFrame | None
    stops: gpd.GeoDataFrame
    by_street: pd.DataFrame | None
    """Streets by name and area, fullest first."""
    fullest_streets: pd.DataFrame | None
    fullest_places: gpd.GeoDataFrame
    place_size: float
    """Metres."""

    @property
    def estimates(self) -> Mapping[str, Any]:
        """What hand counts say of the whole survey; empty where nobody counted."""
        found = self.summary.get("estimates")
        return found if isinstance(found, Mapping) else {}

    @property
    def metric(self) -> Metric:
        """What areas are compared and coloured by: by hand counts where there are any."""
        if self.is_counted_by_hand:
            return next(one for one in metrics.METRICS if one.name == certainty.BY_HAND)
        colours = [one for one in metrics.METRICS if "map" in one.shown]
        return min(self.metrics("map") or colours, key=lambda one: one.order)

    @property
    def is_counted_by_hand(self) -> bool:
        """Whether figures of bicycles, with their range, are known."""
        return any(one.name == certainty.BY_HAND for one in self.metrics("table"))

    @property
    def has_ranges(self) -> bool:
        """Whether the figures that areas are compared by have a range."""
        return any(_has(self.areas, name) for name in self.metric.ranges)

    @property
    def average(self) -> float:
        """The figure of all stops together; NaN without any."""
        return certainty.average(self.areas, self.metric, estimates=self.estimates)

    @cached_property
    def groups(self) -> "pd.Series[str]":
        """On which side of the average areas are, by row; those of which it can be said."""
        return certainty.groups(
            self.areas, self.metric, estimates=self.estimates, min_photos=self.min_photos
        )

    @property
    def min_photos(self) -> int:
        """How many photos an area needs to be compared, as the page was asked to."""
        return int(self.summary.get("settings", {}).get("page", {}).get("min_photos") or 1)

    def metrics(self, place: metrics.Place) -> list[Metric]:
        """Return the metrics that are shown in a place, and that this survey has."""
        known = metrics.available(list(self.areas))
        return [one for one in known if place in one.shown and _has(self.areas, one.name)]

    @cached_property
    def names(self) -> "pd.Series[str]":
        """What areas are called, by row: their id where they have no name."""
        found: pd.Series[str] = self.areas["name"].fillna(self.areas["area_id"])
        return found

    def area(self, row: Any) -> Any:
        """Return an area by its row."""
        return self.areas.loc[row]

    def name_of(self, area_id: Any) -> str | None:
        """Return what an area is called; None for an id that is none."""
        found = self.names[self.areas["area_id"] == area_id]
        return None if found.empty else str(found.iloc[0])

    def figure(self, row: Any, metric: Metric) -> float:
        """Return a figure of an area; NaN where too little was seen to show it."""
        area = self.area(row)
        hidden = area["status"] in (schema.TOO_THIN, schema.UNSEEN) and not metric.tells_looking
        value = area[metric.name]
        return math.nan if hidden or pd.isna(value) else float(value)


def _has(areas: gpd.GeoDataFrame, name: str) -> bool:
    return name in areas and bool(areas[name].notna().any())


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows by column name, as values with the types that the schema has checked."""
    return iter(frame.itertuples(index=False))


def read_tables(survey: SavedSurvey) -> SurveyTables:
    """Return the tables of a survey. Raises InputError for one of an older geobike."""
    stops, bicycles = survey.stops(), survey.bicycles()
    if stops is None or bicycles is None:
        raise InputError(
            f"{survey.folder}: was written by a geobike that wrote no stops; run geobike map "
            "again, which detects nothing twice"
        )
    areas, photos, streets = survey.areas(), survey.photos(), survey.streets()
    by_street = None if streets is None else fullest.by_street(streets)
    places, size = fullest.find_places(bicycles, photos, streets, areas)
    return SurveyTables(
        summary=survey.summary,
        areas=areas,
        photos=photos,
        streets=streets,
        stops=stops,
        by_street=by_street,
        fullest_streets=None if by_street is None else fullest.streets(by_street, stops),
        fullest_places=places,
        place_size=size,
    )
