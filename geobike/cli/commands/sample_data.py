"""`geobike sample-data`: the sample, to try geobike with."""

from pathlib import Path
from typing import Annotated

import typer

from geobike.cli import shell, terminal


def sample_data(
    folder: Annotated[Path, typer.Argument(help="A new folder to create.", show_default=False)],
) -> None:
    """Write the sample: photos of a rendered town with a known number of bicycles."""
    from geobike import sample

    _print_sample(sample.write(folder))


def _print_sample(folder: Path) -> None:
    """Print where the sample is, and the two commands that map and evaluate it."""
    photos, areas, manifest, store, streets, truth = (
        shell.word(folder / name)
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
        f"--population-column population --streets {streets} --context {streets} --out out"
        f"\n\ngeobike evaluate {truth} --survey out"
    )
