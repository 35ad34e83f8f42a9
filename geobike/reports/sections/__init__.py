"""What the report of a whole survey says, a file a section; `overview` puts them together."""
