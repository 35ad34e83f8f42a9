"""geobike.toml: rules for a folder and all folders below it."""

import tomllib
from pathlib import Path
from typing import Any, Final

from geobike.errors import InputError
from geobike.io import files

NAME: Final = "geobike.toml"


def refuse_if_forbidden(folder: Path, *, instead: str) -> None:
    """Raise InputError, saying what to do `instead`, if photos may not be sent from `folder`."""
    if file := forbidding(folder):
        raise InputError(f"{file} forbids sending photos ([privacy] upload = false); {instead}")


def forbidding(folder: Path) -> Path | None:
    """Return the geobike.toml, in `folder` or above it, that forbids sending photos, if any.

    The file may hold `[privacy]` with `upload = false`, and nothing else: a misspelled rule must
    not be ignored. Raises InputError.
    """
    files = (place / NAME for place in (folder, *folder.parents))
    return next((file for file in files if file.is_file() and not _allows_upload(file)), None)


def _allows_upload(file: Path) -> bool:
    privacy = _table(file).get("privacy", {})
    upload = privacy.get("upload", True) if isinstance(privacy, dict) else None
    if not isinstance(upload, bool) or set(privacy) - {"upload"}:
        raise InputError(f"{file}: [privacy] takes only upload = true or upload = false")
    return upload


def _table(file: Path) -> dict[str, Any]:
    files.refuse_special(file)
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: cannot be read as TOML: {error}") from None
    if unknown := sorted(set(table) - {"privacy"}):
        raise InputError(
            f"{file}: {unknown[0]!r} is not known; it takes only [privacy]. Options "
            "belong in a survey file (geobike map --config)"
        )
    return table
