"""Street photos in, a map of where bicycles stand out."""

__version__ = "0.1.0"
