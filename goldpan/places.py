"""Where a row of an export stands: in which file and sheet, and in which row as Excel shows it.

Inside Goldpan a row has one number that nothing else in its export has. In the first file, and so in every export that
is one file, it is the number that Excel shows; those of later files go on where the file before ends.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from goldpan.config import ExportSpec
from goldpan.tables import positions_of_columns

if TYPE_CHECKING:
    from goldpan.conformed import Export


@dataclass(frozen=True)
class Part:
    """One file of an export.

    Attributes:
        file: Its name, as people know it.
        sheet: The sheet that its table stands in; ``""`` for a text file.
        header_row: The header's row number as Excel shows it.
        headers: Its own headers, in order.
        rows_read: Rows below the header, down to the last that is not blank.
        skipped: How many of them are no data, by reason (``blank_row``, ``totals_row``).
        offset: By how much a row's number in the export exceeds the one that Excel shows; 0 in the first file.
    """

    file: str
    sheet: str
    header_row: int
    headers: tuple[str, ...] = ()
    rows_read: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    offset: int = 0

    @property
    def last_row(self) -> int:
        """The number of its last row in the export."""
        return self.offset + self.header_row + self.rows_read


@dataclass(frozen=True, slots=True)
class RowPlace:
    """A row as people find it: its file and sheet, and the row number that Excel shows."""

    file: str
    sheet: str
    row: int


def place_of_row(export: "Export", row: int) -> RowPlace:
    """Where people find a row, by its number in the export."""
    part = export.parts[bisect_left([part.offset for part in export.parts], row) - 1]
    return RowPlace(part.file, part.sheet, row - part.offset)


def places_of_rows(export: "Export", rows: "pd.Series[int]") -> pd.DataFrame:
    """:func:`place_of_row` for many rows: ``file``, ``sheet`` (str) and ``row`` (int64) on the index of ``rows``."""
    parts = parts_of_rows(export, rows)
    of_part = pd.DataFrame({
        "file": pd.Series([part.file for part in export.parts], dtype="str"),
        "sheet": pd.Series([part.sheet for part in export.parts], dtype="str"),
        "offset": pd.Series([part.offset for part in export.parts], dtype="int64"),
    })  # fmt: skip
    places = of_part.take(parts).set_axis(rows.index)
    return places.assign(row=rows.astype("int64") - places["offset"])[["file", "sheet", "row"]]


def parts_of_rows(export: "Export", rows: "pd.Series[int]") -> npt.NDArray[np.intp]:
    """Which of the export's files each row stands in, from 0 on."""
    offsets = np.array([part.offset for part in export.parts], dtype=np.int64)
    numbers: npt.NDArray[np.int64] = rows.to_numpy(dtype="int64")
    return offsets.searchsorted(numbers) - 1


def headers_of_rows(
    export: "Export", spec: ExportSpec, rows: "pd.Series[int]", columns: "pd.Series[str]"
) -> "pd.Series[str]":
    """What a canonical column is called in the file that each row stands in; "" where that lacks it.

    Args:
        export: The export.
        spec: How it was read.
        rows: Numbers of rows in it.
        columns: A canonical column for each, on the same index.
    """
    known = [
        {name: part.headers[position] for name, position in positions_of_columns(part.headers, spec).items()}
        for part in export.parts
    ]
    found = zip(parts_of_rows(export, rows), columns, strict=True)
    return pd.Series([known[part].get(column, "") for part, column in found], index=rows.index, dtype="str")
