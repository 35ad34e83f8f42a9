"""Remote files: s3://, gs://, abfs://, https:// and whatever else fsspec supports.

Credentials are left to fsspec, and none is shown: messages leave out user, password and query of a
URL. Whatever goes wrong with an object is an OSError, as it is with a file.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from glob import has_magic
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, TypeGuard
from urllib.parse import unquote

from geobike.errors import InputError, MissingPackageError
from geobike.io.redaction import redact

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+://")
_STATES: Final = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "updated", "mtime")
"""The keys under which stores give what changes with the content, the most reliable first."""

_CLOSED: Final = (401, 403, 404, 410)  # of HTTP: what may be so for one address alone

_OPTIONS: Final = {"s3": {"max_concurrency": 1}, "s3a": {"max_concurrency": 1}}
"""Of one object, s3fs would fetch several parts at a time; to know whether it is large enough for
that, it asks for its size before: two requests for each photo, and each is paid for."""


class Object(NamedTuple):
    """One object of a listing."""

    name: str
    """Its path below the folder that was listed."""
    address: str
    size: int | None
    """Bytes, where the listing says."""
    state: str | None
    """What changes with the content, where the listing says."""


class Closed(NamedTuple):
    """A folder that is in a listing, like a dead link, and cannot itself be listed."""

    name: str
    address: str
    reason: str


class Listing(NamedTuple):
    """The objects of a folder."""

    folder: str
    """Its address, without a / at the end."""
    objects: list[Object]
    closed: list[Closed]


def is_remote(path: str | Path) -> TypeGuard[str]:
    """Tell whether this is a URL and not a path: s3://bucket/photos."""
    return isinstance(path, str) and _ADDRESS.match(path) is not None


def name(address: str) -> str:
    """Return the last part of an address."""
    return _spelt_out(redact(address).rstrip("/").rpartition("/")[2], address)


def folder(address: str, suffixes: Sequence[str]) -> str | None:
    """Return the address of the folder that this is, without query and / at the end.

    None for a pattern, or for one object, as its name ends in one of the suffixes.
    """
    path = _system(address)[1]
    key = redact(path)
    named = has_magic(key) or key.lower().endswith(tuple(suffixes))
    return None if named else _Keys.of(address, path, "").address(key.rstrip("/"))


def find(address: str) -> Listing:
    """List what matches a pattern; or one object. Raises OSError."""
    system, path = _system(address)
    with _failures():
        system.invalidate_cache()
        pattern = redact(path)
        if has_magic(pattern):
            found = _matches(system, path)
            pattern = re.split(r"[*?\[]", pattern)[0]
        else:
            found = _Found({path: system.info(path)}, {})
    return _Keys.of(address, path, pattern.rpartition("/")[0]).listing(found)


def walk(address: str, source: str | None = None) -> Listing:
    """List all objects in a folder and in those inside, named by their path below `source`.

    A store lists about a thousand objects in one request. Raises OSError; but where folders are
    listed one by one, one that is not open is raised only if it is the source itself.
    """
    system, path = _system(address)
    above = redact(_system(source or address)[1])
    with _failures():
        system.invalidate_cache()
        found = _Found({}, {})
        _add_below(system, path, found, given=above.rstrip("/") == redact(path).rstrip("/"))
    return _Keys.of(address, path, above).listing(found)


class Directory(NamedTuple):
    """The entries of one folder."""

    objects: list[Object]
    folders: list[Object]


def list_directory(address: str, source: str) -> Directory:
    """List the entries of one folder, named by their path below `source`. Raises OSError."""
    system, path = _system(address)
    keys = _Keys.of(address, path, redact(_system(source)[1]))
    found = Directory([], [])
    with _failures():
        system.invalidate_cache()
        entries = system.ls(path, detail=True)
        if _lists_recursively(system) and any(map(_is_nameless, entries)):
            raise OSError("a folder without a name is only listed with all around it")
        for key, info in _inside(path, entries):
            (found.folders if _is_folder(info) else found.objects).append(keys.object(key, info))
    return found


