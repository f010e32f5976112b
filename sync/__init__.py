"""Goldpan's shell: files, network, clock, settings and logs. It alone imports the pure core `goldpan`."""
