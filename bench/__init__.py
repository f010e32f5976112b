"""Measurements, each against a limit measured in the same run; never part of the test suite. See README.md."""
