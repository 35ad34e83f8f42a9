"""What is declared once is the same everywhere: Python, the command line, a survey file."""

from dataclasses import MISSING, dataclass
from typing import Annotated, ClassVar, Literal

import pytest
import typer

import geobike
from geobike import config
from geobike.cli import declared as cli_declared
from geobike.cli.declared import declared_parameter
from geobike.errors import InputError
from geobike.options import Option, check_choices, declared


def test_no_two_options_share_a_name_or_a_flag() -> None:
    options = config.all_declared()
    assert len({one.name for one in options}) == len(options) == len({one.flag for one in options})


def test_every_option_says_what_it_does() -> None:
    for one in config.all_declared():
        assert one.option.help.endswith("."), one.name
        assert one.type is bool or one.choices or one.option.metavar, one.name


@pytest.mark.parametrize(
    ("section", "made"),
    [
        (config.SurveySettings, geobike.Survey(photos="p", areas="a")),
        (config.PageSettings, geobike.PageOptions()),
        (config.DetectorSettings, geobike.DetectorChoice()),
    ],
)
def test_python_has_the_defaults_that_the_help_shows(section: type, made: object) -> None:
    for one in declared(section):
        if one.default is not MISSING and one.name != "photos":
            assert getattr(made, one.name) == one.default, one.name


def test_the_defaults_are_those_of_the_first_release() -> None:
    survey = geobike.Survey(photos="p", areas="a")
    assert (survey.threshold, survey.max_overlap, survey.labels) == (0.5, 0.5, ("bicycle",))
    assert survey.max_pixels == 200_000_000
    assert (survey.page.title, survey.page.language) == ("Where bicycles stand", "en")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: geobike.Survey(photos="p", areas="a", formats=("xml",)),
        lambda: geobike.DetectorChoice(kind="yolo"),
        lambda: geobike.Survey(photos="p", areas="a", max_megapixels=float("nan")),
    ],
)
def test_a_value_that_is_none_of_the_choices_is_refused_in_python_too(wrong) -> None:
    with pytest.raises(InputError, match=r"none of|is not known|not above 0"):
        wrong()


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """Options of kinds that no survey has yet."""

    _table: ClassVar = "survey"
    _panel: ClassVar = None

    order: Annotated[tuple[Literal["a", "b"], ...], Option("In order.", separator=",")] = ("a",)
    formats: Annotated[tuple[Literal["x", "y"], ...], Option("Any.", flag="format")] = ("x", "y")


def test_an_option_may_take_a_list_of_choices() -> None:
    order, formats = declared(Ordered)
    assert (order.choices, order.many, order.single, order.type) == (("a", "b"), True, False, str)
    assert (formats.flag, formats.default) == ("format", ("x", "y"))
    joined, repeated = declared_parameter(order), declared_parameter(formats)
    assert (joined.annotation.__origin__, joined.default) == (str, "a")
    assert (repeated.annotation.__origin__, repeated.default) == (
        list[str],
        ["x", "y"],
    )
    assert isinstance(repeated.annotation.__metadata__[0], typer.models.OptionInfo)
    check_choices(Ordered, Ordered(order=("b", "a")))
    with pytest.raises(InputError, match="--order 'c' is none of a, b"):
        check_choices(Ordered, Ordered(order=("a", "c")))


def test_paths_of_a_survey_file_are_those_that_name_files() -> None:
    paths = {one.name: one.option.path for one in config.all_declared() if one.table}
    always = {name for name, ending in paths.items() if ending == ""}
    assert always == {
        "photos", "areas", "streets", "racks", "manifest", "track", "detections", "out", "store",
        "context", "token_file", "basemap", "classes", "hand_counts",
        "corrections",
    }  # fmt: skip
    assert {name: ending for name, ending in paths.items() if ending} == {
        "model": ".onnx",  # else a name on Hugging Face
        "language": ".json",  # else one that geobike brings
    }


def test_a_list_is_typed_in_one_value_or_by_repeating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SECTIONS", (Ordered,))
    monkeypatch.setattr(cli_declared, "_BY_NAME", {one.name: one for one in declared(Ordered)})
    got: list[Ordered] = []

    @cli_declared.takes_declared
    def command(given: Ordered) -> None:
        got.append(given)

    app = typer.Typer(add_completion=False)
    app.command()(command)
    app(["--order", "b, a", "--format", "y"], standalone_mode=False)
    app([], standalone_mode=False)
    assert got == [Ordered(order=("b", "a"), formats=("y",)), Ordered()]
    with pytest.raises(InputError, match="--order 'c' is none of a, b"):
        app(["--order", "a,c"], standalone_mode=False)
