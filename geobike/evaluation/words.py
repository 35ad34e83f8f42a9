"""An evaluation in the words of somebody who plans: how many were missed, and on which photos."""

from typing import Final

import pandas as pd

from geobike.evaluation.agreement import Evaluation
from geobike.reporting import one_line

WORST: Final = 5
"""Photos that are named."""


def sentences(evaluation: Evaluation) -> list[str]:
    """Return what was counted of how many bicycles, where it was wrong, and who chose the photos.

    Examples:
        >>> import pandas as pd
        >>> from geobike.evaluation import agreement, words
        >>> counted, true = pd.Series([3, 5, 0, 2]), pd.Series([3, 9, 0, 1])
        >>> names = {"photo_id": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "origin": "own"}
        >>> photos = pd.DataFrame({**names, "counted": counted, "true": true})
        >>> at = agreement.agree(counted, true)
        >>> evaluation = agreement.Evaluation(photos, at, 0.5, pd.DataFrame())
        >>> for line in words.sentences(evaluation)[:-1]:
        ...     print(line)
        Counted 10 of 13 bicycles, 23% missed.
        On 3 photos with bicycles: 10 of 13, 23% missed.
        On 1 photo without: none counted.
        Furthest off: b.jpg 5 of 9; d.jpg 2 of 1.
    """
    photos = evaluation.photos
    some = photos["true"] > 0
    lines = [f"Counted {_of(photos)}."]
    if some.any():
        lines.append(f"On {_number(int(some.sum()))} with bicycles: {_of(photos[some], unit='')}.")
    if not some.all():
        lines.append(f"On {_number(int((~some).sum()))} without: {_excess(photos[~some])}.")
    worst = worst_photos(evaluation)
    if len(worst):
        named = (
            f"{one_line(photo_id)} {counted} of {true}"
            for photo_id, counted, true in worst[["photo_id", "counted", "true"]].itertuples(
                index=False, name=None
            )
        )
        lines.append(f"Furthest off: {'; '.join(named)}.")
    return [*lines, _whole(photos) if len(photos) == evaluation.of else _chosen(photos["origin"])]


def worst_photos(evaluation: Evaluation, number: int = WORST) -> pd.DataFrame:
    """Return the photos on which the count is furthest off, the worst first; none that is right."""
    photos = evaluation.photos
    off = (photos["counted"] - photos["true"]).abs()
    order = off[off > 0].sort_values(ascending=False, kind="stable").index[:number]
    return photos.loc[order]


def _of(photos: pd.DataFrame, *, unit: str = " bicycles") -> str:
    counted, true = int(photos["counted"].sum()), int(photos["true"].sum())
    said = f"{counted:,} of {true:,}{unit}"
    if not true or counted == true:
        return said
    share = abs(counted - true) / true
    return f"{said}, {share:.0%} {'missed' if counted < true else 'too many'}"


def _excess(photos: pd.DataFrame) -> str:
    wrong = photos.loc[photos["counted"] > 0, "counted"]
    if wrong.empty:
        return "none counted"
    return f"{int(wrong.sum()):,} counted that are none, on {_number(len(wrong))}"


def _number(photos: int) -> str:
    return "1 photo" if photos == 1 else f"{photos:,} photos"


def _whole(photos: pd.DataFrame) -> str:
    if len(photos) == 1:
        return "It is the only photo that the survey counted."
    return (
        f"All {len(photos):,} photos that the survey counted are compared: nothing was left to "
        "chance."
    )


def _chosen(origin: "pd.Series[str]") -> str:
    own = int((origin == "own").sum())
    drawn = len(origin) - own
    if not drawn:
        these = "it" if own == 1 else f"these {own:,} photos"
        return (
            f"Whether chance drew {these} is not known: only if it did do the figures hold for "
            "the whole survey."
        )
    chosen = f" and {own:,} chosen" if own else ""
    return (
        f"{_number(drawn)} {_were(drawn)} drawn{chosen}. Of full ones more are drawn, so these "
        "figures are of these photos; geobike map --hand-counts says what holds for the survey."
    )


def _were(photos: int) -> str:
    return "was" if photos == 1 else "were"
