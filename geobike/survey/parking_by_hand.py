"""Pressure and shortage with the hand counts of a survey at hand."""

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from geobike import metrics, schema
from geobike.counting.stage import Counted
from geobike.estimates import looks, parked
from geobike.estimates.draws import Draws
from geobike.estimates.figures import Estimates
from geobike.io.matching import isin
from geobike.parking import ranges

_ALL: Final = "all"


def add(counted: Counted, found: Estimates, exposure: pd.DataFrame) -> Counted:
    """Return the counts with what hand counts say of pressure and shortage, where racks are.

    `exposure` is that of what the detector found, of which `found` was estimated. Ranges are NA
    where there are too few hand counts for any.
    """
    street = counted.street_of_bicycle
    if found.draws is None or counted.streets is None or street is None or not counted.supply:
        return counted
    empty = _is_empty(exposure, counted.exposure)
    known = _Known(found.draws, counted, street, empty, found.settings["area_spread"])
    judged = counted.streets[counted.streets["shortage"].notna()]
    by_street = known.parked("street", judged, "street_id")
    by_area = known.parked("area", counted.areas, "area_id")
    streets = ranges.of_groups(counted.streets, by_street, "street_id")
    areas = ranges.of_groups(counted.areas, by_area, "area_id")
    areas = _with_sums(areas, counted.areas, ranges.summed_shortage(judged, by_street, "area_id"))
    total = _total(known, judged, by_street)
    if not found.ranged:
        streets, areas = _without_ends(streets), _without_ends(areas)
    if np.isnan(found.whole.low):
        total = dict.fromkeys(total) | {name: total[name] for name in total if _is_middle(name)}
    return replace(
        counted,
        streets=counted.streets.join(streets.astype(schema.PARKING_BY_HAND)),
        areas=counted.areas.join(areas.astype(schema.PARKING_BY_HAND)),
        supply={**counted.supply, "by_hand": total},
    )


class _Known(NamedTuple):
    draws: Draws
    counted: Counted
    street: "pd.Series[str]"
    """Of each bicycle."""
    empty: "pd.Series[bool]"
    """By row number of the looks."""
    spread: float

    def parked(self, of: str, frame: pd.DataFrame, key: str) -> ranges.Parked:
        """Return the parked bicycles of each street or area of a frame, or in all its areas."""
        seen = self._seen(of, frame.set_index(key))
        labels = self._labels(self.draws.parts, of)
        exposure = self.counted.exposure
        sums = parked.once(
            self.draws,
            labels.where(labels.isin(seen.index)),
            seen=seen,
            found_in_all=float((exposure["weight"] * exposure["bicycle_count"]).sum()),
            empty=self.empty,
            spread=self.spread,
        )
        return ranges.Parked(*sums)

    def _seen(self, of: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return what `parked.once` must know of the groups of a frame, on its index."""
        exposure, bicycles = self.counted.exposure, self.counted.bicycles
        number = exposure["weight"] * exposure["bicycle_count"].astype(float)
        on_looks = bicycles["weight"].where(isin(bicycles["photo_id"], exposure["photo_id"]), 0.0)
        group = self.street if of == "street" else self._labels(bicycles, of)
        once = frame["detected_once"].astype(float)
        sums = {
            "found": number.groupby(self._labels(exposure, of)).sum(),
            "on_looks": on_looks.groupby(group.astype(schema.TEXT)).sum(),
        }
        table = pd.DataFrame({name: each.reindex(once.index) for name, each in sums.items()})
        table = table.fillna(0.0).assign(detected_once=once, kerb=frame[metrics.KERB])
        return table.assign(on_looks=table["on_looks"].clip(upper=once))

    def _labels(self, frame: pd.DataFrame, of: str) -> "pd.Series[str]":
        if of == "area":
            return frame["area_id"].astype(schema.TEXT)
        if of == _ALL:
            return frame["area_id"].notna().map({True: _ALL}).astype(schema.TEXT)
        streets: pd.Series[str] = frame["stop_id"].map(self.counted.street_of_stop)
        return streets


def _is_empty(exposure: pd.DataFrame, corrected: pd.DataFrame) -> "pd.Series[bool]":
    """Return by look whether no bicycle is detected on it, neither once people corrected boxes."""
    drawn = looks.find(exposure).sort_values("photo_id", ignore_index=True)
    now = corrected.groupby("photo_id")["bicycle_count"].sum().reindex(drawn["photo_id"].array)
    both = drawn["bicycle_count"].to_numpy(dtype=float) + now.fillna(0).to_numpy(dtype=float)
    return pd.Series(both == 0)


def _with_sums(found: pd.DataFrame, areas: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of areas, their shortages those of their streets."""
    own = sums.reindex(areas["area_id"].array).set_axis(areas.index)
    return found.assign(**{str(name): own[name].where(areas["shortage"].notna()) for name in own})


def _total(
    known: _Known, judged: pd.DataFrame, by_street: ranges.Parked
) -> dict[str, float | None]:
    """Return the figures of all areas together, where those of detected bicycles are known."""
    out: dict[str, float | None] = {}
    supply = known.counted.supply
    if supply["pressure"] is not None:
        parked_once = known.counted.areas["detected_once"].sum()
        figures = {"detected_once": parked_once, metrics.KERB: supply[metrics.KERB]}
        every = known.parked(_ALL, pd.DataFrame([figures | {"all": _ALL}]), "all")
        found = ranges.pressure_of_all(every, supply["rack_capacity"])
        out |= {name: None if np.isnan(value) else round(value, 3) for name, value in found.items()}
    inside = judged["area_id"].notna().map({True: _ALL})
    sums = ranges.summed_shortage(judged.assign(inside=inside), by_street, "inside")
    if sums.empty:  # nothing is known, which is not 0
        return out
    return out | {str(name): _whole(sums[name].iloc[0]) for name in sums}


def _whole(number: float) -> int | None:
    return None if np.isnan(number) else int(number)


def _without_ends(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(**{name: np.nan for name in map(str, found) if not _is_middle(name)})


def _is_middle(name: str) -> bool:
    return name.endswith("by_hand")
