"""Find the photos: in folders, by pattern, one by one, here or elsewhere. No photo is opened."""

import glob
import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from geobike import images, remote
from geobike.errors import PhotosError, report


class PhotoFile(NamedTuple):
    """One file that is taken for a photo."""

    photo_id: str
    """POSIX path relative to the photo folder."""
    path: str
    """Where it is read: a path, or the address of an object elsewhere."""
    fault: str | None = None
    """Why it must not be opened, if so."""
    size: int | None = None
    """Bytes, where the listing said so."""
    state: str | None = None
    """What changes with the content, where the listing said so."""


class _Source(NamedTuple):
    """What one source holds."""

    folder: str
    """Path or address that all of it lies in."""
    files: Iterator[PhotoFile]
    """Their `photo_id` is the path within the folder."""


def find(sources: str | Path | Sequence[str | Path]) -> list[PhotoFile]:
    """List the photos of folders (with all inside), single files and glob patterns, by name.

    A source may be an address (s3://bucket/photos). Hidden files and `__MACOSX` are left out.
    Raises PhotosError where there is no photo, MissingPackageError where addresses need an extra.
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    listings = [_elsewhere(s) if remote.is_remote(s) else _here(str(s)) for s in given]
    root = _root([folder for folder, _ in listings], given)
    found: dict[str, PhotoFile] = {}
    for folder, files in listings:
        below = folder[len(root) :].replace(os.sep, "/").strip("/")
        for file in files:
            photo_id = f"{below}/{file.photo_id}" if below else file.photo_id
            found[photo_id] = file._replace(photo_id=photo_id) if below else file
    if not found:
        raise PhotosError(
            f"no photo in {', '.join(map(remote.shown, given)) or 'an empty list'}: looked for "
            f"files ending in {' '.join(sorted(images.SUFFIXES))}"
        )
    return [found[photo_id] for photo_id in sorted(found)]


def _root(folders: list[str], given: Sequence[str | Path]) -> str:
    """Return the folder that all sources lie in."""
    stores = {folder.partition("://")[0] for folder in folders if remote.is_remote(folder)}
    if stores and (len(stores) > 1 or not all(map(remote.is_remote, folders))):
        raise PhotosError(
            f"photos must all be on this machine or all in one kind of store, unlike "
            f"{', '.join(map(remote.shown, given))}"
        )
    if stores:
        levels = zip(*(folder.split("/") for folder in folders), strict=False)
        return "/".join(level[0] for level in takewhile(lambda one: len(set(one)) == 1, levels))
    return os.path.commonpath(folders) if folders else ""


def _elsewhere(address: str) -> _Source:
    try:
        listing = remote.find(address, sorted(images.SUFFIXES))
    except OSError as error:
        raise PhotosError(f"{remote.shown(address)}: cannot be listed: {error}") from None
    photos = (
        _photo_file(one.address, one.name)._replace(size=one.size, state=one.state)
        for one in listing.objects
        if _is_photo(one.name) and not any(map(_is_hidden, one.name.split("/")))
    )
    return _Source(listing.folder, photos)


def _here(source: str) -> _Source:
    path = Path(source)
    try:
        if path.is_dir():
            folder = path.resolve()
            return _Source(str(folder), _walk(str(folder), ""))
        if path.is_file():
            file = path.resolve()
            return _Source(str(file.parent), iter([_photo_file(str(file), file.name)]))
        if glob.has_magic(source):
            return _match(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise PhotosError(f"{source[:200]}: cannot be listed: {reason}") from None
    raise PhotosError(f"{source}: no such file or folder")


def _walk(root: str, below: str) -> Iterator[PhotoFile]:
    """Yield the photos in a folder, given with / behind it, and in all inside.

    The listing itself says what is a link, so that only links are looked at one by one.
    """
    try:
        entries = list(os.scandir(Path(root, below)))
    except OSError as error:
        report(f"{error.filename}: folder cannot be read: {error.strerror}")
        return
    for entry in entries:
        name = below + entry.name
        if _is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, f"{name}/")
        elif entry.is_symlink() and os.path.isdir(entry.path):  # noqa: PTH112 - nothing escapes from it
            report(f"{name}: a symbolic link to a folder is not followed")
        elif _is_photo(name):
            plain = entry.is_file(follow_symlinks=False)
            fault = None if plain else _fault(Path(entry.path), Path(root))
            yield _photo_file(entry.path, name, fault)


def _match(pattern: Path) -> _Source:
    """Return the photos that match, and those in folders that match."""
    fixed = Path(*_fixed_parts(pattern))
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
                    yield from _walk(str(folder), f"{name}/")
                else:
                    report(f"{name}: a symbolic link to a folder is not followed")
            elif _is_photo(name):
                plain = stays(path.parent) and stat.S_ISREG(path.lstat().st_mode)
                yield _photo_file(str(path), name, None if plain else _fault(path, folder))

    return _Source(str(folder), photos())


def _fixed_parts(pattern: Path) -> Iterator[str]:
    """Yield the folders before the first wildcard."""
    for part in pattern.parent.parts:
        if glob.has_magic(part):
            return
        yield part


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _is_photo(name: str) -> bool:
    return posixpath.splitext(name)[1].lower() in images.SUFFIXES


def _photo_file(path: str, name: str, fault: str | None = None) -> PhotoFile:
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("utf-8", "backslashreplace")
        fault = "the file's name is not UTF-8; rename it"
    return PhotoFile(name, path, fault)


def _fault(path: Path, folder: Path) -> str | None:
    """Return why this, which may be a link, must not be opened."""
    try:
        # Resolved as a whole: a link may stand anywhere on the way.
        if not path.resolve().is_relative_to(folder):
            return "a symbolic link that leads out of the photo folder is not followed"
        return None if path.is_file() else "not a regular file"
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        return f"cannot be reached: {getattr(error, 'strerror', None) or 'links in a circle'}"
