"""Tests of the estimates from hand counts."""
