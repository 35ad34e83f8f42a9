"""A survey on the workers of a Dask cluster."""
