"""How fast geobike is, as a ratio to what one would otherwise run, in the same run."""
