"""What stands elsewhere: s3://, gs://, abfs://, https:// and whatever else fsspec knows.

Credentials are fsspec's business, and none is shown: of an address, messages leave out user,
password and query. Whatever goes wrong with an object is an OSError, as it is with a file.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from glob import has_magic
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, TypeGuard
from urllib.parse import unquote

from geobike.errors import InputError, MissingPackageError

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+://")
_STATES: Final = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "updated", "mtime")
"""What stores call that which changes with the content, the surest first."""

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


class Listing(NamedTuple):
    """The objects of a folder."""

    folder: str
    """Its address, without a / at the end."""
    objects: list[Object]


def is_remote(path: str | Path) -> TypeGuard[str]:
    """Tell whether this is an address and not a path: s3://bucket/photos."""
    return isinstance(path, str) and _ADDRESS.match(path) is not None


def shown(text: object) -> str:
    """Return an address, or a text with addresses, without user, password and query.

    Only web addresses have a query; in a bucket, ? and # are letters of a name.
    """
    without_query = re.sub(r"(https?://[^?#\s'\"]*)[?#][^\s'\"]*", r"\1", str(text))
    return re.sub(r"://[^/@\s]*@", "://", without_query)


def name(address: str) -> str:
    """Return the last part of an address."""
    return _spelt_out(shown(address).rstrip("/").rpartition("/")[2], address)


def folder(address: str, suffixes: Sequence[str]) -> str | None:
    """Return the address of the folder that this is, without query and / at the end.

    None for a pattern, or for one object, as its name ends in one of the suffixes.
    """
    system, path = _system(address)
    key = shown(path)
    named = has_magic(key) or key.lower().endswith(tuple(suffixes))
    return None if named else str(system.unstrip_protocol(key.rstrip("/")))


def find(address: str) -> Listing:
    """List what matches a pattern; or one object. Raises OSError."""
    system, path = _system(address)
    with _failures():
        system.invalidate_cache()
        pattern = shown(path)
        if has_magic(pattern):
            found = _matches(system, path)
            pattern = re.split(r"[*?\[]", pattern)[0]
        else:
            found = {path: system.info(path)}
        above = pattern.rpartition("/")[0].rstrip("/")
        objects = [_object(system, key, info, above) for key, info in found.items()]
        return Listing(system.unstrip_protocol(above), objects)


def below(address: str, source: str | None = None) -> list[Object]:
    """List all objects in a folder and in those inside, named by their path below `source`.

    A store lists about a thousand objects in one request. Raises OSError.
    """
    system, path = _system(address)
    above = shown(_system(source or address)[1]).rstrip("/")
    with _failures():
        system.invalidate_cache()
        found = _below(system, path)
        return [_object(system, key, info, above) for key, info in found.items()]


class Level(NamedTuple):
    """What stands in a folder itself."""

    objects: list[Object]
    folders: list[Object]


def level(address: str, source: str) -> Level:
    """List what stands in a folder itself, named by its path below `source`. Raises OSError."""
    system, path = _system(address)
    above = shown(_system(source)[1]).rstrip("/")
    found = Level([], [])
    with _failures():
        system.invalidate_cache()
        entries = system.ls(path, detail=True)
        if _lists_at_once(system) and any(map(_is_nameless, entries)):
            raise OSError("a folder without a name is only listed with all around it")
        for key, info in _inside(path, entries):
            one = _object(system, key, info, above)
            (found.folders if _is_folder(info) else found.objects).append(one)
    return found


def lists_at_once(path: str) -> bool:
    """Tell whether this is an address in a store where one request lists many folders."""
    return is_remote(path) and _lists_at_once(_system(path)[0])


def _object(system: Any, key: str, info: Any, above: str) -> Object:
    """Return an object or folder, named by its path below another."""
    address = system.unstrip_protocol(key)
    return Object(
        name=_spelt_out(shown(key).removeprefix(above).lstrip("/"), address),
        address=address,
        size=info.get("size"),
        state=next((str(info[state]) for state in _STATES if info.get(state)), None),
    )


def _matches(system: Any, pattern: str) -> dict[str, Any]:
    """Return the objects that match, and those below the folders that match."""
    from fsspec.utils import glob_translate

    parts = pattern.rstrip("/").split("/")

    def fits(key: str, levels: int) -> bool:
        return re.match(glob_translate("/".join(parts[:levels])), key) is not None

    found: dict[str, Any] = {}
    folders = [re.split(r"[*?\[]", pattern)[0].rpartition("/")[0]]
    while folders:
        for key, info in _inside(folder := folders.pop(), system.ls(folder, detail=True)):
            level = key.count("/") + 1
            if fits(key, len(parts)):
                found |= _below(system, key) if _is_folder(info) else {key: info}
            elif _is_folder(info) and ("**" in parts[:level] or fits(key, level)):
                folders.append(key)
    return found


def _below(system: Any, folder: str) -> dict[str, Any]:
    """Return the objects in a folder and in all inside.

    A store that lists them all at once does so. Where fsspec would walk through the folders, which
    passes over those that cannot be listed, they are walked through here.
    """
    if _lists_at_once(system):
        return dict(system.find(folder, detail=True))
    found: dict[str, Any] = {}
    folders = [folder]
    while folders:
        for key, info in _inside(folder := folders.pop(), system.ls(folder, detail=True)):
            if _is_folder(info):
                folders.append(key)
            else:
                found[key] = info
    return found


def _lists_at_once(system: Any) -> bool:
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    kind = type(system)
    own = kind._find if system.async_impl else kind.find
    return own not in (AsyncFileSystem._find, AbstractFileSystem.find)


def _inside(folder: str, entries: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield what stands in a folder itself, but not the folder, which some stores list too."""
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


def heads(addresses: Sequence[str], size: int) -> list[bytes | OSError]:
    """Return the first bytes of objects of one store, asked for together; more where it sends all.

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
        raise MissingPackageError(f"An address such as {shown(address)}", "remote") from None
    try:
        # What was listed once may have grown since: other machines write there too.
        options = _OPTIONS.get(address.partition("://")[0], {})
        system, path = url_to_fs(address, use_listings_cache=False, **options)
    except Exception as error:  # noqa: BLE001 - no such kind, no package for it, or its own error
        raise InputError(f"{shown(address)}: {shown(error)}") from None
    return system, str(path)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what the packages of the stores raise, each its own, into OSError."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - their errors share no base
        raise _failure(error) from None


def _failure(error: BaseException) -> OSError:
    """Return an OSError that says what happened and no secret."""
    if isinstance(error, FileNotFoundError):
        return OSError("no such object")
    status = getattr(error, "status", "")  # of aiohttp, whose own text holds the whole address
    text = getattr(error, "message", "") or shown(error) or type(error).__name__
    line = f"{status} {text}".strip().partition("\n")[0]  # Azure's goes on with ids of the request
    return OSError(line[:200])


def _spelt_out(part: str, address: str) -> str:
    """Return a name as people write it; web addresses spell blanks and accents as %20."""
    return unquote(part) if address.startswith("http") else part
