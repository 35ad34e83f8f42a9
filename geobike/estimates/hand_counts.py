"""Hand counts in a file: CSV that people fill in, on the page, in a spreadsheet, or from paper.

The file tells by itself what was drawn from which survey: the settings under which the looks were
found stand in each row. Where they are not those of the survey, its strata no longer hold, and an
estimate from it would be of something else.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.errors import InputError
from geobike.estimates import entries, strata
from geobike.estimates.draws import DRAWN
from geobike.io import delimited, files
from geobike.io.matching import match
from geobike.reporting import report, report_number

FILE_NAME: Final = "hand_counts.csv"
"""In the folder of a survey."""

FROZEN: Final[Mapping[str, str]] = {
    "model": "model",
    "model_version": "version",
    "threshold": "threshold",
    "labels": "labels",
    "max_overlap": "max_overlap",
    "count": "count",
    "stop_distance": "stop_distance",
}
"""Columns that say of which survey photos were drawn, with the names of these settings."""

COLUMNS: Final = (
    "number",  # on the list, or on its page
    "file",
    "bicycles",  # all that a person sees, those among them that somebody rides included
    "bicycles_high",
    "ridden",
    "remark",
    "stratum",
    "stratum_size",
    "drawn",
    "origin",
    "page",
    "page_done",
    "counter",
    "seed",
    *FROZEN,
)

OWN: Final = "own"

FILLED_IN: Final = ("bicycles", "bicycles_high", "ridden", "remark", "page_done", "counter")


def read(
    path: str | Path,
    *,
    looks: pd.DataFrame,
    settings: Mapping[str, Any],
    ridden: "pd.Series[Any] | None" = None,
) -> pd.DataFrame:
    r"""Return the hand counts frame of a file that `write` wrote and people filled in.

    `looks` is the looks frame of the survey, and `settings` how it was found: model, version,
    labels, threshold, max_overlap, count, stop_distance. Where count is parked, ridden bicycles are
    taken off; `ridden`, how many the detector found by `photo_id`, then tells where that was
    forgotten, which is reported. A photo of a contact sheet without a number is 0 once its page is
    done, and NA before. Raises InputError that names file, line, value and remedy, also where the
    file was drawn from another survey.

    Examples:
        >>> from pathlib import Path
        >>> from geobike import schema
        >>> from geobike.estimates import hand_counts
        >>> _ = Path("mine.csv").write_text("file,bicycles,ridden\na.jpg,12,2\nb.jpg,40-55,\n")
        >>> looks = schema.table(schema.LOOKS, {"photo_id": ["a.jpg", "b.jpg"]})
        >>> hand_counts.read("mine.csv", looks=looks, settings={"count": "parked"})[
        ...     ["photo_id", "bicycles", "bicycles_high", "origin"]
        ... ]
          photo_id  bicycles  bicycles_high origin
        0    a.jpg      10.0            NaN    own
        1    b.jpg      40.0           55.0    own
    """
    schema.check(looks, schema.LOOKS)
    rows = read_drawn(path)
    counts = _said(rows, path, parked=settings.get("count") == "parked")
    is_drawn = counts["origin"].isin(DRAWN)
    _check_settings(rows[is_drawn], settings, path)
    photo_id = match(rows["file"], looks["photo_id"])
    counts["stratum"] = _strata(rows[is_drawn], photo_id[is_drawn], looks, path)
    counts["photo_id"] = photo_id.fillna(rows["file"])
    if ridden is not None and settings.get("count") == "parked" and (rows["ridden"] == "").all():
        _report_ridden(counts, ridden, path)
    return schema.table(schema.HAND_COUNTS, _once(counts, path).reset_index(drop=True))


def _report_ridden(counts: pd.DataFrame, ridden: "pd.Series[Any]", path: str | Path) -> None:
    """Report where nobody said of any photo how many bicycles are ridden, and some seem to be."""
    shown = ridden.reindex(counts.loc[counts["bicycles"] > 0, "photo_id"])
    if number := int(shown.fillna(0).sum()):
        report(
            f"hand counts {path}: the column ridden is empty, so all bicycles count as parked, and "
            f"the detector saw riders on {number} of them; write how many are ridden, or 0"
        )


def read_all(path: str | Path, photo_ids: "pd.Series[str]", *, parked: bool) -> pd.DataFrame:
    """Return the hand counts frame of a file, of whatever survey it was drawn; strata are NA.

    A count holds for its photo under any threshold, and on photos that are no look: enough to
    compare it with what was detected there, and no ground for an estimate. `photo_ids` are those of
    the survey; other photos keep the name of the file. Raises InputError as `read` does.
    """
    rows = read_drawn(path)
    counts = _said(rows, path, parked=parked)
    counts["photo_id"] = match(rows["file"], photo_ids).fillna(rows["file"])
    return schema.table(schema.HAND_COUNTS, _once(counts, path).reset_index(drop=True))


def read_drawn(path: str | Path) -> pd.DataFrame:
    """Return the rows of a file as they are: text, by the number of their line in the file.

    A column that the file lacks is empty; columns of its own are kept. Raises InputError for what
    is not CSV, and where there is no column `file` or `bicycles`.
    """
    with files.fetch_local(path) as local:
        cells = delimited.read_cells(local, f"hand counts {path}")
    header = [name.lower() for name in cells.header]
    for name in ("file", "bicycles"):
        if name not in header:
            raise InputError(
                f"hand counts {path}: no column {name}; the columns are {', '.join(header)[:200]}"
            )
    if twice := [name for name in COLUMNS if header.count(name) > 1]:
        raise InputError(
            f"hand counts {path}: has the column {twice[0]} twice; remove or rename all but one"
        )
    texts = [
        [delimited.unescape_formula(cell.strip()) for cell in row] for row in cells.rows.values()
    ]
    index = pd.Index(list(cells.rows), name="line", dtype="int64")
    rows = pd.DataFrame(texts, columns=header, index=index, dtype=schema.TEXT)
    rows = rows.loc[:, ~rows.columns.duplicated()]
    for name in COLUMNS:
        if name not in rows:
            rows[name] = ""
    return rows.astype(schema.TEXT)


def write(rows: pd.DataFrame, path: str | Path) -> None:
    """Write rows, with the columns of COLUMNS and any others, as a whole or not at all.

    Text that a spreadsheet would take for a formula is escaped. Raises OutputError.
    """
    names = [*COLUMNS, *(str(name) for name in rows if name not in COLUMNS)]
    cells = rows.reindex(columns=names).astype(object)
    texts = [
        ["" if pd.isna(cell) else delimited.escape_formula(str(cell)) for cell in row]
        for row in cells.itertuples(index=False, name=None)
    ]
    with files.atomic_open(path) as file:
        delimited.write_cells(file, [names, *texts])


def is_filled_in(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Tell in which rows a person has left anything."""
    return (rows[list(FILLED_IN)] != "").any(axis=1)


