"""The engines that every step runs on: the same rows go in, the same rows must come out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

NAMES = ("pandas", "duckdb")


@dataclass(frozen=True)
class Engine:
    """How frames go in and out.

    Attributes:
        name: Of :data:`NAMES`.
        give: Makes the engine's own frame of a pandas frame.
        take: Makes a pandas frame of what comes back.
        settle: Works out a frame that is only planned so far, so that several later steps don't each do it again.
    """

    name: str
    give: Callable[[pd.DataFrame], Any]
    take: Callable[[Any], pd.DataFrame]
    settle: Callable[[Any], Any]


@contextmanager
def opened(name: str) -> Iterator[Engine]:
    """An engine, closed when done."""
    if name == "pandas":
        yield Engine(name, give=lambda frame: frame, take=lambda frame: frame, settle=lambda frame: frame)
        return
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: the engine is checked where it is")
    with duckdb.connect(config={"threads": 1}) as connection:  # a thread more costs more than it gives a few rows
        yield Engine(
            name,
            give=lambda frame: connection.from_arrow(pa.Table.from_pandas(frame, preserve_index=False)),
            take=lambda relation: relation.df(),
            settle=lambda relation: connection.from_arrow(relation.to_arrow_table()),
        )
