"""Positions of photos, from the sources that the user names."""
