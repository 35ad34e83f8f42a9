"""The exceptions that geobike raises, and what each means for a run.

GeobikeError                 base of them all; one line, no traceback, for the user
├── InputError               exit 2  a path, table, option or frame cannot be used
│   ├── PhotosError                  no photo, or a photo folder that cannot be read
│   ├── ManifestError                the manifest as a whole cannot be read
│   ├── AreasError                   the polygons as a whole cannot be used
│   ├── StoreError                   the file of recorded detections cannot be used
│   ├── OutputError                  a file cannot be written: no space, no permission
│   ├── MapAssetsMissing             the map's browser libraries were not bundled (geobike.maps)
│   ├── UnknownLibrary               a layer needs a library that the map lacks (geobike.maps)
│   ├── SchemaError                  a frame lacks what a stage needs
│   └── MissingPackageError          an extra is needed; the message is the install command
├── DetectorStopped          exit 3  the detector cannot go on; what is done is kept
│   ├── TokenError                   no token, a wrong one, or one without the permission
│   ├── CreditsExhausted             the account has no credit left
│   ├── ModelUnavailable             the model is not there, not the pinned one, or gives no usable
│   │                                answer
│   ├── RequestRefused               the service says that our request is wrong
│   ├── ServiceUnavailable           the service is down, or sends invalid responses
│   └── ClusterUnavailable           the scheduler or all workers of a cluster are gone
├── PhotoError               no exit one photo is at fault; the run goes on
│   ├── UnreadablePhoto              its row becomes `unreadable`
│   └── DetectionFailed              its row becomes `failed`
└── LedgerError              exit 1  the sums do not close: a bug

GeobikeWarning is what the run reports without stopping: a repaired polygon, a bad manifest row.
"""

from typing import Self

from geobike.messages import message


class GeobikeError(Exception):
    """Base class. The message names the bad value, where it is and what to do.

    As text it is one line of bounded length, whatever was quoted in it.
    """

    exit_code = 2

    def __str__(self) -> str:
        return message(super().__str__())


class InputError(GeobikeError):
    """What the user gave cannot be used."""


class PhotosError(InputError):
    """There is no photo to work on."""


class ManifestError(InputError):
    """The manifest cannot be read as a table of positions."""


class AreasError(InputError):
    """The areas cannot be read, or hold no polygon."""


class StoreError(InputError):
    """The store of recorded detections cannot be opened, or is ambiguous."""


class OutputError(InputError):
    """A file cannot be written."""


class SchemaError(InputError):
    """A frame does not have the columns, types or CRS that a stage needs."""


class MissingPackageError(InputError):
    """An optional package is needed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'geobike[{extra}]'")
        self.purpose, self.extra = purpose, extra

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.purpose, self.extra)  # workers send it


class DetectorStopped(GeobikeError):
    """The detector cannot go on with any photo. What was detected is kept."""

    exit_code = 3


class TokenError(DetectorStopped):
    """No token, a wrong token, or a token without the needed permission."""


class CreditsExhausted(DetectorStopped):
    """The account's credit is used up."""


class ModelUnavailable(DetectorStopped):
    """The model does not exist, is withdrawn, is not the pinned one, or gives no usable answer."""


class RequestRefused(DetectorStopped):
    """The service rejects our request; it would reject that of any other photo too."""


class ServiceUnavailable(DetectorStopped):
    """The service is plainly down, or its responses are invalid."""


class ClusterUnavailable(DetectorStopped):
    """The scheduler of a cluster cannot be reached, or it has no worker."""


class PhotoError(GeobikeError):
    """One photo cannot be used. Its row carries the message as `reason`."""


class UnreadablePhoto(PhotoError):
    """The file is not an image, is truncated, or is larger than the limit."""


class DetectionFailed(PhotoError):
    """The detector gave no answer for this photo. Not the same as no bicycles."""


class LedgerError(GeobikeError):
    """The totals do not close. Always a bug in geobike."""

    exit_code = 1


class GeobikeWarning(UserWarning):
    """Something that the user should know, and that does not stop the run."""
