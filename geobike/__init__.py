"""Parked bicycles mapped from street photos.

    >>> import geobike
    >>> survey = geobike.Survey(photos="photos", areas="neighbourhoods.geojson")
    >>> result = geobike.run(survey, store="detections.sqlite")  # doctest: +SKIP
    >>> result.areas[["name", "stop_count", "detected_per_stop"]]  # doctest: +SKIP
    >>> result.write("out")  # doctest: +SKIP

The stages can be used alone too: a GeoDataFrame in, a GeoDataFrame out. Their columns, types
and units are described in `geobike.schema`, their errors in `geobike.errors`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geobike.version import __version__

if TYPE_CHECKING:
    from geobike.areas import assign as assign_areas
    from geobike.areas import read as read_areas
    from geobike.comparison import Comparison, compare
    from geobike.counting.counts import per_photo as count_per_photo
    from geobike.counting.ledger import Ledger
    from geobike.counting.ledger import close as close_ledger
    from geobike.counting.stage import Counted
    from geobike.counting.stage import Rules as CountingRules
    from geobike.detections.choice import Choice as DetectorChoice
    from geobike.detections.filtering import filter_detections
    from geobike.detections.imported import read as read_detections
    from geobike.detections.stage import detect as detect_photos
    from geobike.detections.store.sqlite import Store
    from geobike.detectors.classify import Classification, Classifier
    from geobike.detectors.hosted.detector import HostedClassifier, HostedDetector
    from geobike.detectors.onnx.detector import OnnxClassifier, OnnxDetector
    from geobike.detectors.protocol import Box, Detection, Detector
    from geobike.engines.dask.engine import Cluster
    from geobike.errors import GeobikeError, GeobikeWarning
    from geobike.estimates.figures import Estimates, estimate
    from geobike.estimates.looks import find as find_looks
    from geobike.evaluation.agreement import evaluate
    from geobike.exports.writing import write_areas, write_detections, write_photos
    from geobike.maps import PageOptions
    from geobike.maps import build as map  # noqa: A004 - geobike.map(...) is what one says
    from geobike.maps import save as save_map
    from geobike.parking import read as read_racks
    from geobike.photos.decoding import read_upright as read_image
    from geobike.photos.reading import find as find_photos
    from geobike.photos.reading import read as read_photos
    from geobike.positions.manifest import read as read_manifest
    from geobike.positions.resolve import locate
    from geobike.sample import write as sample_data
    from geobike.saved import export
    from geobike.streets import read as read_streets
    from geobike.survey.counting import count_areas
    from geobike.survey.estimating import Estimated, estimate_areas
    from geobike.survey.hand_sample import draw as draw_sample
    from geobike.survey.options import Survey
    from geobike.survey.result import SurveyResult
    from geobike.survey.run import run

__all__ = [
    "Box",
    "Classification",
    "Classifier",
    "Cluster",
    "Comparison",
    "Counted",
    "CountingRules",
    "Detection",
    "Detector",
    "DetectorChoice",
    "Estimated",
    "Estimates",
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
    "compare",
    "count_areas",
    "count_per_photo",
    "detect_photos",
    "draw_sample",
    "estimate",
    "estimate_areas",
    "evaluate",
    "export",
    "filter_detections",
    "find_looks",
    "find_photos",
    "locate",
    "map",
    "read_areas",
    "read_detections",
    "read_image",
    "read_manifest",
    "read_photos",
    "read_racks",
    "read_streets",
    "run",
    "sample_data",
    "save_map",
    "write_areas",
    "write_detections",
    "write_photos",
]

_HOME = {
    # one survey as a whole
    "Survey": "survey.options:Survey",
    "SurveyResult": "survey.result:SurveyResult",
    "run": "survey.run:run",
    "Cluster": "engines.dask.engine:Cluster",
    # its stages, in order
    "find_photos": "photos.reading:find",
    "read_photos": "photos.reading:read",
    "read_manifest": "positions.manifest:read",
    "locate": "positions.resolve:locate",
    "read_areas": "areas:read",
    "assign_areas": "areas:assign",
    "detect_photos": "detections.stage:detect",
    "read_detections": "detections.imported:read",
    "filter_detections": "detections.filtering:filter_detections",
    "count_per_photo": "counting.counts:per_photo",
    "read_streets": "streets:read",
    "read_racks": "parking:read",
    "count_areas": "survey.counting:count_areas",
    "CountingRules": "counting.stage:Rules",
    "Counted": "counting.stage:Counted",
    "close_ledger": "counting.ledger:close",
    "map": "maps:build",
    "save_map": "maps:save",
    "PageOptions": "maps:PageOptions",
    "write_areas": "exports.writing:write_areas",
    "write_photos": "exports.writing:write_photos",
    "write_detections": "exports.writing:write_detections",
    "export": "saved:export",
    # detectors and classifiers
    "Box": "detectors.protocol:Box",
    "Classification": "detectors.classify:Classification",
    "Classifier": "detectors.classify:Classifier",
    "Detection": "detectors.protocol:Detection",
    "Detector": "detectors.protocol:Detector",
    "DetectorChoice": "detections.choice:Choice",
    "HostedClassifier": "detectors.hosted.detector:HostedClassifier",
    "HostedDetector": "detectors.hosted.detector:HostedDetector",
    "OnnxClassifier": "detectors.onnx.detector:OnnxClassifier",
    "OnnxDetector": "detectors.onnx.detector:OnnxDetector",
    "Store": "detections.store.sqlite:Store",
    "read_image": "photos.decoding:read_upright",
    # how far to trust them, and something to try them on
    "draw_sample": "survey.hand_sample:draw",
    "find_looks": "estimates.looks:find",
    "estimate": "estimates.figures:estimate",
    "estimate_areas": "survey.estimating:estimate_areas",
    "Estimated": "survey.estimating:Estimated",
    "Estimates": "estimates.figures:Estimates",
    "evaluate": "evaluation.agreement:evaluate",
    "compare": "comparison:compare",
    "Comparison": "comparison:Comparison",
    "sample_data": "sample:write",
    # results and errors
    "GeobikeError": "errors:GeobikeError",
    "GeobikeWarning": "errors:GeobikeWarning",
    "Ledger": "counting.ledger:Ledger",
}


def __getattr__(name: str) -> Any:
    """Import a public name only when it is used: `geobike --help` needs none of them."""
    if name not in _HOME:
        raise AttributeError(f"module 'geobike' has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    return getattr(import_module(f"geobike.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
