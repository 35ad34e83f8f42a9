"""From a photo to a model's input: size, scale and colour, as in its training."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geobike.errors import DetectionFailed, ModelUnavailable

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image

Triple = tuple[float, float, float]

IMAGENET_MEAN: Final[Triple] = (0.485, 0.456, 0.406)
IMAGENET_STD: Final[Triple] = (0.229, 0.224, 0.225)

_BILINEAR: Final = 2  # Pillow's number, which preprocessor_config.json writes too
LARGEST_EDGE: Final = 4096
"""Pixels. No detector asks for more, a broken file may."""
_LARGEST_LEVEL: Final = 1e6  # of colours, which are 0 to 255 at first; more would overflow
_LARGEST_AREA: Final = LARGEST_EDGE**2  # pixels; 200 MB as float32


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a model needs its photo. Sizes are pixels of the model's input, height first."""

    resize: tuple[int, int] | None = None
    """Exactly this size, whatever the photo's shape."""
    letterbox: tuple[int, int] | None = None
    """Without `resize`: as large as fits into this size, keeping the photo's shape, on grey."""
    stride: int | None = None
    """With `letterbox`: grey only up to a multiple of this; None: up to the whole size."""
    shortest: int | None = None
    """Without `resize`: the shorter edge, keeping the photo's shape."""
    longest: int | None = None
    """The longer edge at most, where `shortest` would make it longer."""
    multiple: int = 1
    """Both edges are cut down to a multiple of this (YOLOS: 16)."""
    crop: tuple[int, int] | None = None
    """The middle that is left after resizing; for classifiers only."""
    resample: int = _BILINEAR
    scale: float = 1 / 255
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)

    @property
    def fixed(self) -> tuple[int, int] | None:
        """The (height, width) of all photos in what the model sees, None where they differ."""
        return self.crop or self.resize or (None if self.stride else self.letterbox)


_GREY: Final = 114
"""The level around a letterboxed photo, from 0 to 255, as ultralytics has it."""

DETR: Final = Preprocessing(shortest=800, longest=1333, mean=IMAGENET_MEAN, std=IMAGENET_STD)
"""DETR and its kin."""

RESIZE: Final = Preprocessing(resize=(640, 640))
"""RT-DETR, D-FINE and the deploy exports."""

RF_DETR: Final = Preprocessing(resize=(560, 560), mean=IMAGENET_MEAN, std=IMAGENET_STD)
"""RF-DETR's own export, which declares its size."""

