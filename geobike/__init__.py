"""Street photos in, a map of where bicycles stand out.

    >>> import geobike
    >>> survey = geobike.Survey(photos="photos", areas="neighbourhoods.geojson")
    >>> result = geobike.run(survey, store="detections.sqlite")  # doctest: +SKIP
    >>> result.areas[["name", "photo_count", "bicycles_per_photo"]]  # doctest: +SKIP
    >>> result.write("out")  # doctest: +SKIP

The stages stand by themselves too: a GeoDataFrame in, a GeoDataFrame out. Their columns, types
and units are described in `geobike.schema`, their errors in `geobike.errors`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geobike.version import __version__

if TYPE_CHECKING:
    from geobike.areas import assign as assign_areas
    from geobike.areas import read as read_areas
    from geobike.boxes import judge as judge_boxes
    from geobike.cluster import Cluster
    from geobike.counts import per_area as count_per_area
    from geobike.counts import per_photo as count_per_photo
    from geobike.detect import Box, Detection, Detector
    from geobike.detect.classify import Classification, Classifier
    from geobike.detect.huggingface import HostedClassifier, HostedDetector
    from geobike.detect.onnx import OnnxClassifier, OnnxDetector
    from geobike.detection import detect as detect_photos
    from geobike.detectors import Choice as DetectorChoice
    from geobike.errors import GeobikeError, GeobikeWarning
    from geobike.evaluation import evaluate
    from geobike.exports import write_areas, write_detections, write_photos
    from geobike.images import read_upright as read_image
    from geobike.ledger import Ledger
    from geobike.ledger import close as close_ledger
    from geobike.manifest import read as read_manifest
    from geobike.maps import PageOptions
    from geobike.maps import build as map  # noqa: A004 - geobike.map(...) is what one says
    from geobike.maps import save as save_map
    from geobike.photos import find as find_photos
    from geobike.photos import read as read_photos
    from geobike.positions import locate
    from geobike.sample import write as sample_data
    from geobike.store import Store
    from geobike.survey import Survey, SurveyResult, run
    from geobike.tables import read as read_detections

__all__ = [
    "Box",
    "Classification",
    "Classifier",
    "Cluster",
    "Detection",
    "Detector",
    "DetectorChoice",
    "GeobikeError",
    "GeobikeWarning",
    "HostedClassifier",
    "HostedDetector",
    "Ledger",
    "OnnxClassifier",
    "OnnxDetector",
    "PageOptions",
    "Store",
    "Survey",
    "SurveyResult",
    "__version__",
    "assign_areas",
    "close_ledger",
    "count_per_area",
    "count_per_photo",
    "detect_photos",
    "evaluate",
    "find_photos",
    "judge_boxes",
    "locate",
    "map",
    "read_areas",
    "read_detections",
    "read_image",
    "read_manifest",
    "read_photos",
    "run",
    "sample_data",
    "save_map",
    "write_areas",
    "write_detections",
    "write_photos",
]

_HOME = {
    # one survey as a whole
    "Survey": "survey:Survey",
    "SurveyResult": "survey:SurveyResult",
    "run": "survey:run",
    "Cluster": "cluster:Cluster",
    # its stages, in order
    "find_photos": "photos:find",
    "read_photos": "photos:read",
    "read_manifest": "manifest:read",
    "locate": "positions:locate",
    "read_areas": "areas:read",
    "assign_areas": "areas:assign",
    "detect_photos": "detection:detect",
    "read_detections": "tables:read",
    "judge_boxes": "boxes:judge",
    "count_per_photo": "counts:per_photo",
    "count_per_area": "counts:per_area",
    "close_ledger": "ledger:close",
    "map": "maps:build",
    "save_map": "maps:save",
    "PageOptions": "maps:PageOptions",
    "write_areas": "exports:write_areas",
    "write_photos": "exports:write_photos",
    "write_detections": "exports:write_detections",
    # detectors and classifiers
    "Box": "detect:Box",
    "Classification": "detect.classify:Classification",
    "Classifier": "detect.classify:Classifier",
    "Detection": "detect:Detection",
    "Detector": "detect:Detector",
    "DetectorChoice": "detectors:Choice",
    "HostedClassifier": "detect.huggingface:HostedClassifier",
    "HostedDetector": "detect.huggingface:HostedDetector",
    "OnnxClassifier": "detect.onnx:OnnxClassifier",
    "OnnxDetector": "detect.onnx:OnnxDetector",
    "Store": "store:Store",
    "read_image": "images:read_upright",
    # how far to trust them, and something to try them on
    "evaluate": "evaluation:evaluate",
    "sample_data": "sample:write",
    # results and errors
    "GeobikeError": "errors:GeobikeError",
    "GeobikeWarning": "errors:GeobikeWarning",
    "Ledger": "ledger:Ledger",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: `geobike --help` needs none of it."""
    if name not in _HOME:
        raise AttributeError(f"module 'geobike' has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    return getattr(import_module(f"geobike.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
