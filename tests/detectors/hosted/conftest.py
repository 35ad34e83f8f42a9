"""What the tests of the hosted client share."""

import pytest

from tests.support.hosted_client import Waits


@pytest.fixture
def waits() -> Waits:
    return Waits()
