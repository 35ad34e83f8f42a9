"""How far the counts of a survey are from counts by eye."""
