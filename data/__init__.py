"""The sample, and the program that makes it."""
