"""Take the README's picture: the sample's map in a browser. `make picture`."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

OUT, PICTURE = Path("out"), Path("docs/map.png")
SIZE = {"width": 1280, "height": 760}  # a laptop's window


def main() -> None:
    """Open the map and save what is seen."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("this takes a browser: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
        page.goto((OUT / "map.html").resolve().as_uri())
        page.locator(".gb-name").first.wait_for()
        page.screenshot(path=PICTURE)
        browser.close()


main()
