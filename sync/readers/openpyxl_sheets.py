"""Reads, through openpyxl, the few workbooks that calamine would read wrong or not at all."""

import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.escape import unescape

from goldpan.model import Cell, CellError, Sheet
from sync.readers.catalogue import sheet_parts
from sync.readers.limits import ReadLimits, too_large
from sync.readers.opening import corrupt_file, file_access, library_errors
from sync.readers.sheet_scan import MAX_ROWS, WorkbookFacts
from sync.readers.wanted import wanted_sheets


def read_by_openpyxl(path: Path, facts: WorkbookFacts, limits: ReadLimits, sheet: str | None) -> Iterator[Sheet]:
    """The worksheets by openpyxl: texts in CDATA sections and a workbook part under another name are no trouble to it.

    Whole numbers come as ``int`` and days as ``datetime``. A date cell that Excel itself cannot show is ``#VALUE!``.
    """
    with file_access(path):
        file = path.open("rb")
    with file:
        with library_errors(path), warnings.catch_warnings(action="ignore"):  # about styles, extensions, odd dates
            workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        with closing(workbook):
            _check_sheets(path, workbook.sheetnames)
            worksheets = {worksheet.title: worksheet for worksheet in workbook.worksheets}
            for name in wanted_sheets(list(worksheets), sheet, path):
                with library_errors(path), warnings.catch_warnings(action="ignore"):
                    worksheets[name].reset_dimensions()  # the stated ones may lie
                    rows = list(_plain_rows(worksheets[name].iter_rows(), path, limits))
                yield Sheet(file=path.name, name=name, rows=rows, epoch_1904=facts.is_epoch_1904)


def _check_sheets(path: Path, found: Sequence[str]) -> None:
    """Refuse a workbook that lists sheets it does not hold; openpyxl passes them over in silence."""
    with library_errors(path), zipfile.ZipFile(path) as archive:
        if missing := [name for name in sheet_parts(archive) if name not in found]:
            raise corrupt_file(path.name, f"it lists the sheet '{missing[0]}' and does not hold it")


def _plain_rows(rows: Iterable[Iterable[Any]], path: Path, limits: ReadLimits) -> Iterator[list[Cell]]:
    cells = 0
    for number, row in enumerate(rows, start=1):
        plain = [_plain_cell(cell) for cell in row]
        cells += len(plain)
        if number > MAX_ROWS:
            raise corrupt_file(path.name, "it goes on after row 1,048,576, where a worksheet ends")
        if cells > limits.max_cells:
            found = f"a sheet has more than {limits.max_cells:,} cells"
            raise too_large(path.name, found, f"{limits.max_cells:,} cells", "max_cells")
        yield plain


def _plain_cell(cell: Any) -> Cell:  # noqa: ANN401 - openpyxl's cells of a read-only sheet have no common type
    value: Cell = cell.value
    if not isinstance(value, str):
        return value
    if cell.data_type == "e":
        return CellError(value)
    return (_unescaped(value) if "_x" in value else value) or None


def _unescaped(text: str) -> str:
    """``_x000D_`` is the character of that number; two may be halves of one, and half a character is U+FFFD."""
    return unescape(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
