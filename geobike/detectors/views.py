"""A detector around a detector: it looks around on a panorama, in views like those of a lens."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from geobike.detectors.merging import Look, merge, shown_whole
from geobike.detectors.protocol import Box, Detection, Detector, DetectorBase, Size, Wrapper
from geobike.detectors.sphere import Sphere, View, cut, to_panorama

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image

ANGLE: Final = 60.0
"""Degrees across and down of a view, as of a phone: the ground from some 3 m on, no pole."""

STEP: Final = 40.0
"""Degrees at most from one view to the next: what is narrower than 20 degrees is whole in one."""

RULES: Final = 1
"""Number of the rules of views and merging; detections by others are not mixed with these."""

_FINE: Final = 1.5  # pixels of the panorama for one in the middle of a view: fewer lose detail
_LARGEST: Final = 1280  # pixels: the side of a view for a detector that takes any size
_HALF: Final = math.radians(ANGLE) / 2
_EDGE: Final = math.tan(_HALF)


class Views(Wrapper):
    """Looks at a panorama in level views all around, and returns each object once.

    Boxes are in pixels of the panorama. One over the seam goes on beyond the right edge, where the
    left edge would follow; so does what it meets there. `sphere` is the projection of the
    panorama; None: it shows everything, and is twice as wide as high.
    """

    def __init__(self, inner: Detector | DetectorBase, sphere: Sphere | None = None) -> None:
        super().__init__(inner, parameters=f"views {ANGLE:g} every {STEP:g}, rules {RULES}")
        self._sphere = sphere

    def on(self, sphere: Sphere) -> "Views":
        """Return the same for a panorama with this projection."""
        return Views(self.inner, sphere)

    def input_size(self, size: Size) -> Size:
        """Return the (width, height) at which a view has no fewer pixels than the model sees."""
        full = self._of(size)
        wanted = _FINE * self._side(full) / 2 / _EDGE
        scale = min(1.0, wanted / full.radian)
        return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))

    def requests(self, size: Size) -> int:
        """Return how many pictures the inner detector is shown of a panorama of this size."""
        return len(_middles(self._of(size))) + 1

    def upload(self, image: "Image") -> bytes | None:
        """Return what the inner detector sends of all views and the whole."""
        sphere = self._of(image.size)
        views = [cut(image, sphere, view) for view in self._views(sphere)]
        sent = [self.inner.upload(picture) for picture in (image, *views)]
        return None if None in sent else b"".join(filter(None, sent))

    def detect(self, image: "Image") -> list[Detection]:
        """Return what the inner detector finds all around, each once."""
        sphere = self._of(image.size)
        looks = [
            Look(_part(sphere, view), self._found(image, sphere, view))
            for view in self._views(sphere)
        ]
        bounds = _bounds(sphere, image.height)
        looks.append(Look(Box(0, 0, *image.size), self._near(image, sphere, looks, bounds)))
        merged = merge(looks, bounds, turn=sphere.turn if sphere.closed else None)
        shown = filter(None, (_in_picture(one, sphere, image.height) for one in merged))
        return _together(list(shown), sphere.turn)

    def _of(self, size: Size) -> Sphere:
        return Sphere.of(size) if self._sphere is None else self._sphere.resized(size[0])

    def _side(self, sphere: Sphere) -> int:
        """Return the pixels of a side of a view: as the model gets it, else as the panorama has."""
        side = min(_LARGEST, max(1, round(2 * _EDGE * sphere.radian)))
        return side if self.inner.input_size is None else max(self.inner.input_size((side, side)))

    def _views(self, sphere: Sphere) -> list[View]:
        side = self._side(sphere)
        return [View(middle, _HALF, side) for middle in _middles(sphere)]

    def _found(self, image: "Image", sphere: Sphere, view: View) -> list[Detection]:
        return [
            Detection(one.label, one.score, to_panorama(one.box, sphere, view))
            for one in self.inner.detect(cut(image, sphere, view))
        ]

    def _near(
        self, image: "Image", sphere: Sphere, looks: Sequence[Look], bounds: Box
    ) -> list[Detection]:
        """Return what the whole shows that is too near to be whole in a view.

        There it is distorted no more than it is large.
        """
        parts = [look.part for look in looks]
        if sphere.closed:  # the views over the seam, on its other side too
            parts += [
                part._replace(xmin=part.xmin + turn, xmax=part.xmax + turn)
                for part in parts
                for turn in (-sphere.turn, sphere.turn)
            ]
        found = self.inner.detect(image)
        return [one for one in found if not shown_whole(one.box, parts, bounds)]


def _middles(sphere: Sphere) -> list[float]:
    """Return the columns at which the views look: evenly around, or over what the picture shows."""
    step = math.radians(STEP) * sphere.radian
    if sphere.closed:
        count = math.ceil(sphere.turn / step - 1e-6)
        return [(k + 0.5) * sphere.turn / count for k in range(count)]
    inset = min(sphere.width / 2, _HALF * sphere.radian)
    way = sphere.width - 2 * inset
    gaps = math.ceil(way / step - 1e-6)
    return [inset + way * k / max(1, gaps) for k in range(gaps + 1)]


def _together(found: list[Detection], turn: float) -> list[Detection]:
    """Return the objects with those beyond the seam that meet one over it: a rider, a duplicate.

    Overlaps of boxes are computed later, and are then the same as anywhere else in the picture.
    """
    over = [one.box for one in found if one.box.xmax > turn]

    def moved(one: Detection) -> Detection:
        box = one.box._replace(xmin=one.box.xmin + turn, xmax=one.box.xmax + turn)
        meets = any(box.xmin < each.xmax and box.ymin < each.ymax for each in over)
        return Detection(one.label, one.score, box) if meets else one

    return [one if one.box.xmax > turn else moved(one) for one in found]


def _bounds(sphere: Sphere, height: float) -> Box:
    """Return what the views show together: a band around the horizon, on and on if it closes."""
    band = _HALF * sphere.radian
    top, bottom = max(0, sphere.horizon - band), min(height, sphere.horizon + band)
    if sphere.closed:
        return Box(-math.inf, top, math.inf, bottom)
    return Box(0, top, sphere.width, bottom)


def _part(sphere: Sphere, view: View) -> Box:
    """Return what a view shows, in pixels of the panorama; above and below in its middle."""
    away = view.half * sphere.radian
    return Box(view.middle - away, sphere.horizon - away, view.middle + away, sphere.horizon + away)


def _in_picture(one: Detection, sphere: Sphere, height: float) -> Detection | None:
    """Return it within the picture, beginning left of the seam; None where nothing is left."""
    xmin, ymin, xmax, ymax = one.box
    if sphere.closed:
        start = xmin % sphere.turn
        xmin, xmax = start, start + min(xmax - xmin, sphere.turn)
    else:
        xmin, xmax = max(xmin, 0), min(xmax, sphere.width)
    box = Box(xmin, max(ymin, 0), xmax, min(ymax, height))
    inside = box.xmin < box.xmax and box.ymin < box.ymax
    return Detection(one.label, one.score, box) if inside else None
