"""Make the sample: python -m data.town [--only NAME] [--force] [--model DETECTOR.onnx].

What is rendered is kept in data/town/rendered, so that a make that was stopped goes on.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from data.town import files, plan, tables, truth
from data.town.drive import making
from data.town.plan import Shot

SAMPLE = Path(__file__).parent.parent / "sample"
RENDERED = Path(__file__).parent / "rendered"
FOLDERS = {"spring": SAMPLE, "autumn": SAMPLE / "autumn"}


def main() -> None:
    """Render what is missing, then write the sample from it."""
    asked = _ask()
    if asked.drive:
        making.make(only=asked.only, force=asked.force, model=asked.model)
        return
    shots = [shot for survey in FOLDERS for shot in plan.shots(survey)]
    wanted = [s for s in shots if asked.only is None or asked.only in f"{s.survey}/{s.name}"]
    if not wanted:
        raise SystemExit(f"--only {asked.only}: no photo has that in its name")
    _render([shot for shot in wanted if asked.force or not _rendered(shot)])
    missing = [shot.name for shot in shots if not _rendered(shot)]
    if missing:
        print(f"{len(missing)} photos are still to be rendered; the sample is left as it was")
        return
    _write(asked.model)


def _ask() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m data.town", description="Make the sample.")
    parser.add_argument(
        "--only", help="render only photos with this in their name, such as autumn/day1/0902"
    )
    parser.add_argument("--force", action="store_true", help="render again what is rendered")
    parser.add_argument("--model", type=Path, help="detector (ONNX) that fills the stores anew")
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
        built = scene.build(shot)
        picture = _picture(shot)
        picture.parent.mkdir(parents=True, exist_ok=True)
        render.photograph(shot, picture)
        names = [f"{shot.at.place_id}-{one:02d}" for one in range(1, len(built.bicycles) + 1)]
        names += [truth.RIDDEN] * len(built.ridden)
        with tempfile.TemporaryDirectory() as folder:
            masks = render.masks([*built.bicycles, *built.ridden], Path(folder, "mask.png"))
            seen = truth.named(names, truth.looks(masks))
        kept = {"shot": shot.digest, "bicycles": seen}
        _looks(shot).write_text(json.dumps(kept))  # last: it says that all is there
        seconds = time.monotonic() - begun
        print(f"{number}/{len(shots)} {shot.survey} {shot.name}: {seconds:.0f} s", flush=True)


def _write(model: Path | None) -> None:
    """Write the sample anew; the stores only where a model is given, for their keys are photos."""
    files.write_map(SAMPLE)
    tables.write_racks(SAMPLE / "racks.geojson")
    for survey, folder in FOLDERS.items():
        shutil.rmtree(folder / "photos", ignore_errors=True)
        _write_survey(survey, folder)
        if survey == "spring":
            files.add_copies(folder / "photos")
        if model is None:
            print(f"No --model: {folder}/detections.sqlite is as it was; it may not fit the photos")
        else:
            files.record(model, folder / "photos", folder / "detections.sqlite")
    files.write_manifest(plan.shots("spring"), SAMPLE / "manifest.csv")
    tables.write_change(FOLDERS["autumn"] / "change.csv")
    for folder in FOLDERS.values():
        files.write_checksums(folder)


def _write_survey(survey: str, folder: Path) -> None:
    """Write a survey's photos, and the truth about them and about the whole town."""
    shots = plan.shots(survey)
    for shot in shots:
        files.save_photo(shot, _picture(shot), folder / "photos")
    looks = {shot.name: json.loads(_looks(shot).read_text())["bicycles"] for shot in shots}
    tables.write_truth(shots, looks, folder / "truth.csv")
    tables.write_seen(shots, looks, folder / "seen.csv")
    tables.write_places(survey, folder / "places.csv")
    tables.write_areas_truth(survey, folder / "areas_truth.csv")


def _picture(shot: Shot) -> Path:
    return (RENDERED / shot.survey / shot.name).with_suffix(".png")


def _looks(shot: Shot) -> Path:
    return (RENDERED / shot.survey / shot.name).with_suffix(".json")


def _rendered(shot: Shot) -> bool:
    """Whether the photo is there as it is planned now."""
    path = _looks(shot)
    return path.exists() and json.loads(path.read_text())["shot"] == shot.digest


if __name__ == "__main__":
    main()
