"""geobike.toml: what holds for everyone who works in a folder or below it."""

import tomllib
from pathlib import Path
from typing import Any, Final

from geobike.errors import InputError

NAME: Final = "geobike.toml"


def refuse_if_forbidden(folder: Path) -> None:
    """Raise InputError if geobike.toml in `folder`, or in one above, forbids to send photos.

    The file may hold `[privacy]` with `upload = false`, and nothing else: a rule that is spelt
    wrong must not pass for none.
    """
    for place in (folder, *folder.parents):
        file = place / NAME
        if file.is_file() and not _allows_upload(file):
            raise InputError(
                f"{file} forbids to send photos anywhere ([privacy] upload = false); "
                "detect on this machine with --detector onnx"
            )


def _allows_upload(file: Path) -> bool:
    privacy = _table(file).get("privacy", {})
    upload = privacy.get("upload", True) if isinstance(privacy, dict) else None
    if not isinstance(upload, bool) or set(privacy) - {"upload"}:
        raise InputError(f"{file}: [privacy] may say upload = true or upload = false, no more")
    return upload


def _table(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read as TOML: {error}") from None
    if unknown := sorted(set(table) - {"privacy"}):
        raise InputError(f"{file}: {unknown[0]!r} is not known; there is [privacy]")
    return table
