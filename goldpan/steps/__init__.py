"""The pure steps, one a file, in the order of :func:`goldpan.pipeline`."""
