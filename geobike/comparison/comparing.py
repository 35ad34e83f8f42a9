"""Two surveys compared: stops matched one to one, and what changed on them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import pandas as pd

from geobike import saved, schema
from geobike.comparison import surveys
from geobike.comparison.surveys import Recounted
from geobike.config import STOP_DISTANCE
from geobike.errors import InputError
from geobike.estimates import change, matching
from geobike.estimates.change import Seen
from geobike.saved import SavedSurvey

Kind = Literal["bicycles", "detected"]

_ALL: Final = "all"
_SIDES: Final = ("before", "after")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What changed between two surveys, on the stops that both saw."""

    before: str
    after: str
    """The folders of the surveys."""
    labels: tuple[str, ...]
    """What both counted."""
    kind: Kind
    """Whether bicycles are compared, by hand counts of both, or what the detector found."""
    areas: gpd.GeoDataFrame
    """`area_id`, `name`, `stops_matched` and the columns of `estimates.change`; NA where no stop
    was matched. The polygons are those of the survey after."""
    streets: gpd.GeoDataFrame | None
    """The same by `street_id`; None where the survey after has no streets."""
    whole: "pd.Series[Any]"
    """The same of all matched stops, also outside the areas."""
    pairs: pd.DataFrame
    """Matched stops: `before` and `after`, stop ids."""
    stops_before: int
    stops_after: int
    same_photos: int
    """Photos that are the same file in both surveys: of those nothing can have changed."""

    @property
    def named(self) -> pd.DataFrame:
        """The areas that changed as far as can be told, the largest change first."""
        found = self.areas[self.areas["told"].isin([change.MORE, change.FEWER])]
        order = found[f"{self.kind}_change"].abs().sort_values(ascending=False).index
        return pd.DataFrame(found.loc[order].drop(columns=found.geometry.name))


def compare(before: str | Path, after: str | Path, *, boxes: bool = False) -> Comparison:
    """Compare two surveys on the stops that both saw.

    `before` and `after` are folders that `geobike map` wrote. Areas and streets are those of the
    survey after. Bicycles are compared where both surveys were counted by hand; with `boxes`, what
    the detector found is, as if it had been equally good both times. Raises InputError for
    folders that cannot be compared, and where bicycles cannot be and `boxes` is not asked for.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> _ = geobike.run(survey, store="sample/detections.sqlite").write("out")
        >>> same = geobike.compare("out", "out", boxes=True)
        >>> float(same.whole["detected_change"])
        0.0
    """
    one, other = saved.read(before), saved.read(after)
    _check_alike(one, other, boxes=boxes)
    areas, lines = other.areas(), other.streets()
    here, there = (surveys.recount(finished, areas) for finished in (one, other))
    if not boxes:
        _check_counted({str(before): here, str(after): there})
    pairs = matching.match(here.stops, there.stops, reach=max(_reach(one), _reach(other)))
    if pairs.empty:
        raise InputError(
            f"{before} and {after} have no stop in common: none that are near each other and look "
            "the same way"
        )
    matched = _Matched(here, there, pairs, boxes)
    return Comparison(
        labels=other.labels,
        kind="detected" if boxes else "bicycles",
        before=str(before),
        after=str(after),
        areas=_joined(areas, ["area_id", "name"], matched.by_area()),
        streets=None
        if lines is None
        else _joined(lines, ["street_id", "name"], matched.by_street()),
        whole=matched.altogether(),
        pairs=pairs,
        stops_before=len(here.stops),
        stops_after=len(there.stops),
        same_photos=_same_photos(one, other),
    )


