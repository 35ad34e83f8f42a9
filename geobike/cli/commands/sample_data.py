"""`geobike sample-data`: the sample, to try geobike with."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from geobike.cli import terminal
from geobike.messages import message


def sample_data(
    folder: Annotated[Path, typer.Argument(help="A new folder to create.", show_default=False)],
) -> None:
    """Write the sample: photos of a rendered town with a known number of bicycles."""
    from geobike import sample

    _print_sample(sample.write(folder))


def _print_sample(folder: Path) -> None:
    """Print where the sample is, and the two commands that map and evaluate it."""
    photos, areas, manifest, store, streets, truth = (
        _for_shell(folder / name)
        for name in (
            "photos",
            "areas.geojson",
            "manifest.csv",
            "detections.sqlite",
            "streets.geojson",
            "truth.csv",
        )
    )
    terminal.print_line(f"Written: {folder}, described in README.md there. Map and evaluate it:")
    print(
        f"\ngeobike map {photos} --areas {areas} --manifest {manifest} --detector cached "
        f"--store {store} --threshold 0.3 --timezone Europe/Amsterdam "
        f"--population-column population --context {streets} --out out"
        f"\n\ngeobike evaluate {truth} --survey out"
    )


def _for_shell(path: Path) -> str:
    """Return a path as it is typed; a shell knows ~ only where it is not quoted."""
    shown = message(path)
    return f"~/{shlex.quote(shown[2:])}" if shown.startswith("~/") else shlex.quote(shown)
