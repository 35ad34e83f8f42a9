"""Detections as a table, CSV or Parquet: written by geobike, or any other detector's boxes.

With them a survey can be counted where neither photos nor model are available.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geobike import schema
from geobike.detections import extent, foreign, recorded
from geobike.detections.ways import base_name
from geobike.detectors import check
from geobike.errors import InputError, MissingPackageError
from geobike.io import delimited
from geobike.io.files import fetch_local
from geobike.io.inputs import InputFile
from geobike.reporting import one_line

_FILE: Final = ("photo_id", "file", "filename", "file_name", "photo", "image", "path")
_TEXTS: Final = ("photo_id", "label", "model")
_SIDES: Final = [*schema.IN_FILES]
_OURS: Final = frozenset((*_FILE, "label", "score", *_SIDES, "model", *recorded.COLUMNS))
_IN_FRAMES: Final = {written: ours for ours, written in schema.IN_FILES.items()}

NO_ROWS: Final = (
    "the table has no rows, so that it says of no photo what it shows; give each photo that shows "
    "nothing a row of its name alone"
)


class Table(NamedTuple):
    """Boxes as they were read from a file."""

    boxes: pd.DataFrame
    """A detections frame, photos named as in the file."""
    own: bool
    """Whether a survey wrote the table: it has no row of photos in which nothing was found."""


def read(path: str | Path) -> pd.DataFrame:
    r"""Read boxes and return a detections frame, nothing filtered yet, photos named as in the file.

    The columns are `photo_id` (or `file`), `label`, `score` from 0 to 1, `x_min`, `y_min`, `x_max`,
    `y_max` (or `xmin` and so on) in upright pixels, and if known `model`. A row without a label
    says that nothing was found in its photo. In a table that a survey wrote, `dropped_by` is
    `review` where a person struck a box out; other reasons are left to be found anew. Only such a
    table may have no rows. The separator of a CSV may be a comma, a semicolon or a tab; its
    decimals may have commas. Raises InputError, also for a single bad row, since a box left out may
    be a bicycle missed, and for boxes in 0 to 1; and MissingPackageError where Parquet is not
    installed.

    Examples:
        >>> from pathlib import Path
        >>> import geobike
        >>> _ = Path("boxes.csv").write_text(
        ...     "file,label,score,x_min,y_min,x_max,y_max\n"
        ...     "a.jpg,bicycle,0.9,10,20,60,80\n"
        ...     "b.jpg,,,,,,\n"
        ... )
        >>> geobike.read_detections("boxes.csv")[["photo_id", "label", "score"]]
          photo_id    label  score
        0    a.jpg  bicycle    0.9
        1    b.jpg      NaN    NaN
    """
    return load(path).boxes


def load(path: str | Path) -> Table:
    """Read boxes as `read` does, and tell whether a survey wrote them. Raises InputError."""
    with fetch_local(path) as file:
        if not file.is_file():
            what = "is a folder; name the file in it" if file.is_dir() else "no such file"
            raise InputError(f"detections {file}: {what}")
        raw = _read(file)
        own = recorded.is_ours(raw.columns)
        if raw.empty and not own:
            raise InputError(f"detections {file}: {NO_ROWS}")
        empty = raw["label"] == ""  # of a Parquet file; an empty cell of a CSV is missing already
        if empty.any():
            raw["label"] = raw["label"].mask(empty)
        columns = [raw[name] for name in ("score", *_SIDES)]
        delimited.refuse_thousands(_with_commas(columns), f"detections {file}")
        for column in columns:
            raw[str(column.name)] = _numbers(column)
        _check(raw, file)
        labels = check.clean_labels(schema.coded(raw["label"]))
        raw["label"] = pd.Series(labels, index=raw.index)
    out = schema.table(schema.DETECTIONS, recorded.marked(raw) if own else raw)
    extent.check_not_normalized(out)
    return Table(out, own)


def _read(file: Path) -> pd.DataFrame:
    if file.suffix.lower() == ".parquet":
        return _read_parquet(file)
    try:
        if foreign.is_json(file):
            return _columns(foreign.read_json(file), file)
        if hint := foreign.yolo_hint(file):
            raise InputError(f"detections {file}: {hint}")
        _refuse_utf16(file)
    except OSError as error:
        raise InputError(f"detections {file}: cannot be read: {error.strerror}") from None
    return _read_csv(file)


def _refuse_utf16(file: Path) -> None:
    with file.open("rb") as opened:
        start = opened.read(4)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start:
        raise InputError(f"detections {file}: is UTF-16 text or not text; save it as CSV UTF-8")


def model(detections: pd.DataFrame, file: InputFile, *, own: bool = False) -> tuple[str, str]:
    """Return name and version of the model whose detections were read from a file.

    The name is that in the column `model`, else the file's; the version is the file's SHA-256.
    Raises InputError where several models answered: their boxes would be counted twice. In a
    survey's `own` table one of them may be a person.
    """
    by_detector = detections[~detections["kept"]]  # the others a person added
    named = by_detector["model"].notna()
    names = sorted(set(map(base_name, by_detector["model"].dropna().unique())))
    if own and not named.all() and (by_detector.loc[named, "score"] == 1).all() and names:
        names.append("one without a name")  # the others look like people
    if len(names) > 1:
        raise InputError(
            f"detections {file.name}: holds the answers of {len(names)} models: "
            f"{', '.join(names[:3])}; keep the rows of one{_IN_ITS_FOLDER if own else ''}"
        )
    return names[0] if names else file.name, file.sha256 or ""


_IN_ITS_FOLDER: Final = (
    "; where the others are people who added boxes, give the table in its survey's folder, whose "
    "summary.json names them"
)


def nothing_found(photo_ids: "pd.Series[str]", model: str) -> pd.DataFrame:
    """Return the detections frame of photos in which a model found nothing."""
    rows = {"photo_id": photo_ids.array, "model": [model] * len(photo_ids)}
    return schema.table(schema.DETECTIONS, rows)


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        delimiter, skip, header = _layout(path)
        raw = pd.read_csv(
            path,
            sep=delimiter,
            skiprows=skip,
            encoding="utf-8-sig",
            dtype={name: "str" for name in header if _plain(name) in (*_FILE, "label", "model")},
            keep_default_na=False,
            na_values=[""],  # a label may be called None or NA
        )
    except (OSError, ValueError, csv.Error) as error:  # pandas' ParserError is a ValueError
        raise InputError(f"detections {path}: {delimited.reason(error)}") from None
    raw = _columns(raw, path)
    for name in _TEXTS:
        raw[name] = delimited.unescape(raw[name].astype("str"))
    return raw


def _layout(path: Path) -> tuple[str, int, list[str]]:
    """Return separator, lines before the header, and header.

    Raises InputError for a row that pandas would shift or fill.
    """
    with delimited.open_text(path) as file:
        delimiter, skip = delimited.sniff(file)
        lines = delimited.read_rows(file, delimiter, skip=skip)
        _, header = next(lines, (1, []))
        if not header:
            raise InputError(f"detections {path}: is empty, without even a header")
        _check_once(header, path)
        for line, cells in lines:
            if fault := delimited.width_fault(len(cells), len(header)):
                raise InputError(f"detections {path} line {line}: {fault}")
    return delimiter, skip, header


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingPackageError("Reading detections from Parquet", "parquet") from None
    try:
        fields = pyarrow.parquet.read_schema(path)
        wanted = [name for name in fields.names if _plain(name) in _OURS]
        for name in wanted:
            if _plain(name) in (*_FILE, "label", "model"):
                _check_text(name, fields.field(name).type)
        # Labels and models are few. Photos are many, and quicker to number as text.
        raw = pd.read_parquet(path, columns=wanted, read_dictionary=["label", "model"])
        for name in raw.select_dtypes("str"):  # pyarrow does not check it before
            pyarrow.array(raw[name]).validate(full=True)
    except InputError as error:
        raise InputError(f"detections {path}: {error}") from None
    except Exception as error:  # noqa: BLE001 - pyarrow's errors share no base
        raise InputError(f"detections {path}: cannot be read as Parquet: {error}") from None
    return _columns(raw, path)


def _check_text(name: str, kind: Any) -> None:
    """Raise InputError for a column of an Arrow type that is not text."""
    from pyarrow import types

    value = kind.value_type if types.is_dictionary(kind) else kind
    binary = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    if types.is_nested(value) or any(is_kind(value) for is_kind in binary):
        raise InputError(f"column {name} is of {kind}, not text; write it as text (UTF-8)")


def _columns(raw: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the columns by our names; `model` may be missing."""
    _check_once(map(str, raw), path)
    raw = raw.rename(
        columns={name: _plain(str(name)) for name in raw if _plain(str(name)) in _OURS}
    )
    file = next((name for name in _FILE if name in raw), "photo_id")
    raw = raw.rename(columns={file: "photo_id"})
    wanted = ["photo_id", "label", "score", *_SIDES]
    if missing := [schema.IN_FILES.get(name, name) for name in wanted if name not in raw]:
        raise InputError(
            f"detections {path}: no column {', '.join(missing)}; the columns are "
            f"{one_line(', '.join(map(str, raw.columns)))}"
            f"{foreign.columns_hint([_plain(str(name)) for name in raw])}"
        )
    ours = recorded.COLUMNS if recorded.is_ours(raw.columns) else ()
    return raw.reindex(columns=[*wanted, "model", *ours])


