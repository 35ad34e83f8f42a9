"""Values of frames as the page's JSON has them."""

import math
from typing import Any, Final

import pandas as pd

CLOCK: Final = "%Y-%m-%d %H:%M"

DECIMALS: Final = 5
"""Of a degree: about one metre."""


def finite(value: Any) -> int | float | None:
    """Return a plain number, None for NA, NaN and infinity, which JSON does not have."""
    if pd.isna(value) or not math.isfinite(value):
        return None
    return float(value) if isinstance(value, float) else int(value)


def time(value: Any, timezone: str) -> str | None:
    """Return a time in the timezone of the map."""
    return None if pd.isna(value) else value.tz_convert(timezone).strftime(CLOCK)
