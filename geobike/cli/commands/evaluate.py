"""`geobike evaluate`: the counts of a survey against manual counts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geobike.cli import terminal
from geobike.cli.options import check_out
from geobike.errors import InputError
from geobike.io.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geobike.evaluation.agreement import Evaluation


def evaluate(
    truth: Annotated[
        Path,
        typer.Argument(
            help="CSV of manual counts, with the columns file and bicycles; or hand_counts.csv."
        ),
    ],
    survey: Annotated[Path, typer.Option(help="Folder that `geobike map` wrote.")] = Path("out"),
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Figure to write, .png, .svg or .pdf.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV of the error by threshold.")] = None,
) -> None:
    """Compare a survey's counts with manual counts."""
    from geobike.evaluation import agreement, plots
    from geobike.io.files import atomic_open

    check_out(out, truth)
    with terminal.notes():
        result = agreement.evaluate(truth, survey)
    if plot is not None:
        _save_figure(plots.plot(result), plot)
    if out is not None:
        with atomic_open(out) as file:
            result.by_threshold.to_csv(file, index=False)
    _print_evaluation(result)


def _save_figure(figure: "Figure", path: Path) -> None:
    """Save a figure in the format of its file extension."""
    try:
        with atomic_path(path) as part:
            figure.savefig(part)
    except ValueError as error:
        raise InputError(f"{path}: the figure cannot be written: {error}") from None


def _print_evaluation(result: "Evaluation") -> None:
    """Print what was missed, the agreement, and what another threshold would give."""
    from geobike.evaluation import words

    for line in words.sentences(result):
        terminal.print_line(line)
    at = result.agreement
    for name, value in (
        ("photos compared", f"{at.photos}"),
        ("mean absolute error", f"{at.mean_absolute_error:.2f} bicycles per photo"),
        ("bias", f"{at.bias:+.2f} bicycles per photo"),
        ("root mean square error", f"{at.root_mean_square_error:.2f} bicycles per photo"),
        ("correlation", f"{at.correlation:.3f}"),
        ("exact", f"{at.share_exact:.0%} of the photos"),
        ("within one", f"{at.share_within_one:.0%} of the photos"),
    ):
        print(f"{name:24}{value}")
    best = result.best_threshold
    least = result.by_threshold["mean_absolute_error"].min()
    print(
        f"At threshold {result.threshold:g}. The error is smallest at {best:g}: {least:.2f}. That "
        "threshold was chosen on these same photos; expect a larger error on others."
    )
