"""The Dutch data standard for bicycle parking, version 2 (CROW): how full each street was.

A street between junctions is a section, what its stops show is an observation of it. The standard
has no field for a method, nor for a count that is not whole: what a photo survey is, each
observation says in its remark. `crow.schema.json` describes the observations more strictly than the
standard's own schema, which accepts any measurement.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from geobike.exports import csv
from geobike.exports.protocol import Files, Format, Frames
from geobike.exports.survey_id import survey_id
from geobike.io.files import atomic_open
from geobike.reporting import report_number

if TYPE_CHECKING:
    import pandas as pd

_FILES: Final[Files] = {"streets": "section_dynamic.csv", "stops": "observations.json"}

_BICYCLE, _OTHER = "f", "a"  # codes of kinds of vehicles

_COLUMNS: Final = (
    *("section_id", "section_localId", "parkinglocation_id", "parkinglocation_localId"),
    *("section_name", "section_layout", "section_url_geolocation", "section_parkingSystemType"),
    *("section_vehicleOwnerType", "section_level", "section_validFrom", "section_validThrough"),
    *("survey_id", "contractor", "observation_capacity_id"),
    *("observation_capacity_timestamp_start", "observation_capacity_timestamp_end"),
    *("observation_capacity_parkingCapacity", "observation_capacity_note"),
    *("observation_occupation_timestamp_start", "observation_occupation_timestamp_end"),
    *("occupation_totalParked", "observation_occupation_note"),
)
"""Of the platform's sheet Section_dynamic; a column by kind of vehicle follows."""


def _write(frames: Frames, folder: Path) -> Files:
    if frames.streets is None or frames.stops is None:
        return {}
    streets = _seen(frames)
    vehicle = _vehicle(frames.about.summary)
    survey = survey_id(frames.about.summary)
    found = [one for row in streets.itertuples() for one in _observations(row, survey, vehicle)]
    with atomic_open(folder / _FILES["stops"]) as file:
        json.dump(found, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
    table = _table(streets, survey, vehicle)
    texts = ["section_id", "section_localId", "section_name", "observation_occupation_note"]
    csv.write(table, texts, folder / _FILES["streets"])
    return dict(_FILES)


def _seen(frames: Frames) -> "pd.DataFrame":
    """Return the streets that were seen, with the time of their first and last stop, as text."""
    import pandas as pd

    streets, stops = pd.DataFrame(frames.streets), pd.DataFrame(frames.stops)
    zone = ZoneInfo(frames.about.timezone or "UTC")
    times = stops.groupby("street_id")["taken_at"].agg(["min", "max"])
    visits = stops.groupby("street_id")["visit_count"].sum()
    out = streets[streets["detected_once"].notna()].copy()
    for column, end in (("start", "min"), ("end", "max")):
        local = out["street_id"].map(times[end]).dt.tz_convert(zone)
        out[column] = [
            None if pd.isna(time) else time.isoformat(timespec="seconds") for time in local
        ]
    timed = out["start"].notna()
    report_number(
        "street has no observation in the file, since none of its photos has a time",
        "streets have no observation in the file, since none of their photos has a time",
        number=int((~timed).sum()),
    )
    out["parked"] = [math.floor(number + 0.5) for number in out["detected_once"]]
    out["visits"] = out["street_id"].map(visits).fillna(0).astype(int)
    out["remark"] = [_remark(row, frames.about.summary) for row in out.itertuples()]
    return out[timed]


def _remark(row: Any, summary: Mapping[str, Any]) -> str:
    """Say how the number came about: the standard has no other place for it."""
    detector, counting = summary.get("detector", {}), summary.get("counting", {})
    ridden = "; ridden ones included" if counting.get("count") == "all" else ""
    if counting.get("ridden", 0) is None:
        ridden = "; ridden ones not told apart"
    model = f" by {detector['model']}" if "model" in detector else ""
    threshold = f", threshold {counting['threshold']:g}" if "threshold" in counting else ""
    return (
        f"photo survey, geobike {summary.get('geobike', '')}: {row.detected_once:g} detected, each "
        f"place once{model}{threshold}, not corrected for what a detector misses{ridden}; "
        f"visits to its stops {row.visits}, covered {row.covered_share:.2f}"
    )


def _vehicle(summary: Mapping[str, Any]) -> str:
    labels = summary.get("counting", {}).get("labels", ["bicycle"])
    return _BICYCLE if list(labels) == ["bicycle"] else _OTHER


def _observations(row: Any, survey: str, vehicle: str) -> Iterator[dict[str, Any]]:
    """Yield the observations of a street: bicycles, and places where all of them are known."""
    counts = [{"vehicle": [{"type": vehicle}], "numberOfVehicles": row.parked}]
    measured = {"totalParked": row.parked, "vehicleTypeCounts": counts}
    yield _observation(row, survey, "occupation", measured) | {"note": {"remark": row.remark}}
    if (places := _capacity(row)) is not None:
        yield _observation(row, survey, "capacity", {"parkingCapacity": places})


def _observation(
    row: Any, survey: str, observed: str, measured: Mapping[str, Any]
) -> dict[str, Any]:
    span = {"timestampStart": row.start, "timestampEnd": row.end}
    return {
        "timestamp": row.start,
        "survey": survey,
        "observedProperty": observed,
        "featureOfInterest": row.street_id,
        "measurement": {**span, **measured},
    }


def _capacity(row: Any) -> int | None:
    """Return the places of a street's racks, None unless the capacity of each is known."""
    racks, known = (getattr(row, name, None) for name in ("rack_count", "rack_capacity_known"))
    places = getattr(row, "rack_capacity", None)
    if any(not _is_number(value) for value in (racks, known, places)):
        return None
    return int(places) if known >= racks > 0 else None  # type: ignore[operator, arg-type]


def _is_number(value: Any) -> bool:
    import pandas as pd

    return value is not None and not pd.isna(value)


def _table(streets: "pd.DataFrame", survey: str, vehicle: str) -> "pd.DataFrame":
    import pandas as pd

    capacity = [_capacity(row) for row in streets.itertuples()]
    known = pd.Series([one is not None for one in capacity], index=streets.index, dtype=bool)
    columns = {
        "section_id": streets["street_id"],
        "section_localId": streets["street_id"],
        "section_name": streets["name"],
        "survey_id": survey,
        "observation_capacity_timestamp_start": streets["start"].where(known),
        "observation_capacity_timestamp_end": streets["end"].where(known),
        "observation_capacity_parkingCapacity": pd.array(capacity, dtype="Int64"),
        "observation_occupation_timestamp_start": streets["start"],
        "observation_occupation_timestamp_end": streets["end"],
        "occupation_totalParked": streets["parked"],
        "observation_occupation_note": streets["remark"],
        vehicle: streets["parked"],
    }
    out = pd.DataFrame(columns, index=streets.index).reindex(columns=[*_COLUMNS, vehicle])
    texts = ("section_id", "section_localId", "section_name", "observation_occupation_note")
    return out.astype(dict.fromkeys(texts, "str"))


FORMAT: Final = Format(
    name="crow",
    help="the Dutch data standard for bicycle parking 2: what was parked in each street",
    files=_FILES,
    suffixes=(".csv", ".json"),
    write=_write,
    needs=("streets", "stops"),
    readable=False,
)
