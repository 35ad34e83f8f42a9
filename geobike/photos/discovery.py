"""Find the photos in folders, by pattern or one by one, local or remote, without opening any."""

import glob
import os
import posixpath
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, takewhile
from pathlib import Path
from typing import Final, NamedTuple

from geobike.errors import PhotosError
from geobike.io import remote
from geobike.io.redaction import redact
from geobike.photos import decoding
from geobike.progress import Track, silent
from geobike.reporting import report

_NOT_READ: Final = "file of a kind that is not read"
_MOST_KINDS: Final = 50  # that are told apart
_OTHER: Final = "other suffixes"


class PhotoFile(NamedTuple):
    """A file that looks like a photo by its name."""

    photo_id: str
    """POSIX path relative to the photo folder."""
    path: str
    """A path, or the URL of a remote file."""
    fault: str | None = None
    """Why it must not be opened; None if it may be."""
    size: int | None = None
    """Bytes, if the listing gives them."""
    state: str | None = None
    """Version of the content, such as an ETag, if the listing gives it."""


class Folder(NamedTuple):
    """A folder to search for photos, with its subfolders."""

    source: str
    """The path or URL that names of photos are relative to."""
    name: str
    """Path relative to the source, ending in /; empty for the source itself."""
    path: str
    """A path, or a URL."""


class FolderNotice(NamedTuple):
    """Something to report about a folder; equal ones are reported in one line."""

    what: str
    where: str
    unread: Folder | None = None
    """The folder, if the notice is that it cannot be read."""


class Directory(NamedTuple):
    """The entries of a folder, without those of its subfolders."""

    files: list[PhotoFile]
    folders: list[Folder]
    notes: list[FolderNotice]


class Found(NamedTuple):
    """What is in the sources of a survey."""

    files: list[PhotoFile]
    """The photos, by name."""
    not_read: dict[str, int]
    """Number of files of other kinds by suffix, such as .mp4, in order."""
    given: int
    """Files, photos and others, but for hidden ones."""


Walker = Callable[[Folder, list[FolderNotice]], Iterator[PhotoFile]]
"""Lists a folder with its subfolders: `walk`, or the same on a cluster."""


class _Source(NamedTuple):
    """The photos of one source."""

    folder: str
    """Path or URL that contains all of them."""
    files: Iterator[PhotoFile]
    """Their `photo_id` is the path within the folder."""


def walk(folder: Folder, notes: list[FolderNotice]) -> Iterator[PhotoFile]:
    """Yield the photos in a folder and its subfolders, and append what is to be reported.

    Raises OSError for a URL that cannot be listed; for one that refuses or does not exist, such as
    a dead link, only if it is the source itself.
    """
    if remote.is_remote(folder.path):
        listing = remote.walk(folder.path, folder.source)
        yield from _noted_photos(listing, folder.source, notes)
        return
    waiting = [folder]
    while waiting:
        one = waiting.pop()
        try:
            found = list_directory(one)
        except OSError as error:
            notes.append(_unreadable(one, f"{error.filename} ({error.strerror})"))
            continue
        yield from found.files
        waiting += found.folders
        notes += found.notes


def list_directory(folder: Folder) -> Directory:
    """Return the entries of a folder. Raises OSError.

    The listing itself identifies links, so that only links are looked up one by one.
    """
    if remote.is_remote(folder.path):
        return _list_remote_directory(folder)
    found = Directory([], [], [])
    for entry in list(os.scandir(folder.path)):
        name = folder.name + entry.name
        if _is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            found.folders.append(Folder(folder.source, f"{name}/", entry.path))
        elif entry.is_symlink() and os.path.isdir(entry.path):  # noqa: PTH112 - it never raises
            found.notes.append(_not_followed(name))
        elif _is_photo(name):
            plain = entry.is_file(follow_symlinks=False)
            if plain:
                found.files.append(_photo_file(entry.path, name))
            else:
                found.files.append(_linked(Path(entry.path), name, Path(folder.source)))
        else:
            found.notes.append(FolderNotice(_NOT_READ, name))
    return found


def find(
    sources: str | Path | Sequence[str | Path], *, walker: Walker = walk, track: Track = silent
) -> list[PhotoFile]:
    """List the photos of folders (with all inside), single files and glob patterns, by name.

    A source may be a URL (s3://bucket/photos). Hidden files and `__MACOSX` are skipped. Raises
    PhotosError if there is no photo, MissingPackageError if a URL needs an extra.

    Examples:
        >>> import geobike
        >>> files = geobike.find_photos("sample/photos")
        >>> len(files), files[0].photo_id
        (181, 'day1/0902_stationsplein.jpg')
    """
    return search(sources, walker=walker, track=track).files


