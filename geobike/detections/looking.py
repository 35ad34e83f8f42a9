"""How each photo is looked at: as a whole, in windows, or all around.

Which way is best follows from the photo: from its shape, from what it says of itself, and from the
user's word. Each way is a detector of its own, under whose name and version answers are stored.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.config import Panoramas
from geobike.detections.store.protocol import Model
from geobike.detectors import windows as layouts
from geobike.detectors.protocol import Detector, DetectorBase, Wrapper, abilities
from geobike.detectors.sphere import Sphere
from geobike.detectors.views import Views
from geobike.detectors.windows import Windows
from geobike.errors import InputError
from geobike.photos import panoramas as pictures
from geobike.reporting import collect_warnings, report_number

Way = Literal["whole", "windows", "views"]
WAYS: Final[tuple[Way, ...]] = ("whole", "windows", "views")

AUTO: Final = "auto"
NO: Final = "no"

_STRIP: Final = (
    "a strip, in which a detector misses bicycles; pass --windows auto, or --panoramas count"
)
_UNKNOWN: Final = (
    "a panorama in a projection that is not supported, in which a detector misses bicycles; save "
    "it as equirectangular, cut it into photos, or pass --panoramas count"
)
_SKIPPED: Final = "a panorama, and --panoramas is skip"
_REASONS: Final = (_STRIP, _UNKNOWN, _SKIPPED)

Numbers = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Looking:
    """The user's settings: `--windows` and `--panoramas`, as `geobike.config` declares them."""

    windows: str = AUTO
    panoramas: Panoramas = "auto"

    def __post_init__(self) -> None:
        if self.windows not in (AUTO, NO):
            layouts.number(self.windows)
        if self.panoramas not in ("auto", "views", "count", "skip"):
            raise InputError(f"--panoramas {self.panoramas!r} is none of auto, views, count, skip")

    @property
    def number(self) -> int | None:
        """Windows along the longer side of every photo; None where the user names no number."""
        return None if self.windows in (AUTO, NO) else layouts.number(self.windows)

    def around(self, detector: Detector, way: Way) -> Detector:
        """Return the detector that looks at photos in this way."""
        if way == "whole":
            return detector
        return Views(detector) if way == "views" else Windows(detector, self.number)

    def named(self, model: Model, way: Way) -> Model:
        """Return the name and version of that detector."""
        made = self.around(_Named(model), way)
        return Model(made.name, made.version)


STANDARD: Final = Looking()
PLAIN: Final = Looking(windows=NO, panoramas="count")
"""Every photo as a whole."""


class _Named(Wrapper):
    """Stands for a detector of which only name and version are known."""

    def __init__(self, model: Model) -> None:
        self.name, self.version = model

    def detect(self, image: Any) -> Any:
        raise NotImplementedError


def decide(photos: gpd.GeoDataFrame, looking: Looking) -> tuple[gpd.GeoDataFrame, Numbers]:
    """Return the photos, and for each the number of its way in `WAYS`.

    Panoramas that cannot be looked at so that bicycles are found, and have no status yet, are
    `failed`, with a reason. Where the user says so, pictures twice as wide as high show everything
    all around: their projection is added. How panoramas are looked at is reported.
    """
    schema.check(photos, schema.PHOTOS)
    size = [photos[side].to_numpy(dtype=float, na_value=0) for side in ("width", "height")]
    given = _as_said(photos, looking, size)
    strip = pictures.is_strip(*size)
    sphere = _numbers(given, "turn_px") > 0
    panorama = _flags(given, "panorama") | strip | sphere
    way = np.full(len(photos), WAYS.index("whole" if looking.number is None else "windows"))
    reason = np.full(len(photos), -1)
    if looking.panoramas == "skip":
        reason[panorama] = _REASONS.index(_SKIPPED)
    elif looking.panoramas != "count":
        way[panorama & ~sphere] = WAYS.index("windows")
        way[sphere] = WAYS.index("views")
        if looking.windows == NO:
            reason[strip & ~sphere] = _REASONS.index(_STRIP)
        reason[panorama & ~strip & ~sphere] = _REASONS.index(_UNKNOWN)
    decided = _failed(given, reason)
    _report(decided, panorama, way)
    return decided, way.astype(np.int8)


