"""Options: where a run keeps and writes its results, and what computes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from geobike.options import NO_TABLE, Option

EngineName = Literal["local", "dask"]


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Where a run keeps and writes its results, and what computes them."""

    _table: ClassVar = "survey"
    _panel: ClassVar[str | None] = None

    out: Annotated[str, Option("Folder for the map and the files.", metavar="FOLDER", path="")] = (
        "out"
    )
    store: Annotated[
        str | None,
        Option(
            "Keeps detections, so that no photo is processed twice.",
            metavar="FILE",
            path="",
            default_text="detections.sqlite in --out",
        ),
    ] = None
    config: Annotated[
        str | None,
        Option(
            "Survey file: TOML with these options in tables survey, page and detector, or the "
            "summary.json of an earlier run. Options on the command line win.",
            metavar="FILE",
            table=NO_TABLE,
        ),
    ] = None
    allow_empty: Annotated[
        bool,
        Option("Whether a survey that counts no photo ends with exit code 0 instead of 4."),
    ] = False
    token_file: Annotated[
        str | Path | None,
        Option(
            "File with a Hugging Face token.",
            metavar="FILE",
            path="",
            default_text="HF_TOKEN",
            panel="The detector",
            table="detector",
        ),
    ] = None
    dry_run: Annotated[
        bool,
        Option(
            "Say what would be sent and what it would cost; send nothing.",
            panel="The detector",
            table="detector",
        ),
    ] = False
    engine: Annotated[
        EngineName,
        Option(
            "dask: the workers of a Dask cluster read and detect; --store is then a folder or URL "
            "for Parquet.",
            panel="A cluster",
        ),
    ] = "local"
    scheduler: Annotated[
        str | None,
        Option(
            "Of a Dask cluster, such as tcp://host:8786.",
            metavar="ADDRESS",
            panel="A cluster",
            default_text="one worker for each core of this machine",
        ),
    ] = None
