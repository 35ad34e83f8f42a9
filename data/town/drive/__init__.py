"""The drive: one small world, photographed many times, so that what is counted once is known."""