def at_photo(
    detector: Detector,
    looking: Looking,
    size: tuple[int, int],
    panorama: pictures.Panorama | None,
) -> DetectorBase:
    """Return the detector that looks at one photo of this (width, height) as a survey would.

    Raises InputError for a panorama that a survey would not look at.
    """
    said = panorama or pictures.Panorama()
    columns = {"photo_id": [""], "width": [size[0]], "height": [size[1]]}
    columns |= {"panorama": [panorama is not None]}
    columns |= {"turn_px": [said.turn_px], "horizon_px": [said.horizon_px]}
    with collect_warnings():  # whoever looks at it sees what it is
        decided, ways = decide(schema.geotable(schema.PHOTOS, columns, [None]), looking)
    row = decided.iloc[0]
    if row["status"] == schema.FAILED:
        raise InputError(f"a survey would not look at this photo: {row['reason']}")
    made = looking.around(detector, WAYS[ways[0]])
    if isinstance(made, Views):
        return made.on(Sphere(row["turn_px"], row["horizon_px"], size[0]))
    return abilities(made)


def _as_said(
    photos: gpd.GeoDataFrame, looking: Looking, size: list[npt.NDArray[np.float64]]
) -> gpd.GeoDataFrame:
    """Return the photos with the projection of those that the user says to be all around."""
    if looking.panoramas != "views":
        return photos
    turn, horizon = _numbers(photos, "turn_px"), _numbers(photos, "horizon_px")
    said = pictures.is_double(*size) & ~(turn > 0)
    if not said.any():
        return photos
    return photos.assign(
        panorama=_flags(photos, "panorama") | said,
        turn_px=np.where(said, size[0], turn),
        horizon_px=np.where(said, size[1] / 2, horizon),
    )


def _failed(photos: gpd.GeoDataFrame, reason: npt.NDArray[np.int64]) -> gpd.GeoDataFrame:
    rows = np.flatnonzero(photos["status"].isna().to_numpy() & (reason >= 0))
    if not len(rows):
        return photos
    out = photos.copy(deep=False)
    labels = out.index[rows]
    out.loc[labels, "status"] = schema.FAILED
    out.loc[labels, "reason"] = [_REASONS[number] for number in reason[rows]]
    return out


def _report(photos: gpd.GeoDataFrame, panorama: Flags, way: npt.NDArray[np.int64]) -> None:
    """Report how panoramas are looked at."""
    undecided = photos["status"].isna().to_numpy()
    failed = (photos["status"] == schema.FAILED).to_numpy()
    for rows, what in (
        (panorama & failed, "not looked at: a detector sees it squeezed and misses bicycles"),
        (panorama & undecided & (way == 0), "looked at as a whole, squeezed: bicycles are missed"),
        (panorama & undecided & (way == 1), "looked at in windows"),
        (panorama & undecided & (way == 2), "looked at in views all around"),
    ):
        names = photos.loc[rows, ["photo_id", "width", "height"]].itertuples(index=False)
        report_number(
            f"photo is a panorama, {what}",
            f"photos are panoramas, {what}",
            [f"{name} ({width} x {height})" for name, width, height in names],
        )


def _numbers(photos: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    if name not in photos:
        return np.full(len(photos), np.nan)
    return photos[name].to_numpy(dtype=float, na_value=np.nan)


def _flags(photos: pd.DataFrame, name: str) -> Flags:
    if name not in photos:
        return np.zeros(len(photos), dtype=np.bool_)
    return photos[name].to_numpy(dtype=bool)
