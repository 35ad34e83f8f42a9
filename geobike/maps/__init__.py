"""The map page: one HTML file that opens anywhere and fetches nothing."""

from collections.abc import Mapping
from pathlib import Path

import folium
import geopandas as gpd
import pandas as pd

from geobike.files import replacing
from geobike.maps.assets import MapAssetsMissing
from geobike.maps.figure import OfflineFigure, UnknownLibrary
from geobike.maps.page import Page
from geobike.maps.payload import Options, payload

__all__ = ["MapAssetsMissing", "UnknownLibrary", "build", "save"]


def build(
    areas: gpd.GeoDataFrame,
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    *,
    title: str = "Where bicycles stand",
    label: str = "bicycle",
    model: str,
    threshold: float,
    ledger: Mapping[str, int],
    thumbnails: Mapping[str, bytes] = {},
    language: str = "en",
    timezone: str = "UTC",
    min_photos: int = 1,
) -> folium.Map:
    """Return the map, to show in a notebook, to add Folium layers to, or to `save`.

    `areas` is an AREA_COUNTS frame, `photos` a COUNTS frame, `detections` a DETECTIONS frame.
    `label` is what was counted, `ledger` the number of photos by status. `thumbnails` holds small
    JPEG files by `photo_id`, shown as they are: without EXIF, people hidden. Times are shown in
    `timezone`. Areas with fewer than `min_photos` photos are hatched, not coloured.

    Raises SchemaError for a frame of another kind, InputError for no area at all or for an option
    that cannot be used, MapAssetsMissing where the browser libraries were not bundled.
    """
    options = Options(
        title=title,
        label=label,
        model=model,
        threshold=threshold,
        language=language,
        timezone=timezone,
        min_photos=min_photos,
    )
    data = payload(areas, photos, detections, ledger, thumbnails, options)
    drawn = folium.Map(location=[0, 0], tiles=None, zoom_snap=0.25)
    drawn.options["max_zoom"] = 19  # the argument of this name reaches tile layers only
    OfflineFigure(title, language).add_child(drawn)
    Page(data).add_to(drawn)
    return drawn


def save(drawn: folium.Map, path: str | Path) -> None:
    """Write the page as one HTML file; a stop half-way leaves no half a file under `path`.

    Raises InputError where `path` cannot be written, UnknownLibrary for a layer that needs what
    the page does not carry.
    """
    html = drawn.get_root().render()
    with replacing(path) as file:
        file.write(html)
