"""The map page: one HTML file that opens anywhere and fetches nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import folium
import geopandas as gpd
import pandas as pd

from geobike import config
from geobike.errors import InputError
from geobike.io.files import atomic_open
from geobike.maps import basemap, context
from geobike.maps.assets import MapAssetsMissing
from geobike.maps.basemap import Layer
from geobike.maps.figure import OfflineFigure, UnknownLibrary
from geobike.maps.options import PageOptions, tile_sources, words
from geobike.maps.page import Page
from geobike.maps.payload import Looks, Provenance, Racks, page_data
from geobike.maps.photos import SINGLE, Pictures
from geobike.reporting import report

__all__ = ["SINGLE", "MapAssetsMissing", "PageOptions", "UnknownLibrary", "build", "save", "words"]

_HEAVY: Final = 10_000_000  # bytes: what many mail servers accept
_TOO_HEAVY: Final = 25_000_000  # bytes: what hardly any accepts


def build(
    areas: gpd.GeoDataFrame,
    photos: gpd.GeoDataFrame,
    detections: pd.DataFrame,
    tallies: pd.DataFrame,
    *,
    label: str = "bicycle",
    model: str,
    threshold: float,
    ledger: Mapping[str, int],
    visits: pd.DataFrame | None = None,
    stops: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    stretches: pd.DataFrame | None = None,
    thumbnails: Mapping[str, bytes | str] = {},
    obscured: Mapping[str, int] = {},
    timezone: str = "UTC",
    estimates: Mapping[str, Any] | None = None,
    page: PageOptions | None = None,
    context_layers: Sequence[Layer] | None = None,
    racks: gpd.GeoDataFrame | None = None,
    walk: float = config.WALK,
    **options: Any,
) -> folium.Map:
    """Return the map, to show in a notebook, to add Folium layers to, or to `save`.

    `areas` is an AREA_COUNTS frame, `photos` a COUNTS frame, `detections` a DETECTIONS frame,
    `tallies` the TALLIES frame that the numbers of the areas are sums of.
    `label` is what was counted, `ledger` the number of photos by status. `visits`, `stops`,
    `streets` and `stretches` are frames of the same count (`geobike.Counted`): the circles on the
    map are stops, and without them each photo is one; without stretches a street that was seen is
    drawn as seen whole. `thumbnails` holds by `photo_id` small JPEG files, or the
    addresses of files beside the page, shown as they are: without EXIF, people anonymized;
    `obscured` says how many of the counted boxes of a photo its picture hides
    (`geobike.photos.hiding.obscured`). Times are shown in `timezone`. `estimates` is what
    `Estimates.as_dict` returns, where people counted by hand. `context_layers` were read
    from the files that `page` names; None reads them now. `racks` is a RACKS frame, drawn as a
    layer; `walk` is the distance in metres of its counts. `options` are fields of `page`, such as
    `title` or `language`.

    Raises SchemaError for a frame of another kind, InputError for a frame without areas or for an
    invalid option, MapAssetsMissing where the browser libraries were not bundled.

    Examples:
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> drawn = geobike.map(
        ...     result.areas,
        ...     result.photos,
        ...     result.detections,
        ...     result.counted.tallies,
        ...     visits=result.counted.visits,
        ...     stops=result.counted.stops,
        ...     model=result.model.name,
        ...     threshold=survey.threshold,
        ...     ledger=result.ledger.photos,
        ...     title="Bicycles in Wielstad",
        ... )
        >>> type(drawn).__name__
        'Map'
    """
    chosen = replace(page or PageOptions(), **options)
    provenance = Provenance(label, model, threshold, timezone, ledger, estimates)
    layers: Sequence[Layer] = context_layers or ()
    if context_layers is None:
        backgrounds = [] if chosen.basemap is None else [basemap.read(chosen.basemap)]
        layers = [*(context.read(path) for path in chosen.context), *backgrounds]
    looks = Looks(visits=visits, stops=stops, streets=streets, stretches=stretches)
    data = page_data(
        areas,
        photos,
        detections,
        tallies,
        Pictures(thumbnails, obscured),
        provenance,
        chosen,
        layers,
        looks,
        Racks(racks, walk),
    )
    page_map = folium.Map(location=[0, 0], tiles=None, zoom_snap=0.25)
    page_map.options["max_zoom"] = 19  # the argument of this name reaches tile layers only
    hosts = [] if chosen.tiles is None else tile_sources(chosen.tiles)
    if any(isinstance(picture, str) for picture in thumbnails.values()):
        hosts = ["'self'", *hosts]  # pictures beside the page
    OfflineFigure(data["title"], data["language"], hosts).add_child(page_map)
    Page(data).add_to(page_map)
    return page_map


def save(page_map: folium.Map, path: str | Path) -> None:
    """Write the page as one HTML file; `path` never holds a part of it.

    Raises InputError where `path` cannot be written, UnknownLibrary for a layer that needs a
    library that the page lacks. A page over 10 MB is reported, one over 25 MB is an error.

    Examples:
        >>> from pathlib import Path
        >>> import geobike
        >>> survey = geobike.Survey(
        ...     photos="sample/photos/day1",
        ...     areas="sample/areas.geojson",
        ...     detector=geobike.DetectorChoice(kind="cached"),
        ... )
        >>> result = geobike.run(survey, store="sample/detections.sqlite")
        >>> geobike.save_map(result.map(), "map.html")
        >>> Path("map.html").read_text("utf-8")[:15]
        '<!DOCTYPE html>'
    """
    html = page_map.get_root().render()
    size = len(html.encode())
    remedy = "make it smaller with --pictures none, fewer --context files, or areas in parts"
    if size > _TOO_HEAVY:
        raise InputError(f"{path}: the map would be {size / 1e6:.0f} MB, over 25 MB; {remedy}")
    if size > _HEAVY:
        report(f"{path}: the map is {size / 1e6:.0f} MB, large for an e-mail; {remedy}")
    with atomic_open(path) as file:
        file.write(html)