VIT: Final = Preprocessing(resize=(224, 224), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
"""ViT classifiers."""


def from_config(config: Mapping[str, Any], place: str) -> Preprocessing:
    """Read a Hugging Face preprocessor_config.json.

    Raises ModelUnavailable, naming `place`, for anything that geobike would do otherwise.
    """
    try:
        return _read(config)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(f"{place} requires what geobike does not support: {error}") from None


def input_size(size: tuple[int, int], preparation: Preprocessing) -> tuple[int, int]:
    """Return the (width, height) at which a model gets a photo of this (width, height).

    A photo that comes in that size is not resized again. Where that cannot be had, `size` itself
    is returned: for another filter than bilinear, and for the one shape in 150 whose size, by the
    rule's own rounding, would be rounded once more. Raises DetectionFailed for a photo that is too
    long and thin.
    """
    wanted = _size(*size, preparation)
    if preparation.resample != _BILINEAR or _size(*wanted, preparation) != wanted:
        return size
    return wanted


def pixels(image: "Image", preparation: Preprocessing) -> NDArray[np.float32]:
    """Return an upright RGB image as the model's input, [1, 3, height, width].

    The photo is resized in one step: Pillow's faster two-step reduction (`reducing_gap`) would
    save 15 ms of a 12-megapixel photo and change what the model sees by up to 7 levels of 255.
    """
    size = _size(*image.size, preparation)
    if image.size != size:
        image = image.resize(size, preparation.resample)
    if preparation.crop is not None:
        image = _cropped(image, *preparation.crop)
    left, top, width, height = _placed(*image.size, preparation)
    out = np.full((1, 3, height, width), _GREY * np.float32(preparation.scale), np.float32)
    inside = out[0, :, top : top + image.height, left : left + image.width]
    # Band by band, each in its place: a third of the time of the whole array with its copies.
    bands = zip(inside, image.split(), preparation.mean, preparation.std, strict=True)
    for values, band, mean, std in bands:
        values[...] = np.asarray(band)
        values *= np.float32(preparation.scale / std)
        if mean:
            values -= np.float32(mean / std)
    return out


class Letterbox(NamedTuple):
    """Where a photo is in what the model sees."""

    gain: float
    """Pixels of what the model sees for one of the photo."""
    left: int
    top: int


def letterbox(size: tuple[int, int], preparation: Preprocessing) -> Letterbox:
    """Return where a photo of this (width, height) is in what the model sees.

    The rule, its rounding included, is that of `LetterBox` in ultralytics/data/augment.py.
    """
    left, top, *_ = _placed(*_size(*size, preparation), preparation)
    return Letterbox(_gain(*size, preparation), left, top)


def _gain(width: int, height: int, preparation: Preprocessing) -> float:
    assert preparation.letterbox is not None  # noqa: S101 - asked of letterboxed photos alone
    high, wide = preparation.letterbox
    return min(high / height, wide / width)


def _placed(width: int, height: int, preparation: Preprocessing) -> tuple[int, int, int, int]:
    """Return left, top, and width and height of the whole, for a photo resized to this size."""
    if preparation.letterbox is None:
        return 0, 0, width, height
    high, wide = preparation.letterbox
    across, down = wide - width, high - height
    if preparation.stride is not None:
        across, down = across % preparation.stride, down % preparation.stride
    return round(across / 2 - 0.1), round(down / 2 - 0.1), width + across, height + down


def _cropped(image: "Image", height: int, width: int) -> "Image":
    top, left = (image.height - height) // 2, (image.width - width) // 2
    if top < 0 or left < 0:
        raise DetectionFailed("the photo is smaller than what the model cuts out of it")
    return image.crop((left, top, left + width, top + height))


def _size(width: int, height: int, preparation: Preprocessing) -> tuple[int, int]:
    """Return width and height after resizing.

    The rule, its rounding included, is that of `get_size_with_aspect_ratio` in
    transformers/image_transforms.py.
    """
    if preparation.resize is not None:
        return preparation.resize[1], preparation.resize[0]
    if preparation.letterbox is not None:
        gain = _gain(width, height, preparation)
        return max(1, round(width * gain)), max(1, round(height * gain))
    short, long = sorted((width, height))
    edge: float = preparation.shortest or short
    if preparation.longest is not None and long / short * edge > preparation.longest:
        edge = preparation.longest * short / long
    new_short, new_long = round(edge), int(edge * long / short)
    if new_short == short:  # nothing to gain: the photo keeps its size
        new_long = long
    step = preparation.multiple
    new_short, new_long = (max(step, new - new % step) for new in (new_short, new_long))
    if new_short * new_long > _LARGEST_AREA:
        raise DetectionFailed(
            f"the photo, {width} x {height} pixels, is too long and thin for this model"
        )
    return (new_long, new_short) if height < width else (new_short, new_long)


def _read(config: Mapping[str, Any]) -> Preprocessing:
    if _flag(config, "do_pad") and config.get("pad_size"):
        raise ValueError("pad_size")
    normalise = _flag(config, "do_normalize", default=True)
    return Preprocessing(
        **_sizes(config),
        multiple=16 if str(config.get("image_processor_type", "")).startswith("Yolos") else 1,
        crop=_pair(_edges(config["crop_size"])) if _flag(config, "do_center_crop") else None,
        resample=_whole("resample", config.get("resample", _BILINEAR), 0, 5),
        scale=_divisor("rescale_factor", config.get("rescale_factor", 1 / 255))
        if _flag(config, "do_rescale", default=True)
        else 1.0,
        mean=_triple("image_mean", config.get("image_mean", IMAGENET_MEAN), _number)
        if normalise
        else (0.0, 0.0, 0.0),
        std=_triple("image_std", config.get("image_std", IMAGENET_STD), _divisor)
        if normalise
        else (1.0, 1.0, 1.0),
    )


def _sizes(config: Mapping[str, Any]) -> dict[str, Any]:
    if not _flag(config, "do_resize", default=True):
        return {}
    edges = _edges(config["size"])
    if "height" in edges:
        return {"resize": _pair(edges)}
    if "shortest_edge" not in edges:
        raise ValueError(f"size {config['size']}")
    longest = edges.get("longest_edge", config.get("max_size"))  # max_size: before 2023
    return {
        "shortest": edges["shortest_edge"],
        "longest": None if longest is None else _whole("longest_edge", longest, 1, LARGEST_EDGE),
    }


def _edges(size: Any) -> dict[str, int]:
    """Return a size as a table; a bare number, as older files write it, is the shorter edge."""
    given = {"shortest_edge": size} if isinstance(size, int) else size
    if not isinstance(given, Mapping):
        raise ValueError(f"size {str(size)[:50]!r}")
    return {name: _whole(name, edge, 1, LARGEST_EDGE) for name, edge in given.items()}


def _pair(edges: Mapping[str, int]) -> tuple[int, int]:
    if "shortest_edge" in edges:
        return edges["shortest_edge"], edges["shortest_edge"]
    if not {"height", "width"} <= edges.keys():
        raise ValueError(f"size {dict(edges)}")
    return edges["height"], edges["width"]


def _whole(name: str, value: Any, low: int, high: int) -> int:
    # An enumeration of Pillow is a number too, as transformers gives it; true and false are none.
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} {str(value)[:50]!r}")
    return value


def _flag(config: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = config.get(name, default)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{name} {str(value)[:50]!r}")
    return bool(value)


def _triple(name: str, values: Any, of: Callable[[str, Any], float]) -> Triple:
    if not isinstance(values, list | tuple) or len(values) != 3:
        raise ValueError(f"{name} {str(values)[:50]!r}")
    red, green, blue = (of(name, value) for value in values)
    return red, green, blue


def _number(name: str, value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) <= _LARGEST_LEVEL:
        raise ValueError(f"{name} {str(value)[:50]!r}")
    return float(value)


def _divisor(name: str, value: Any) -> float:
    if _number(name, value) < 1 / _LARGEST_LEVEL:
        raise ValueError(f"{name} {value!r}")
    return float(value)
