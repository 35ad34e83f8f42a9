"""A dry run: what would be sent, and what it would cost; nothing is sent."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from geobike.cli import terminal

if TYPE_CHECKING:
    import geopandas as gpd

    from geobike.detections.choice import Choice
    from geobike.detections.looking import Looking
    from geobike.detections.store.protocol import DetectionStore
    from geobike.detections.upload import Upload


def dry_run(
    read: "Callable[[DetectionStore], gpd.GeoDataFrame]",
    chosen: "Choice",
    store: str | None,
    max_pixels: int,
    looking: "Looking",
) -> None:
    """Print what a run over the photos that `read` returns would send, and send nothing."""
    if not chosen.sends_photos:
        _print_no_upload(chosen.kind)
        return
    from geobike.detections import upload
    from geobike.detections.store.opening import open_store

    with terminal.notes(), open_store(store, "existing") as opened:
        estimate = upload.estimate_upload(
            read(opened), chosen, store=opened, max_pixels=max_pixels, looking=looking
        )
    _print_upload(estimate)


def _print_upload(upload: "Upload") -> None:
    """Print what a hosted run would send, and what that would cost."""
    photos = "1 photo" if upload.photos == 1 else f"{upload.photos} photos"
    terminal.print_line(f"Dry run, nothing was sent. {photos} would go to {upload.host}.")
    if upload.requests > upload.photos:
        print(f"They make {upload.requests} requests: each window of a photo is one.")
    if not upload.photos:
        return
    print(
        f"{_size(upload.sent)} instead of the {_size(upload.original)} of their files; estimated "
        f"from {upload.sampled} of them."
    )
    if upload.custom_endpoint:
        print("Ask the owner of this server what that costs.")
        return
    low, high = upload.dollars
    terminal.print_line(f"About ${low:.2g} to ${high:.2g}: {upload.assumption}.")


def _print_no_upload(kind: str) -> None:
    """Print that a run would send nothing."""
    print(f"Dry run: with --detector {kind} no photo leaves this machine, and there are no costs.")


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"
