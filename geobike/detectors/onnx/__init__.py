"""Detectors that run on this machine, from ONNX files."""
