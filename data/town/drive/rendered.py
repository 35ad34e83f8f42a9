"""Where it is kept what was rendered of the drive, before its tables are written."""

from pathlib import Path

from data.town.drive.frames import Frame

FOLDER = Path(__file__).parent.parent / "rendered" / "drive"


def photo(frame: Frame) -> Path:
    """Return where a frame's photo is kept."""
    return FOLDER / f"{frame.name}.jpg"


def sight(frame: Frame) -> Path:
    """Return where it is kept what the frame shows; it is written last."""
    return FOLDER / f"{frame.name}.json"
