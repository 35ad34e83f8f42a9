"""A detector backend that a user might write: one module, and one entry in the table."""

import sys

from geobike.detectors import backends
from geobike.detectors.protocol import Backend, Detector, Finding, ModelSettings


def _create(_: ModelSettings) -> Detector:
    from tests.support.making import FakeDetector

    return FakeDetector()


TOY = Backend(
    name="toy",
    help="counts the width of a photo",
    create=_create,
    advice="use the toy",
    extra="toys",
    packages=("no-such-package",),
    examine=lambda given: [Finding("toy box", True, f"open, with model {given.model}")],
)

if __name__ == "__main__":
    backends.BACKENDS[TOY.name] = TOY
    from geobike.cli import main

    sys.exit(main())
