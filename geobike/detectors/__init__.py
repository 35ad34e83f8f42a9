"""Models that find objects in one photo, on this machine or hosted."""
