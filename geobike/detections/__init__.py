"""Detections for the photos of a survey: stored once, filtered when counting."""
