"""A table as people see it: named columns that say how their cells look, over one frame."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pandas as pd

from goldpan.conformed import Export

Kind = Literal["text", "date", "money", "number", "share", "bool", "any"]
"""How a column's cells look. ``any`` holds cells as delivered, each shown by its own type."""

Tone = Literal["good", "warning", "bad"]
"""What a value says at a glance; each medium has its own colours for it."""

Values: TypeAlias = "pd.Series[Any]"

LONGEST_HEADER = 255  # Excel's limit for the names of table columns (support.microsoft.com, read 2026-11-20)


@dataclass(frozen=True)
class Column:
    """One column: its header, how its cells look, and a width in characters where the content can't tell.

    Attributes:
        tones: What texts that begin so say at a glance.
    """

    header: str
    kind: Kind = "text"
    width: int | None = None
    tones: Mapping[str, Tone] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """One table of the report.

    Attributes:
        name: The sheet's name, at most 31 characters.
        columns: How to show each column of the frame, in its order.
        frame: text ``str``; date ``datetime64``; money decimals; number ``Int64`` or ``int64``; share floats, 1.0 is
            100 %; bool ``bool``; any: whatever dtype the cells have as delivered, ``object`` where they are mixed.
        frozen: How many leading columns stay in sight.
        is_sectioned: The first column names the section that a row belongs to; the rows of a section stand together.
    """

    name: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    frozen: int = 0
    is_sectioned: bool = False


def table_of(name: str, *columns: tuple[Column, Values], frozen: int = 0, is_sectioned: bool = False) -> Table:
    """A table from its columns and their values (all on one index)."""
    frame = pd.DataFrame({column.header: values for column, values in columns}).reset_index(drop=True)
    return Table(name, tuple(column for column, _ in columns), frame, frozen, is_sectioned)


def cells_as_delivered(export: Export, rows: "pd.Series[int]", headers: Sequence[str]) -> pd.DataFrame:
    """Rows of an export with its cells as they were delivered.

    Args:
        export: The export.
        rows: Numbers of rows in it, in any order.
        headers: What its columns are to be called.

    Returns:
        One row per number, in the order given.
    """
    return export.cells(rows.to_numpy(dtype="int64")).set_axis(headers, axis=1)


def unique_headers(headers: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Headers of an export as they can stand beside Goldpan's own.

    Args:
        headers: As the export has them.
        taken: Goldpan's own headers, which stay as they are.

    Returns:
        The same headers, told apart whatever their case: one of Goldpan's own becomes ``Renewals (export)``, a second
        ``Notes`` becomes ``Notes (2)``.
    """
    seen = {header.casefold() for header in taken}
    own = frozenset(seen)
    unique = []
    for header in headers:
        first = header[: LONGEST_HEADER - 20]
        if first.casefold() in own:
            first = f"{first} (export)"
        name, number = first, 1
        while name.casefold() in seen:
            number += 1
            name = f"{first} ({number})"
        seen.add(name.casefold())
        unique.append(name)
    return unique
