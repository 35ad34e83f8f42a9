"""The report of the sample, made once for the tests that only read it."""

from pathlib import Path

import pytest

from tests.support.reported import Read, report


@pytest.fixture(scope="session")
def plain(written_sample: Path) -> Read:
    return report(written_sample)
