"""Renders the drive's frames that are not there yet, then writes its tables from them."""

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from zlib import crc32

from data.town.drive import tables
from data.town.drive.frames import Frame, frames
from data.town.drive.rendered import photo, sight


def missing() -> list[Frame]:
    """Return the frames that are still to be rendered."""
    return [frame for frame in frames() if not sight(frame).exists()]


def make(*, only: str | None = None, force: bool = False, model: Path | None = None) -> None:
    """Render what is missing; write the tables once all is there, `boxes.csv` with a detector."""
    wanted = [frame for frame in frames() if only is None or only in frame.name]
    if not wanted:
        raise SystemExit(f"--only {only}: no frame of the drive has that in its name")
    render([frame for frame in wanted if force or not sight(frame).exists()])
    if missing():
        print(f"{len(missing())} frames are still to be rendered; data/drive is left as it was")
        return
    tables.write()
    if model is None:
        print("No --model: boxes.csv is left as it was, and may not fit these frames")
    else:
        tables.detect(model)


def render(wanted: Sequence[Frame]) -> None:
    """Render these frames in their order; a day's world is built where the day changes."""
    if not wanted:
        return
    from data.town.drive import camera, stage  # Blender: only where something is rendered

    camera.set_up()
    day = None
    for number, frame in enumerate(wanted, start=1):
        begun = time.monotonic()
        if frame.day != day:
            day = frame.day
            town, parked = stage.build(day)
            camera.light(day)
        photo(frame).parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder, stage.riding(town, frame) as ridden:
            camera.point(frame)
            camera.photograph(photo(frame), seed=crc32(frame.name.encode()) % 2**31)
            seen = camera.look(frame, parked | ridden, Path(folder))
        sight(frame).write_text(json.dumps([asdict(each) for each in seen]))
        seconds = time.monotonic() - begun
        print(f"{number}/{len(wanted)} {frame.name}: {len(seen)} seen, {seconds:.1f} s", flush=True)
