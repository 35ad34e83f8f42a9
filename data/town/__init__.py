"""Wielstad: a town that was never built, rendered so that the true number of bicycles is known."""
