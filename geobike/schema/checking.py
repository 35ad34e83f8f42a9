"""Whether a frame is of its kind: what is missing, of another type, repeated or misplaced."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geobike.errors import SchemaError
from geobike.io.lookup import is_unique
from geobike.schema.frame import CODED, CRS, TEXT, Frame, present
from geobike.schema.recurring import is_coded


def check(given: pd.DataFrame, frame: Frame) -> None:
    """Raise SchemaError unless `given` is a frame of this kind."""
    missing = [name for name in frame.columns if name not in given]
    if missing:
        raise SchemaError(
            f"the {frame.name} frame has no column {', '.join(map(repr, missing))}; "
            f"it has {', '.join(map(repr, given.columns))}"
        )
    for name, dtype in (dict(frame.columns) | present(given, frame)).items():
        wanted = TEXT if dtype == CODED else dtype
        if str(given[name].dtype) != wanted and not (dtype == CODED and is_coded(given[name])):
            raise SchemaError(
                f"column {name!r} of the {frame.name} frame is {given[name].dtype}, not {wanted}; "
                f"convert it with .astype({wanted!r})"
            )
    if not given.index.is_unique:
        raise SchemaError(f"the index of the {frame.name} frame repeats; call .reset_index()")
    if frame.key is not None:
        _check_key(given[frame.key], frame)
    if frame.geometry:
        _check_geometry(given, frame)


def _check_key(key: "pd.Series[str]", frame: Frame) -> None:
    if key.isna().any():
        raise SchemaError(
            f"{frame.key} of the {frame.name} frame is empty in {key.isna().sum()} rows"
        )
    if not is_unique(key):
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
