"""What the files of a folder are called, and which layout they have."""

from typing import Final

VERSION: Final = 1
"""Version of the folder's layout and of the keys in `summary.json`. Folders without one are read
too: they have the same keys."""

MAP: Final = "map.html"
SUMMARY: Final = "summary.json"
PICTURES: Final = "photos"
"""Folder with large pictures beside the map; those of an earlier run go with it."""
REPORT: Final = "report.html"
"""Written later, by `geobike report`, so a new survey takes it away."""
GENERATOR: Final = "geobike report"
"""What a report says of its origin, in a tag `meta`."""
