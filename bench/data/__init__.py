"""The exports that are measured with: seeded, made once, kept in the folder of ``--data``."""
