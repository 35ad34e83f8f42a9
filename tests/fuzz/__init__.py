"""Inputs of every kind changed at random: geobike answers, or raises an error of its own.

`make fuzz SECONDS=600` runs it; what is found is kept, with the number that makes it again.
"""
