"""The interfaces of a detector, of its optional abilities, and of a backend.

Hosted detectors are in `hosted`, local ones in `onnx`, and the table of them is `backends`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from geobike.errors import InputError

if TYPE_CHECKING:  # Pillow takes time to import, and a type needs only its name
    from PIL.Image import Image

FLOOR = 0.05
"""Lowest score that is requested and stored. The threshold is applied later, when counting."""

Size = tuple[int, int]
"""Width and height in pixels."""


class Box(NamedTuple):
    """A rectangle in upright pixels of the original photo, clipped to it.

    On a panorama all around, one over the seam goes on beyond the right edge: `xmax` is then more
    than the width of the photo, and what is beyond shows at its left edge.
    """

    xmin: float
    ymin: float
    xmax: float
    ymax: float

    def pieces(self, width: float) -> "list[Box]":
        """Return the box as a picture of this width shows it: in two where it is over the seam.

        >>> Box(90, 5, 120, 9).pieces(100)
        [Box(xmin=90, ymin=5, xmax=100, ymax=9), Box(xmin=0, ymin=5, xmax=20, ymax=9)]
        """
        if self.xmax <= width + 1:  # a pixel is rounding
            return [self]
        return [
            one._replace(xmin=max(0, one.xmin), xmax=min(width, one.xmax))
            for one in self.places(width)
        ]

    def places(self, width: float) -> "list[Box]":
        """Return where a picture of this width shows the box, whole and partly beyond its edges.

        >>> Box(90, 5, 120, 9).places(100)
        [Box(xmin=90, ymin=5, xmax=120, ymax=9), Box(xmin=-10, ymin=5, xmax=20, ymax=9)]
        """
        if self.xmax <= width + 1:
            return [self]
        beyond = self._replace(xmin=self.xmin - width, xmax=self.xmax - width)
        return [self, beyond] if self.xmin < width else [beyond]


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in one photo. `score` is from 0 to 1."""

    label: str
    score: float
    box: Box


class Detector(Protocol):
    """Finds objects in one photo. `name` and `version` identify the model exactly.

    Any object with these three members is a detector. It may also have some of the abilities of
    `DetectorBase`, under the same names; `abilities` fills in the others.
    """

    name: str
    version: str

    def detect(self, image: "Image") -> list[Detection]:
        """Return every object that scores above `FLOOR` in an upright RGB image.

        Raises DetectionFailed when this photo got no answer, and DetectorStopped when no photo
        would get one.
        """
        ...


class DetectorBase(ABC):
    """A detector with every ability at its default. Inherit it and override what is different."""

    name: str
    version: str

    input_size: Callable[[Size], Size] | None = None
    """From the (width, height) of a photo to the size that the model is shown. Photos are then
    decoded at that size, which saves time and memory; None: the detector gets all pixels."""

    @property
    def host(self) -> str | None:
        """Where photos are sent, host and path; None if no photo leaves the machine."""
        return None

    @property
    def labels(self) -> Collection[str] | None:
        """Every class name that it can return, in its own order; None if unknown."""
        return None

    @property
    def concurrency(self) -> int | None:
        """Photos to detect at once for full speed; None: one per processor core."""
        return None

    def open(self, *, progress: type[Any] | None = None) -> None:  # noqa: B027 - a default
        """Download and load what is needed, so that a failure shows before the first photo.

        `progress` is a class like tqdm's that shows the download. Raises DetectorStopped.
        """

    def upload(self, image: "Image") -> bytes | None:  # noqa: ARG002 - for subclasses
        """Return what is sent for an upright RGB image, to estimate a run; None if unknown."""
        return None

    def requests(self, size: Size) -> int:  # noqa: ARG002 - for subclasses
        """Return how many pictures are sent of a photo of this (width, height)."""
        return 1

    @abstractmethod
    def detect(self, image: "Image") -> list[Detection]:
        """Do what `Detector.detect` does."""


