"""A real Chromium for the pages we write, and a record of all that a page asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import folium
import pytest
from playwright.sync_api import Browser, Download, Page, sync_playwright

from geobike import maps

CHROMIUM = Path("/usr/bin/chromium")  # Debian's; playwright's own would be a download
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Opened:
    """A page as a reader has it open, with all it requested and all it logged."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    allowed: str = "file:"
    """What a request may begin with besides the file itself."""

    def texts(self, selector: str) -> list[str]:
        """Return the text of every element that matches, as it is seen."""
        return self.page.locator(selector).all_inner_texts()

    def said(self, selector: str) -> list[str]:
        """Return the text of every element that matches, also in a part that is folded."""
        return self.page.locator(selector).all_text_contents()

    def legend(self) -> list[str]:
        """Return the rows of the legend: classes, then patterns; en dashes as hyphens."""
        found = self.texts(".gb-classes:not(.gb-photo-key) .gb-swatch + span")
        return [text.replace("\N{EN DASH}", "-") for text in found]

    def places(self) -> list[str]:
        """Return the names of the circles of places, from the fullest."""
        return self.page.evaluate(
            "Array.from(document.querySelectorAll('.gb-place:not(.gb-other)'), (b) => b.ariaLabel)"
            ".sort((a, b) => parseFloat(b) - parseFloat(a))"
        )

    def table(self, *metrics: str) -> list[list[str]]:
        """Return the rows of the table: the area, then its figures of these metrics, by name.

        A new metric may take the place of another in the table, but of none that colours the map.
        """
        rows = self.page.locator(".gb-table tbody tr:not(.gb-section)").all()
        cells = ["th", *(f"td[data-metric={metric}]" for metric in metrics)]
        return [[row.locator(cell).inner_text() for cell in cells] for row in rows]

    def detail(self) -> dict[str, str]:
        """Return what the panel says of what is chosen, by the name of the metric or the figure."""
        found: dict[str, str] = self.page.evaluate(
            "Object.fromEntries(Array.from(document.querySelectorAll('.gb-detail [data-metric]'),"
            "line => [line.dataset.metric, line.innerText]))"
        )
        return found

    def colour_by(self, name: str) -> None:
        """Choose what colours the map, by the words that a reader sees."""
        self.page.get_by_label("Colour the map by").select_option(label=name)

    def show(self, surface: str) -> None:
        """Choose what is drawn on the map, in the box of layers."""
        self.layers()
        self.page.get_by_label(surface).check()

    def layers(self) -> None:
        """Open the box of layers."""
        self.page.evaluate("document.querySelector('.gb-layers').open = true")

    def download(self, name: str) -> Download:
        """Download what the menu has under this name."""
        self.page.locator(".gb-menu summary").click()
        with self.page.expect_download() as started:
            self.page.get_by_role("button", name=name).click()
        return started.value

    def map_name(self) -> str:
        """Return the name of Leaflet's map in the page."""
        return self.page.locator(".folium-map").get_attribute("id") or ""

    def wait_until(self, condition: str) -> None:
        """Wait in the page: Playwright's own way needs `eval`, which the page's policy forbids."""
        self.page.evaluate(
            "new Promise((done) => { const ask = () => "
            f"({condition}) ? done() : setTimeout(ask, 20); ask(); }})"
        )

    def settle(self) -> None:
        """Wait until what was asked for is drawn and nothing moves or fades any more."""
        self.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
            ".then(() => Promise.allSettled(document.getAnimations().map((each) => each.finished)))"
        )

    def fills(self) -> list[str]:
        """Return the fill of every area, in the order of the frame."""
        found: list[str] = self.page.evaluate(
            "Array.from(document.querySelectorAll('.leaflet-overlay-pane path'), "
            "path => path.getAttribute('fill'))"
        )
        return found


Open = Callable[..., Opened]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; install Debian's package chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Save a map and open the file, as a reader would; any complaint fails the test."""
    opened: list[Opened] = []

    def open_map(drawn: folium.Map | str, allowed: str = "file:", **context: Any) -> Opened:
        path = tmp_path / f"map{len(opened)}.html"
        if isinstance(drawn, str):
            path.write_text(drawn, "utf-8")
        else:
            maps.save(drawn, path)
        record = Opened(browser.new_page(**{"viewport": {"width": 1280, "height": 800}} | context))
        record.allowed = allowed
        opened.append(record)
        record.page.on("request", lambda request: record.requests.append(request.url))
        record.page.on("pageerror", lambda error: record.complaints.append(str(error)))
        record.page.on(
            "console",
            lambda message: (
                record.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        record.page.goto(path.as_uri())
        record.wait_until("performance.getEntriesByName('geobike-complete').length")
        return record

    yield open_map
    for record in opened:
        inside = ("file:", "data:", "blob:", record.allowed)
        outside = [url for url in record.requests if not url.startswith(inside)]
        record.page.close()
        assert not outside
        assert not record.complaints
