"""What comes before detection: the files that are read, where each photo was taken, its area."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, cast

import geopandas as gpd
import pandas as pd

from geobike import areas, parking, streets
from geobike.engines.base import Engine
from geobike.engines.local import LOCAL
from geobike.errors import ManifestError
from geobike.io import files
from geobike.io.inputs import Inputs
from geobike.maps import basemap, context, options
from geobike.photos import decoding, hashing, reading, shots
from geobike.positions import manifest, resolve, sidecars, sources
from geobike.positions import track as track_room
from geobike.progress import Track, silent
from geobike.reporting import report
from geobike.survey.options import Survey, zone


class LocatedPhotos(NamedTuple):
    """What `locate_and_assign` returns."""

    given: int
    """Photos found."""
    areas: gpd.GeoDataFrame
    photos: gpd.GeoDataFrame
    """Photos frame: those without a status are the ones to detect in."""
    context: Sequence[basemap.Layer]
    """Water, streets and borders for the map."""
    streets: gpd.GeoDataFrame | None
    """Street lines; None where the survey names none."""
    racks: gpd.GeoDataFrame | None = None
    """Racks frame; None where the survey names none."""
    not_read: Mapping[str, int] = MappingProxyType({})
    """Files of other kinds beside the photos: their number by suffix."""
    files_given: int | None = None
    """Files found, photos and others; None where none were looked for."""


def locate_and_assign(
    survey: Survey,
    *,
    known: hashing.HashCache | None = None,
    engine: Engine = LOCAL,
    track: Track = silent,
) -> LocatedPhotos:
    """Run the stages before detection: find the photos, where each was taken, and its area.

    `known`, such as an open store, keeps hashes, so that another run does not read files again.
    """
    inputs = Inputs()
    found = find(survey, engine, inputs, track)
    placed = assigned(survey, found, known=known, engine=engine, inputs=inputs, track=track)
    if survey.detections is not None:
        return placed
    return placed._replace(photos=once(survey, placed.photos))


class Found(NamedTuple):
    """What a run reads before it opens its store."""

    areas: gpd.GeoDataFrame
    photos: reading.Found | None
    """None where the manifest alone names the photos."""
    context: Sequence[basemap.Layer]
    """Water, streets and borders for the map."""
    streets: gpd.GeoDataFrame | None
    """Street lines; None where the survey names none."""
    racks: gpd.GeoDataFrame | None
    """Racks frame; None where the survey names none."""


def find(survey: Survey, engine: Engine, inputs: Inputs, track: Track) -> Found:
    """Read the areas and list the photos."""
    layers: list[basemap.Layer] = []
    for path in survey.page.context:  # drawn last; a mistake should show first
        with inputs.open("context", path) as file:
            layers.append(context.read(file.path))
    if survey.page.basemap is not None:
        with inputs.open("basemap", survey.page.basemap) as file:
            layers.append(basemap.read(file.path))
    with inputs.open("areas", survey.areas) as file:
        polygons = areas.read(
            file.path,
            layer=survey.layer,
            population_column=survey.population_column,
            name_column=survey.name_column,
            id_column=survey.id_column,
            crs=survey.crs,
            encoding=survey.encoding,
            language=str(options.words(survey.page.language)["language"]),
        )
    lines = None
    if survey.streets is not None:
        with inputs.open("streets", survey.streets) as file:
            lines = streets.read(file.path, polygons)
    racks = _read_racks(survey, polygons, inputs)
    if survey.photos is None:
        return Found(polygons, None, layers, lines, racks)
    return Found(polygons, engine.search(survey.photos, track=track), layers, lines, racks)


def _read_racks(
    survey: Survey, polygons: gpd.GeoDataFrame, inputs: Inputs
) -> gpd.GeoDataFrame | None:
    if survey.racks is None:
        return None
    with inputs.open("racks", survey.racks) as file:
        racks = parking.read(
            file.path,
            polygons,
            capacity_column=survey.capacity_column,
            date=survey.racks_date,
        )
    if survey.streets is None:
        report("without --streets, racks are counted by area; pressure and shortage need streets")
    return racks


def assigned(
    survey: Survey,
    found: Found,
    *,
    known: hashing.HashCache | None,
    engine: Engine,
    inputs: Inputs,
    track: Track,
) -> LocatedPhotos:
    """Return the photos that were found, where each was taken, and its area."""
    if found.photos is None:
        path = cast(Path, survey.manifest)
        number, located = _of_manifest(path, zone(survey.timezone), inputs)
    else:
        number = len(found.photos.files)
        located = locate(
            found.photos.files,
            manifest_path=survey.manifest,
            positions=survey.positions,
            track_paths=survey.track,
            track_offset=survey.track_offset,
            track_max_gap=survey.track_max_gap,
            timezone=survey.timezone,
            max_pixels=survey.max_pixels,
            known=known,
            engine=engine,
            inputs=inputs,
            track=track,
        )
    out = LocatedPhotos(
        number,
        found.areas,
        areas.assign(located, found.areas),
        found.context,
        found.streets,
        found.racks,
    )
    if found.photos is None:
        return out
    return out._replace(not_read=found.photos.not_read, files_given=found.photos.given)


def _of_manifest(path: Path, clock: tzinfo | None, inputs: Inputs) -> tuple[int, gpd.GeoDataFrame]:
    """Return how many photos a manifest names, and where it says that each was taken."""
    table = _read_manifest(path, clock, inputs)
    named = manifest.photos(table)
    if named.empty:
        raise ManifestError(f"manifest {files.name(path)}: names no photo")
    return len(named), resolve.locate(named, table)


def locate(
    given: Sequence[reading.PhotoFile],
    *,
    manifest_path: str | Path | None = None,
    positions: Sequence[str] = sources.DEFAULT,
    track_paths: Sequence[str | Path] = (),
    track_offset: float = 0.0,
    track_max_gap: float = 30.0,
    timezone: str | None = None,
    max_pixels: int = decoding.MAX_PIXELS,
    metadata_only: bool = False,
    known: hashing.HashCache | None = None,
    engine: Engine = LOCAL,
    inputs: Inputs | None = None,
    track: Track = silent,
) -> gpd.GeoDataFrame:
    """Return a photos frame with positions: where each photo was taken, by file and manifest.

    `track_paths` are GPX files; see `geobike.positions.track` for offset and gap.
    `metadata_only` reads only file headers, so neither duplicates nor truncated photos are found.
    `known` keeps hashes from run to run. Sources that `positions` does not name are not read.
    """
    named = {"manifest": manifest_path, "track": track_paths or None}
    sources.check(positions, given=[name for name, file in named.items() if file is not None])
    if "manifest" not in positions:
        manifest_path = None
    clock, inputs = zone(timezone), inputs or Inputs()
    fixes = None
    if track_paths and "track" in positions:
        with ExitStack() as stack:
            tracks = [stack.enter_context(inputs.open("track", path)).path for path in track_paths]
            fixes = track_room.read(tracks, offset=track_offset, max_gap=track_max_gap)
    # The manifest first: a mistake in it should show before a million photos are read.
    table = None
    if manifest_path is not None:
        names = [file.photo_id for file in given]
        table = _read_manifest(manifest_path, clock, inputs, photo_ids=names)
    if metadata_only:
        frame = engine.read_metadata(given, timezone=clock, max_pixels=max_pixels, track=track)
    else:
        frame = engine.read_photos(
            given, timezone=clock, max_pixels=max_pixels, known=known, track=track
        )
    located = resolve.locate(frame, table, positions=positions, track=fixes)
    sidecars.report(located)
    return located


def _read_manifest(
    path: str | Path,
    clock: tzinfo | None,
    inputs: Inputs,
    *,
    photo_ids: Sequence[str] | None = None,
) -> pd.DataFrame:
    with inputs.open("manifest", path) as file:
        return manifest.read(file.path, timezone=clock, photo_ids=photo_ids)


def once(survey: Survey, placed: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the photos with a status for those that show the same as another."""
    return shots.mark(placed, keep=survey.same_shot == "all")
