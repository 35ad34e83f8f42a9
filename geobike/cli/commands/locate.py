"""`geobike locate`: where each photo was taken, without detecting anything."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from geobike import config
from geobike.cli import statuses, terminal
from geobike.cli.declared import takes_declared
from geobike.cli.options import Photos, check_out
from geobike.reporting import one_line

if TYPE_CHECKING:
    import geopandas as gpd


@takes_declared
def locate(
    photos: Photos,
    manifest: str | None,
    positions: tuple[str, ...],
    track: tuple[str, ...],
    track_offset: float,
    track_max_gap: float,
    timezone: str | None,
    same_shot: config.SameShot,
    max_megapixels: float,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Photos to write: .geojson, .gpkg or .parquet."),
    ] = None,
) -> None:
    """Find the photos and say where each was taken.

    Reads only file headers; `map` also detects copies with the same bytes, and truncated photos.
    """
    from geobike.exports import writing
    from geobike.io.redaction import redact
    from geobike.photos import shots
    from geobike.photos.reading import find
    from geobike.survey import locating
    from geobike.survey.options import pixels

    for table in (manifest, *track):
        check_out(out, table)
    if out is not None:
        writing.check_path(out, "photos")  # before hours of work
    with terminal.notes():
        frame = locating.locate(
            find(photos),
            manifest_path=manifest,
            positions=positions,
            track_paths=track,
            track_offset=track_offset,
            track_max_gap=track_max_gap,
            timezone=timezone,
            max_pixels=pixels(max_megapixels),
            metadata_only=True,
            track=terminal.track(),
        )
        frame = shots.mark(frame, keep=same_shot == "all")
    _print_located(frame)
    if out is not None:
        writing.write_photos(frame, out)
        terminal.print_line(f"Written: {redact(out)}")


def _print_located(frame: "gpd.GeoDataFrame") -> None:
    """Print how many photos have a position and where they lie, and which have none, and why."""
    status = frame["status"].fillna("located")
    sums = [("photos given", str(len(frame)), "")]
    statuses.print_statuses(status.value_counts().to_dict(), status, frame["reason"], sums)
    if frame.geometry.notna().any():
        west, south, east, north = frame.total_bounds
        print(
            f"Those with a position lie from {west:.5f} to {east:.5f} degrees east, {south:.5f} to "
            f"{north:.5f} north; --out FILE.geojson writes each."
        )
    _print_unlocated(frame[frame["status"] == "unlocated"])


_NAMED: Final = 10
"""Photos without a position that are named; more would push the table out of sight."""


def _print_unlocated(lost: "gpd.GeoDataFrame") -> None:
    if lost.empty:
        return
    print("Without a position:")
    for photo_id, reason in zip(lost["photo_id"][:_NAMED], lost["reason"], strict=False):
        print(f"  {one_line(photo_id)}: {one_line(reason)}")
    if len(lost) > _NAMED:
        print(f"  and {len(lost) - _NAMED} more; --out FILE.geojson writes them all")
    print("A manifest can give them one: --manifest FILE.csv with file,latitude,longitude.")
