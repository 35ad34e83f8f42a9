"""The error of a survey's counts, compared with manual counts."""
