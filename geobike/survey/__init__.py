"""One survey, from photos to map."""
