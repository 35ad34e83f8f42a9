"""`geobike doctor`: what is installed, and what is missing."""

from typing import TYPE_CHECKING

import typer

from geobike.cli import models
from geobike.cli.declared import takes_declared
from geobike.messages import message

if TYPE_CHECKING:
    from geobike.doctor import Finding


@takes_declared
def doctor(token_file: str | None, model: str | None, endpoint: str | None) -> None:
    """Check what is installed and what is missing, and say what to do about it.

    With --endpoint, also send one small drawn image to that server.
    """
    fine = True
    for finding in models.examine(token_file, model, endpoint):
        _print_finding(finding)
        fine = fine and (finding.ok or not finding.needed)
    if not fine:
        raise typer.Exit(2)


def _print_finding(finding: "Finding") -> None:
    """Print one thing that `doctor` checked."""
    state = "ok     " if finding.ok else "missing"
    print(f"{state}  {message(finding.what)}: {message(finding.found)}")
    if finding.remedy:
        print(f"         {message(finding.remedy)}")
