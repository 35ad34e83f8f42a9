"""The work of counting: the photos that were drawn, who said what, and what is settled.

`hand_counts.csv` holds one count for each photo: that of the first person who counted it, or what
two agreed on. What each person said is kept beside it (`geobike.review.people`).
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import pandas as pd

from geobike.errors import InputError
from geobike.estimates.hand_counts import COLUMNS, FILE_NAME
from geobike.io import delimited
from geobike.io.matching import match
from geobike.review import count, people, table
from geobike.review.count import Count
from geobike.review.people import YES, Dot, Entry

AGREED: Final = " & "
"""Between the names of two people whose counts were joined to a range."""

_OURS: Final = ("bicycles", "bicycles_high", "ridden", "remark", "page_done", "counter")
_OWN: Final = "own"
"""The `origin` of a photo that was not drawn: somebody counted it beside the others."""

_SECONDS: Final = {"list": 25.0, "sheet": 3.0}
"""For one photo, until the person's own pace is known."""
_KNOWN_PACE: Final = 5
_MOST_DOTS: Final = 500


class Work:
    """The sheet of a survey's folder, with everybody's counts. Used from several threads."""

    def __init__(self, folder: Path, photo_ids: "pd.Series[str]") -> None:
        self._folder = folder
        self._photo_ids = photo_ids
        self._lock = threading.RLock()
        self._stamp: tuple[int, int] | None = None
        self._people = people.read(folder)
        self._sheet = table.Table(["file", *_OURS, "origin"])
        self._rows: dict[int, dict[str, str]] = {}
        self.missing: list[str] = []
        """Files in the sheet that are no photos of the survey."""
        self._refresh()

    @property
    def path(self) -> Path:
        """The sheet."""
        return self._folder / FILE_NAME

    def names(self) -> list[str]:
        """Return who has counted."""
        return [name for name in self._people.names() if name]

    def tasks(self, counter: str) -> dict[str, Any]:
        """Return what there is to count, and what this person has said of it."""
        with self._lock:
            self._refresh()
            pages: dict[str, list[dict[str, Any]]] = {}
            listed: list[dict[str, Any]] = []
            for number, row in self._rows_of(counter):
                item = self._item(number, row, counter)
                page = _page(row)
                (listed if page is None else pages.setdefault(page, [])).append(item)
            return {
                "list": listed,
                "pages": [
                    {"page": page, "photos": pages[page], "done": _is_done(pages[page])}
                    for page in sorted(pages, key=_by_number)
                ],
                "seconds_left": self._seconds_left(counter),
                "missing": self.missing,
                "differing": sum(1 for _ in self._differing()),
            }

    def count(self, counter: str, number: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what a person says of a photo; a photo that was not drawn is added as their own.

        Returns the photo as it stands, and `seconds_left`. Raises InputError for what is no count.
        """
        said = count.parse(fields)
        dots = _dots(fields.get("dots", ()))
        with self._lock:
            self._refresh()
            row = self._rows.get(number) or self._add_own(number)
            entry = self._people.of(_file(row), counter)
            if said != entry.count or not entry.counted_at:
                entry.counted_at = people.now()
            entry.count, entry.dots = said, dots
            entry.confirmed = said is not None and fields.get("confirmed") is True
            entry.seconds += _seconds(fields)
            self._settle(row)
            self._save()
            left = self._seconds_left(counter)
            return self._item(number, row, counter) | {"seconds_left": left}

    def finish(self, counter: str, page: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Keep whether a person has looked through a whole page, and return `seconds_left`.

        Raises InputError where there is no such page.
        """
        done = fields.get("done") is True
        with self._lock:
            self._refresh()
            rows = [row for row in self._rows.values() if _page(row) == page]
            if not rows:
                raise InputError(f"there is no page {page[:20]!r} of photos in {self.path}")
            for row in rows:
                entry = self._people.of(_file(row), counter)
                entry.page_done = done
                entry.confirmed = entry.count is not None
                entry.counted_at = entry.counted_at or people.now()
                entry.seconds += _seconds(fields) / len(rows)
                self._settle(row)
            self._save()
            return {"seconds_left": self._seconds_left(counter)}

    def differences(self) -> dict[str, Any]:
        """Return how well two people agree, and the photos on which they do not."""
        with self._lock:
            self._refresh()
            both = list(self._counted_twice())
            return {
                "photos": [
                    {"n": number, "file": _file(row), "said": _said(finals), "settled": _cells(row)}
                    for number, row, finals in self._differing()
                ],
                "counted_twice": len(both),
                "agreements": _agreements([finals for _, _, finals in both]),
            }

    def settle(self, number: int, names: Sequence[str]) -> None:
        """Let one person's count stand, or, of two, the range from the least to the most.

        Raises InputError where one of them has not counted the photo.
        """
        with self._lock:
            self._refresh()
            row = self._rows.get(number)
            finals = {} if row is None else self._people.finals(_file(row))
            if row is None or not names or not set(names) <= set(finals):
                raise InputError(f"{' and '.join(names)[:80]}: has not counted this photo")
            row["counter"] = delimited.escape_formula(names[0])
            if len(names) > 1:
                row |= _written(_joined([finals[name] for name in names]))
                row["counter"] = delimited.escape_formula(AGREED.join(names))
            self._settle(row)
            self._save()

    def counts(self) -> dict[int, Count]:
        """Return the settled counts by number of the photo."""
        with self._lock:
            found = {}
            for number, row in self._rows.items():
                finals = self._people.finals(_file(row))
                counter = table.plain(row, "counter")
                said = finals.get(counter) or count.parse(row)
                if said is not None:
                    found[number] = said
            return found

    def _refresh(self) -> None:
        """Read the sheet again where a spreadsheet, or `geobike sample`, has changed it."""
        if not self.path.exists() or _stamp(self.path) == self._stamp:
            return
        self._sheet = table.read(self.path, known=(*COLUMNS, *_OURS), needed=("file", "bicycles"))
        self._sheet.need(_OURS)
        self._stamp = _stamp(self.path)
        files = pd.Series([_file(row) for row in self._sheet.rows], dtype="str")
        found = match(files, self._photo_ids) if len(files) else files
        number = {name: place for place, name in enumerate(self._photo_ids)}
        self._rows, self.missing = {}, []
        for row, file, photo_id in zip(self._sheet.rows, files, found, strict=True):
            if isinstance(photo_id, str):
                self._rows.setdefault(number[photo_id], row)
            else:
                self.missing.append(file)
        for row in self._rows.values():
            self._adopt(row)

    def _adopt(self, row: dict[str, str]) -> None:
        """Take what the sheet says as the word of whom it names, or of paper where it names none.

        It was edited by hand, or written just before this program was killed.
        """
        counter = table.plain(row, "counter")
        if AGREED in counter:
            return
        try:
            said = count.parse({**row, "remark": table.plain(row, "remark")})
            done = count.is_yes(row.get("page_done", ""))
        except InputError as error:
            raise InputError(f"{self.path}: {_file(row)}: {error}") from None
        if said is None and not done:
            return
        entry = self._people.of(_file(row), counter)
        if entry.final != (said or Count(0)):
            entry.count, entry.confirmed = said, said is not None
            entry.page_done = entry.page_done or (said is None and done)

    def _settle(self, row: dict[str, str]) -> None:
        """Write into a row of the sheet what stands."""
        by_person = self._people.entries.get(_file(row), {})
        done = any(entry.page_done for entry in by_person.values())
        row["page_done"] = YES if done else ""
        counter = table.plain(row, "counter")
        if AGREED in counter:
            return
        finals = self._people.finals(_file(row))
        if not finals:
            row |= dict.fromkeys(_OURS, "")
            return
        chosen = counter if counter in finals else next(iter(finals))
        row["counter"] = delimited.escape_formula(chosen)
        row |= _written(by_person[chosen].count)

    def _save(self) -> None:
        # The sheet first: what it says wins where the program is killed before the others.
        table.write(self._sheet, self.path)
        self._stamp = _stamp(self.path)
        self._people.save()

    def _add_own(self, number: int) -> dict[str, str]:
        if not 0 <= number < len(self._photo_ids):
            raise InputError(f"there is no photo {number} in the survey")
        self._sheet.need(("file", *_OURS, "origin"))
        row = {"file": delimited.escape_formula(self._photo_ids.iloc[number]), "origin": _OWN}
        self._sheet.rows.append(row)
        self._rows[number] = row
        return row

    def _rows_of(self, counter: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the photos that a person is to count: not those that others chose themselves."""
        for number, row in self._rows.items():
            by_person = self._people.entries.get(_file(row), {})
            if not _is_own(row) or not by_person or counter in by_person:
                yield number, row

    def _item(self, number: int, row: dict[str, str], counter: str) -> dict[str, Any]:
        entry = self._people.entries.get(_file(row), {}).get(counter, Entry())
        return {
            "n": number,
            "file": _file(row),
            "own": _is_own(row),
            "confirmed": entry.confirmed,
            "page_done": entry.page_done,
            "dots": [[dot.x, dot.y, dot.ridden] for dot in entry.dots],
            **(entry.count.cells() if entry.count is not None else dict.fromkeys(_OURS[:4], "")),
        }

    def _seconds_left(self, counter: str) -> float:
        left = 0.0
        pace = {kind: self._pace(counter, kind) for kind in _SECONDS}
        for _, row in self._rows_of(counter):
            entry = self._people.entries.get(_file(row), {}).get(counter, Entry())
            on_page = _page(row) is not None
            if entry.page_done if on_page else entry.final is not None:
                continue
            left += pace["sheet" if on_page else "list"]
        return left

    def _pace(self, counter: str, kind: str) -> float:
        """Return seconds for one photo, as this person took for those that are done."""
        taken = []
        for row in self._rows.values():
            entry = self._people.entries.get(_file(row), {}).get(counter)
            alike = (_page(row) is not None) == (kind == "sheet")
            if entry and alike and entry.final is not None and entry.seconds > 0:
                taken.append(entry.seconds)
        return median(taken) if len(taken) >= _KNOWN_PACE else _SECONDS[kind]

    def _counted_twice(self) -> Iterator[tuple[int, dict[str, str], dict[str, Count]]]:
        for number, row in self._rows.items():
            finals = self._people.finals(_file(row))
            if len(finals) > 1:
                yield number, row, finals

    def _differing(self) -> Iterator[tuple[int, dict[str, str], dict[str, Count]]]:
        for number, row, finals in self._counted_twice():
            if len({(said.low, said.high, said.ridden) for said in finals.values()}) > 1:
                yield number, row, finals


def _file(row: Mapping[str, str]) -> str:
    return table.plain(row, "file")


def _is_own(row: Mapping[str, str]) -> bool:
    return row.get("origin", "").strip() == _OWN


def _page(row: Mapping[str, str]) -> str | None:
    """Return the contact sheet that a photo is on, None for one of the list."""
    page = row.get("page", "").strip().removesuffix(".0")
    on_sheet = row.get("origin", "").strip() == "sheet"
    return (page or "1") if on_sheet else None


def _by_number(page: str) -> tuple[int, str]:
    return (int(page) if page.isascii() and page.isdigit() else 1 << 30, page)


def _is_done(photos: Sequence[Mapping[str, Any]]) -> bool:
    return all(photo["page_done"] for photo in photos)


def _written(said: Count | None) -> dict[str, str]:
    if said is None:
        return dict.fromkeys(_OURS[:4], "")
    cells = said.cells()
    return cells | {"remark": delimited.escape_formula(cells["remark"])}


def _cells(row: Mapping[str, str]) -> dict[str, str]:
    return {name: table.plain(row, name) for name in _OURS}


def _said(finals: Mapping[str, Count]) -> list[dict[str, str]]:
    return [{"counter": counter, **said.cells()} for counter, said in finals.items()]


def _joined(said: Sequence[Count]) -> Count:
    """Return the range from the least to the most that anybody saw; all who could judge count."""
    known = [one for one in said if one.low is not None]
    if not known:
        return said[0]
    low = min(one.low for one in known if one.low is not None)
    high = max(one.high if one.high is not None else one.low or 0 for one in known)
    remarks = dict.fromkeys(one.remark for one in said if one.remark)
    return Count(
        low, None if high == low else high, min(one.ridden for one in known), "; ".join(remarks)
    )


def _agreements(twice: Sequence[Mapping[str, Count]]) -> list[dict[str, Any]]:
    """Return for each pair of people how far apart their counts are."""
    pairs: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for finals in twice:
        names = sorted(finals)
        for place, one in enumerate(names):
            for other in names[place + 1 :]:
                values = (_middle(finals[one]), _middle(finals[other]))
                if values[0] is not None and values[1] is not None:
                    pairs.setdefault((one, other), []).append((values[0], values[1]))
    return [
        {
            "names": pair,
            "photos": len(values),
            "same": sum(one == other for one, other in values),
            "sums": [sum(one for one, _ in values), sum(other for _, other in values)],
            "mean_difference": sum(abs(one - other) for one, other in values) / len(values),
        }
        for pair, values in pairs.items()
    ]


def _middle(said: Count) -> float | None:
    if said.low is None:
        return None
    return (said.low + (said.low if said.high is None else said.high)) / 2


def _dots(given: Any) -> list[Dot]:
    try:
        dots = [Dot(float(x), float(y), bool(ridden)) for x, y, ridden in given]
    except (TypeError, ValueError, OverflowError):
        raise InputError("the dots on the photo are no list of x, y, ridden") from None
    if len(dots) > _MOST_DOTS:
        raise InputError(f"over {_MOST_DOTS} dots on one photo; give a range instead")
    if not all(0 <= value < 1e6 for dot in dots for value in (dot.x, dot.y)):
        raise InputError("a dot lies outside the photo")
    return dots


def _seconds(fields: Mapping[str, Any]) -> float:
    """Return the time that the page says a person looked; a coffee break is none."""
    given = fields.get("seconds", 0)
    known = isinstance(given, int | float) and given > 0  # NaN is not
    return float(min(given, 900)) if known else 0.0


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
