"""Try a photo: detect in one that was dragged onto the page. Nothing is written to a disk."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from geobike import schema
from geobike.detections import filtering
from geobike.detections.filtering import Filter
from geobike.detections.looking import Looking, at_photo
from geobike.detectors import check
from geobike.detectors.protocol import FLOOR, Box, Detection, Detector, abilities
from geobike.errors import InputError
from geobike.photos import decoding, hiding, metadata
from geobike.photos.anonymizing import PERSON, is_hidden
from geobike.photos.anonymizing import Box as Sides
from geobike.review.pictures import jpeg

_ONE: Final = ""
"""The `photo_id` of the one photo of a frame."""

_KEPT: Final = 3
"""Photos kept in memory, the last ones tried."""


class Trial:
    """A detector for photos that somebody drops on the page."""

    def __init__(
        self,
        open_detector: Callable[[], Detector],
        *,
        rules: Filter,
        looking: Looking,
        show_people: bool,
        max_pixels: int,
    ) -> None:
        self._open = open_detector
        self._rules = rules
        self._looking = looking
        self._detector: Detector | None = None
        self._show_people = show_people
        self._max_pixels = max_pixels
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def detect(self, data: bytes) -> dict[str, Any]:
        """Return what the detector finds on a photo: `id` of its picture, `size`, `boxes`, `model`.

        A box that is `ridden` counts at no threshold. Raises UnreadablePhoto, DetectionFailed,
        DetectorStopped, InputError.
        """
        with self._lock:  # one photo at a time: a detector takes all cores
            size, panorama = metadata.read_panorama(data, max_pixels=self._max_pixels)
            detector = at_photo(self._ready(), self._looking, size, panorama)
            image = decoding.read_upright(
                data, max_pixels=self._max_pixels, target_size=detector.input_size
            )
            scale = (size[0] / image.width, size[1] / image.height)
            found = check.detections(detector.detect(image))
            boxes = [_scaled(one, scale) for one in found]
            self._check_people(boxes)
            frame = _frame(boxes)
            name = hashlib.sha256(data).hexdigest()[:32]
            hidden = () if self._show_people else _people(frame, self._rules)
            self._pictures[name] = jpeg(data, hidden, max_pixels=self._max_pixels)
            while len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        shown = _once(boxes, frame, self._rules)
        return {"id": name, "size": size, "boxes": shown, "model": detector.name}

    def picture(self, name: str) -> bytes:
        """Return the JPEG of a photo that was tried. Raises InputError where it is gone."""
        with self._lock:
            if name not in self._pictures:
                raise InputError("this photo is no longer kept; drop it here again")
            return self._pictures[name]

    def _ready(self) -> Detector:
        if self._detector is None:
            detector = self._open()
            abilities(detector).open()
            self._detector = detector
        return self._detector

    def _check_people(self, boxes: list[dict[str, Any]]) -> None:
        """Raise InputError where people would have to be hidden, and the detector knows none."""
        known = abilities(self._ready()).labels
        labels = [one["label"] for one in boxes] if known is None else list(known)
        if not self._show_people and not any(is_hidden(name, (PERSON,)) for name in labels):
            raise InputError(
                "this detector finds no people, so they would not be hidden on the photo; where "
                "you may see them, start again with --show-people"
            )


def _scaled(found: Detection, scale: tuple[float, float]) -> dict[str, Any]:
    across, down = scale
    box = found.box
    return {
        "label": found.label,
        "score": found.score,
        "box": [box.xmin * across, box.ymin * down, box.xmax * across, box.ymax * down],
    }


def _frame(boxes: Sequence[dict[str, Any]]) -> pd.DataFrame:
    sides = np.array([one["box"] for one in boxes], dtype=float).reshape(-1, 4)
    columns = {name: [one[name] for one in boxes] for name in ("label", "score")}
    found = columns | dict(zip(Box._fields, sides.T, strict=True))
    return schema.table(schema.DETECTIONS, pd.DataFrame(found).assign(photo_id=_ONE))


def _judged(frame: pd.DataFrame, rules: Filter) -> pd.DataFrame:
    codes = filtering.rejection_codes(frame, rules, photo=np.zeros(len(frame), dtype=int))
    return filtering.apply_rejections(frame, codes, rules)


def _people(frame: pd.DataFrame, rules: Filter) -> list[Sides]:
    """Return what is hidden, as on the pictures of a survey."""
    found = hiding.regions(_judged(frame, rules), (PERSON,), pd.Series([_ONE]))
    return found.get(_ONE, [])


def _once(
    boxes: Sequence[dict[str, Any]], frame: pd.DataFrame, rules: Filter
) -> list[dict[str, Any]]:
    """Return the boxes as a survey judges them: each object once, `ridden` where that is left out.

    What is a duplicate at the least score is one at every threshold: its better box scores more.
    """
    every = replace(rules, labels=tuple(frame["label"].unique()), threshold=FLOOR)
    reasons = _judged(frame, every)["dropped_by"]
    return [
        one | {"ridden": reason == filtering.RIDDEN}
        for one, reason in zip(boxes, reasons, strict=True)
        if reason != filtering.DUPLICATE
    ]
