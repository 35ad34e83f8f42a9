"""The files that a survey is written as."""
