"""A vector file in a folder of its own, beside the files that belong to its format and no other.

What GDAL writes there goes away with it.
"""

import re
import shutil
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from geobike.errors import InputError
from geobike.io.vector_kinds import EXPORT, KINDS, OFTEN_NOTES

_MOST: Final = 4 << 30  # bytes that an archive may hold: more is for the user to unpack


def linked(path: Path, folder: Path, suffix: str) -> Path:
    """Link a file and those that belong to it into a folder; return the link."""
    link = folder / _plain(path.stem if path.suffix.lower() == suffix else path.name, suffix)
    if suffix == ".gpkg" and _writes_beside(path):
        for more in ("", "-wal", "-journal"):
            if (side := path.with_name(path.name + more)).exists():
                shutil.copyfile(side, link.with_name(link.name + more))
        return link
    _link(path, link)
    for ending in KINDS[suffix].sides:
        beside = (path.with_suffix(ending), path.with_suffix(ending.upper()))
        for side in [file for file in beside if file.is_file()][:1]:
            _link(side, link.with_suffix(ending))
    return link


def _plain(stem: str, suffix: str) -> str:
    """Return a file name without the characters that pyogrio takes for parts of an address."""
    return re.sub(r"[!;?:\\/\x00-\x1f]", "_", stem) + suffix


def _writes_beside(path: Path) -> bool:
    """Tell whether SQLite would write files beside a database to read it."""
    with path.open("rb") as file:
        journal = file.read(20)[18:]
    logged = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")
    return journal == b"\2\2" or any(side.exists() for side in logged)


def _link(path: Path, link: Path) -> None:
    try:
        link.symlink_to(path.absolute())
    except OSError:  # Windows lets few users make one
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, link)


def unpacked(path: Path, folder: Path) -> list[Path]:
    """Unpack the vector files of an archive into a folder; return those that are to be opened.

    Raises InputError.
    """
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if _is_wanted(member)]
        if sum(member.file_size for member in members) > _MOST:
            raise InputError(f"the archive holds over {_MOST >> 30} GB; unpack it first")
        places: dict[PurePosixPath, Path] = {}
        files = dict.fromkeys(_unpack(archive, member, folder, places) for member in members)
    data = [file for file in files if file.suffix in KINDS]
    sure = [file for file in data if file.suffix not in OFTEN_NOTES]
    if not data:
        raise InputError(f"the archive holds no file of a format that is read; {EXPORT}")
    return sure or data


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    endings = {*KINDS, *(side for kind in KINDS.values() for side in kind.sides)}
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    known = _geodatabase(name) is not None or name.suffix.lower() in endings
    return known and not hidden and not member.is_dir()


def _geodatabase(name: PurePosixPath) -> PurePosixPath | None:
    """Return the geodatabase that a member of an archive belongs to."""
    return next((above for above in name.parents if above.suffix.lower() == ".gdb"), None)


def _unpack(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    folder: Path,
    places: dict[PurePosixPath, Path],
) -> Path:
    """Write a member into the folder, whatever path it names; return what is to be opened.

    Each folder of the archive becomes one of a plain number, which `places` holds.
    """
    name = PurePosixPath(member.filename)
    whole = _geodatabase(name)
    above = (whole or name).parent
    place = places.setdefault(above, folder / str(len(places)))
    main = place / _plain((whole or name).stem, (whole or name).suffix.lower())
    target = main / _plain(name.stem, name.suffix) if whole else main
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return main
