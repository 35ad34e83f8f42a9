"""Take the README's picture: the sample's map in a browser, one photo opened. `make picture`."""

import json
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

OUT, PICTURE = Path("out"), Path("docs/map.png")
PHOTO = "day1/0954_zilverstraat.jpg"  # stands alone on the map, so that a click opens it
TOWN = [52.579, 5.220]  # the middle of the picture: a photo outside the town widens the page's own
SIZE = {"width": 1280, "height": 760}  # a laptop's window


def main() -> None:
    """Open the map, click on the photo, and save what is seen."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("this takes a browser: apt install chromium")
    features = json.loads((OUT / "photos.geojson").read_text("utf-8"))["features"]
    (lon, lat) = next(
        feature["geometry"]["coordinates"]
        for feature in features
        if feature["properties"]["photo_id"] == PHOTO
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
        page.goto((OUT / "map.html").resolve().as_uri())
        leaflet = page.locator(".folium-map").get_attribute("id")
        page.evaluate(f"{leaflet}.setView({TOWN}, {leaflet}.getZoom() + 1, {{animate: false}})")
        x, y = page.evaluate(
            f"(({{x, y}}) => [x, y])({leaflet}.latLngToContainerPoint([{lat}, {lon}]))"
        )
        page.locator(".folium-map").click(position={"x": x, "y": y})
        page.locator(".gb-popup img").wait_for()
        page.wait_for_timeout(1000)  # the map moves to make room for the popup
        page.screenshot(path=PICTURE)
        browser.close()


main()
