"""Photo files: finding them, reading what they say, decoding their pixels."""
