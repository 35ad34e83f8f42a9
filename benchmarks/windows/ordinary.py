"""Photos of an ordinary shape: the shared ones, counted by eye, the sample and the drive."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import Geod

from benchmarks.measure import Row
from benchmarks.windows.looking import THRESHOLD, Seen, by_rule, counted, detector, hits, look
from geobike.detectors.protocol import DetectorBase
from geobike.detectors.windows import Windows

DATA = Path(__file__).parents[2] / "data"
NUMBERS = (2, 3, 4)
DENSE = 9  # bicycles on a photo
SIDES = ["x_min", "y_min", "x_max", "y_max"]


def rows(shared: Path) -> Iterator[Row]:
    whole = detector(shared)
    yield from _by_eye(shared, whole)
    yield from _rules(shared, whole)
    yield from _with_truth("sample", _sample(), whole)
    yield from _with_truth("drive", _drive(), whole)


def _by_eye(shared: Path, whole: DetectorBase) -> Iterator[Row]:
    counts = pd.read_csv(shared / "photos" / "hand_counts.csv").set_index("file")["bicycles"]
    paths = {name: shared / "photos" / str(name) for name in counts.index}
    ways = {0: whole} | {number: Windows(whole, number) for number in NUMBERS}
    seen = {
        number: {name: look(path, eye) for name, path in paths.items()}
        for number, eye in ways.items()
    }
    found = pd.DataFrame(
        {n: {name: len(counted(s.boxes)) for name, s in some.items()} for n, some in seen.items()}
    )
    spent = {n: np.mean([one.seconds for one in some.values()]) for n, some in seen.items()}
    busy, empty = counts[counts > 0], counts[counts == 0].index
    for number in NUMBERS:
        off = (found.loc[busy.index].sub(busy, axis=0)).abs().mean()
        note = (
            f"{found.loc[busy.index, number].sum()} against {found.loc[busy.index, 0].sum()} of "
            f"{busy.sum()} bicycles; {found.loc[empty, number].sum()} on {len(empty)} photos "
            f"without any; {spent[number]:.2f} against {spent[0]:.2f} s of processor a photo"
        )
        yield Row(
            f"{len(busy)} shared photos, {number} windows along: error of a photo",
            round(off[number], 2), round(off[0], 2), "the whole photo", note, unit="bicycles",
        )  # fmt: skip
    for name in busy[busy >= DENSE].index:
        said = ", ".join(f"{found.at[name, number]} with {number}" for number in NUMBERS[1:])
        yield Row(
            f"{name}, {busy[name]} by eye, 2 windows along",
            float(found.at[name, 2]),
            unit="bicycles",
            note=f"the whole photo: {found.at[name, 0]}; {said}",
        )


def _rules(shared: Path, inner: DetectorBase) -> Iterator[Row]:
    """Three ways of merging the same windows: on racks counted by eye, and on the sample."""
    counts = pd.read_csv(shared / "photos" / "hand_counts.csv").set_index("file")["bicycles"]
    busy = counts[counts > 0]
    said: dict[str, list[int]] = {}
    for name in busy.index:
        for rule, boxes in by_rule(shared / "photos" / str(name), inner, 2).items():
            said.setdefault(rule, []).append(len(counted(boxes)))
    for rule, numbers in said.items():
        off = float(np.abs(np.array(numbers) - busy.to_numpy()).mean())
        note = f"{sum(numbers)} of {busy.sum()} bicycles on {len(busy)} photos"
        yield Row(f"2 windows along, {rule}: error of a photo", round(off, 2), note=note,
                  unit="bicycles")  # fmt: skip


def _sample() -> tuple[dict[str, Path], pd.DataFrame]:
    folder = DATA / "sample"
    seen = pd.read_csv(folder / "seen.csv").rename(columns={"file": "frame"})
    seen["share"] = seen["visible"] / seen["whole"].clip(lower=1)
    files = pd.read_csv(folder / "truth.csv")["file"]
    return {name: folder / "photos" / name for name in files}, seen


def _drive() -> tuple[dict[str, Path], pd.DataFrame]:
    """The frames that are kept, or all where they have been rendered."""
    folder = DATA / "drive"
    seen = pd.read_csv(folder / "seen.csv").rename(columns={"share_visible": "share"})
    frames = pd.read_csv(folder / "frames.csv").set_index("frame")
    stand = pd.read_csv(folder / "bicycles.csv").set_index(["bicycle_id", "day"])[["lon", "lat"]]
    day = seen["frame"].map(frames["day"])
    there = stand.reindex(pd.MultiIndex.from_arrays([seen["bicycle_id"], day]))
    here = frames.loc[seen["frame"], ["lon", "lat"]]
    _, _, away = Geod(ellps="WGS84").inv(
        here["lon"].to_numpy(), here["lat"].to_numpy(),
        there["lon"].fillna(5.25).to_numpy(), there["lat"].fillna(52.6).to_numpy(),
    )  # fmt: skip
    seen["away"] = np.where(there["lon"].isna(), np.nan, away)
    paths = {}
    for name in frames.index:
        kept = folder / "frames" / f"{str(name).replace('/', '_')}.jpg"
        rendered = DATA / "town" / "rendered" / "drive" / f"{name}.jpg"
        path = next((one for one in (kept, rendered) if one.is_file()), None)
        if path is not None:
            paths[str(name)] = path
    return paths, seen


def _with_truth(
    words: str, given: tuple[Mapping[str, Path], pd.DataFrame], whole: DetectorBase
) -> Iterator[Row]:
    paths, seen = given
    seen = seen[seen["frame"].isin(list(paths))].reset_index(drop=True)
    said = {
        number: {name: look(path, eye) for name, path in paths.items()}
        for number, eye in {0: whole, 2: Windows(whole, 2)}.items()
    }
    found, false = {}, {}
    for number, some in said.items():
        found[number], false[number] = _against(some, seen, THRESHOLD)
    seconds = {n: np.mean([one.seconds for one in some.values()]) for n, some in said.items()}
    clear = (seen["share"] > 0.3).to_numpy()
    note = (
        f"of {clear.sum()} that show 0.3 of themselves; boxes that are none: {false[2]} against "
        f"{false[0]}; {seconds[2]:.2f} against {seconds[0]:.2f} s of processor a photo; "
        f"{len(paths)} photos"
    )
    yield _gain(f"{words}, 2 windows along: found", found, clear, note)
    yield _at_equal_precision(words, said, seen, clear)
    number = seen.groupby("frame")["frame"].transform("size").to_numpy()
    for low, high in ((1, 5), (6, 10), (11, 99)):
        some = clear & (number >= low) & (number <= high)
        yield _gain(f"{words}: found, {low} to {high} on the photo", found, some)
    value, steps, unit = _sizes(seen)
    for low, high in steps:
        some = clear & ((value > low) & (value <= high)).to_numpy()
        yield _gain(f"{words}: found, {low} to {high} {unit}", found, some)


def _against(
    said: Mapping[str, Seen], seen: pd.DataFrame, threshold: float
) -> tuple[np.ndarray, int]:
    """Tell which of the true boxes are found, and how many boxes are none."""
    hit, false = np.zeros(len(seen), dtype=bool), 0
    rows_of = seen.groupby("frame").indices
    for name, one in said.items():
        boxes, rows = counted(one.boxes, threshold), rows_of.get(name, np.array([], dtype=int))
        hit[rows] = hits(boxes, seen.loc[rows, SIDES].to_numpy())
        false += len(boxes) - int(hit[rows].sum())
    return hit, false


def _at_equal_precision(
    words: str, said: Mapping[int, Mapping[str, Seen]], seen: pd.DataFrame, clear: np.ndarray
) -> Row:
    """Compare with the whole photo at the threshold that gives it as many wrong boxes."""
    hit, false = _against(said[2], seen, 0.5)
    steps = np.arange(0.5, 0.05, -0.01)
    tried = [_against(said[0], seen, float(step)) for step in steps]
    row = max(n for n, (_, wrong) in enumerate(tried) if wrong <= max(false, tried[0][1]))
    note = (
        f"threshold 0.5, {false} boxes that are none; the whole photo at {steps[row]:.2f}, "
        f"{tried[row][1]} that are none: {100 * tried[row][0][clear].mean():.1f} %"
    )
    share = round(100 * float(hit[clear].mean()), 1)
    return Row(f"{words}, 2 windows along, as many wrong boxes: found", share, unit="%", note=note)


def _sizes(seen: pd.DataFrame) -> tuple["pd.Series[float]", Sequence[tuple[int, int]], str]:
    """Return how far away bicycles are, or else how high they look, with steps of that."""
    if "away" in seen:
        return seen["away"], ((0, 8), (8, 16), (16, 30), (30, 200)), "m away"
    return seen["y_max"] - seen["y_min"], ((0, 30), (30, 45), (45, 70), (70, 999)), "pixels high"


def _gain(words: str, found: Mapping[int, np.ndarray], some: np.ndarray, note: str = "") -> Row:
    if not some.any():
        return Row(words, None, note="none")
    ours, theirs = (round(100 * float(found[number][some].mean()), 1) for number in (2, 0))
    said = note or f"of {some.sum()}"
    return Row(words, ours, unit="%", note=f"the whole photo: {theirs} %; {said}")