class _Matched:
    """The stops that both surveys saw."""

    def __init__(
        self, before: Recounted, after: Recounted, pairs: pd.DataFrame, boxes: bool
    ) -> None:
        self._sides = (before, after)
        self._pairs = pairs.index
        self._pair_of = [pd.Series(pairs.index, index=pairs[name]) for name in _SIDES]
        self._units = self._of_pair(pairs, [side.units for side in self._sides])
        self._measure = change.in_detected if boxes else change.in_bicycles
        self._streets = self._of_pair(
            pairs, [side.stops.set_index("stop_id")["street_id"] for side in self._sides]
        )

    @staticmethod
    def _of_pair(pairs: pd.DataFrame, known: list["pd.Series[str]"]) -> "pd.Series[str]":
        """Return what is known of each pair: of the survey after, else of the one before."""
        before, after = (pairs[name].map(one) for name, one in zip(_SIDES, known, strict=True))
        return after.fillna(before)

    def by_area(self) -> pd.DataFrame:
        """Return what changed by area."""
        return self._changed(None, self._units)

    def by_street(self) -> pd.DataFrame:
        """Return what changed by street: there its stops vary, as the streets do in an area."""
        return self._changed(self._streets, pd.Series(self._pairs, index=self._pairs))

    def altogether(self) -> "pd.Series[Any]":
        """Return what changed on all matched stops."""
        [(_, row)] = self._changed(pd.Series(_ALL, index=self._pairs), self._units).iterrows()
        return row

    def _changed(self, group: "pd.Series[str] | None", units: "pd.Series[Any]") -> pd.DataFrame:
        """Return what changed, by groups of pairs; without groups, by area."""
        sides = []
        for side, pair_of in zip(self._sides, self._pair_of, strict=True):
            pair = side.parts["stop_id"].map(pair_of)
            known = side.parts["area_id"].where(pair.notna()) if group is None else pair.map(group)
            parts = side.parts.assign(group=known, unit=pair.map(units))
            sides.append(Seen(parts, side.draws))
        table = self._measure(*sides)
        stops = (sides[0].stops() + sides[1].stops()) / 2
        table.insert(0, "stops_matched", stops.reindex(table.index))
        return table


def _check_alike(before: SavedSurvey, after: SavedSurvey, *, boxes: bool) -> None:
    """Raise InputError for surveys that counted something else, or by another detector."""
    differ: dict[str, tuple[Any, Any]] = {
        "labels": (before.labels, after.labels),
        "count": (before.count, after.count),
    }
    if boxes:
        differ["threshold"] = (before.threshold, after.threshold)
        differ["model"] = _model(before), _model(after)
    for name, (one, other) in differ.items():
        if one != other:
            raise InputError(
                f"{before.folder} and {after.folder} differ in {name}: {_said(one)} and "
                f"{_said(other)}; map both with the same --{name}"
            )


def _model(finished: SavedSurvey) -> tuple[str, str]:
    detector = finished.summary["detector"]
    return detector["model"], detector["version"]


def _said(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _check_counted(sides: dict[str, Recounted]) -> None:
    for folder, side in sides.items():
        if side.draws is None:
            raise InputError(
                f"bicycles cannot be compared: {folder}: {side.missing[0]}; draw photos with "
                "geobike sample, count them, and map with --hand-counts, both surveys. --boxes "
                "compares what the detector found, as if it had been equally good both times"
            )


def _same_photos(one: SavedSurvey, other: SavedSurvey) -> int:
    here, there = (
        side.photos().loc[lambda rows: rows["status"] == schema.COUNTED, "sha256"].dropna()
        for side in (one, other)
    )
    return int(here.isin(there).sum())


def _reach(finished: SavedSurvey) -> float:
    said = finished.summary.get("settings", {}).get("survey", {}).get("stop_distance")
    return float(said or STOP_DISTANCE)


def _joined(
    shapes: gpd.GeoDataFrame, columns: list[str], changed: pd.DataFrame
) -> gpd.GeoDataFrame:
    table = shapes[columns].merge(changed, left_on=columns[0], right_index=True, how="left")
    table["stops_matched"] = table["stops_matched"].fillna(0.0)
    table["streets_matched"] = table["streets_matched"].fillna(0).astype(schema.COUNT)
    return gpd.GeoDataFrame(table, geometry=shapes.geometry.array, crs=schema.CRS)
