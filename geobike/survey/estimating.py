"""Estimates with the areas, the streets and the hand counts of a survey at hand."""

from dataclasses import replace
from typing import Any, Final, NamedTuple

import geopandas as gpd
import pandas as pd

from geobike import schema
from geobike.config import AREA_SPREAD
from geobike.counting.stage import Counted
from geobike.estimates import figures, looks, ranking
from geobike.estimates.figures import Estimates
from geobike.io.matching import isin
from geobike.reporting import report_number
from geobike.survey import parking_by_hand
from geobike.survey.counting import unseen

_DETECTED: Final = (
    "Bicycles found by the detector. The range of a figure says how far other streets of the area "
    "would move it. It says nothing of bicycles that the detector missed"
)
_NOBODY: Final = (
    "nobody has counted by hand. Counting on some photos takes half an hour: geobike sample OUT."
)
_TOO_FEW: Final = (
    "the photos counted by hand, {counted}, are too few to tell. Count on: geobike review OUT."
)

IN_PHOTOS: Final = {
    "bicycles": "hand_count",
    "bicycles_high": "hand_count_high",
    "stratum": "stratum",
    "origin": "origin",
}
"""Columns of a hand counts frame, as a photos frame calls them."""


class Estimated(NamedTuple):
    """A survey's counts with what hand counts add."""

    counted: Counted
    """Areas and streets have the columns of the estimates."""
    photos: gpd.GeoDataFrame
    """With `hand_count`, `hand_count_high`, `stratum` and `origin`."""
    estimates: Estimates


def estimate_areas(
    counted: Counted,
    photos: gpd.GeoDataFrame,
    hand_counts: pd.DataFrame,
    *,
    area_spread: float = AREA_SPREAD,
    draws: int = figures.DRAWS,
    seed: int = 0,
    exposure: pd.DataFrame | None = None,
) -> Estimated:
    """Return the counts with bicycles per stop and per kilometre, their ranges, ranks and groups.

    `counted` is what `count_areas` returned, `photos` the counts frame that it was given,
    `hand_counts` a hand counts frame. Where people corrected boxes, `exposure` is that of what the
    detector found before, by which photos were drawn. Ranks, groups and hot spots are of areas that
    are `compared`. What more must be counted for figures that are NA is reported, and in
    `Estimates.missing`. Where racks are, streets and areas get pressure and shortage with ranges.

    Examples:
        >>> import geobike
        >>> from geobike import schema
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> looks = geobike.find_looks(result.counted.exposure)
        >>> by_hand = {"photo_id": looks["photo_id"], "bicycles": looks["bicycle_count"] + 1}
        >>> every = schema.table(schema.HAND_COUNTS, by_hand | {"origin": "list"})
        >>> estimated = geobike.estimate_areas(result.counted, result.photos, every)
        >>> estimated.estimates.hand_counted == len(looks)
        True
    """
    streets = counted.streets is not None
    shown = counted.exposure if exposure is None else exposure
    found = figures.estimate(
        looks.find(shown),
        shown,
        hand_counts,
        street_of_stop=counted.street_of_stop,
        unseen=unseen(counted.areas),
        metres_of_stop=counted.metres_of_stop,
        area_spread=area_spread,
        draws=draws,
        seed=seed,
    )
    areas = _with_columns(counted.areas, "area_id", _of_areas(found, counted, seed))
    of_streets = counted.streets
    if streets and found.streets is not None:
        of_streets = _with_columns(counted.streets, "street_id", found.streets)
    estimated = replace(counted, areas=areas, streets=of_streets)
    return Estimated(
        parking_by_hand.add(estimated, found, shown),
        _with_hand_counts(photos, hand_counts),
        found,
    )


def detected_only(estimates: Estimates | None) -> str | None:
    """Return what stands beside figures of the detector alone; None where hand counts say more."""
    if estimates is not None and estimates.sentences():
        return None
    counted = 0 if estimates is None else estimates.hand_counted
    return f"{_DETECTED}: {_TOO_FEW.format(counted=counted) if counted else _NOBODY}"


def _of_areas(found: Estimates, counted: Counted, seed: int) -> pd.DataFrame:
    """Return all that is estimated of the areas, by `area_id`."""
    areas = counted.areas
    status = areas["status"].set_axis(pd.Index(areas["area_id"]))
    seen = status.index[status != schema.UNSEEN]
    table = found.areas.reindex(status.index)
    table["hand_counted"] = table["hand_counted"].fillna(0)
    if found.by_area is None or found.draws is None or found.spread is None or not found.ranged:
        return table
    compared = seen[status.loc[seen] == schema.COMPARED]
    ranks = ranking.rank(
        found.by_area, found.stops, compared, spread=found.spread["spread"], seed=seed
    )
    hot = ranking.hot_spots(areas, found.draws, counted.street_of_stop, compared)
    return table.join(ranks).join(hot.rename("hot_spot"))


def _with_columns(frame: Any, key: str, found: pd.DataFrame) -> Any:
    """Return the frame with the columns found, in the types that the schema gives them."""
    kinds = {**schema.AREA_COUNTS.optional, **schema.STREETS.optional}
    ours = found.reindex(pd.Index(frame[key])).set_axis(frame.index)
    return frame.assign(**{str(name): ours[name].astype(kinds[str(name)]) for name in ours})


def _with_hand_counts(photos: gpd.GeoDataFrame, hand_counts: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the photos with what people counted, so that a saved survey holds it."""
    unknown = hand_counts.loc[~isin(hand_counts["photo_id"], photos["photo_id"]), "photo_id"]
    report_number(
        "hand-counted photo is not in the survey, and its count not used; check its name",
        "hand-counted photos are not in the survey, and their counts not used; check their names",
        unknown.tolist(),
    )
    by_photo = hand_counts.set_index("photo_id").reindex(pd.Index(photos["photo_id"]))
    columns = {
        new: by_photo[name].astype(schema.PHOTOS.optional[new]).array
        for name, new in IN_PHOTOS.items()
    }
    return photos.assign(**columns)
