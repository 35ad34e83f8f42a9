"""What a kind of frame is: its columns with their types, its key, its geometry and its CRS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

CRS: Final = "EPSG:4326"
"""Every geometry that leaves a stage is longitude, latitude in degrees on WGS 84."""

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


def present(given: pd.DataFrame, frame: Frame) -> dict[str, Any]:
    """Return the optional columns of the kind that `given` has, with their types."""
    return {name: dtype for name, dtype in frame.optional.items() if name in given}
