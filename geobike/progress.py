"""How a stage reports its progress without knowing who shows it."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Track(Protocol):
    """Wraps the items of a long loop; the command line passes one that draws a bar."""

    def __call__(
        self, items: Iterable[Item], description: str, *, total: int | None
    ) -> Iterator[Item]:
        """Yield the items as they are. `total` is their number, None if not known yet."""
        ...


def silent(
    items: Iterable[Item],
    description: str,  # noqa: ARG001
    *,
    total: int | None,  # noqa: ARG001
) -> Iterator[Item]:
    """Yield the items and show nothing."""
    yield from items
