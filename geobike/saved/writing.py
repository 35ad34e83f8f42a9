"""How a survey is written into its folder, in place of the one that is there."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from geobike.errors import GeobikeError, OutputError
from geobike.exports import formats, writing
from geobike.exports.protocol import About, Frames, OnPage
from geobike.io import files
from geobike.io.transaction import Transaction, transaction
from geobike.reporting import collect_warnings, report
from geobike.saved.account import hashes, plain, write_summary
from geobike.saved.layout import GENERATOR, MAP, REPORT, SUMMARY, VERSION
from geobike.saved.page import on_page
from geobike.saved.pictures import earlier_pictures, pictures_in


def write(
    folder: str | Path,
    frames: Frames,
    *,
    names: tuple[str, ...],
    save_map: Callable[[Path], None],
    summary: Callable[[], Mapping[str, Any]],
) -> dict[str, str | Path]:
    """Write a survey into a folder, or to a URL such as s3://bucket/survey; return its files.

    `names` are those of the export formats. `save_map` writes the map to a path; where it fails the
    tables are written all the same, and its error is raised in the end.
    All files take their places together: a folder holds one survey, also where a run fails.
    Raises InputError where the folder cannot be written, or another run writes into it.
    """
    earlier = earlier_pictures(folder)
    with transaction(folder, last=SUMMARY) as out:
        with collect_warnings() as notes:
            account = dict(summary())
            failure = _try_map(save_map, out)
            about = _about(frames.about, account, out.staging)
            written = writing.write_tables(replace(frames, about=about), out.staging, names=names)
        for name in sorted(_earlier_tables(folder).difference(written.names)):
            out.discard(name)  # another format's file would contradict this run
        for name in sorted(earlier - pictures_in(out.staging)):
            out.discard(name)  # what this run hides may be plain on it
        if is_report(files.join(folder, REPORT)):
            out.discard(REPORT)  # of the survey that was here before
        account["warnings"] = [*account.get("warnings", ()), *notes]
        account |= {"files": written.files, "exports": written.by_format}
        account |= {"layout": VERSION, "sha256": hashes(out.staging)}
        write_summary(account, out.staging / SUMMARY)
    for note in notes:
        report(note)
    if failure is not None:
        raise failure
    return {name: files.join(folder, name) for name in (MAP, *written.names, SUMMARY)}


def _try_map(save_map: Callable[[Path], None], out: Transaction) -> GeobikeError | None:
    """Save the map; return the error where it cannot be drawn. Raises OutputError."""
    try:
        save_map(out.staging / MAP)
    except OutputError:
        raise
    except GeobikeError as error:  # the numbers hold, and no older map beside them
        out.rephrase(error)
        out.discard(MAP)
        return error
    return None


def _about(known: About, account: Mapping[str, Any], staging: Path) -> About:
    """Return what files may say of a survey; words and pictures are those of its map."""

    def page() -> OnPage:
        path = staging / MAP
        return on_page(path.read_bytes(), path) if path.is_file() else OnPage()

    return replace(known, summary=plain(account), page=page)


def _earlier_tables(folder: str | Path) -> set[str]:
    """Return the table files that an earlier run lists as written into a folder."""
    try:
        summary = json.loads(files.read_bytes(files.join(folder, SUMMARY)))
        names = set(summary["files"].values())
        for by_table in summary.get("exports", {}).values():
            names |= set(by_table.values())
        if "geobike" in summary and "areas" not in summary["files"]:
            names.add("areas.geojson")  # in folders without a layout always written, never listed
        return formats.file_names() & names
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return set()  # no run, or none that left its account


def is_report(path: str | Path) -> bool:
    """Tell whether a file is a report that geobike wrote."""
    try:
        return f'content="{GENERATOR}"'.encode() in files.read_bytes(path)[:2000]
    except OSError:
        return False


def replaces(folder: str | Path, path: str | Path) -> bool:
    """Tell whether a survey that is written into a folder may replace or remove this very file."""
    ours = (MAP, REPORT, SUMMARY, *formats.file_names())
    return any(files.same(path, files.join(folder, file)) for file in ours)
