"""Variants of a finished survey's folder."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Edit = Callable[[list[dict[str, Any]]], None]


def edited(folder: Path, to: Path, *, summary: Edit | Any = None, **tables: Edit) -> Path:
    """Copy a survey's folder, with properties of features and the summary changed by functions."""
    shutil.copytree(folder, to)
    account = json.loads((to / "summary.json").read_text("utf-8"))
    for table, edit in tables.items():
        path = to / f"{table}.geojson"
        content = json.loads(path.read_text("utf-8"))
        edit(content["features"])
        path.write_text(json.dumps(content), "utf-8")
        account["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    if summary is not None:
        summary(account)
    (to / "summary.json").write_text(json.dumps(account), "utf-8")
    return to
