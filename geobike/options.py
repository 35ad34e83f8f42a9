"""The declaration of an option, as a field of a class of `geobike.config`."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from geobike.errors import InputError

NO_TABLE: Final = ""
"""The table of an option that a survey file does not take."""


@dataclass(frozen=True)
class Option:
    """What the command line and a survey file know about an option besides type and default."""

    help: str
    """One or two sentences, with units. The default is added where it is shown."""
    metavar: str | None = None
    flag: str | None = None
    """Name on the command line, where it is not the field's."""
    panel: str | None = None
    """Heading in `--help`, where it is not the class's."""
    path: str | None = None
    """Ending of the values that are paths, relative to a survey file; empty for all values."""
    words: tuple[str, ...] = ()
    """Values that are not paths."""
    separator: str | None = None
    """Splits one value of the command line into a list; None: the option may be repeated."""
    default_text: str | None = None
    """What happens without the option, where no value says it."""
    table: str | None = None
    """Table of a survey file, where it is not the class's; `NO_TABLE` for none."""
    positional: bool = False


@dataclass(frozen=True)
class Declared:
    """One option, as its field declares it."""

    name: str
    """Of the field, and the key in a survey file."""
    table: str
    """In a survey file; empty for none."""
    panel: str | None
    option: Option
    type: type[Any]
    """`str`, `int`, `float` or `bool`; of each item, where it is a list."""
    choices: tuple[str, ...]
    """The values allowed; empty for any of the type."""
    many: bool
    """Whether it takes a list."""
    single: bool
    """Whether it takes one value."""
    default: Any
    """`dataclasses.MISSING` where the option is required."""

    @property
    def flag(self) -> str:
        """Its name on the command line, without the dashes."""
        return self.option.flag or self.name.replace("_", "-")

    def check_choice(self, value: object) -> None:
        """Raise InputError for a value that is not one of the choices."""
        if self.choices and value not in self.choices:
            raise InputError(f"--{self.flag} {value!r} is none of {', '.join(self.choices)}")

    @property
    def required(self) -> bool:
        """Whether a survey needs it."""
        return self.default is MISSING


def declared(section: type[Any]) -> tuple[Declared, ...]:
    """Return the options that one of the classes declares, in order."""
    hints = get_type_hints(section, include_extras=True)
    return tuple(
        _declared(section, field.name, hints[field.name], field.default)
        for field in fields(section)
    )


def _declared(section: type[Any], name: str, hint: Any, default: Any) -> Declared:
    annotation, option = get_args(hint)
    alone, items = set(_members(annotation, inside=False)), set(_members(annotation, inside=True))
    [kind] = {type(one) if isinstance(one, str) else one for one in alone | items}
    return Declared(
        name=name,
        table=section._table if option.table is None else option.table,
        panel=option.panel or _declaring(section, name)._panel,
        option=option,
        type=kind,
        choices=tuple(one for one in _ordered(annotation) if isinstance(one, str)),
        many=bool(items),
        single=bool(alone),
        default=default,
    )


def _declaring(section: type[Any], name: str) -> type[Any]:
    """Return the class of a group of options that has this one."""
    return next(one for one in section.__mro__ if name in inspect.get_annotations(one))


def _members(annotation: Any, *, inside: bool) -> Iterator[Any]:
    """Yield the plain types and literal values, outside or inside of a list. A Path is a str."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member, inside=inside)
    elif origin in (tuple, Sequence):
        if inside:
            yield from _members(get_args(annotation)[0], inside=False)
    elif not inside and annotation is not NoneType:
        yield from get_args(annotation) or [str if annotation is Path else annotation]


def _ordered(annotation: Any) -> list[Any]:
    return [*_members(annotation, inside=False), *_members(annotation, inside=True)]


def check_choices(section: type[Any], settings: object) -> None:
    """Raise InputError where an attribute is not one of the values that its option allows."""
    for one in declared(section):
        if one.choices:
            value = getattr(settings, one.name)
            for item in value if isinstance(value, tuple | list) else [value]:
                one.check_choice(item)
