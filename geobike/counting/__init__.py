"""Bicycles per photo and per area, and the account of every photo and bicycle."""
