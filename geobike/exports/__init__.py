"""The files that a survey is written as: a registry of formats, and what writes with it."""
