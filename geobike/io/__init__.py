"""Files, local and remote, and the formats that tables and polygons come in."""
