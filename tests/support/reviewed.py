"""A small finished survey whose photos people count: written, served, and opened in a browser."""

import csv
import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

import geobike
from geobike.io import delimited
from tests.support.making import squares
from tests.support.running import started

LIST = [
    "list/a.jpg",
    "list/<img src=x onerror=alert(1)>.jpg",
    "list/\"quotes' & more.jpg",
    "list/=1+1.jpg",
    "list/naïve 自転車.jpg",
    "list/f.jpg",
]
"""Names as nobody would choose them, and as files may have."""

PAGES = {"1": ["sheet/g.jpg", "sheet/h.jpg", "sheet/i.jpg"], "2": ["sheet/j.jpg", "sheet/k.jpg"]}
OTHER = "other/not_drawn.jpg"
NAMES = [*LIST, *(name for page in PAGES.values() for name in page), OTHER]

SHEET = (
    "number", "file", "bicycles", "bicycles_high", "ridden", "remark", "stratum", "origin", "page",
    "page_done", "counter", "seed", "mine",
)  # fmt: skip
"""Columns of the sheet, one of them the user's own."""

SIZE = (640, 480)
PERSON = (40, 60, 200, 420)
"""Of the person on every photo, in fine stripes of black and white."""

BICYCLES = [(300.0, 200.0, 400.0, 300.0), (450.0, 220.0, 560.0, 320.0)]
"""Boxes of the detector on every photo."""


def picture(path: Path, number: int) -> None:
    """Write a photo with two bicycles and a person in stripes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", SIZE, (120, 130 + number, 140))
    pen = ImageDraw.Draw(image)
    for x in range(PERSON[0], PERSON[2], 8):
        pen.rectangle((x, PERSON[1], x + 3, PERSON[3]), fill="black")
        pen.rectangle((x + 4, PERSON[1], x + 7, PERSON[3]), fill="white")
    for xmin, ymin, xmax, ymax in BICYCLES:
        pen.ellipse((xmin, ymin + 40, xmin + 40, ymax), outline="black", width=4)
        pen.ellipse((xmax - 40, ymin + 40, xmax, ymax), outline="black", width=4)
    image.save(path, "JPEG", quality=95)


def survey(folder: Path, *, people: bool = True) -> Path:
    """Make a survey of the photos NAMES with its folder `out`, and return that."""
    for number, name in enumerate(NAMES):
        picture(folder / "photos" / name, number)
    squares(folder / "areas.geojson", ["west"])
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "latitude", "longitude"])
        rows.writerows([name, 52.001 + number / 2000, 4.005] for number, name in enumerate(NAMES))
    with (folder / "boxes.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["photo_id", "label", "score", "xmin", "ymin", "xmax", "ymax", "model"])
        for name in NAMES:
            for box in BICYCLES:
                rows.writerow([delimited.escape_formula(name), "bicycle", 0.9, *box, "m"])
            if people:
                rows.writerow([delimited.escape_formula(name), "person", 0.8, *PERSON, "m"])
    # Without pictures: the map would say why it has none.
    result = geobike.run(plan(folder, page=geobike.PageOptions(pictures="none")))
    result.write(folder / "out")
    return folder / "out"


def plan(folder: Path, **options: Any) -> geobike.Survey:
    """Return the survey of a folder that `survey` filled."""
    return geobike.Survey(
        photos=folder / "photos",
        areas=folder / "areas.geojson",
        manifest=folder / "manifest.csv",
        detections=folder / "boxes.csv",
        **options,
    )


def draw(out: Path) -> Path:
    """Write the sheet of counts to be filled in: six photos on the list, two pages of photos."""
    path = out / "hand_counts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(SHEET)
        pages = {name: page for page, names in PAGES.items() for name in names}
        for number, name in enumerate([*LIST, *pages], start=1):
            cells = {
                "number": str(number),
                "file": delimited.escape_formula(name),
                "stratum": "1-2",
                "origin": "sheet" if name in pages else "list",
                "page": pages.get(name, ""),
                "seed": "7",
                "mine": f"mine {number}",
            }
            rows.writerow([cells.get(column, "") for column in SHEET])
    return path


def sheet(out: Path) -> dict[str, dict[str, str]]:
    """Return the rows of hand_counts.csv by file."""
    return {row["file"]: row for row in rows(out / "hand_counts.csv")}


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV, its text as it was before it was escaped."""
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return [{name: delimited.unescape_formula(cell) for name, cell in row.items()} for row in found]


@dataclass
class Served:
    """The program while it serves the page."""

    process: subprocess.Popen[str]
    address: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return "/".join(self.address.split("/")[:3])

    def ask(self, path: str, **fields: Any) -> Any:
        """Return what the program answers to the page."""
        body = json.dumps(fields).encode()
        asked = urllib.request.Request(self.address + path, body, {"Origin": self.origin})
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)


@contextmanager
def served(*arguments: object, env: dict[str, str] | None = None) -> Iterator[Served]:
    """Start `geobike review` and give it when the page is there."""
    with started("review", "--no-browser", *arguments, env=env) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, process.communicate()[1]
        yield Served(process, line.split()[-1])


@dataclass
class Reader:
    """The page as a person has it open, with all it logged."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def saved(self) -> None:
        """Wait until the program has all that was typed."""
        self.until("document.documentElement.dataset.saving !== 'yes'")

    def entered(self, view: str) -> None:
        """Wait until a view has what it asks the program for."""
        self.until(f"document.documentElement.dataset.view === '{view}'")

    def shown(self) -> None:
        """Wait until the photo is drawn."""
        self.until(
            "[...document.querySelectorAll('.gb-stage')].some(each => each.clientWidth"
            " && each.dataset.zoomed !== 'none'"
            " && !each.querySelector('.gb-photo').classList.contains('gb-hidden'))"
        )

    def until(self, condition: str) -> None:
        """Wait in the page: Playwright's own way needs `eval`, which the page's policy forbids."""
        self.page.evaluate(
            "new Promise((done, fail) => { const end = Date.now() + 60000; const ask = () => "
            f"({condition}) ? done() : Date.now() > end ? fail(new Error('too long')) : "
            "setTimeout(ask, 20); ask(); })"
        )


Look = Callable[..., Reader]


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """Open the page at an address; anything that it logs as an error fails the test."""
    opened: list[Reader] = []

    def open_page(address: str, **context: Any) -> Reader:
        page = browser.new_page(**{"viewport": {"width": 1366, "height": 768}} | context)
        reader = Reader(page)
        opened.append(reader)
        page.on("pageerror", lambda error: reader.complaints.append(str(error)))
        page.on("request", lambda asked: reader.requests.append(asked.url))
        page.on(
            "console",
            lambda said: (
                reader.complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        page.goto(address)
        return reader

    yield open_page
    for reader in opened:
        reader.page.close()
        assert reader.complaints == [], reader.complaints
