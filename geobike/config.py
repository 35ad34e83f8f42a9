"""Every option of a survey, its page and its detector, declared once.

A field of a class below is an option. From it follow the option of the command line with its help
(`geobike.cli.declared`), the key of a survey file and the entry in the `settings` of
`summary.json` (`geobike.survey.settings`), and the attribute of `Survey`, `PageOptions` and
`Choice`, which inherit these classes. A new option is a field here and its use in a stage.

Nothing heavy is imported here: `geobike --help` reads this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from geobike.options import NO_TABLE, Declared, Option, declared

EngineName = Literal["local", "dask"]
SameShot = Literal["once", "all"]
Panoramas = Literal["auto", "views", "count", "skip"]
Placing = Literal["auto", "no"]
Pictures = Literal["inline", "folder", "none"]

THRESHOLD: Final = 0.5
"""Lowest score that counts. 0.5 is the default of DETR's service; calibrate it on photos that were
counted manually."""

MAX_OVERLAP: Final = 0.5
"""Intersection over union above which two boxes of one label are the same object."""

POSITION_ERROR: Final = 5.0
"""Metres: the likely error of a good phone in a street."""

HEADING_ERROR: Final = 10.0
"""Degrees: the likely error of the compass of a good phone."""

AREA_SPREAD: Final = 0.25
"""Coefficient of variation between areas of what hand counts say of detected bicycles."""

STOP_DISTANCE: Final = 20.0
"""Metres from the first photo of a stop. Less makes several stops of a busy place with many photos;
more makes one stop of several places."""

STOP_TURN: Final = 45.0
"""Degrees up to which the headings of two photos, or of two stops, look the same way."""

POSITIONS: Final = ("manifest", "exif", "track")
"""Position sources, by their names in `geobike.positions.sources`. A manifest is made for one
survey, so that its positions are better than those of the camera."""

WALK: Final = 50.0
"""Metres: racks further than this from where somebody goes are not used for a short stay, as
Transport for London's guidelines have it."""

FORMATS: Final = ("auto",)
"""Export formats, by their names in `geobike.exports.formats`; auto is a rule, not a format."""

TITLE: Final = "Where bicycles stand"
"""The title of a map whose author gives none; the page says it in its own language."""

MAX_MEGAPIXELS: Final = 200
"""Largest photo that is decoded: the largest phone sensors on sale have 200 megapixels."""


