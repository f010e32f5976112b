"""Frames of any engine: the steps are written once, as narwhals expressions on whole columns."""

from typing import Any, TypeAlias

Frame: TypeAlias = Any
"""A frame as its own library knows it: a pandas DataFrame, a DuckDB relation, a PySpark DataFrame. What goes in comes
out. (``Any``: narwhals tells what it is when it runs.)"""

Narwhal: TypeAlias = Any
"""The same frame seen through narwhals, eager or lazy."""
