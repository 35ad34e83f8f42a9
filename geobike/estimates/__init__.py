"""Hand counts, and what follows from them for every area."""
