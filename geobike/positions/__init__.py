"""Where each photo was taken, by the sources that the user names."""
