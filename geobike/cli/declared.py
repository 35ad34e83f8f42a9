"""The options that `geobike.config` declares, as options of the command line."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING
from typing import Annotated, Any, Final, Literal, get_origin

import typer

from geobike import config
from geobike.detectors import backends
from geobike.errors import InputError
from geobike.exports import formats
from geobike.options import Declared, declared

_BY_NAME: Final = {one.name: one for one in config.all_declared()}
_CONTEXT: Final = "typer_context"
_KNOWN: Final = {"formats": formats.describe, "kind": backends.describe}
"""Options whose values are in a registry, which says them in the help."""


def takes_declared(command: Callable[..., None]) -> Callable[..., None]:
    """Give Typer a command whose options are declared in `geobike.config`.

    A parameter whose type is one of the classes there stands for all their options. Any other that
    has the name of an option takes its flag, help and default, unless it is `Annotated` itself.

    A command with the option `config` fills the classes from the command line, else from the survey
    file, else with the defaults; every other from the command line and the defaults.
    """
    asked = inspect.signature(command, eval_str=True).parameters
    sections = {
        name: parameter.annotation
        for name, parameter in asked.items()
        if parameter.annotation in config.SECTIONS
    }

    @functools.wraps(command)
    def run(**given: Any) -> None:
        context = given.pop(_CONTEXT)
        values = {name: _value(name, value) for name, value in given.items()}
        typed = {name: values[name] for name in values if _is_typed(context, name, given[name])}
        chosen = _from_file(given.get("config")) | typed
        built = {name: _built(section, chosen) for name, section in sections.items()}
        command(**built, **{name: values[name] for name in asked if name not in sections})

    parameters = [new for parameter in asked.values() for new in _replaced(parameter)]
    context = _keyword(_CONTEXT, typer.Context)
    run.__signature__ = inspect.Signature([*parameters, context])  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return run


def _is_typed(context: typer.Context, name: str, value: object) -> bool:
    """Tell whether an option was given on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE" and value not in (None, [], ())


def _from_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    from geobike.survey import settings

    return settings.read(path)


def _built(section: type[Any], chosen: dict[str, Any]) -> Any:
    options = declared(section)
    for one in options:
        if one.required and one.name not in chosen:
            raise InputError(
                f"--{one.flag} is missing; {_hint(one, chosen)}give it here, or as {one.name} in "
                f"[{one.table}] of a survey file (--config)"
            )
    return section(**{one.name: chosen[one.name] for one in options if one.name in chosen})


_OF_AREAS: Final = (".geojson", ".gpkg", ".shp", ".fgb", ".kml", ".gml", ".geoparquet", ".topojson")


def _hint(one: Declared, chosen: dict[str, Any]) -> str:
    """Return what else was probably meant to be the option: areas that stand among the photos."""
    photos = chosen.get("photos", ()) if one.name == "areas" else ()
    found = [photo for photo in photos if str(photo).lower().endswith(_OF_AREAS)]
    return f"{found[0]} looks like areas, and stands among the photos: " if found else ""


def _value(name: str, value: Any) -> Any:
    """Return a value of the command line as the option's field holds it."""
    one = _BY_NAME.get(name)
    if one is None or not one.many or value is None:
        return value
    if one.option.separator is not None and isinstance(value, str):
        value = [part.strip() for part in value.split(one.option.separator)]
    for item in value:
        one.check_choice(item)
    return tuple(value)


def _replaced(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    """Yield what Typer is to see instead of a parameter."""
    if parameter.annotation in config.SECTIONS:
        for one in declared(parameter.annotation):
            yield declared_parameter(one)
    elif parameter.name in _BY_NAME and get_origin(parameter.annotation) is not Annotated:
        yield declared_parameter(_BY_NAME[parameter.name])
    else:
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)


def declared_parameter(one: Declared) -> inspect.Parameter:
    """Return an option as the parameter of a command, for Typer."""
    option, default = one.option, None if one.default is MISSING else one.default
    known = _KNOWN.get(one.name)
    shared: dict[str, Any] = {
        "help": f"{option.help} {known()}" if known else option.help,
        "metavar": option.metavar,
        "rich_help_panel": one.panel,
        "show_default": option.default_text or True,
    }
    if one.many and one.choices:  # Typer takes no list of Literals; `_value` checks each item
        shared["metavar"] = option.metavar or f"<{'|'.join(one.choices)}>"
        shared["autocompletion"] = lambda: list(one.choices)
    if option.positional:
        said = typer.Argument(**shared)
    elif one.type is bool:
        said = typer.Option(f"--{one.flag}/--no-{one.flag}", **shared)
    else:
        said = typer.Option(f"--{one.flag}", **shared)
    annotation, shown = _for_typer(one, default)
    return _keyword(one.name, Annotated[annotation, said], shown)


def _for_typer(one: Declared, default: Any) -> tuple[Any, Any]:
    """Return type and default of an option as Typer knows them."""
    item: Any = Literal[one.choices] if one.choices and not one.many else one.type
    if one.option.separator is not None:
        return str, one.option.separator.join(default)
    if one.many:
        return list[item], list(default or ())
    return (item | None if default is None else item), default


def _keyword(
    name: str, annotation: Any, default: Any = inspect.Parameter.empty
) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )
