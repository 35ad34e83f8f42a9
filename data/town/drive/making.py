"""Render the drive's frames that are not there yet; what each shows goes beside it as JSON."""

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from data.town.drive.frames import Frame, frames

RENDERED = Path(__file__).parent.parent / "rendered" / "drive"


def photo(frame: Frame) -> Path:
    """Return where a frame's photo is kept."""
    return RENDERED / f"{frame.name}.jpg"


def sight(frame: Frame) -> Path:
    """Return where it is kept what the frame shows; it is written last."""
    return RENDERED / f"{frame.name}.json"


def missing() -> list[Frame]:
    """Return the frames that are still to be rendered."""
    return [frame for frame in frames() if not sight(frame).exists()]


def render(wanted: Sequence[Frame]) -> None:
    """Render these frames, a day's world at a time."""
    if not wanted:
        return
    from data.town.drive import camera, stage  # Blender: only where something is rendered

    camera.set_up()
    done = 0
    for day in sorted({frame.day for frame in wanted}):
        town, parked = stage.build(day)
        camera.light(day)
        for frame in (frame for frame in wanted if frame.day == day):
            begun = time.monotonic()
            photo(frame).parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as folder:
                with stage.riding(town, frame) as ridden:
                    camera.point(frame)
                    camera.photograph(photo(frame), seed=done)
                    seen = camera.look(frame, parked | ridden, Path(folder))
            done += 1
            sight(frame).write_text(json.dumps([asdict(each) for each in seen]))
            print(
                f"{done}/{len(wanted)} {frame.name}: {len(seen)} bicycles, "
                f"{time.monotonic() - begun:.1f} s",
                flush=True,
            )