def freeze(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of a survey as the cells of the columns of FROZEN."""
    return {column: _text(settings[name]) for column, name in FROZEN.items()}


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value))
    return f"{value:.12g}" if isinstance(value, (int, float)) else str(value)


def _wrong(path: str | Path, line: int, what: object) -> InputError:
    return InputError(f"hand counts {path} line {line}: {what}")


def _said(rows: pd.DataFrame, path: str | Path, *, parked: bool) -> pd.DataFrame:
    """Return `bicycles`, `bicycles_high`, `judged` and `origin` of each row."""
    counts = _counts(rows, path, parked=parked)
    counts.loc[_empty_on_done_pages(rows, counts, path), "bicycles"] = 0.0
    return counts.assign(origin=_origins(rows, path))


def _counts(rows: pd.DataFrame, path: str | Path, *, parked: bool) -> pd.DataFrame:
    """Return `bicycles`, `bicycles_high` and `judged` of each row."""
    found = []
    for line, text, high, ridden in rows[["bicycles", "bicycles_high", "ridden"]].itertuples():
        try:
            entry = entries.parse(text, high)
            riding = entries.parse(ridden).low or 0
        except ValueError as error:
            raise _wrong(path, line, error) from None
        if entry.low is not None and riding > entry.low:
            counts_all = f"{riding} are ridden, and bicycles, which counts these too, is {text}"
            raise _wrong(path, line, counts_all)
        off = riding if parked else 0
        found.append([np.nan if n is None else n - off for n in entry[:2]] + [entry.is_judged])
    types = {"bicycles": schema.FLOAT, "bicycles_high": schema.FLOAT, "judged": schema.FLAG}
    return pd.DataFrame(found, columns=list(types), index=rows.index).astype(types)


def _empty_on_done_pages(
    rows: pd.DataFrame, counts: pd.DataFrame, path: str | Path
) -> npt.NDArray[np.bool_]:
    """Tell which photos have no number because their page shows no bicycle there."""
    done = []
    for line, text in rows["page_done"].items():
        try:
            done.append(entries.is_yes(text))
        except ValueError as error:
            raise _wrong(path, cast(int, line), f"page_done {error}") from None
    sheet = (rows["origin"].str.lower() == "sheet").to_numpy()
    done_pages = rows["page"][np.array(done, dtype=bool) & sheet]
    blank = counts["bicycles"].isna() & counts["judged"]
    return np.asarray(sheet & rows["page"].isin(done_pages).to_numpy() & blank.to_numpy())


def _origins(rows: pd.DataFrame, path: str | Path) -> "pd.Series[str]":
    origin = rows["origin"].str.lower()
    for line, said, stratum in zip(rows.index.tolist(), origin, rows["stratum"], strict=True):
        if said not in ("", *DRAWN, OWN):
            raise _wrong(path, line, f"origin {said!r} is none of list, sheet, own")
        if not said and stratum:
            raise _wrong(path, line, "has a stratum and no origin; write list or sheet, as drawn")
    return origin.where(origin != "", OWN)


_AGAIN: Final = "run geobike map with the settings of the sample, or draw anew: geobike sample OUT"
_CHANGED: Final = "the survey has changed since, so draw anew: geobike sample OUT"


def _check_settings(rows: pd.DataFrame, settings: Mapping[str, Any], path: str | Path) -> None:
    """Raise InputError where photos were drawn under other settings than the survey's."""
    for column, name in FROZEN.items():
        now = _text(settings.get(name, ""))
        for line, cell in zip(rows.index.tolist(), rows[column], strict=True):
            if not is_same(cell, now):
                raise _wrong(
                    path,
                    line,
                    f"was drawn with {column} {cell or 'not given'}, and the survey has "
                    f"{now or 'none'}; {_AGAIN}",
                )


def is_same(cell: str, now: str) -> bool:
    """Tell whether two cells say the same, also where a spreadsheet wrote one of them anew."""
    if cell == now:
        return True
    try:  # a spreadsheet writes 0.50, or 0,5
        return float(cell.replace(",", ".")) == float(now)
    except ValueError:
        return False


def _strata(
    rows: pd.DataFrame, photo_id: "pd.Series[str]", looks: pd.DataFrame, path: str | Path
) -> "pd.Series[str]":
    """Return the strata of drawn photos.

    Raises InputError where they are not, or no longer, those from which they were drawn.
    """
    all_now = strata.of(looks["bicycle_count"])
    now = all_now.set_axis(looks["photo_id"]).reindex(photo_id).set_axis(rows.index)
    cells = zip(rows.index.tolist(), rows["file"], photo_id, now, strict=True)
    sizes = {str(name): str(size) for name, size in all_now.value_counts().items()}
    drawn_from = zip(rows["stratum"], rows["stratum_size"], strict=True)
    for (line, file, found, name), (said, size) in zip(cells, drawn_from, strict=True):
        if pd.isna(found):
            raise _wrong(
                path,
                line,
                f"{file} was drawn, and is the photo of no look of this survey; name the survey "
                "from which it was drawn, or draw anew: geobike sample OUT",
            )
        # A spreadsheet makes a date of 1-2; the size of the stratum still tells.
        if said != name and not entries.is_date(said):
            was = f"{file} was drawn from stratum {said or 'not given'} and is now in {name}"
            raise _wrong(path, line, f"{was}; {_CHANGED}")
        if not is_same(size, sizes[name]):
            was = f"stratum {name} had {size or 'no number of'} looks when photos were drawn"
            raise _wrong(path, line, f"{was}, and has {sizes[name]} now; {_CHANGED}")
    _report_missing(rows, now)
    return now


def _report_missing(rows: pd.DataFrame, stratum: "pd.Series[str]") -> None:
    """Report drawn photos whose rows somebody removed: they are as good as not counted."""
    said = pd.to_numeric(rows["drawn"], errors="coerce").groupby(stratum).max()
    missing = (said - stratum.value_counts()).clip(lower=0).sum()
    report_number(
        "drawn photo has no row in the hand counts any more; it counts as not counted",
        "drawn photos have no row in the hand counts any more; they count as not counted",
        number=int(missing),
    )


def _once(counts: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Return one row a photo, the drawn one first. Raises InputError where two counts differ."""
    drawn_first = counts.assign(own=counts["origin"] == OWN).sort_values("own", kind="stable")
    said = drawn_first[drawn_first["bicycles"].notna() | ~drawn_first["judged"]]
    values = ["bicycles", "bicycles_high", "judged"]
    first = said.drop_duplicates("photo_id").set_index("photo_id")[values]
    other = first.loc[said["photo_id"]].to_numpy(dtype=float)
    same = np.isclose(said[values].to_numpy(dtype=float), other, equal_nan=True).all(axis=1)
    for line, photo_id in zip(said.index[~same], said["photo_id"][~same], strict=True):
        twice = f"{photo_id} stands in the file twice, with two counts; leave one"
        raise _wrong(path, line, twice)
    once = drawn_first.drop_duplicates("photo_id").sort_index()
    counted = first[["bicycles", "bicycles_high"]]
    return once.drop(columns=list(counted)).join(counted, on="photo_id")