class Wrapper(DetectorBase):
    """A detector around another, such as one that runs it on parts of a photo.

    It is opened, checked and counted like the inner one. `parameters` is text that identifies what
    the wrapper does; it becomes part of `name` and `version`, so that its detections are stored
    apart. `detect` gets photos with all their pixels; override `input_size` if fewer are enough.
    """

    def __init__(self, inner: Detector, *, parameters: str) -> None:
        self.inner = abilities(inner)
        self.name = f"{inner.name} ({parameters})"
        self.version = f"{inner.version} {parameters}"

    @property
    def host(self) -> str | None:
        """Where the inner detector sends photos."""
        return self.inner.host

    @property
    def labels(self) -> Collection[str] | None:
        """The class names of the inner detector."""
        return self.inner.labels

    @property
    def concurrency(self) -> int | None:
        """The concurrency of the inner detector."""
        return self.inner.concurrency

    def open(self, *, progress: type[Any] | None = None) -> None:
        """Open the inner detector."""
        self.inner.open(progress=progress)


def abilities(detector: Detector | DetectorBase) -> DetectorBase:
    """Return a detector that has every ability, with defaults for those that are missing."""
    return detector if isinstance(detector, DetectorBase) else _Completed(detector)


class _Completed(DetectorBase):
    """A detector that may have no more than `name`, `version` and `detect`, and the defaults."""

    def __init__(self, detector: Detector) -> None:
        self.name, self.version = detector.name, detector.version
        self._detector = detector
        self.input_size = getattr(detector, "input_size", None)

    @property
    def host(self) -> str | None:
        given: str | None = getattr(self._detector, "host", None)
        return given

    @property
    def labels(self) -> Collection[str] | None:
        given: object = getattr(self._detector, "labels", None)
        if given is None:
            return None
        if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
            raise InputError(f"labels of the detector {self.name} is not a list of class names")
        return [str(label) for label in given]

    @property
    def concurrency(self) -> int | None:
        given: int | None = getattr(self._detector, "concurrency", None)
        return given

    def open(self, *, progress: type[Any] | None = None) -> None:
        if (given := getattr(self._detector, "open", None)) is not None:
            given(progress=progress)

    def upload(self, image: "Image") -> bytes | None:
        given: Callable[[Image], bytes] | None = getattr(self._detector, "upload", None)
        return None if given is None else given(image)

    def detect(self, image: "Image") -> list[Detection]:
        return self._detector.detect(image)


class ModelSettings(Protocol):
    """The user's settings for the model of a backend; `geobike.DetectorChoice` is one."""

    @property
    def model(self) -> str | None:
        """Name or path; None for the default."""

    @property
    def classes(self) -> str | None:
        """Names of the classes of a model that carries none: coco80, coco91, or a file."""

    @property
    def endpoint(self) -> str | None:
        """Full URL of a server; None for the backend's own."""

    @property
    def token(self) -> str | None:
        """Token of the account that may use the server."""

    @property
    def bill_to(self) -> str | None:
        """Organisation that pays."""


@dataclass(frozen=True)
class Finding:
    """One thing that `geobike doctor` checked."""

    what: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = False
    """Nothing works without it."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What `geobike doctor` was given to check a backend."""

    environ: Mapping[str, str]
    token_file: Path | None = None
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A way to detect: one value of `--detector`. `geobike.detectors.backends` lists them all.

    The functions import what is heavy themselves: `--help` reads the table.
    """

    name: str
    """As in `--detector`."""
    help: str
    """For `--help`: where photos go, and how it differs from the others. Without the full stop."""
    create: Callable[[ModelSettings], Detector]
    """Return the detector, not opened yet. Raises InputError, MissingPackageError, TokenError."""
    advice: str
    """How to use it where nothing can detect yet, on one line."""
    sends_photos: bool = False
    """Whether photos leave the machine. Only then it may have an endpoint and gets a token."""
    auto: bool = False
    """Whether `auto` takes it, where the store is not enough: the first that is installed."""
    extra: str | None = None
    """The extra of geobike that installs it,"""
    packages: tuple[str, ...] = ()
    """and the packages of that extra."""
    is_installed: Callable[[], bool] = lambda: True
    find_token: Callable[[Mapping[str, str], Path | None], str | None] = lambda *_: None
    """Return its token from the environment and the user's token file."""
    examine: Callable[[Surroundings], Iterable[Finding]] = lambda _: ()
    """Check what a run needs besides the packages. Nothing is downloaded and no server is asked."""
