"""Detections kept on disk, so that no photo is detected twice by the same model."""
