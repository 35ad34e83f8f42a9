"""Check that workers see what this machine sees: photos, their folders, and the store."""

from collections.abc import Iterable
from typing import Final

from geobike.detections.store.parquet import Shards
from geobike.engines.dask import worker
from geobike.errors import InputError
from geobike.io.files import read_bytes
from geobike.io.redaction import redact
from geobike.photos import discovery
from geobike.photos.discovery import Folder

_REMEDY: Final = "on a cluster every worker must find the photos at the same path or URL"


def check_photo(unread: str | None, host: str) -> None:
    """Raise InputError for a photo that a worker could not read and this machine can."""
    if unread is None:
        return
    try:
        read_bytes(unread)
    except OSError:
        return
    raise InputError(
        f"worker {host} cannot read {redact(unread)}, which can be read here; {_REMEDY}"
    )


def check_folders(folders: Iterable[Folder], found: worker.FoldersResult) -> None:
    """Raise InputError where a worker did not find the photos of folders that this machine does.

    Raises OSError for an address that this machine cannot list either.
    """
    if found.error is not None or not (found.files or found.notes):
        for folder in folders:
            if next(discovery.walk(folder, []), None):
                why = found.error or "it finds no photo"
                raise _unlike(folder, found.host, why)
    for note in found.notes:
        if note.unread is not None and _can_list(note.unread):
            raise _unlike(note.unread, found.host, f"{note.what}: {note.where}")


def check_written(done: worker.DetectResult, shards: Shards) -> None:
    """Raise InputError where what a worker wrote is not in the store that this machine sees."""
    if done.shard is not None and not shards.answered(done.shard):
        raise InputError(
            f"store {redact(shards.path)}: what worker {done.host} wrote there cannot be "
            "seen from here; name a folder that all machines share, or a URL"
        )


def checked(
    task: worker.ShardTask[worker.Asks, worker.Result],
    done: worker.ShardResult[worker.Result],
    shards: Shards,
) -> worker.Result:
    """Return what a worker read in shards.

    Raises StoreError where it could not and this machine cannot either, else InputError.
    """
    if done.result is None:
        task.read(shards, task.asked)
        raise InputError(
            f"worker {done.host}: {done.error}; it can be read here: name a folder that all "
            "machines share, or a URL"
        )
    return done.result


def _can_list(folder: Folder) -> bool:
    try:
        discovery.list_directory(folder)
    except OSError:
        return False
    return True


def _unlike(folder: Folder, host: str, why: str) -> InputError:
    return InputError(
        f"worker {host} does not see {redact(folder.path)} as this machine does: {why}; {_REMEDY}"
    )
