"""The analysis as an .xlsx that people open: typed cells, filters, a frozen header, and nothing that runs."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from goldpan.report import Table
from sync.archive.files import write_whole
from sync.archive.layout import EXCEL_ROWS, lay_out
from sync.archive.writers import Writer, write_with_rustpy, write_with_xlsxwriter

_WRITERS = {"rustpy": write_with_rustpy, "xlsxwriter": write_with_xlsxwriter}


def write_workbook(
    path: Path, tables: Sequence[Table], *, writer: Writer | None = None, rows_per_sheet: int = EXCEL_ROWS - 1
) -> None:
    """Write tables as one workbook, whole or not at all.

    It is written under a temporary name beside its own, synced and renamed; nobody but the owner may read it (0600).

    Args:
        path: Where; an existing file is replaced.
        tables: A sheet each, in this order; more than Excel's rows become ``Contacts``, ``Contacts (2)`` …
        writer: The library; by default rustpy-xlsxwriter, or xlsxwriter where that is not installed.
        rows_per_sheet: Rows below the header.

    Raises:
        OSError: The file can't be written.
    """
    write = _WRITERS[writer or ("rustpy" if find_spec("rustpy_xlsxwriter") else "xlsxwriter")]
    sheets = (sheet for table in tables for sheet in lay_out(table, rows_per_sheet))
    write_whole(path, lambda temporary: write(temporary, sheets))
