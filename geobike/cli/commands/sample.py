"""`geobike sample`: photos that are drawn to be counted by hand."""

from typing import TYPE_CHECKING, Annotated

import typer

from geobike.cli import shell, terminal
from geobike.cli.declared import takes_declared
from geobike.io.redaction import redact

if TYPE_CHECKING:
    from geobike.survey.hand_sample import HandSample


@takes_declared
def sample(
    out: Annotated[str, typer.Argument(help="Folder that `geobike map` wrote.", metavar="OUT")],
    seed: Annotated[
        int, typer.Option(metavar="N", help="Of chance: the same one draws the same photos.")
    ] = 1,
    list_size: Annotated[
        int,
        typer.Option(
            "--list",
            metavar="N",
            help="Photos to count one by one, where 3 bicycles or more were detected; 30 at least, "
            "60 for a range of the whole survey.",
        ),
    ] = 60,
    sheets: Annotated[
        int,
        typer.Option(
            metavar="N", help="Contact sheets of 60 photos on which 2 bicycles or fewer were."
        ),
    ] = 3,
    *,
    show_people: bool,
) -> None:
    """Draw photos to count by hand: hand_counts.csv to fill in, and contact sheets.

    With what people count, `geobike map --hand-counts` says how many bicycles there are.
    """
    from geobike.survey import hand_sample

    with terminal.notes():
        drawn = hand_sample.draw(
            out,
            seed=seed,
            list_size=list_size,
            sheets=sheets,
            show_people=show_people,
            track=terminal.track(),
        )
    _print_hand_sample(drawn, out)


def _print_hand_sample(drawn: "HandSample", out: str) -> None:
    """Print what was drawn, from how many, where it is and how long it takes."""
    rows = drawn.rows[drawn.rows["origin"].isin(["list", "sheet"])]
    cells = rows[["stratum", "stratum_size", "drawn", "origin"]].drop_duplicates("stratum")
    order = cells["stratum"].str.extract(r"(\d+)")[0].astype(int).sort_values().index
    where = {"list": "one by one", "sheet": "at a glance"}
    terminal.print_table(
        ("detected", "photos of a look", "drawn", "to be counted"),
        [
            (stratum, size, number, where[origin])
            for stratum, size, number, origin in cells.loc[order].itertuples(index=False, name=None)
        ],
    )
    print(_to_count(drawn))
    for path in drawn.written.values():
        terminal.print_line(f"Written: {redact(path)}")
    terminal.print_line(
        f"Count on a page: geobike review {shell.word(out)}. Or fill in the column bicycles."
    )
    print(f"Then: {shell.map_with_counts(out, drawn.written['hand_counts.csv'])}")


def _to_count(drawn: "HandSample") -> str:
    origin = drawn.rows["origin"].value_counts()
    pages = drawn.rows.loc[drawn.rows["origin"] == "sheet", "page"].nunique()
    said = (
        f"{origin.get('list', 0)} photos to count one by one, {origin.get('sheet', 0)} on {pages} "
        f"contact {'sheet' if pages == 1 else 'sheets'}"
    )
    time = f"about {max(1, round(drawn.minutes))} min"
    if not drawn.kept:
        return f"{said}: {time} of counting."
    left = f"{time} of counting left" if drawn.minutes else "all are counted"
    return f"{said}. Counts of {drawn.kept} photos were there already and are kept; {left}."
