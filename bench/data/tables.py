"""Frames of cells as the files that a business system delivers."""

from datetime import date, datetime, time
from pathlib import Path

import pandas as pd
from rustpy_xlsxwriter import write_worksheet

TITLE = "All memberships and orders, exported for the office"
HEADER_ROW = 2
"""Two rows of title stand above the headers of a workbook, as reports have them."""


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a CSV file: ISO dates, blanks empty."""
    frame.to_csv(path, index=False)


def write_xlsx(path: Path, frame: pd.DataFrame) -> None:
    """Write a workbook as Excel does: dates that are dates, shared strings, a title above the headers."""
    cells = frame.map(lambda cell: datetime.combine(cell, time()) if type(cell) is date else cell)
    cells = cells.astype(object).where(cells.notna(), None)
    write_worksheet(
        cells.to_dict("records"),
        str(path),
        "Sheet1",
        datetime_format="yyyy-mm-dd",
        dedupe_strings=True,
        header_row=HEADER_ROW,
        merge_ranges=[(0, 0, 0, len(frame.columns) - 1, TITLE)],
    )
