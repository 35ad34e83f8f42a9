"""The files of a comparison: its figures by area and by street, and an account of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geobike.comparison import page
from geobike.comparison.comparing import Comparison
from geobike.errors import InputError
from geobike.exports import csv, geojson
from geobike.io import files
from geobike.io.redaction import redact
from geobike.io.transaction import transaction
from geobike.saved import SUMMARY as SURVEY
from geobike.version import __version__

AREAS: Final = "comparison.geojson"
STREETS: Final = "comparison_streets.geojson"
TABLE: Final = "comparison.csv"
STOPS: Final = "comparison_stops.csv"
ACCOUNT: Final = "comparison.json"
PAGE: Final = "comparison.html"

_DIGITS: Final = 4


def write(comparison: Comparison, folder: str | Path, *, language: str = "en") -> list[str | Path]:
    """Write a comparison into a folder; return its files.

    Files with areas and streets are in EPSG:4326. All take their places together. Raises InputError
    for the folder of a survey, and for one that cannot be written.
    """
    if Path(folder, SURVEY).exists():
        raise InputError(f"--out {redact(folder)} holds a survey; name another folder")
    with transaction(folder, last=ACCOUNT) as out:
        rounded = _rounded(comparison.areas)
        geojson.write_features(rounded, out.staging / AREAS)
        table = pd.DataFrame(rounded.drop(columns=rounded.geometry.name))
        csv.write(table, ["area_id", "name", "told"], out.staging / TABLE)
        csv.write(comparison.pairs, ["before", "after"], out.staging / STOPS)
        if comparison.streets is None:
            out.discard(STREETS)
        else:
            geojson.write_features(_rounded(comparison.streets), out.staging / STREETS)
        with files.atomic_open(out.staging / PAGE) as file:
            file.write(page.build(comparison, language=language))
        with files.atomic_open(out.staging / ACCOUNT) as file:
            json.dump(_account(comparison), file, indent=2, ensure_ascii=False, allow_nan=False)
            file.write("\n")
        written = sorted(path.name for path in out.staging.iterdir())
    return [files.join(folder, name) for name in written]


def _rounded(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{str(name): frame[name].round(_DIGITS) + 0.0 for name in numbers})


def _account(comparison: Comparison) -> dict[str, Any]:
    whole = {str(name): _plain(value) for name, value in comparison.whole.items()}
    return {
        "geobike": __version__,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "before": comparison.before,
        "after": comparison.after,
        "compared": comparison.kind,
        "stops_before": comparison.stops_before,
        "stops_after": comparison.stops_after,
        "pairs": len(comparison.pairs),
        "whole": whole,
        "named": comparison.named["area_id"].tolist(),
        "sentences": list(page.sentences(comparison)),
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; NaN is None."""
    if isinstance(value, str):
        return value
    return None if pd.isna(value) else round(float(value), _DIGITS) + 0.0
