"""What a survey found, and the folder that it is written to."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geobike import maps
from geobike.counting import ledger
from geobike.detections import filtering
from geobike.detections.store.protocol import Model
from geobike.errors import GeobikeError
from geobike.exports import writing
from geobike.io import files
from geobike.photos import thumbnails
from geobike.progress import Track, silent
from geobike.reporting import report
from geobike.version import __version__

if TYPE_CHECKING:
    import folium


from geobike.reporting import collect_warnings
from geobike.survey import settings
from geobike.survey.options import Survey


@dataclass(frozen=True)
class SurveyResult:
    """Everything a survey found. The frames are described in `geobike.schema`."""

    survey: Survey
    model: Model
    photos: gpd.GeoDataFrame
    """Counts frame: every photo given, with its status and `bicycle_count`."""
    detections: pd.DataFrame
    areas: gpd.GeoDataFrame
    """Area counts frame."""
    ledger: ledger.Ledger
    detected_now: int
    """Photos that the detector answered in this run; the others came from the store."""
    warnings: tuple[str, ...]
    started_at: datetime
    store: str | Path | None = None
    """Where the detections are kept."""

    def map(self, *, track: Track = silent) -> "folium.Map":
        """Return the map, to look at, to add layers to, or to save with `geobike.maps.save`."""
        page = self.survey.page
        pictures = {}
        if page.thumbnails and len(self.photos) <= maps.SINGLE:
            pictures = thumbnails.make(
                self.photos,
                self.detections,
                hide=page.hidden,
                max_pixels=self.survey.max_pixels,
                track=track,
            )
        if pictures and page.blur:
            filtering.report_missing_labels(page.blur, self.detections["label"])
        return maps.build(
            self.areas,
            self.photos,
            self.detections,
            page=page,
            label=", ".join(self.survey.labels),
            model=self.model.name,
            threshold=self.survey.threshold,
            ledger=self.ledger.photos,
            thumbnails=pictures,
            timezone=self.survey.timezone or "UTC",
        )

    def summary(self, folder: str | Path = ".") -> dict[str, Any]:
        """Return how the numbers came about: what `summary.json` holds.

        The paths in its `settings` are relative to `folder`.
        """
        survey = self.survey
        return {
            "geobike": __version__,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": settings.write(survey, store=self.store, folder=folder),
            "ledger": self.ledger.as_dict(),
            "detector": {
                "model": self.model.name,
                "version": self.model.version,
                "photos_detected_in_this_run": self.detected_now,
            },
            "counting": {
                "labels": list(survey.labels),
                "threshold": survey.threshold,
                "max_overlap": survey.max_overlap,
            },
            "inputs": {
                "areas": {"file": files.name(survey.areas), "sha256": _digest(survey.areas)},
                "manifest": None
                if survey.manifest is None
                else {"file": files.name(survey.manifest), "sha256": _digest(survey.manifest)},
                "detections": None
                if survey.detections is None
                else {"file": files.name(survey.detections), "sha256": self.model.version},
                "photos_sha256": _digest_of_all(self.photos["sha256"]),
            },
            "warnings": list(self.warnings),
        }

    def write(self, folder: str | Path, *, track: Track = silent) -> dict[str, str | Path]:
        """Write `map.html` and the files into a folder; return what was written, by name.

        The folder may be an address, such as s3://bucket/survey. All files take their places when
        the last one is written: a folder holds one survey, also where a run fails half-way.
        """
        self.survey.check_out(folder)
        failure: GeobikeError | None = None
        with files.transaction(folder, last="summary.json") as out:
            with collect_warnings() as notes:
                written = writing.write_tables(
                    self.photos, self.detections, out, form=self.survey.table_format
                )
                writing.write_areas(self.areas, out.staging / "areas.geojson")
                try:
                    maps.save(self.map(track=track), out.staging / "map.html")
                except GeobikeError as error:  # the numbers hold, and no older map beside them
                    failure = error
                    out.discard("map.html")
            summary = self.summary(folder) | {
                "files": written,
                "warnings": [*self.warnings, *notes],
            }
            writing.write_summary(summary, out.staging / "summary.json")
        for note in notes:
            report(note)
        if failure is not None:
            raise failure
        names = ("map.html", "areas.geojson", *written.values(), "summary.json")
        return {name: files.join(folder, name) for name in names}


def _digest(path: str | Path) -> str | None:
    """Return the SHA-256 of a file; None for a folder, as some GIS formats are."""
    with files.fetch_local(path) as file:
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()


def _digest_of_all(digests: "pd.Series[str]") -> str | None:
    """Return the SHA-256 of the sorted photo digests, one a line: the same for the same photos."""
    known = sorted(digests.dropna())
    return hashlib.sha256("\n".join(known).encode()).hexdigest() if known else None
