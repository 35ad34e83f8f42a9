"""The frames that stages pass to each other: columns, types, units, CRS, and their checks.

Every frame is described once, here. A stage calls `check` on its input, so that a wrong frame is
rejected at once with a message that names the column and the remedy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike.errors import SchemaError
from geobike.metrics import METRICS, SUMS, Metric

CRS: Final = "EPSG:4326"
"""Every geometry that leaves a stage is longitude, latitude in degrees on WGS 84."""

COUNTED: Final = "counted"
UNLOCATED: Final = "unlocated"
OUTSIDE: Final = "outside"
DUPLICATE: Final = "duplicate"
UNREADABLE: Final = "unreadable"
FAILED: Final = "failed"
STATUSES: Final = (COUNTED, OUTSIDE, UNLOCATED, DUPLICATE, UNREADABLE, FAILED)
"""Final statuses of a photo. Until then its status is NA."""

UNSEEN: Final = "unseen"
TOO_THIN: Final = "too_thin"
THIN: Final = "thin"
COMPARED: Final = "compared"
SEEN: Final = (COMPARED, THIN, TOO_THIN, UNSEEN)
"""Statuses of an area: seen well enough to compare it; to show its figure; too little; not at all.
"""

TEXT: Final = "str"
FLOAT: Final = "float64"
COUNT: Final = "Int64"  # nullable, so that "not counted" is NA and never 0
TIME: Final = "datetime64[us, UTC]"
LOCAL_TIME: Final = "datetime64[us]"  # what a clock shows, whatever its offset from UTC
MINUTES: Final = "Int16"
FLAG: Final = "bool"
MAYBE: Final = "boolean"  # nullable, so that "not known" is NA and never False
CODED: Final = "category"  # text that recurs, kept once; plain text is taken as well


@dataclass(frozen=True)
class Frame:
    """One kind of frame: its columns with their types, its key, its geometry."""

    name: str
    columns: Mapping[str, Any]  # name -> dtype
    key: str | None = None
    """Column whose values are present and unique."""
    geometry: tuple[str, ...] = ()
    """Geometry types allowed; empty for a plain table. A missing geometry is allowed for points."""
    optional: Mapping[str, Any] = field(default_factory=dict)
    """Columns that may be there; where they are, their types are as strict."""


_PHOTO_COLUMNS = {
    "photo_id": TEXT,  # POSIX path relative to the photo folder
    "path": TEXT,  # path or URL of the file; never exported
    "sha256": TEXT,  # of the file's bytes; NA where it cannot be read
    "width": COUNT,  # upright pixels
    "height": COUNT,  # upright pixels
    "taken_at": TIME,
    "heading": FLOAT,  # degrees clockwise from north, 0 <= heading < 360
    "position_source": TEXT,  # exif | manifest | track
    "area_id": TEXT,
    "status": TEXT,  # one of STATUSES, NA while undecided
    "reason": TEXT,  # why the status is not `counted`
}

_PHOTO_OPTIONAL = {
    "never_processed": FLAG,  # an earlier run had no reason to detect in it
    "taken_local": LOCAL_TIME,  # what the camera's clock showed
    "utc_offset_minutes": MINUTES,  # of that clock as the photo gives it, NA where it does not
    "panorama": FLAG,  # a picture that detectors see squeezed
    "turn_px": FLOAT,  # pixels of 360 degrees, NA unless it is equirectangular
    "horizon_px": FLOAT,  # row of the horizon, NA unless it is equirectangular
    "position_error_m": FLOAT,  # likely error, where the source of the position gives it
    "camera": TEXT,  # make and model; photos of one camera share a lens and a way of holding it
    "focal_length_35mm": FLOAT,  # of the lens, as on a frame 36 mm wide
    "stop_id": TEXT,  # as in a visits frame
    "stop_photo": FLAG,  # whether a visit of the stop is counted on this photo
    "detected_count": COUNT,  # as `bicycle_count`, before people corrected boxes
    "hand_count": FLOAT,  # bicycles that a person counted; NA where nobody did
    "hand_count_high": FLOAT,  # where the person gave a range
    "stratum": TEXT,  # of the detector's count, from which the photo was drawn
    "origin": TEXT,  # list | sheet | own: who chose it
}

_PARKED_AND_RIDDEN = {  # NA where the detector knows no persons
    "parked_count": COUNT,
    "ridden_count": COUNT,
}

PHOTOS: Final = Frame(
    "photos",
    _PHOTO_COLUMNS,
    key="photo_id",
    geometry=("Point",),
    optional=_PHOTO_OPTIONAL,
)

COUNTS: Final = Frame(
    "counts",
    _PHOTO_COLUMNS | {"bicycle_count": COUNT},  # NA unless status is `counted`
    key="photo_id",
    geometry=("Point",),
    optional=_PHOTO_OPTIONAL | _PARKED_AND_RIDDEN,
)

# Models keep a hundred boxes per photo, so text is categories: 50 bytes per box, not 140. For
# pandas, value_counts() then counts photos without boxes as well; .astype("str") gives plain text.
DETECTIONS: Final = Frame(
    "detections",
    {
        "photo_id": CODED,
        "label": CODED,
        "score": FLOAT,  # 0 to 1
        "xmin": FLOAT,  # upright pixels of the original, clipped to it
        "ymin": FLOAT,
        "xmax": FLOAT,
        "ymax": FLOAT,
        "model": CODED,
        "kept": FLAG,
        "dropped_by": CODED,  # the rule that dropped it: label | threshold | duplicate | ridden
    },
    optional={"ridden": MAYBE},  # NA where the detector knows no persons, and for other boxes
)

IN_FILES: Final = {"xmin": "x_min", "ymin": "y_min", "xmax": "x_max", "ymax": "y_max"}
"""Names in files of columns that are called otherwise in frames: PostgreSQL keeps `xmin` and `xmax`
for itself. Readers take both."""

# No geometry: a million photos show millions of bicycles, and a Point takes 150 bytes.
BICYCLES: Final = Frame(
    "bicycles",  # a row for each kept box of a counted photo, on the index of the detections frame
    {
        "photo_id": CODED,
        "lon": FLOAT,  # degrees, WGS 84: where it stands, or the camera where it cannot be placed
        "lat": FLOAT,
        "distance_m": FLOAT,  # from the camera along the ground, NA where not placed
        "bearing": FLOAT,  # degrees clockwise from north, NA where the photo does not tell
        "placed_error_m": FLOAT,  # likely error; the position's own where not placed
        "placed": FLAG,
        "reason": CODED,  # why it is not placed
        "looks": FLOAT,  # photos that have its place in view, some in part, its own whole; >= 1
        "weight": FLOAT,  # with which it counts once: 1 / looks; 0 where nearer photos looked
        "area_id": CODED,  # where it stands, NA outside every area
    },
    optional={"ridden": MAYBE},  # as in a detections frame
)

PLACES: Final = Frame(
    "places",  # squares of ground in which bicycles stand
    {
        "bicycle_count": COUNT,  # boxes, of however many photos
        "detected_once": FLOAT,  # each place counted once
        "detected_at_least": COUNT,  # on the photo that shows most of them
        "photo_count": COUNT,  # photos that show one of them
        "photo_id": CODED,  # the photo that shows most of them
        "size_m": FLOAT,  # side of the square
    },
    geometry=("Point",),  # the middle of its bicycles
)

STOPS: Final = Frame(
    "stops",  # one place, looked at in one direction, on one or more visits
    {
        "stop_id": TEXT,  # photo_id of its first photo
        "photo_count": COUNT,
        "visit_count": COUNT,  # visits more than an hour apart
        "bicycle_count": FLOAT,  # on the first photo of a visit, mean over its visits
        "bicycle_count_max": COUNT,  # on its fullest photo
        "heading": FLOAT,  # degrees clockwise from north, NA where not known
        "taken_at": TIME,
        "street_id": TEXT,  # street that it shows, NA without streets or beside them
    },
    key="stop_id",
    geometry=("Point",),
    optional=dict.fromkeys(_PARKED_AND_RIDDEN, FLOAT),  # as bicycle_count
)

VISITS: Final = Frame(
    "visits",  # on the index of a photos frame: the look that each counted photo belongs to
    {
        "stop_id": TEXT,  # NA where the photo is not counted
        "visit": COUNT,  # number of the visit at its stop, from 1
        "first": FLAG,  # the photo on which the visit is counted
    },
)

EXPOSURE: Final = Frame(
    "exposure",  # what a visit shows of an area; rows with area_id NA show ground outside
    {
        "stop_id": TEXT,
        "photo_id": TEXT,  # the first photo of the visit
        "area_id": TEXT,
        "weight": FLOAT,  # 1 / visits of the stop, so that each stop weighs 1
        "share": FLOAT,  # of the ground in view; 1 over all rows of a photo
        "bicycle_count": COUNT,  # bicycles on that photo that stand in the area
    },
)

LOOKS: Final = Frame(
    "drawable looks",  # visits of stops, each counted on one photo: what hand counts are drawn of
    {
        "photo_id": TEXT,  # the first photo of the visit
        "stop_id": TEXT,
        "bicycle_count": COUNT,  # that the detector found on it
    },
    key="photo_id",
)

HAND_COUNTS: Final = Frame(
    "hand counts",  # photos that a person counted, or was asked to
    {
        "photo_id": TEXT,
        "bicycles": FLOAT,  # NA where not counted, or where it cannot be judged
        "bicycles_high": FLOAT,  # where a range was given, such as 40-55; else NA
        "stratum": TEXT,  # of the detector's count, from which it was drawn; NA where it was not
        "origin": TEXT,  # list | sheet | own: who chose it; only drawn ones enter estimates
    },
    key="photo_id",
)

TALLIES: Final = Frame(
    "tallies",  # what each counted photo adds to the sums of each area; area_id NA is outside
    {
        "photo_id": TEXT,
        "area_id": TEXT,
        "stop_id": TEXT,  # NA where the photo is not the first of a visit
        **dict.fromkeys(SUMS, FLOAT),
    },
)

PARKING_BY_HAND: Final = {
    "pressure_by_hand": FLOAT,  # of the bicycles that a person would count, each place once
    "pressure_low": FLOAT,
    "pressure_high": FLOAT,
    "shortage_by_hand": COUNT,
    "shortage_low": COUNT,
    "shortage_high": COUNT,
}
"""Columns of streets and areas with racks that hand counts bring."""

STREETS: Final = Frame(
    "streets",  # pieces of street between junctions and area borders
    {
        "street_id": TEXT,
        "name": TEXT,
        "area_id": TEXT,  # NA outside every area; the first of two that share a border street
        "length_m": FLOAT,
        "covered_m": FLOAT,  # within 25 m of a stop on this street; on a border, of the sides seen
        "covered_share": FLOAT,
        "stop_count": COUNT,
        "detected_once": FLOAT,  # bicycles on the photos of its stops, each place once
        "detected_per_100m": FLOAT,  # of covered street, NA where nothing is covered
    },
    key="street_id",
    geometry=("LineString", "MultiLineString"),
    optional={  # where racks were given; they stand within 25 m of their street
        "rack_count": COUNT,
        "rack_capacity": COUNT,  # of those with a capacity; NA where no rack has one
        "rack_capacity_known": COUNT,  # racks with a capacity
        "detected_near_racks": FLOAT,  # of detected_once, those within --walk of a rack
        "pressure": FLOAT,  # detected_once / rack_capacity, NA where too little is known
        "shortage": COUNT,  # places
        "free_within_walk": COUNT,  # free places elsewhere that the shortage can use
        "parking": TEXT,  # one of PARKING
        # with hand counts
        "hand_counted": COUNT,
        "bicycles_per_stop": FLOAT,
        "bicycles_per_stop_low": FLOAT,
        "bicycles_per_stop_high": FLOAT,
        **PARKING_BY_HAND,
    },
)

UNCOVERED: Final = "not_covered"
NO_CAPACITY: Final = "capacity_unknown"
NO_RACKS: Final = "no_facility"
FULL: Final = "full"
FREE: Final = "free"
EMPTY: Final = "empty"
PARKING: Final = (UNCOVERED, NO_CAPACITY, NO_RACKS, FULL, FREE, EMPTY)
"""What is known of a street: too little seen; too few capacities; bicycles and no rack; racks with
too few places; racks with places left; neither bicycles nor racks."""

RACKS: Final = Frame(
    "racks",
    {
        "rack_id": TEXT,
        "kind": TEXT,  # as the file says
        "capacity": COUNT,  # bicycles, NA where it is not known
        "capacity_said": TEXT,  # as the file says
        "capacity_date": TEXT,  # day of the capacity, as in 2026-05-12
        "access": TEXT,  # as the file says
        "indoor": MAYBE,  # whether no photo of the street sees into it, NA where it is not said
        "left_out": TEXT,  # why it does not count; NA where it does
        "seen": FLAG,  # whether a stop covers the street where it stands
        "detected_near": FLOAT,  # bicycles within --walk, nearest to it; NA where not seen
        "street_id": TEXT,  # nearest street within 25 m, NA without one
        "area_id": TEXT,  # NA outside every area
    },
    key="rack_id",
    geometry=("Point",),
)

AREAS: Final = Frame(
    "areas",
    {"area_id": TEXT, "name": TEXT, "area_km2": FLOAT},
    key="area_id",
    geometry=("Polygon", "MultiPolygon"),
    optional={"population": COUNT},  # inhabitants, where the user names their column
)


OWN: Final = "own:"
"""Before the name of a column of the areas' file that has the name of one of geobike's.

