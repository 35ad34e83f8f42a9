"""How a stage tells its progress without knowing who listens."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Track(Protocol):
    """Wraps the items of a long loop; the command line passes one that draws a bar."""

    def __call__(self, items: Iterable[Item], description: str, *, total: int) -> Iterator[Item]:
        """Yield the items as they are."""
        ...


def silent(items: Iterable[Item], description: str, *, total: int) -> Iterator[Item]:  # noqa: ARG001
    """Yield the items and tell nobody."""
    yield from items
