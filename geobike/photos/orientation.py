"""How a photo is turned upright: by its EXIF orientation."""

from typing import Final

from PIL import Image

_ORIENTATION_TAG: Final = 0x0112
_TO_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def of(image: Image.Image) -> int:
    """Return the EXIF orientation to apply, 1 to 8."""
    if image.format == "TIFF":
        return 1  # Pillow rotates TIFF itself
    value = Image.Image.getexif(image).get(_ORIENTATION_TAG)  # that of a PNG may decode all of it
    return value if isinstance(value, int) and value in _TO_UPRIGHT else 1


def upright(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Return width and height of a photo after rotation by its EXIF orientation."""
    return size[::-1] if orientation >= 5 else size


def rotated(image: Image.Image, orientation: int) -> Image.Image:
    """Return an image turned upright."""
    transpose = _TO_UPRIGHT.get(orientation)
    return image if transpose is None else image.transpose(transpose)
