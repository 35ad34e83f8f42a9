"""Bicycles per photo and per area, and the ledger of every photo and bicycle."""
