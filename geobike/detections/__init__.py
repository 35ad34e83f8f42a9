"""Detections for the photos of a survey: kept in a store, filtered when counting."""
