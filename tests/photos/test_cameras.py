"""Camera and lens, as exiftool reads them."""

import csv
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from geobike.photos import cameras, exif, reading


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("folder", ["exif", "photos/street"])
def test_camera_and_lens_are_those_of_exiftool(shared: Path, folder: str) -> None:
    files = [
        one for one in sorted((shared / folder).iterdir()) if one.suffix not in (".md", ".csv")
    ]
    tags = ["-EXIF:Make", "-EXIF:Model", "-EXIF:FocalLengthIn35mmFormat", "-n", "-csv"]
    out = subprocess.run(["exiftool", *tags, *files], capture_output=True, text=True, check=False)
    told = list(csv.DictReader(out.stdout.splitlines()))
    assert len(told) == len(files)
    lenses = 0
    for row in told:
        with Path(row["SourceFile"]).open("rb") as file:
            found = exif.read(file)
        if found.reason in ("no EXIF",) or (found.reason or "").startswith("EXIF cannot be read"):
            continue  # damaged, so that readers differ in what they still find
        words = " ".join((row.get("Make", "") + " " + row.get("Model", "")).split())
        assert set((found.camera.name or "").split()) <= set(words.split()), row
        assert (found.camera.name is None) == (words == ""), row
        lens = float(row.get("FocalLengthIn35mmFormat") or 0)
        assert (found.camera.focal_length_35mm or 0) == lens, row
        lenses += lens > 0
    assert lenses > 3


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS R6", "Canon EOS R6"),
        ("NIKON CORPORATION", "NIKON D7000", "NIKON D7000"),
        ("Apple", "iPhone 13", "Apple iPhone 13"),
        ("samsung\0\0", " SM-G991B ", "samsung SM-G991B"),
        ("Apple", "", "Apple"),
        ("", "SM-G991B", "SM-G991B"),
        ("  ", "", None),
        ("A\nB", "\x1b[31mred", "A B [31mred"),
        (7, b"x" * 500, "x" * 59 + "…"),
    ],
)
def test_a_camera_is_named_by_make_and_model(make: object, model: object, name: str) -> None:
    assert cameras.read({"Make": make, "Model": model}).name == name


@pytest.mark.parametrize("value", [[0], [-27], [70_000], ["wide"], [], None, "27", [float("nan")]])
def test_a_focal_length_that_cannot_be_is_not_known(value: object) -> None:
    assert cameras.read({"FocalLengthIn35mmFilm": value}).focal_length_35mm is None


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_format_that_carries_exif_gives_camera_and_lens(format: str) -> None:
    made = Image.Exif()
    made[Base.Make], made[Base.Model] = "Apple", "iPhone 13"
    made.get_ifd(IFD.Exif)[Base.FocalLengthIn35mmFilm] = 26
    file = BytesIO()
    Image.new("RGB", (8, 6)).save(file, format, exif=made.tobytes())
    file.seek(0)
    assert exif.read(file).camera == cameras.Camera("Apple iPhone 13", 26.0)


def test_photos_have_columns_of_camera_and_lens_only_where_one_tells(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6)).save(tmp_path / "a.jpg")
    plain = reading.read_metadata(reading.find([tmp_path]))
    assert not {"camera", "focal_length_35mm"} & set(plain)
    made = Image.Exif()
    made[Base.Model] = "SM-G991B"
    made.get_ifd(IFD.Exif)[Base.FocalLengthIn35mmFilm] = 25
    Image.new("RGB", (8, 6)).save(tmp_path / "b.jpg", exif=made)
    both = reading.read_metadata(reading.find([tmp_path]))
    assert both["camera"].tolist()[1] == "SM-G991B"
    assert both["camera"].isna().tolist() == [True, False]
    assert np.nan_to_num(both["focal_length_35mm"]).tolist() == [0, 25]