@dataclass(frozen=True, kw_only=True)
class SurveySettings:
    """What to count, where, and how. `geobike.Survey` adds the detector and the page."""

    _table: ClassVar = "survey"
    _panel: ClassVar[str | None] = None

    photos: Annotated[
        str | Path | Sequence[str | Path] | None,
        Option(
            "Folders, files, glob patterns or URLs (s3://bucket/photos); none: the photos that the "
            "manifest names, not opened.",
            metavar="PHOTOS...",
            path="",
            positional=True,
        ),
    ] = None
    areas: Annotated[
        str | Path,
        Option(
            "Neighbourhood polygons: GeoJSON, GeoPackage, shapefile and more. Required, here or in "
            "the survey file.",
            metavar="FILE",
            path="",
        ),
    ]
    manifest: Annotated[
        str | Path | None,
        Option(
            "CSV, Parquet or vector file (GeoJSON, GeoPackage, GPX and more) with file, latitude, "
            "longitude of the photos.",
            metavar="FILE",
            path="",
        ),
    ] = None
    positions: Annotated[
        tuple[str, ...],
        Option(
            "Position sources in order, separated by commas: the first valid position wins, and a "
            "source left out is not used.",
            metavar="NAMES",
            separator=",",
        ),
    ] = POSITIONS
    track: Annotated[
        tuple[str | Path, ...],
        Option(
            "GPX track of a logger that was with the camera: places photos by their time. May be "
            "repeated.",
            metavar="FILE",
            path="",
            panel="GPX tracks",
        ),
    ] = ()
    track_offset: Annotated[
        float,
        Option(
            "Seconds that are added to the camera's time, as by exiftool -geosync: -37 for a "
            "camera 37 s fast.",
            metavar="SECONDS",
            panel="GPX tracks",
        ),
    ] = 0.0
    track_max_gap: Annotated[
        float,
        Option(
            "Longest time between two fixes that a photo may lie between, 1 to 3600 seconds.",
            metavar="S",
            panel="GPX tracks",
        ),
    ] = 30.0
    timezone: Annotated[
        str | None,
        Option(
            "IANA name, such as Europe/Amsterdam, for photo times without an offset; also the "
            "clock of the map.",
            metavar="NAME",
            default_text="the zone of the place, with the extra timezones; the map shows UTC",
        ),
    ] = None
    detections: Annotated[
        str | Path | None,
        Option(
            "Existing boxes: CSV or Parquet of photo_id, label, score, x_min, y_min, x_max, y_max; "
            "or COCO annotations (JSON). No detector runs then.",
            metavar="FILE",
            path="",
        ),
    ] = None
    labels: Annotated[
        tuple[str, ...],
        Option("What to count; may be repeated.", metavar="L", flag="label"),
    ] = ("bicycle",)
    count: Annotated[
        Literal["parked", "all"],
        Option("Whether bicycles that are ridden count: parked leaves them out."),
    ] = "parked"
    streets: Annotated[
        str | Path | None,
        Option(
            "Street centre lines, also an OpenStreetMap extract (.osm.pbf): how much of each area "
            "was seen follows from them.",
            metavar="FILE",
            path="",
        ),
    ] = None
    stop_distance: Annotated[
        float,
        Option(
            "Photos within this distance that look the same way are one stop, counted on its "
            "first photo; metres, 1 to 100.",
            metavar="M",
            panel="Where bicycles stand",
        ),
    ] = STOP_DISTANCE
    threshold: Annotated[
        float, Option("Boxes with a score above this count; 0.05 to below 1.", metavar="SCORE")
    ] = THRESHOLD
    max_overlap: Annotated[
        float,
        Option(
            "Two boxes of one label that overlap by more than this (intersection over union, above "
            "0 to 1) count once.",
            metavar="SHARE",
        ),
    ] = MAX_OVERLAP
    same_shot: Annotated[
        SameShot,
        Option(
            "Whether one shot in several files (HEIC and JPG, -edited, (1); same second, place and "
            "name) counts once, or all of them count."
        ),
    ] = "once"
    panoramas: Annotated[
        Panoramas,
        Option(
            "auto: strips are looked at in windows, and pictures that say (XMP) that they show all "
            "around in level views; views: those that are twice as wide as high too; count: as a "
            "whole, squeezed, so that bicycles are missed; skip: they are `failed`."
        ),
    ] = "auto"
    windows: Annotated[
        str,
        Option(
            "Overlapping windows in which the detector looks at a photo: auto: in strips, over 2.4 "
            "times as long as wide; no: in none; or 2 to 16 along the longer side of every photo, "
            "for far bicycles on large photos. Each takes as long as a photo.",
            metavar="auto|no|N",
            words=("auto", "no"),
        ),
    ] = "auto"
    max_megapixels: Annotated[
        float, Option("Larger photos are not decoded, in millions of pixels.", metavar="MP")
    ] = MAX_MEGAPIXELS
    workers: Annotated[
        int | None,
        Option(
            "Photos processed by the detector at once.",
            metavar="N",
            default_text="4 if hosted, else one per core",
        ),
    ] = None
    formats: Annotated[
        tuple[str, ...],
        Option("Export formats of the tables.", metavar="NAME", flag="format"),
    ] = FORMATS
    place: Annotated[
        Placing,
        Option(
            "auto: each bicycle counts where it stands, as heading, lens and box show; no: where "
            "the camera stood.",
            panel="Where bicycles stand",
        ),
    ] = "auto"
    field_of_view: Annotated[
        float | None,
        Option(
            "Angle of view along the longer side of photos whose focal length is not known, 5 to "
            "150 degrees.",
            metavar="DEGREES",
            panel="Where bicycles stand",
            default_text="that of 27 mm, 67.4",
        ),
    ] = None
    heading_offset: Annotated[
        float,
        Option(
            "Added to every heading, -360 to 360 degrees, such as 90 where a camera looks to the "
            "right and its headings are those of the car.",
            metavar="DEGREES",
            panel="Where bicycles stand",
        ),
    ] = 0.0
    position_error: Annotated[
        float,
        Option(
            "Likely error of positions that do not come with their own, 0 to 100 metres.",
            metavar="METRES",
            panel="Where bicycles stand",
        ),
    ] = POSITION_ERROR
    heading_error: Annotated[
        float,
        Option(
            "Likely error of headings, 0 to 180 degrees.",
            metavar="DEGREES",
            panel="Where bicycles stand",
        ),
    ] = HEADING_ERROR
    racks: Annotated[
        str | Path | None,
        Option(
            "Bicycle racks with their places: OpenStreetMap extract (.osm.pbf), GeoJSON, CSV with "
            "longitude and latitude, and more. With --streets: parking pressure and shortage.",
            metavar="FILE",
            path="",
            panel="Places to park",
        ),
    ] = None
    capacity_column: Annotated[
        str | None,
        Option(
            "Column with the racks' places.",
            metavar="C",
            panel="Places to park",
            default_text="capacity or capacite",
        ),
    ] = None
    racks_date: Annotated[
        str | None,
        Option(
            "Day of the racks' capacities, such as 2026-05-12, where the file does not say it rack "
            "by rack.",
            metavar="DATE",
            panel="Places to park",
        ),
    ] = None
    walk: Annotated[
        float,
        Option(
            "How far from a bicycle a place may be, 1 to 1000 metres.",
            metavar="M",
            panel="Places to park",
        ),
    ] = WALK
    hand_counts: Annotated[
        str | Path | None,
        Option(
            "Bicycles that people counted on photos that `geobike sample` drew: areas then have "
            "bicycles, with ranges.",
            metavar="FILE",
            path="",
            panel="Counted by hand",
        ),
    ] = None
    corrections: Annotated[
        str | Path | None,
        Option(
            "Boxes that people struck out or added: corrections.csv, which `geobike review` writes "
            "into the survey's folder, or the COCO annotations of `--format coco`, corrected.",
            metavar="FILE",
            path="",
            panel="Counted by hand",
        ),
    ] = None
    area_spread: Annotated[
        float,
        Option(
            "How much areas differ in what the detector misses, 0 to 1; 0.35 where light or "
            "cameras are mixed.",
            metavar="T",
            panel="Counted by hand",
        ),
    ] = AREA_SPREAD
    name_column: Annotated[
        str | None, Option("Column with the areas' names.", metavar="C", panel="The areas")
    ] = None
    id_column: Annotated[
        str | None, Option("Column with the areas' ids.", metavar="C", panel="The areas")
    ] = None
    population_column: Annotated[
        str | None,
        Option(
            "Column with the areas' inhabitants; adds bicycles per 1,000 of them.",
            metavar="C",
            panel="The areas",
        ),
    ] = None
    layer: Annotated[
        str | None,
        Option(
            "Layer of the areas' file, if it has several; all: all of them.",
            metavar="NAME",
            panel="The areas",
        ),
    ] = None
    encoding: Annotated[
        str | None,
        Option(
            "Encoding of the text in the areas' file, such as cp1252, if it does not say it.",
            metavar="NAME",
            panel="The areas",
        ),
    ] = None
    crs: Annotated[
        str | None,
        Option(
            "CRS of the areas, such as EPSG:28992, if the file declares none or a wrong one.",
            metavar="CRS",
            panel="The areas",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DetectorSettings:
    """Which detector to use. `geobike.DetectorChoice` adds the token."""

    _table: ClassVar = "detector"
    _panel: ClassVar = "The detector"

    kind: Annotated[str, Option("What detects the bicycles.", metavar="NAME", flag="detector")] = (
        "auto"
    )
    model: Annotated[
        str | None,
        Option(
            "A name on Hugging Face, the path of an ONNX file, or a name that the store knows.",
            metavar="MODEL",
            path=".onnx",
        ),
    ] = None
    classes: Annotated[
        str | None,
        Option(
            "Names of the classes of a model on this machine that does not carry them: coco80, "
            "coco91 (COCO's own numbers), or a file with one name per line, or id2label as JSON.",
            metavar="coco80|coco91|FILE",
            path="",
            words=("coco80", "coco91"),
            default_text="the model's own",
        ),
    ] = None
    endpoint: Annotated[
        str | None,
        Option("Full URL of a server with Hugging Face's interface.", metavar="URL"),
    ] = None
    bill_to: Annotated[
        str | None, Option("Hugging Face organisation that pays.", metavar="ORG")
    ] = None


@dataclass(frozen=True, kw_only=True)
class PageSettings:
    """How the map page looks and what it carries. `geobike.PageOptions` adds the checks."""

    _table: ClassVar = "page"
    _panel: ClassVar = "The page"

    title: Annotated[str, Option("Title of the map.", metavar="TEXT")] = TITLE
    language: Annotated[
        str | Path, Option("en, nl, or the path of a catalogue (.json).", metavar="L", path=".json")
    ] = "en"
    min_photos: Annotated[
        int, Option("Areas with fewer photos are dotted, not coloured.", metavar="N")
    ] = 1
    source: Annotated[
        str, Option("Where photos and areas come from, in words.", metavar="TEXT")
    ] = ""
    context: Annotated[
        tuple[str | Path, ...],
        Option("Water, streets or borders to draw; may be repeated.", metavar="FILE", path=""),
    ] = ()
    basemap: Annotated[
        str | Path | None,
        Option(
            "Background from a file of yours, drawn below the areas: water, green, rail, streets "
            "and names of an OpenStreetMap extract (.osm.pbf) or GeoPackage.",
            metavar="FILE",
            path="",
        ),
    ] = None
    tiles: Annotated[
        str | None,
        Option(
            "Background from a server: XYZ with {z}, {x}, {y}, or WMS with layers=. The page then "
            "asks this host, and no other, for pictures.",
            metavar="URL",
        ),
    ] = None
    attribution: Annotated[
        str, Option("Attribution required by the tile provider.", metavar="TEXT")
    ] = ""
    pictures: Annotated[
        Pictures,
        Option(
            "Pictures of photos. inline: small ones in the page, of at most 500 photos drawn from "
            "every area; folder: 960 pixels wide, of all counted photos, in photos/ beside the "
            "page."
        ),
    ] = "inline"
    show_people: Annotated[bool, Option("Whether people on pictures stay recognisable.")] = False
    show_vehicles: Annotated[
        bool,
        Option(
            "Whether cars, buses, trucks and motorcycles on pictures stay recognisable, with their "
            "number plates and whoever is behind the glass."
        ),
    ] = False
    blur: Annotated[
        tuple[str, ...],
        Option("Label to anonymize as well, such as dog; may be repeated.", metavar="L"),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Where a run keeps and writes its results, and what computes them."""

    _table: ClassVar = "survey"
    _panel: ClassVar[str | None] = None

    out: Annotated[str, Option("Folder for the map and the files.", metavar="FOLDER", path="")] = (
        "out"
    )
    store: Annotated[
        str | None,
        Option(
            "Keeps detections, so that no photo is processed twice.",
            metavar="FILE",
            path="",
            default_text="detections.sqlite in --out",
        ),
    ] = None
    config: Annotated[
        str | None,
        Option(
            "Survey file: TOML with these options in tables survey, page and detector, or the "
            "summary.json of an earlier run. Options on the command line win.",
            metavar="FILE",
            table=NO_TABLE,
        ),
    ] = None
    allow_empty: Annotated[
        bool,
        Option("Whether a survey that counts no photo ends with exit code 0 instead of 4."),
    ] = False
    token_file: Annotated[
        str | Path | None,
        Option(
            "File with a Hugging Face token.",
            metavar="FILE",
            path="",
            default_text="HF_TOKEN",
            panel="The detector",
            table="detector",
        ),
    ] = None
    dry_run: Annotated[
        bool,
        Option(
            "Say what would be sent and what it would cost; send nothing.",
            panel="The detector",
            table="detector",
        ),
    ] = False
    engine: Annotated[
        EngineName,
        Option(
            "dask: the workers of a Dask cluster read and detect; --store is then a folder or URL "
            "for Parquet.",
            panel="A cluster",
        ),
    ] = "local"
    scheduler: Annotated[
        str | None,
        Option(
            "Of a Dask cluster, such as tcp://host:8786.",
            metavar="ADDRESS",
            panel="A cluster",
            default_text="one worker for each core of this machine",
        ),
    ] = None


SECTIONS: Final[tuple[type[Any], ...]] = (
    SurveySettings,
    RunSettings,
    DetectorSettings,
    PageSettings,
)


def all_declared() -> tuple[Declared, ...]:
    """Return every option of `geobike map`."""
    return tuple(one for section in SECTIONS for one in declared(section))


PERSONS: Final = ("person", "rider", "cyclist", "pedestrian")
"""Labels of persons, in lower case."""
