"""Options: how the areas' file is read."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from geobike.options import Option


@dataclass(frozen=True, kw_only=True)
class AreaFileSettings:
    """How the areas' file is read."""

    _panel: ClassVar[str | None] = "The areas"

    name_column: Annotated[str | None, Option("Column with the areas' names.", metavar="C")] = None
    id_column: Annotated[str | None, Option("Column with the areas' ids.", metavar="C")] = None
    population_column: Annotated[
        str | None,
        Option(
            "Column with the areas' inhabitants; adds bicycles per 1,000 of them.",
            metavar="C",
        ),
    ] = None
    layer: Annotated[
        str | None,
        Option(
            "Layer of the areas' file, if it has several; all: all of them.",
            metavar="NAME",
        ),
    ] = None
    encoding: Annotated[
        str | None,
        Option(
            "Encoding of the text in the areas' file, such as cp1252, if it does not say it.",
            metavar="NAME",
        ),
    ] = None
    crs: Annotated[
        str | None,
        Option(
            "CRS of the areas, such as EPSG:28992, if the file declares none or a wrong one.",
            metavar="CRS",
        ),
    ] = None
