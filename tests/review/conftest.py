"""Fixtures of the tests of the local page."""

from tests.support.axe import axe
from tests.support.reviewed import look

__all__ = ["axe", "look"]
