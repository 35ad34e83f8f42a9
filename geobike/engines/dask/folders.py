"""Find photos on the workers: folders are listed here until there is work for all of them."""

from collections import deque
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

from geobike.engines.dask import tasks, visibility, worker
from geobike.engines.dask.connection import translated
from geobike.errors import ClusterUnavailable
from geobike.io import remote
from geobike.io.redaction import redact
from geobike.photos import discovery
from geobike.photos.discovery import Directory, Folder, FolderNotice, PhotoFile

FEW: Final = 4
"""Folders for each thread of the workers, so that a large folder keeps no thread waiting."""

MOST: Final = 64
"""Folders for each thread, each at least a request: a bucket with more of them lists 1,000 photos
in one request, whatever their folders."""

_OPENED: Final = 200  # folders, a request each, before what is found by then is handed out


def walk(client: Any, folder: Folder, notes: list[FolderNotice]) -> Iterator[PhotoFile]:
    """Do what `discovery.walk` does, with the workers.

    Raises InputError where a worker does not see what this machine sees.
    """
    with translated():
        threads = max(tasks.threads(client), 1)
    top = _opened(folder, FEW * threads)
    if len(top.folders) > MOST * threads and remote.lists_recursively(folder.path):
        yield from discovery.walk(folder, notes)
        return
    yield from top.files
    notes += top.notes
    size = max(1, -(-len(top.folders) // (MOST * threads)))
    groups = (
        worker.FoldersTask(top.folders[at : at + size]) for at in range(0, len(top.folders), size)
    )
    with closing(tasks.run(client, worker.find, groups)) as ended:
        for group, found in ended:
            if found is None:
                place = redact(group.folders[0].path)
                raise ClusterUnavailable(f"workers die listing {place}")
            visibility.check_folders(group.folders, found)
            notes += found.notes
            yield from found.files


def _opened(folder: Folder, wanted: int) -> Directory:
    """Return the entries of the topmost folders, and the folders left to list recursively.

    Folders that cannot be listed here are among these: the worker that lists them says why.
    """
    found = Directory([], [], [])
    waiting = deque([folder])
    for _ in range(_OPENED):
        if not waiting or len(waiting) + len(found.folders) >= wanted:
            break
        one = waiting.popleft()
        try:
            level = discovery.list_directory(one)
        except OSError:
            found.folders.append(one)
            continue
        found.files.extend(level.files)
        found.notes.extend(level.notes)
        waiting += level.folders
    found.folders.extend(waiting)
    return found