def search(
    sources: str | Path | Sequence[str | Path], *, walker: Walker = walk, track: Track = silent
) -> Found:
    """Do what `find` does, and count the files of other kinds; they are reported."""
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    notes: list[list[FolderNotice]] = [[] for _ in given]
    listings = [
        (_remote_source if remote.is_remote(source) else _local_source)(walker, noted, str(source))
        for source, noted in zip(given, notes, strict=True)
    ]
    root = _root([folder for folder, _ in listings], given)
    inner = [folder[len(root) :].replace(os.sep, "/").strip("/") for folder, _ in listings]

    def each() -> Iterator[PhotoFile]:
        for place, (_, files) in zip(inner, listings, strict=True):
            for file in files:  # in one folder their names stay as they are
                yield file._replace(photo_id=_below(place, file.photo_id)) if place else file

    found = {file.photo_id: file for file in track(each(), "Finding photos", total=None)}
    others = {
        _below(place, note.where)
        for place, noted in zip(inner, notes, strict=True)
        for note in noted
        if note.what == _NOT_READ
    }
    kinds = _kinds(others)
    _report(kinds, list(chain(*notes)))
    if not found:
        raise PhotosError(
            f"no photo in {', '.join(map(redact, given)) or 'an empty list'}: looked for "
            f"files ending in {' '.join(sorted(decoding.SUFFIXES))}"
        )
    files = [found[photo_id] for photo_id in sorted(found)]
    return Found(files, kinds, given=len(found.keys() | others))


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _report(kinds: dict[str, int], notes: Sequence[FolderNotice]) -> None:
    """Report the files of other kinds ("3 files are not read: 1 .dng, 2 .mp4"), then the rest."""
    total = sum(kinds.values())
    if total:
        counted = [f"{number} {kind}" for kind, number in kinds.items()]
        report(
            "1 file is not read" if total == 1 else f"{total} files are not read", counted, shown=8
        )
    for what in sorted({note.what for note in notes} - {_NOT_READ}):
        report(what, sorted({note.where for note in notes if note.what == what}))


def _kinds(names: Iterable[str]) -> dict[str, int]:
    """Return the number of files by suffix; of endless kinds the most frequent, and the others."""
    every = Counter(_suffix(name) for name in names)
    shown = dict(every.most_common(_MOST_KINDS))
    if len(every) > len(shown):
        shown[_OTHER] = shown.get(_OTHER, 0) + every.total() - sum(shown.values())
    return dict(sorted(shown.items()))


def _suffix(name: str) -> str:
    suffix = posixpath.splitext(name)[1].lower()
    if not suffix:
        return "without suffix"
    return suffix if re.fullmatch(r"\.[\w+~-]{1,24}", suffix, re.ASCII) else _OTHER


def _root(folders: list[str], given: Sequence[str | Path]) -> str:
    """Return the folder that contains all sources."""
    stores = {folder.partition("://")[0] for folder in folders if remote.is_remote(folder)}
    if stores and (len(stores) > 1 or not all(map(remote.is_remote, folders))):
        raise PhotosError(
            f"photos must all be local or all in one kind of store, not as in "
            f"{', '.join(map(redact, given))}"
        )
    if stores:
        levels = zip(*(folder.split("/") for folder in folders), strict=False)
        return "/".join(level[0] for level in takewhile(lambda one: len(set(one)) == 1, levels))
    return os.path.commonpath(folders) if folders else ""


def _remote_source(walker: Walker, notes: list[FolderNotice], url: str) -> _Source:
    folder = remote.folder(url, sorted(decoding.SUFFIXES))
    if folder is not None:
        found = walker(Folder(folder, "", url), notes)
        return _Source(folder, _translate_errors(url, found))
    try:
        listing = remote.find(url)
    except OSError as error:
        raise _cannot_list(url, error) from None
    return _Source(listing.folder, _noted_photos(listing, url, notes))


def _translate_errors(url: str, files: Iterator[PhotoFile]) -> Iterator[PhotoFile]:
    try:
        yield from files
    except OSError as error:
        raise _cannot_list(url, error) from None


def _cannot_list(url: str, error: OSError) -> PhotosError:
    return PhotosError(f"{redact(url)}: cannot be listed: {error}")


