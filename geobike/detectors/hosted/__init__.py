"""Detectors behind Hugging Face's inference API."""
