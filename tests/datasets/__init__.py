"""Datasets: exports of many files, on every engine."""