def _noted_photos(
    found: remote.Listing, source: str, notes: list[FolderNotice]
) -> Iterator[PhotoFile]:
    """Return the photos of a listing, and append what is to be reported."""
    for one in found.closed:
        folder = Folder(source, f"{one.name}/", one.address)
        notes.append(_unreadable(folder, f"{redact(one.address)} ({one.reason})"))
    notes += _not_read(found.objects)
    return _photos(found.objects)


def _list_remote_directory(folder: Folder) -> Directory:
    found = remote.list_directory(folder.path, folder.source)
    folders = [
        Folder(folder.source, f"{one.name}/", one.address)
        for one in found.folders
        if not any(map(_is_hidden, one.name.split("/")))
    ]
    return Directory(list(_photos(found.objects)), folders, list(_not_read(found.objects)))


def _photos(objects: Iterable[remote.Object]) -> Iterator[PhotoFile]:
    for one in objects:
        if _is_photo(one.name) and not any(map(_is_hidden, one.name.split("/"))):
            yield _photo_file(one.address, one.name)._replace(size=one.size, state=one.state)


def _not_read(objects: Iterable[remote.Object]) -> Iterator[FolderNotice]:
    for one in objects:
        folder = one.address.endswith("/")  # an empty object stands for it
        if not folder and not _is_photo(one.name) and not any(map(_is_hidden, one.name.split("/"))):
            yield FolderNotice(_NOT_READ, one.name)


def _local_source(walker: Walker, notes: list[FolderNotice], source: str) -> _Source:
    path = Path(source)
    try:
        if path.is_dir():
            folder = str(path.resolve())
            return _Source(folder, walker(Folder(folder, "", folder), notes))
        if path.is_file():
            file = path.resolve()
            return _Source(str(file.parent), iter([_photo_file(str(file), file.name)]))
        if glob.has_magic(source):
            return _match(path, notes)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise PhotosError(f"{source[:200]}: cannot be listed: {reason}") from None
    raise PhotosError(f"{source}: no such file or folder")


def _match(pattern: Path, notes: list[FolderNotice]) -> _Source:
    """Return the photos that match a pattern, and those in folders that match."""
    fixed = Path(*_parts_before_wildcard(pattern))
    folder = fixed.resolve()
    matches = list(folder.glob(str(pattern.relative_to(fixed))))

    @cache
    def stays(inside: Path) -> bool:
        return inside.resolve().is_relative_to(folder)

    def photos() -> Iterator[PhotoFile]:
        for path in matches:
            name = path.relative_to(folder).as_posix()
            if any(map(_is_hidden, name.split("/"))):
                continue
            if path.is_dir():
                if stays(path):
                    yield from walk(Folder(str(folder), f"{name}/", str(path)), notes)
                else:
                    notes.append(_not_followed(name))
            elif not _is_photo(name):
                notes.append(FolderNotice(_NOT_READ, name))
            else:
                plain = stays(path.parent) and stat.S_ISREG(path.lstat().st_mode)
                yield _photo_file(str(path), name) if plain else _linked(path, name, folder)

    return _Source(str(folder), photos())


def _unreadable(folder: Folder, where: str) -> FolderNotice:
    return FolderNotice("folders cannot be read", where, unread=folder)


def _not_followed(name: str) -> FolderNotice:
    return FolderNotice("symbolic links to folders are not followed", name)


def _parts_before_wildcard(pattern: Path) -> Iterator[str]:
    """Yield the folders before the first wildcard."""
    for part in pattern.parent.parts:
        if glob.has_magic(part):
            return
        yield part


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _is_photo(name: str) -> bool:
    return posixpath.splitext(name)[1].lower() in decoding.SUFFIXES


def _linked(path: Path, name: str, folder: Path) -> PhotoFile:
    """Return what may be a link: with the path of the file in the folder that it leads to."""
    fault = _fault(path, folder)
    return _photo_file(str(path if fault else path.resolve()), name, fault)


def _photo_file(path: str, name: str, fault: str | None = None) -> PhotoFile:
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("utf-8", "backslashreplace")
        fault = "the file's name is not UTF-8; rename it"
    return PhotoFile(name, path, fault)


def _fault(path: Path, folder: Path) -> str | None:
    """Return why a file, which may be a link, must not be opened; None if it may be."""
    try:
        # The whole path is resolved: any part of it may be a link.
        if not path.resolve().is_relative_to(folder):
            return "a symbolic link that leads out of the photo folder is not followed"
        return None if path.is_file() else "not a regular file"
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        return f"cannot be reached: {getattr(error, 'strerror', None) or 'links form a loop'}"
