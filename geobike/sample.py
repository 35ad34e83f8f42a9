"""The sample: photos of a rendered town, in which the number of bicycles is known."""

import shutil
from pathlib import Path
from typing import Final

from geobike.errors import InputError

# Packed inside the package; in a clone it is where it is made.
_PLACES: Final = (
    Path(__file__).with_name("sample"),
    Path(__file__).resolve().parents[1] / "data" / "sample",
)


def write(folder: str | Path) -> Path:
    """Copy the sample into a folder, which is made; return the folder.

    Its README.md says what is in it: photos, manifest, areas, streets, racks, the true counts, and
    a store with a detector's answers. An installed wheel writes the survey of spring, which is the
    larger; a clone or sdist also that of autumn, in `autumn/`. Raises InputError where the folder
    already holds something.

    Examples:
        >>> import geobike
        >>> folder = geobike.sample_data("wielstad")
        >>> sorted(path.name for path in folder.glob("*.csv"))
        ['areas_truth.csv', 'manifest.csv', 'places.csv', 'seen.csv', 'truth.csv']
    """
    folder = Path(folder)
    sample = next((place for place in _PLACES if place.is_dir()), None)
    if sample is None:
        raise InputError("this installation has no sample data; install geobike's wheel or sdist")
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(f"{folder}: contains files already; name a new folder for the sample")
        return Path(shutil.copytree(sample, folder, dirs_exist_ok=True))
    except shutil.Error as error:  # of each file that failed: source, target, reason
        raise InputError(f"{folder}: cannot be written: {error.args[0][0][2]}") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from None
