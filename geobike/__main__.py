"""`python -m geobike` is the same as `geobike`."""

from geobike.cli import main

main()
