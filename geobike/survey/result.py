"""The result of a survey, and the folder that it is written to."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd

from geobike import maps, saved
from geobike.counting import ledger, riding
from geobike.counting import stage as counting
from geobike.detections import extent, filtering
from geobike.detections.store.protocol import Model
from geobike.estimates.figures import Estimates
from geobike.exports.protocol import About, Frames
from geobike.io.inputs import InputFile
from geobike.maps.basemap import Layer
from geobike.photos import hiding, thumbnails
from geobike.progress import Track, silent
from geobike.version import __version__

if TYPE_CHECKING:
    import folium


from geobike.survey import settings
from geobike.survey.estimating import detected_only
from geobike.survey.options import Survey

_BY_PEOPLE: Final = ("hand_counts", "corrections")


@dataclass(frozen=True)
class SurveyResult:
    """The result of a survey. Its frames are described in `geobike.schema`."""

    survey: Survey
    model: Model
    photos: gpd.GeoDataFrame
    """Counts frame: every photo given, with its status and `bicycle_count`."""
    detections: pd.DataFrame
    counted: counting.Counted
    """Where the bicycles stand, the stops, and what areas and streets make of them."""
    estimates: Estimates | None
    """What hand counts say; None where there are none."""
    ledger: ledger.Ledger
    detected_now: int
    """Photos that the detector answered in this run; the others came from the store."""
    inputs: Mapping[str, Sequence[InputFile]]
    """The files that were read: areas, and where given manifest, detections and context."""
    context: Sequence[Layer]
    """What the map has to hold on to: water, streets, borders, a background."""
    warnings: tuple[str, ...]
    started_at: datetime
    store: str | Path | None = None
    """Where the detections are kept."""
    reviewers: tuple[str, ...] = ()
    """Who corrected boxes."""
    empty: str | None = None
    """Why no photo is counted, as far as is known; None where one is. Also the last warning."""

    @property
    def areas(self) -> gpd.GeoDataFrame:
        """Area counts frame."""
        return self.counted.areas

    @property
    def ridden(self) -> int | None:
        """Ridden bicycles on counted photos; None where the detector knows no persons."""
        if not riding.knows_persons(self.detections["label"]):
            return None
        return int(self.photos[riding.RIDDEN].sum())

    def map(self, *, track: Track = silent) -> "folium.Map":
        """Return the map, to look at, to add layers to, or to save with `geobike.maps.save`.

        Its pictures are in it; only `write` makes a folder of them.
        """
        if not self._has_pictures:
            return self._map({})
        pictures = thumbnails.make(
            self._pictured,
            self.detections,
            hide=self.survey.page.hidden,
            max_pixels=self.survey.max_pixels,
            track=track,
        )
        return self._map(pictures)

    def _map_beside(self, path: Path, *, track: Track) -> "folium.Map":
        """Return the map that is saved at `path`, with its pictures, if any, in a folder there."""
        if self.survey.page.pictures != "folder" or not self._has_pictures:
            return self.map(track=track)
        names = thumbnails.write(
            self._pictured,
            self.detections,
            path.parent / saved.PICTURES,
            hide=self.survey.page.hidden,
            max_pixels=self.survey.max_pixels,
            track=track,
        )
        return self._map({photo: f"{saved.PICTURES}/{name}" for photo, name in names.items()})

    @property
    def _has_pictures(self) -> bool:
        return self.survey.page.pictures != "none" and len(self.photos) <= maps.SINGLE

    @property
    def _pictured(self) -> gpd.GeoDataFrame:
        if self.survey.detections is not None and self.survey.page.hidden:
            return extent.anonymizable(self.detections, self.photos)
        return self.photos

    def _of(self, pictures: Collection[str]) -> gpd.GeoDataFrame:
        """Return the photos that have one of these pictures."""
        return self.photos[self.photos["photo_id"].isin(list(pictures))]

    def _map(self, pictures: Mapping[str, bytes | str]) -> "folium.Map":
        page = self.survey.page
        if pictures and page.blur:
            filtering.report_missing_labels(page.blur, self.detections["label"])
        return maps.build(
            self.areas,
            self.photos,
            self.detections,
            self.counted.tallies,
            page=page,
            label=", ".join(self.survey.labels),
            model=self.model.name,
            threshold=self.survey.threshold,
            ledger=self.ledger.photos,
            visits=self.counted.visits,
            stops=self.counted.stops,
            streets=self.counted.streets,
            stretches=self.counted.stretches,
            thumbnails=pictures,
            obscured=hiding.obscured(self.detections, page.hidden, self._of(pictures)),
            timezone=self.survey.timezone or "UTC",
            context_layers=self.context,
            racks=self.counted.racks,
            walk=self.survey.walk,
            estimates=None if self.estimates is None else self.estimates.as_dict(),
        )

    def summary(self, folder: str | Path = ".") -> dict[str, Any]:
        """Return how the numbers were computed: the content of `summary.json`.

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
                "count": survey.count,
                **{name: round(value, 1) for name, value in self.counted.total.items()},
                "ridden": self.ridden,
                "stops": len(self.counted.stops),
            },
            **self._known(),
            **({"racks": dict(self.counted.supply)} if self.counted.supply else {}),
            "inputs": {
                **{
                    role: _named(self.inputs.get(role, ()))
                    for role in ("areas", "manifest", "streets", "racks", *_BY_PEOPLE, "basemap")
                },
                "detections": _named(self.inputs.get("detections", ())),
                "track": [_named([file]) for file in self.inputs.get("track", ())],
                "context": [_named([file]) for file in self.inputs.get("context", ())],
                "photos_sha256": _digest_of_all(self.photos["sha256"]),
            },
            "corrections": {"reviewers": list(self.reviewers)} if self.reviewers else None,
            "warnings": list(self.warnings),
        }

    def _known(self) -> dict[str, Any]:
        """Return the estimates, and that there are none."""
        found, said = self.estimates, detected_only(self.estimates)
        return {
            **({} if said is None else {"detected_only": said}),
            **({} if found is None else {"estimates": found.as_dict()}),
        }

    def write(self, folder: str | Path, *, track: Track = silent) -> dict[str, str | Path]:
        """Write `map.html` and the files into a folder; return what was written, by name.

        The folder may be a URL, such as s3://bucket/survey. All files are moved into place when the
        last one is written: a folder holds one survey, also if a run fails half-way.
        """
        self.survey.check_out(folder)
        return saved.write(
            folder,
            Frames(
                areas=self.areas,
                streets=self.counted.streets,
                racks=self.counted.racks,
                stops=self.counted.stops,
                bicycles=self.counted.bicycles,
                photos=self.photos,
                detections=self.detections,
                about=About(
                    timezone=self.survey.timezone,
                    min_photos=self.survey.page.min_photos,
                ),
            ),
            names=self.survey.formats,
            save_map=lambda path: maps.save(self._map_beside(path, track=track), path),
            summary=lambda: self.summary(folder),
        )


def _named(read: Sequence[InputFile]) -> dict[str, str | None] | None:
    return {"file": read[0].name, "sha256": read[0].sha256} if read else None


def _digest_of_all(digests: "pd.Series[str]") -> str | None:
    """Return the SHA-256 of the sorted hashes of the photos, one per line."""
    known = sorted(digests.dropna())
    return hashlib.sha256("\n".join(known).encode()).hexdigest() if known else None
