"""Models that are named after the way in which they look at photos."""

import re
from typing import Final

from geobike.detections.store.protocol import Model

_WRAPPED: Final = re.compile(r"(.*) \(((?:windows|views) [^()]*)\)", re.DOTALL)


def base(model: Model) -> Model:
    """Return the detector within, of a model that a way of looking is named after.

    >>> base(Model("detr (windows auto, rules 1)", "3 windows auto, rules 1"))
    Model(name='detr', version='3')
    """
    found = _WRAPPED.fullmatch(model.name)
    end = f" {found[2]}" if found else ""
    if found is None or not model.version.endswith(end):
        return model
    return Model(found[1], model.version.removesuffix(end))


def base_name(name: str) -> str:
    """Return the name of the detector within, where no version is known."""
    found = _WRAPPED.fullmatch(name)
    return found[1] if found else name


def is_all_around(name: str) -> bool:
    """Tell whether a model of this name looks all around, so that boxes may lie over the seam."""
    found = _WRAPPED.fullmatch(name)
    return found is not None and found[2].startswith("views")