def lists_recursively(path: str) -> bool:
    """Tell whether this is an address in a store where one request lists many folders."""
    return is_remote(path) and _lists_recursively(_system(path)[0])


class _NotOpen(OSError):
    """The object does not exist, or cannot be accessed."""


class _Found(NamedTuple):
    """What a store lists, by its key there."""

    objects: dict[str, Any]
    closed: dict[str, OSError]


class _Keys(NamedTuple):
    """How the keys of a store become addresses, and names below a folder."""

    before: str
    """What an address has before the key,"""
    cut: str
    """instead of this; mostly nothing."""
    above: str
    """Key of the folder."""

    @classmethod
    def of(cls, address: str, path: str, above: str) -> "_Keys":
        """Derive it from a URL and its path in the store.

        fsspec itself forgets the host, user or account that an address names.
        """
        address, path = address.rstrip("/"), path.rstrip("/")
        ends = zip(reversed(address), reversed(path), strict=False)
        alike = sum(1 for _ in takewhile(lambda two: two[0] == two[1], ends))
        before, cut = address[: len(address) - alike], path[: len(path) - alike]
        return cls(before, cut, above.rstrip("/"))

    def address(self, key: str) -> str:
        return self.before + key.removeprefix(self.cut)

    def name(self, key: str) -> str:
        below = redact(key).removeprefix(self.above).lstrip("/")
        return _spelt_out(below, self.address(key))

    def object(self, key: str, info: Any) -> Object:
        return Object(
            self.name(key),
            self.address(key),
            size=info.get("size"),
            state=next((str(info[state]) for state in _STATES if info.get(state)), None),
        )

    def listing(self, found: _Found) -> Listing:
        return Listing(
            self.address(self.above),
            [self.object(key, info) for key, info in found.objects.items()],
            [
                Closed(self.name(key), self.address(key), str(error))
                for key, error in found.closed.items()
            ],
        )


def _matches(system: Any, pattern: str) -> _Found:
    """Return the objects that match, and those below the folders that match."""
    from fsspec.utils import glob_translate

    parts = pattern.rstrip("/").split("/")

    def fits(key: str, levels: int) -> bool:
        return re.match(glob_translate("/".join(parts[:levels])), key) is not None

    top = re.split(r"[*?\[]", pattern)[0].rpartition("/")[0]
    found, folders = _Found({}, {}), [top]
    while folders:
        folder = folders.pop()
        for key, info in _entries(system, folder, None if folder == top else found.closed):
            level = key.count("/") + 1
            if not fits(key, len(parts)):
                if _is_folder(info) and ("**" in parts[:level] or fits(key, level)):
                    folders.append(key)
            elif _is_folder(info):
                _add_below(system, key, found)
            else:
                found.objects[key] = info
    return found


def _add_below(system: Any, folder: str, found: _Found, *, given: bool = False) -> None:
    """Add the objects in a folder, which may be the one that was named, and in all its subfolders.

    A store that lists them all at once does so. Where fsspec would walk through the folders, which
    passes over those that cannot be listed, they are walked through here.
    """
    if _lists_recursively(system):
        found.objects.update(system.find(folder, detail=True))
        return
    folders = [folder]
    while folders:
        one = folders.pop()
        for key, info in _entries(system, one, None if given and one == folder else found.closed):
            if _is_folder(info):
                folders.append(key)
            else:
                found.objects[key] = info


def _entries(
    system: Any, folder: str, closed: dict[str, OSError] | None
) -> Iterator[tuple[str, Any]]:
    """Yield the entries of one folder. One that cannot be listed is noted in `closed`, if given."""
    try:
        entries = system.ls(folder, detail=True)
    except Exception as error:
        failure = _failure(error)
        if closed is None or not isinstance(failure, _NotOpen):
            raise
        closed[folder] = failure
        return
    yield from _inside(folder, entries)


