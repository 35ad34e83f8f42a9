"""Surveys of tiny photos that are run with the stand-in service, each photo of a size of its own.

The size is what the service and the store can both tell a photo by.
"""

import sqlite3
from pathlib import Path

from geobike.survey.locating import locate_and_assign
from geobike.survey.options import Survey
from tests.support.hosted_service import FakeService, Seen
from tests.support.making import photo, squares

Size = tuple[int, int]


def sizes(number: int) -> list[Size]:
    """Return different sizes, from 32 x 32 pixels up."""
    return [(32 + i % 50, 32 + i // 50) for i in range(number)]


def town(folder: Path, number: int) -> dict[str, Path]:
    """Make a survey of so many photos in one area."""
    for width, height in sizes(number):
        path = folder / "photos" / f"{width}x{height}.jpg"
        photo(path, size=(width, height), lon_lat=(4.005, 52.005))
    return {
        "photos": folder / "photos",
        "areas": squares(folder / "areas.geojson", ["town"]),
    }


def digests(folder: Path) -> dict[str, Size]:
    """Return the size of each photo by its digest."""
    placed = locate_and_assign(
        Survey(photos=folder / "photos", areas=folder / "areas.geojson")
    ).photos
    columns = zip(placed["sha256"], placed["width"], placed["height"], strict=True)
    return {digest: (width, height) for digest, width, height in columns}


def answered(service: FakeService) -> list[Size]:
    """Return the sizes of the photos that the service has answered, in order."""
    return [size_of(seen) for seen in list(service.requests) if seen.status == 200]


def size_of(seen: Seen) -> Size:
    return seen.picture().size


def stored(store: Path) -> set[str]:
    """Return the digests in a store, read as another program would."""
    if not store.is_file():
        return set()
    connection = sqlite3.connect(store, timeout=10)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {digest for (digest,) in connection.execute("SELECT sha256 FROM answers")}
    except sqlite3.OperationalError:
        return set()  # the table is just being made
    finally:
        connection.close()