Columns of the file that are not in these frames are kept as they are, and written into files.
"""


def area_counts(metrics: Sequence[Metric] = METRICS) -> Frame:
    """Return the frame of areas with these metrics; ranges and what needs a column are optional."""
    fixed = {metric.name: _dtype(metric) for metric in metrics if metric.needs is None}
    optional = {metric.name: _dtype(metric) for metric in metrics if metric.needs is not None}
    ranges = {column: FLOAT for metric in metrics for column in metric.ranges}
    return Frame(
        "area counts",
        {
            **AREAS.columns,
            **fixed,
            "status": TEXT,  # how well it was seen: one of SEEN
            "first_photo_at": TIME,
            "last_photo_at": TIME,
        },
        key=AREAS.key,
        geometry=AREAS.geometry,
        optional={**AREAS.optional, **optional, **ranges, **_PARKED_AND_RIDDEN, **_BY_HAND},
    )


_BY_HAND: Final = {
    "hand_counted": COUNT,  # looks counted by hand that show the area
    "rank_low": COUNT,  # 1 has most bicycles per stop; only areas that are compared
    "rank_high": COUNT,
    "group": TEXT,  # above | not told apart | below all compared areas together
    "hot_spot": TEXT,  # hot | not told apart | cold, together with its neighbours
    **PARKING_BY_HAND,
}
"""Columns of areas that hand counts bring beside the metrics."""


def _dtype(metric: Metric) -> str:
    return COUNT if metric.is_whole else FLOAT


AREA_COUNTS: Final = area_counts()

POSITIONS: Final = Frame(
    "positions",  # on the index of a photos frame: what one source gives
    {
        "lon": FLOAT,  # degrees, WGS 84; NA where the source gives no valid position
        "lat": FLOAT,
        "heading": FLOAT,
        "taken_at": TIME,
        "accuracy": FLOAT,  # likely error in metres, NA where it is not known
        "source": TEXT,  # what `position_source` becomes
        "reason": TEXT,  # why there is no position, NA where the source knows nothing of the photo
        "refused": FLAG,  # bad, as the reason says; later sources must not replace it
    },
    optional={"camera": TEXT, "focal_length_35mm": FLOAT},  # as in a photos frame
)

TRACK: Final = Frame(
    "track",  # the fixes of all GPX tracks, in the order of time
    {
        "time": TIME,  # of the fix
        "on_camera": TIME,  # what the camera's clock showed then, in UTC: less --track-offset
        "segment": COUNT,  # from 1; another one after each gap
        "lon": FLOAT,  # degrees, WGS 84
        "lat": FLOAT,
    },
)

MANIFEST: Final = Frame(
    "manifest",
    {
        "file": TEXT,  # as written, with / between folders
        "lon": FLOAT,  # degrees, WGS 84; NA where not given or bad
        "lat": FLOAT,
        "taken_at": TIME,
        "heading": FLOAT,
        "line": COUNT,  # line in a CSV, feature or row number in other files, from 1
        "reason": TEXT,  # what is wrong with this row, NA where nothing is
    },
    optional={
        "status": TEXT,  # what an earlier run said, as any other word that the table has there
        "said": TEXT,  # the reason that the earlier run gave
        "camera": TEXT,  # what a photos frame has under these names
        "focal_length_35mm": FLOAT,
        "position_error_m": FLOAT,
        "width": COUNT,
        "height": COUNT,
    },
)


def table(frame: Frame, data: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
    """Build a plain table of this kind; columns that `data` lacks become NA, flags False."""
    given = pd.DataFrame(data)
    columns = {
        name: _typed(given[name], dtype) if name in given else _absent(dtype, given.index)
        for name, dtype in (dict(frame.columns) | present(given, frame)).items()
    }
    return pd.DataFrame(columns, index=given.index, copy=False)


def _typed(values: "pd.Series[Any]", dtype: Any) -> "pd.Series[Any]":
    if dtype != CODED:
        return values.astype(dtype)
    return pd.Series(coded(values), index=values.index)


def coded(values: "pd.Series[Any]") -> "pd.Categorical[Any]":
    """Return a column of recurring text as categories, which are text."""
    if not _is_coded(values):
        # astype("category") would sort the text, and a million names take a second.
        return pd.Categorical.from_codes(*pd.factorize(values.astype(TEXT)))
    out: pd.Categorical[Any] = values.array
    return out


def rows_of(
    values: "pd.Series[Any]", among: "pd.Series[str] | pd.Index[str]"
) -> "np.ndarray[Any, np.dtype[np.intp]]":
    """Return for each text of a column its row in `among`, -1 for NA and for what is not there.

    Text that recurs is looked up once.
    """
    codes = coded(values)
    rows = np.append(places(codes.categories, among), -1)
    return np.asarray(rows[codes.codes], dtype=np.intp)


def places(
    values: "pd.Series[str] | pd.Index[str]", among: "pd.Series[str] | pd.Index[str]"
) -> "np.ndarray[Any, np.dtype[np.intp]]":
    """Return for each text its row in `among`, which does not repeat; -1 where it is not there."""
    ours, theirs = pd.Index(values), pd.Index(among)
    if ours.equals(theirs):  # as of two frames of the same photos: quickly seen
        return np.arange(len(ours))
    return np.asarray(theirs.get_indexer(ours))


def _is_coded(values: "pd.Series[Any]") -> bool:
    return bool(values.dtype == CODED and values.cat.categories.dtype == TEXT)


def _absent(dtype: Any, index: "pd.Index[Any]") -> "pd.Series[Any]":
    if dtype == CODED:  # a byte a row, where text without any takes fifty on its way
        code = np.full(len(index), -1, dtype=np.int8)
        return pd.Series(pd.Categorical.from_codes(code, pd.Index([], dtype=TEXT)), index=index)
    return pd.Series(False if dtype == FLAG else None, index=index, dtype=dtype)


def geotable(
    frame: Frame, data: Mapping[str, Any] | pd.DataFrame, geometry: Any
) -> gpd.GeoDataFrame:
    """Build a table of this kind with `geometry` in EPSG:4326."""
    return gpd.GeoDataFrame(table(frame, data), geometry=geometry, crs=CRS)


def points(lon: Any, lat: Any) -> "np.ndarray[Any, np.dtype[np.object_]]":
    """Return Points from longitudes and latitudes in degrees; None where either is NA."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    out = np.full(len(x), None, dtype=object)
    known = ~(np.isnan(x) | np.isnan(y))
    out[known] = shapely.points(x[known], y[known])
    return out