def _check_once(columns: Iterable[str], path: Path) -> None:
    """Raise InputError where two columns may be the same one of ours."""
    by_name: dict[str, list[str]] = {}
    for column in columns:
        by_name.setdefault(_plain(column), []).append(column)
    for name, same in by_name.items():
        if name in _OURS and len(same) > 1:
            raise InputError(
                f"detections {path}: the columns {' and '.join(map(repr, same))} may both be "
                f"{schema.IN_FILES.get(name, name)}; leave one out"
            )


def _plain(column: str) -> str:
    """Return the name of a column in lower case, with _ for the blanks within, sides as ours."""
    name = "_".join(column.lower().split())
    return _IN_FRAMES.get(name, name)


def _with_commas(columns: Iterable["pd.Series[Any]"]) -> Iterator[str]:
    for column in columns:
        if not pd.api.types.is_numeric_dtype(column):
            texts = column.dropna().astype("str")
            yield from texts[texts.str.contains(",", regex=False)]


def _numbers(column: "pd.Series[Any]") -> "pd.Series[float]":
    """Return numbers, NaN for what is not a number; text may have decimal commas."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype("str").str.replace(",", ".", n=1)
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _right_labels(label: "pd.Series[Any]") -> npt.NDArray[np.bool_]:
    """Return which labels are valid. They recur, so each is checked once; some are numbers."""
    codes, labels = pd.factorize(label)
    right = [check.wrong_label(str(one)) is None for one in labels]
    return np.array([*right, False])[codes]  # the last one: none at all


def _check(raw: pd.DataFrame, path: Path) -> None:
    """Raise InputError for the first row that is not a box."""
    score, *sides = (raw[name].to_numpy() for name in ("score", *_SIDES))
    box = raw["label"].notna()
    faults = {
        "names no photo": raw["photo_id"].isna() | (raw["photo_id"] == ""),
        "has a box without a label": ~box & raw[["score", *_SIDES]].notna().any(axis=1),
        f"has a label that is no text of up to {check.LONGEST_LABEL:,} characters": box
        & ~_right_labels(raw["label"]),
        "has a score that is not from 0 to 1": box & ~check.right_scores(score),
        "has a box whose sides are not numbers in order": box & ~check.right_corners(*sides),
    }
    for fault, where in faults.items():
        if where.any():
            place = int(where.to_numpy().argmax())
            values = ", ".join(f"{name} {value}" for name, value in raw.iloc[place].items())
            hint = _CORNERS if "in order" in fault and _as_width_and_height(*sides) else ""
            raise InputError(
                f"detections {path}: row {place + 1} below the header {fault}: {values[:300]}; "
                f"{int(where.sum())} of {len(raw)} rows are like that{hint}"
            )


_CORNERS: Final = (
    ". If these are x, y, width and height, give x_max as x_min + width and y_max as y_min + height"
)


def _as_width_and_height(
    xmin: npt.NDArray[Any], ymin: npt.NDArray[Any], xmax: npt.NDArray[Any], ymax: npt.NDArray[Any]
) -> bool:
    """Tell whether boxes are out of order, and all would be right as x, y, width, height."""
    disordered = (xmax < xmin) | (ymax < ymin)
    return bool(disordered.any() and not ((xmax < 0) | (ymax < 0)).any())
