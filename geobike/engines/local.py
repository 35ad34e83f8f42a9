"""The engine that runs in this process."""

from typing import Final

from geobike.detections import stage
from geobike.detections.store import opening
from geobike.engines.base import Engine
from geobike.photos import reading


class _Local:
    """The engine that runs in this process."""

    open_store = staticmethod(opening.open_store)
    search = staticmethod(reading.search)
    read_metadata = staticmethod(reading.read_metadata)
    read_photos = staticmethod(reading.read)
    detect = staticmethod(stage.run)


LOCAL: Final[Engine] = _Local()
