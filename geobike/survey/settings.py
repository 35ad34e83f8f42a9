"""The settings of a survey as tables: read from a survey file, written into `summary.json`.

A survey file is TOML with the tables `[survey]`, `[page]` and `[detector]`, and the keys that
`geobike.config` declares; or the `summary.json` of an earlier run, whose `settings` hold the same.
Paths in it are relative to the file. It holds no token: `token_file` names a file that does.
"""

import difflib
import glob
import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geobike import config
from geobike.errors import InputError
from geobike.io import files
from geobike.io.redaction import redact
from geobike.io.remote import is_remote
from geobike.options import Declared, declared
from geobike.reporting import one_line

if TYPE_CHECKING:
    from geobike.survey.options import Survey

Tables = dict[str, dict[str, Any]]
"""Values by table and key, as in a survey file."""

_NAMES: Final = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}
_LISTS: Final = {float: "numbers", int: "whole numbers", bool: "true and false", str: "texts"}


def read(path: str | Path) -> dict[str, Any]:
    """Return the values of a survey file, or of a `summary.json`, by option.

    Paths are made relative to the working folder. Raises InputError that names file, table, key
    and value for what cannot be read, is not known, or is of the wrong type.
    """
    tables = _json_settings(path) if Path(path).suffix.lower() == ".json" else _toml(path)
    options = {(one.table, one.name): one for one in config.all_declared() if one.table}
    found = {}
    for table, key, value in _entries(tables, path):
        if (table, key) not in options:
            raise InputError(f"{path}: {_unknown(table, key)}")
        one = options[table, key]
        _check(one, value, f"{path}: [{table}] {key}")
        found[key] = _mapped(one, value, lambda text, one=one: _from_file(one, text, path))
    return found


def _json_settings(path: str | Path) -> Any:
    try:
        content = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON: {error}") from None
    if not isinstance(content, dict) or "settings" not in content:
        raise InputError(
            f"{path}: holds no settings; give a survey file (.toml), or a summary.json that "
            "`geobike map` wrote"
        )
    return content["settings"]


def _toml(path: str | Path) -> Any:
    try:
        return tomllib.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as TOML: {error}") from None


def _text(path: str | Path) -> str:
    files.refuse_special(path)
    try:
        return Path(path).read_text(encoding="utf-8-sig")  # Windows editors write a mark first
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise InputError(f"{path}: is not UTF-8 text") from None


def _entries(tables: Any, path: str | Path) -> Iterator[tuple[str, str, Any]]:
    """Yield table, key and value of every entry. Raises InputError for what is not in a table."""
    if not isinstance(tables, dict):
        raise InputError(f"{path}: settings is {_shown(tables)}, expected tables")
    known = sorted({one.table for one in config.all_declared() if one.table})
    for table, entries in tables.items():
        if table not in known:
            raise InputError(f"{path}: {_unknown_table(table, entries, known)}")
        if not isinstance(entries, dict):
            raise InputError(f"{path}: {table} is {_shown(entries)}, expected a table [{table}]")
        for key, value in entries.items():
            yield table, key, value


def _unknown_table(table: str, entries: object, known: Sequence[str]) -> str:
    if table == "privacy":
        return "[privacy] belongs in geobike.toml, which holds for all surveys below its folder"
    if not isinstance(entries, dict):
        for one in config.all_declared():
            if one.table and table in (one.name, one.flag, one.flag.replace("-", "_")):
                return f"{table!r} is outside a table; write {one.name} below [{one.table}]"
    nearest = difflib.get_close_matches(table, known, n=1)
    remedy = f"did you mean [{nearest[0]}]?" if nearest else f"there are {_tables(known)}"
    return f"table {_shown(table)} is not known; {remedy}"


def _tables(known: Sequence[str]) -> str:
    return ", ".join(f"[{table}]" for table in known)


def _unknown(table: str, key: str) -> str:
    """Return a hint for an unknown key: the nearest option, under either of its names."""
    names = {}
    for one in config.all_declared():
        if one.table:
            for name in (one.name, one.flag, f"no-{one.flag}" if one.type is bool else one.name):
                names[name.replace("-", "_")] = one
    said = f"[{table}] has no option {_shown(key)}"
    if "token" in key.lower() and key.replace("-", "_") != "token_file":
        return f"{said}; a survey file holds no token, only the path of a token_file"
    nearest = difflib.get_close_matches(key.replace("-", "_"), names, n=1)
    if not nearest:
        return f"{said}; `geobike map --help` lists the options"
    one = names[nearest[0]]
    return f"{said}; did you mean {one.name}{'' if one.table == table else f' in [{one.table}]'}?"


