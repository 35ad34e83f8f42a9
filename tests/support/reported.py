"""A report as a reader sees it."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from geobike import reports, saved
from geobike.reports import ReportOptions
from tests.support.surveyed import edited


class Read(HTMLParser):
    """A page as a reader sees it: tags, rows of its tables, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in ("style", "title")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self.words.append(data)
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def row(self, name: str) -> list[str]:
        return next(row for row in self.rows if len(row) > 1 and row[1] == name)


def report(folder: Path, *areas: str, **options: Any) -> Read:
    chosen = ReportOptions(areas=areas, **options)
    return Read(reports.build(saved.read(folder), chosen))


def properties(folder: Path, table: str) -> list[dict[str, Any]]:
    features = json.loads((folder / f"{table}.geojson").read_text("utf-8"))["features"]
    return [feature["properties"] for feature in features]


def counted_by_hand(written: Path, folder: Path) -> Path:
    """Return a copy of a survey's folder as it is once people counted."""

    def counted(features: list[dict[str, Any]]) -> None:
        for rank, feature in enumerate(features, start=1):
            compared = feature["properties"]["status"] == "compared"
            known = {"hand_counted": 5, "bicycles_per_stop": 7.3}
            known |= {"bicycles_per_stop_low": 6.1, "bicycles_per_stop_high": 8.9}
            known |= {"bicycles_per_km": 90.0, "bicycles_per_km_low": None}
            known |= {"bicycles_per_km_high": None, "hot_spot": None}
            group = "above" if rank == 1 else "not told apart"
            ranks = {"rank_low": rank, "rank_high": rank + 2, "group": group}
            none = dict.fromkeys(ranks)
            feature["properties"] |= known | (ranks if compared else none)

    def summary(account: dict[str, Any]) -> None:
        account["estimates"] = {
            "hand_counted": 61,
            "bicycles_per_stop": 2.41,
            "bicycles_per_stop_low": 1.93,
            "bicycles_per_stop_high": 3.02,
            "found_of_100": 68.2,
        }

    return edited(written, folder, areas=counted, summary=summary)
