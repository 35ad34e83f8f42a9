"""From boxes to numbers per photo and per area, and the account of where all of it went."""