def check(given: pd.DataFrame, frame: Frame, *, unique_key: bool = True) -> None:
    """Raise SchemaError unless `given` is a frame of this kind.

    Looking through a million keys takes a tenth of a second; `unique_key` False leaves it out.
    """
    missing = [name for name in frame.columns if name not in given]
    if missing:
        raise SchemaError(
            f"the {frame.name} frame has no column {', '.join(map(repr, missing))}; "
            f"it has {', '.join(map(repr, given.columns))}"
        )
    for name, dtype in (dict(frame.columns) | present(given, frame)).items():
        wanted = TEXT if dtype == CODED else dtype
        if str(given[name].dtype) != wanted and not (dtype == CODED and _is_coded(given[name])):
            raise SchemaError(
                f"column {name!r} of the {frame.name} frame is {given[name].dtype}, not {wanted}; "
                f"convert it with .astype({wanted!r})"
            )
    if not given.index.is_unique:
        raise SchemaError(f"the index of the {frame.name} frame repeats; call .reset_index()")
    if frame.key is not None and unique_key:
        _check_key(given[frame.key], frame)
    if frame.geometry:
        _check_geometry(given, frame)


def present(given: pd.DataFrame, frame: Frame) -> dict[str, Any]:
    """Return the optional columns of the kind that `given` has, with their types."""
    return {name: dtype for name, dtype in frame.optional.items() if name in given}


