"""A sheet in whole columns, as the fast readers give it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from goldpan.model import Cell, Sheet


@dataclass(frozen=True)
class ColumnSheet:
    """One sheet as delivered, in whole columns below the row that a reader takes for the header.

    Attributes:
        file: The file's name, as people know it.
        name: The sheet's name; ``""`` for a text file.
        rows: The rows from Excel's row 1 down to that header.
        columns: The cells below it, one Series a column, as many as the header has cells: ``str``, ``float64``,
            ``datetime64``, ``bool`` or whatever else holds each cell as it was delivered; ``object`` holds any.
        whole: Reads the same sheet row by row, for when the header turns out to be another row.
        epoch_1904: Whether the workbook counts days from 1904.
        ends: Whether the sheet ends with these rows; a table that is read in pieces goes on.
    """

    file: str
    name: str
    rows: Sequence[Sequence[Cell]]
    columns: Sequence["pd.Series[Any]"]
    whole: Callable[[], Sheet]
    epoch_1904: bool = False
    ends: bool = True


def columns_of(rows: Sequence[Sequence[Cell]], width: int) -> list["pd.Series[Any]"]:
    """Rows as columns (object dtype); rows may be shorter than the width."""
    full = [row if len(row) == width else [*row, *[None] * (width - len(row))] for row in rows]
    columns = zip(*full, strict=True) if full else ([] for _ in range(width))
    return [pd.Series(cells, dtype=object) for cells in columns]
