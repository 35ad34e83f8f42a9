"""A figure of an evaluation, to show next to its numbers."""

from typing import TYPE_CHECKING, Any

from geobike.errors import MissingPackageError
from geobike.evaluation.agreement import Evaluation

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot(evaluation: Evaluation) -> "Figure":
    """Return a figure: counted against true, and the error by threshold.

    Save it with `.savefig("evaluation.png")` or `.svg`. Raises MissingPackageError.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingPackageError("Plotting", "plot") from None
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _plot_photos(left, evaluation)
    _plot_thresholds(right, evaluation)
    return figure


def _plot_photos(axes: Any, evaluation: Evaluation) -> None:
    photos = evaluation.photos
    size = photos.groupby(["true", "counted"]).size().reset_index(name="photos")
    top = max(photos["true"].max(), photos["counted"].max(), 1) + 1
    axes.plot([0, top], [0, top], color="0.6", linewidth=1)
    axes.scatter(size["true"], size["counted"], s=30 * size["photos"] ** 0.5, color="#1f5fa8")
    axes.set(
        xlabel="counted manually",
        ylabel=f"counted by the detector, threshold {evaluation.threshold:g}",
        title="One dot per pair of counts, larger for more photos",
        xlim=(-0.5, top),
        ylim=(-0.5, top),
        aspect="equal",
    )


def _plot_thresholds(axes: Any, evaluation: Evaluation) -> None:
    rows = evaluation.by_threshold
    axes.plot(
        rows["threshold"], rows["mean_absolute_error"], color="#1f5fa8", label="mean absolute"
    )
    axes.plot(rows["threshold"], rows["bias"], color="#c2571a", label="bias")
    axes.axhline(0, color="0.6", linewidth=1)
    axes.axvline(evaluation.threshold, color="0.6", linewidth=1, linestyle=":")
    axes.set(xlabel="threshold", ylabel="error, bicycles per photo", title="Error by threshold")
    axes.legend(frameon=False)
