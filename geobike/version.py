"""The version of geobike."""

__version__ = "0.1.0"
