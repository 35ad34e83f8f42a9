"""The local page on which people count bicycles by eye, correct boxes and try a photo."""
