"""Make the sample: python -m data.town [--only NAME] [--force] [--model DETECTOR.onnx].

What is rendered is kept in data/town/rendered, so that a make that was stopped goes on.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from data.town import files, plan, truth
from data.town.drive import making
from data.town.plan import Shot

SAMPLE = Path(__file__).parent.parent / "sample"
RENDERED = Path(__file__).parent / "rendered"


def main() -> None:
    """Render what is missing, then write the sample from it."""
    asked = _ask()
    if asked.drive:
        making.make(only=asked.only, force=asked.force, model=asked.model)
        return
    shots = plan.shots()
    wanted = [shot for shot in shots if asked.only is None or asked.only in shot.name]
    if not wanted:
        raise SystemExit(f"--only {asked.only}: no photo has that in its name")
    _render([shot for shot in wanted if asked.force or not _sight(shot).exists()])
    missing = [shot.name for shot in shots if not _sight(shot).exists()]
    if missing:
        print(f"{len(missing)} photos are still to be rendered; the sample is left as it was")
        return
    _write(shots, asked.model)


def _ask() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m data.town", description="Make the sample.")
    parser.add_argument("--only", help="render only photos with this in their name")
    parser.add_argument("--force", action="store_true", help="render again what is rendered")
    parser.add_argument("--model", type=Path, help="detector (ONNX) that fills the store anew")
    parser.add_argument("--drive", action="store_true", help="make data/drive, not the sample")
    return parser.parse_args()


def _render(shots: Sequence[Shot]) -> None:
    if not shots:
        return
    from data.town import render, scene, stage  # Blender: only where something is rendered

    render.set_up()
    for number, shot in enumerate(shots, start=1):
        begun = time.monotonic()
        stage.clear()
        bicycles = scene.build(shot).bicycles
        picture = _picture(shot)
        picture.parent.mkdir(parents=True, exist_ok=True)
        render.photograph(shot, picture)
        with tempfile.TemporaryDirectory() as folder:
            sight = truth.count(render.masks(bicycles, Path(folder, "mask.png")))
        _sight(shot).write_text(json.dumps(asdict(sight)))  # last: it says that all is there
        seconds = time.monotonic() - begun
        print(f"{number}/{len(shots)} {shot.name}: {sight}, {seconds:.0f} s", flush=True)


def _picture(shot: Shot) -> Path:
    return (RENDERED / shot.name).with_suffix(".png")


def _sight(shot: Shot) -> Path:
    return (RENDERED / shot.name).with_suffix(".json")


def _write(shots: Sequence[Shot], model: Path | None) -> None:
    """Write the sample anew; the store only where a model is given, for its keys are the photos."""
    photos = SAMPLE / "photos"
    shutil.rmtree(photos, ignore_errors=True)
    for shot in shots:
        files.save_photo(shot, _picture(shot), photos)
    files.add_copies(photos)
    files.write_map(SAMPLE)
    files.write_manifest(shots, SAMPLE / "manifest.csv")
    sights = {shot.name: json.loads(_sight(shot).read_text()) for shot in shots}
    files.write_truth(sights, SAMPLE / "truth.csv")
    if model is None:
        print("No --model: detections.sqlite is left as it was, and may not fit these photos")
    else:
        files.record(model, photos, SAMPLE / "detections.sqlite")
    files.write_checksums(SAMPLE)


if __name__ == "__main__":
    main()