def _check(one: Declared, value: object, place: str) -> None:
    """Raise InputError for a value of the wrong type, or not among the choices."""
    many = one.many and isinstance(value, list)
    items = value if isinstance(value, list) and many else [value]
    if not (many or one.single) or not all(_fits(one, item) for item in items):
        expected = _expected(one)
        if one.type is str and any(isinstance(item, str) and not _is_text(item) for item in items):
            expected = "text in Unicode without NUL characters"
        raise InputError(f"{place} is {_shown(value)}, expected {expected}")


def _fits(one: Declared, value: object) -> bool:
    if one.type is bool or isinstance(value, bool):
        return one.type is bool and isinstance(value, bool)
    if one.type is float:
        return isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 53)
    if one.type is str and isinstance(value, str):
        return _is_text(value) and (not one.choices or value in one.choices)
    return isinstance(value, one.type)


def _is_text(value: str) -> bool:
    """Tell whether this can be a name, a path, or part of a file in UTF-8."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _expected(one: Declared) -> str:
    if one.choices:
        named = f"one of {', '.join(one.choices)}"
        return f"a list of any of {', '.join(one.choices)}" if one.many else named
    alone = _NAMES[one.type]
    if not one.many:
        return alone
    return f"{f'{alone} or ' if one.single else ''}a list of {_LISTS[one.type]}"


def _shown(value: object) -> str:
    return one_line(json.dumps(value, default=str), limit=60)


def _mapped(one: Declared, value: Any, change: Any) -> Any:
    """Return the value with each text of it changed, lists as tuples."""
    if isinstance(value, list | tuple):
        return tuple(_mapped(one, item, change) for item in value)
    return change(value) if one.type is str else value


def _is_path(one: Declared, value: str) -> bool:
    ending = one.option.path
    if ending is None or value == "" or value in one.option.words:
        return False
    return value.lower().endswith(ending)


def _from_file(one: Declared, value: str, file: str | Path) -> str:
    if not _is_path(one, value) or is_remote(value):
        return value
    folder = str(Path(file).parent)
    path = os.path.normpath(Path(folder, value))
    if glob.has_magic(value) and glob.has_magic(folder) and not Path(path).exists():
        # Only the value may be a pattern; special characters in the folder's name are literal.
        return os.path.normpath(Path(glob.escape(folder), value))
    return path


def write(survey: "Survey", *, store: str | Path | None, folder: str | Path) -> Tables:
    """Return the settings of a survey, to be kept in a file in `folder`, from which it can be run.

    Paths are relative to the folder, or as they are where that is a URL. URLs have neither user,
    password nor query; tokens are left out. A detector object of the caller's can only be named:
    the survey can be run again from its store.
    """
    detector = survey.detector
    tables: Tables = {"survey": {}, "page": {}, "detector": {}}
    given = {
        **_values(config.SurveySettings, survey),
        **_values(config.PageSettings, survey.page),
        **(
            _values(config.DetectorSettings, detector)
            if isinstance(detector, config.DetectorSettings)
            else {"kind": "cached", "model": detector.name}
        ),
        "store": store,
    }
    for one in config.all_declared():
        value = given.get(one.name)
        if value is not None:
            texts = [str(item) if isinstance(item, Path) else item for item in _items(value)]
            written = [_to_file(one, item, folder) for item in texts]
            tables[one.table][one.name] = written if _is_list(value) else written[0]
    return tables


def _values(section: type[Any], settings: object) -> Mapping[str, Any]:
    return {one.name: getattr(settings, one.name) for one in declared(section)}


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _items(value: Any) -> Sequence[Any]:
    return value if _is_list(value) else [value]


def _to_file(one: Declared, value: Any, folder: str | Path) -> Any:
    if not isinstance(value, str):
        return value
    if is_remote(value) and one.name != "tiles":  # whose URL the page itself shows
        return redact(value)
    if _is_path(one, value) and not is_remote(folder) and not is_remote(value):
        value = _relative(value, folder)
    # A file's name may not be UTF-8; that must not stop what is written into a file that is.
    return value.encode("utf-8", "replace").decode()


def _relative(path: str, folder: str | Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return Path(path).absolute().as_posix()
