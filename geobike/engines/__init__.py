"""Where photos are found, read and detected in: this process, or a cluster."""