def _check_key(key: "pd.Series[str]", frame: Frame) -> None:
    if key.isna().any():
        raise SchemaError(
            f"{frame.key} of the {frame.name} frame is empty in {key.isna().sum()} rows"
        )
    if len(key.unique()) < len(key):  # half the time of is_unique
        repeated = key[key.duplicated()].iloc[0]
        raise SchemaError(f"{frame.key} {repeated!r} is duplicated in the {frame.name} frame")


def _check_geometry(given: pd.DataFrame, frame: Frame) -> None:
    if not isinstance(given, gpd.GeoDataFrame):
        raise SchemaError(f"the {frame.name} frame is not a GeoDataFrame")
    if given.crs != CRS:
        raise SchemaError(
            f"the {frame.name} frame is in {given.crs or 'no CRS'}, not {CRS}; "
            f"call .to_crs({CRS!r})"
        )
    types = shapely.get_type_id(np.asarray(given.geometry.array))
    allowed = [shapely.GeometryType[name.upper()] for name in frame.geometry]
    if "Point" in frame.geometry:
        allowed.append(shapely.GeometryType.MISSING)  # a photo without a position
    wrong = np.flatnonzero(~np.isin(types, allowed))
    if len(wrong):
        raise SchemaError(
            f"row {given.index[wrong[0]]!r} of the {frame.name} frame is a "
            f"{shapely.GeometryType(types[wrong[0]]).name}, not a {' or '.join(frame.geometry)}"
        )