def _lists_recursively(system: Any) -> bool:
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    kind = type(system)
    own = kind._find if system.async_impl else kind.find
    return own not in (AsyncFileSystem._find, AbstractFileSystem.find)


def _inside(folder: str, entries: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the entries of one folder, without the folder itself, which some stores list too."""
    for info in entries:
        if (key := info["name"].rstrip("/")) != folder.rstrip("/"):
            yield key, info


def _is_folder(info: Any) -> bool:
    return bool(info["type"] == "directory")


def _is_nameless(info: Any) -> bool:
    """Tell a folder such as photos// of a bucket, in which photos//a.jpg is not photos/a.jpg."""
    return _is_folder(info) and info["name"].endswith("/")


def read(address: str) -> bytes:
    """Return an object. Raises OSError."""
    system, path = _system(address)
    with _failures():
        return bytes(system.cat_file(path))


def read_starts(addresses: Sequence[str], size: int) -> list[bytes | OSError]:
    """Return the first bytes of objects of one store, requested together; more where it sends all.

    An object that cannot be read is an OSError.
    """
    if not addresses:
        return []
    system = _system(addresses[0])[0]
    paths = [_system(address)[1] for address in addresses]
    with _failures():
        found = system.cat_ranges(paths, [0] * len(paths), [size] * len(paths), on_error="return")
    return [_failure(one) if isinstance(one, BaseException) else bytes(one) for one in found]


def opened(address: str) -> BinaryIO:
    """Open an object to read parts of it. Raises OSError."""
    system, path = _system(address)
    with _failures():
        file: BinaryIO = system.open(path, "rb")
        return file


def put(file: Path, address: str) -> None:
    """Send a file, and make its folder if need be. Raises OSError.

    An object store shows it whole or not at all.
    """
    system, path = _system(address)
    with _failures():
        try:
            system.put_file(str(file), path)
        except FileNotFoundError:
            # A bucket needs no folders, and to ask for one may make a bucket; fsspec's stores of
            # objects are those that are asynchronous.
            if system.async_impl:
                raise
            system.makedirs(system._parent(path), exist_ok=True)
            system.put_file(str(file), path)


def remove(address: str) -> None:
    """Remove an object, if it is there. Raises OSError."""
    system, path = _system(address)
    with _failures():
        if system.exists(path):
            system.rm_file(path)


def _system(address: str) -> tuple[Any, str]:
    """Return fsspec's file system for an address, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MissingPackageError(f"An address such as {redact(address)}", "remote") from None
    try:
        # What was listed once may have grown since: other machines write there too.
        options = _OPTIONS.get(address.partition("://")[0], {})
        system, path = url_to_fs(address, use_listings_cache=False, **options)
    except Exception as error:  # noqa: BLE001 - no such kind, no package for it, or its own error
        raise InputError(f"{redact(address)}: {redact(error)}") from None
    return system, str(path)


@contextmanager
def _failures() -> Iterator[None]:
    """Raise OSError for whatever the packages of the stores raise."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - their errors share no base
        raise _failure(error) from None


def _failure(error: BaseException) -> OSError:
    """Return an OSError that says what happened and no secret."""
    if isinstance(error, FileNotFoundError):
        return _NotOpen("no such object")
    status = getattr(error, "status", "")  # of aiohttp, whose own text holds the whole address
    text = getattr(error, "message", "") or redact(error) or type(error).__name__
    line = f"{status} {text}".strip().partition("\n")[0]  # Azure's goes on with ids of the request
    closed = isinstance(error, PermissionError) or status in _CLOSED
    return (_NotOpen if closed else OSError)(line[:200])


def _spelt_out(part: str, address: str) -> str:
    """Return a name unquoted; web URLs write blanks and accents as %20."""
    return unquote(part) if address.startswith("http") else part
