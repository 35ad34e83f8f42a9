"""The program: its commands, in the order of `geobike --help`."""

import typer

from geobike.cli.commands.classify import classify
from geobike.cli.commands.compare import compare
from geobike.cli.commands.detect import detect
from geobike.cli.commands.doctor import doctor
from geobike.cli.commands.evaluate import evaluate
from geobike.cli.commands.export import export
from geobike.cli.commands.locate import locate
from geobike.cli.commands.map import map_
from geobike.cli.commands.report import report
from geobike.cli.commands.review import review
from geobike.cli.commands.sample import sample
from geobike.cli.commands.sample_data import sample_data

app = typer.Typer(
    help="Map parked bicycles from street photos.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a bug should show a plain traceback
    context_settings={"help_option_names": ["-h", "--help"]},
)

_SURVEY, _STEPS, _HELP = "A survey", "Its steps", "Help"

for _panel, _name, _command in (
    (_SURVEY, "map", map_),
    (_STEPS, "locate", locate),
    (_STEPS, "detect", detect),
    (_STEPS, "classify", classify),
    (_SURVEY, "sample", sample),
    (_SURVEY, "evaluate", evaluate),
    (_SURVEY, "report", report),
    (_SURVEY, "export", export),
    (_SURVEY, "compare", compare),
    (_SURVEY, "review", review),
    (_HELP, "sample-data", sample_data),
    (_HELP, "doctor", doctor),
):
    app.command(_name, rich_help_panel=_panel)(_command)
