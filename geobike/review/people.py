"""What each person counted, kept beside the sheet: counts, dots, pages done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from geobike.errors import InputError
from geobike.io import delimited
from geobike.review import count, table
from geobike.review.count import Count

COUNTS: Final = "hand_counts_by.csv"
DOTS: Final = "hand_dots.csv"

_COLUMNS: Final = (
    "file", "counter", "bicycles", "bicycles_high", "ridden", "remark",
    "confirmed", "page_done", "seconds", "counted_at",
)  # fmt: skip
_DOT_COLUMNS: Final = ("file", "counter", "x", "y", "ridden")
YES: Final = "yes"

_LONGEST: Final = 60
"""Most letters of a name."""


@dataclass(frozen=True)
class Dot:
    """Where a person saw a bicycle, in upright pixels of the photo."""

    x: float
    y: float
    ridden: bool = False


@dataclass
class Entry:
    """One person's work on one photo."""

    count: Count | None = None
    confirmed: bool = False
    """Whether the person went on from it: a number half typed is none."""
    page_done: bool = False
    seconds: float = 0.0
    counted_at: str = ""
    dots: Sequence[Dot] = ()

    @property
    def final(self) -> Count | None:
        """What the person says of the photo; on a page that is done, nothing typed is none."""
        if self.count is not None and self.confirmed:
            return self.count
        return Count(0) if self.page_done and self.count is None else None


@dataclass
class People:
    """Everybody's work, by file and person."""

    folder: Path
    entries: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def of(self, file: str, counter: str) -> Entry:
        """Return a person's work on a photo, new where there is none."""
        return self.entries.setdefault(file, {}).setdefault(counter, Entry())

    def names(self) -> list[str]:
        """Return who counted."""
        return sorted({counter for by_person in self.entries.values() for counter in by_person})

    def finals(self, file: str) -> dict[str, Count]:
        """Return what each person says of a photo, the first to say so first."""
        work = sorted(self.entries.get(file, {}).items(), key=lambda one: one[1].counted_at)
        return {counter: entry.final for counter, entry in work if entry.final is not None}

    def save(self) -> None:
        """Write both files, each at once. Raises OutputError."""
        work = [
            (file, counter, entry)
            for file, by_person in self.entries.items()
            for counter, entry in by_person.items()
        ]
        rows = [_cells(*one) for one in work if _is_any(one[2])]
        table.write(table.Table(list(_COLUMNS), rows), self.folder / COUNTS)
        dots = [cells for one in work for cells in _dots(*one)]
        if dots or (self.folder / DOTS).exists():
            table.write(table.Table(list(_DOT_COLUMNS), dots), self.folder / DOTS)


def read(folder: Path) -> People:
    """Return what a folder holds of everybody's work. Raises InputError for a damaged file."""
    people = People(folder)
    if (folder / COUNTS).exists():
        path = folder / COUNTS
        for cells in table.read(path, known=_COLUMNS, needed=("file", "counter", "bicycles")).rows:
            file, counter = _key(cells)
            people.entries.setdefault(file, {})[counter] = _entry(cells, path)
    if (folder / DOTS).exists():
        for cells in table.read(folder / DOTS, known=_DOT_COLUMNS, needed=_DOT_COLUMNS).rows:
            entry = people.of(*_key(cells))
            entry.dots = [*entry.dots, _dot(cells, folder / DOTS)]
    return people


def name(text: str) -> str:
    """Return a person's name as it is kept. Raises InputError for one that is none.

    Examples:
        >>> name("  Anna  de Wit ")
        'Anna de Wit'
    """
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    clean = " ".join(clean.replace("&", " and ").split())  # "A & B" is what two agreed on
    if not clean:
        raise InputError("the name of the person who counts is empty; write one")
    if len(clean) > _LONGEST:
        raise InputError(
            f"the name {clean[:20]!r}... is over {_LONGEST} letters; write a short one"
        )
    return clean


def now() -> str:
    """Return the time as it is kept with a count."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _is_any(entry: Entry) -> bool:
    return entry.count is not None or entry.page_done or entry.seconds > 0 or bool(entry.dots)


def _cells(file: str, counter: str, entry: Entry) -> dict[str, str]:
    said = entry.count.cells() if entry.count is not None else {}
    return {
        "file": delimited.escape_formula(file),
        "counter": delimited.escape_formula(counter),
        **said,
        "remark": delimited.escape_formula(said.get("remark", "")),
        "confirmed": YES if entry.confirmed else "",
        "page_done": YES if entry.page_done else "",
        "seconds": f"{entry.seconds:.1f}",
        "counted_at": entry.counted_at,
    }


def _key(cells: dict[str, str]) -> tuple[str, str]:
    return table.plain(cells, "file"), table.plain(cells, "counter")


def _entry(cells: dict[str, str], path: Path) -> Entry:
    try:
        return Entry(
            count.parse({**cells, "remark": table.plain(cells, "remark")}),
            count.is_yes(cells.get("confirmed", "")),
            count.is_yes(cells.get("page_done", "")),
            float(cells.get("seconds") or 0),
            cells.get("counted_at", ""),
        )
    except (InputError, ValueError) as error:
        raise InputError(f"{path}: {table.plain(cells, 'file')}: {error}") from None


def _dots(file: str, counter: str, entry: Entry) -> Iterable[dict[str, str]]:
    for dot in entry.dots:
        yield {
            "file": delimited.escape_formula(file),
            "counter": delimited.escape_formula(counter),
            "x": f"{dot.x:.1f}",
            "y": f"{dot.y:.1f}",
            "ridden": YES if dot.ridden else "",
        }


def _dot(cells: dict[str, str], path: Path) -> Dot:
    try:
        return Dot(float(cells["x"]), float(cells["y"]), count.is_yes(cells["ridden"]))
    except (InputError, ValueError) as error:
        raise InputError(f"{path}: {table.plain(cells, 'file')}: {error}") from None
