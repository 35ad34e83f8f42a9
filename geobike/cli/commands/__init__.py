"""The commands, each in a file with its name; what is heavy is imported inside them."""
