"""The files of a survey: a registry of formats, and the functions that write with it."""
