"""Reads .xls workbooks (Excel 2 to 2003) with xlrd, which tells error cells, dates and the epoch."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlrd
from xlrd.compdoc import CompDoc

from goldpan.model import Cell, CellError, Sheet
from sync.readers.kinds import name_compound, password_protected, wrong_format
from sync.readers.limits import ReadLimits, too_large
from sync.readers.opening import library_errors, read_bytes
from sync.readers.wanted import wanted_sheets


def read_legacy_workbook(path: Path, *, limits: ReadLimits, sheet: str | None, is_compound: bool) -> Iterator[Sheet]:
    """The worksheets of an .xls file, hidden ones too, in workbook order.

    Numbers are ``float``; a date cell is a ``date`` if it is a whole day, a ``time`` if below one, else a ``datetime``.

    Raises:
        DataError: Any of the refusals in :func:`sync.readers.read_sheets`.
    """
    data = read_bytes(path, limits)
    if is_compound:
        _check_container(data, path)
    workbook = _open(data, path)
    cells = 0
    for name in wanted_sheets(workbook.sheet_names(), sheet, path):
        with library_errors(path):
            worksheet = workbook.sheet_by_name(name)
            cells += sum(worksheet.row_len(row) for row in range(worksheet.nrows))
            if cells > limits.max_cells:
                found = f"the workbook has more than {limits.max_cells:,} cells"
                raise too_large(path.name, found, f"{limits.max_cells:,} cells", "max_cells")
            rows = [[_plain_cell(cell, workbook.datemode) for cell in row] for row in worksheet.get_rows()]
            workbook.unload_sheet(name)
        yield Sheet(file=path.name, name=name, rows=rows, epoch_1904=workbook.datemode == 1)


def _check_container(data: bytes, path: Path) -> None:
    with library_errors(path):
        streams = {entry.name for entry in CompDoc(data, logfile=io.StringIO()).dirlist}
    if "EncryptedPackage" in streams:  # an .xlsx with a password ([MS-OFFCRYPTO] 2.3.4)
        raise password_protected(path)
    if not streams & {"Workbook", "Book"}:
        raise wrong_format(path, name_compound(streams))


def _open(data: bytes, path: Path) -> Any:  # noqa: ANN401 - xlrd has no types
    with library_errors(path):
        try:
            return xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True, ragged_rows=True)
        except xlrd.XLRDError as error:
            if "encrypted" in str(error).lower():
                raise password_protected(path) from error
            raise


def _plain_cell(cell: Any, datemode: int) -> Cell:  # noqa: ANN401 - xlrd has no types
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return CellError(xlrd.error_text_from_code.get(cell.value, f"#ERR{cell.value}"))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_DATE:
        return _date_of(cell.value, datemode)
    return None if cell.value == "" else cell.value


def _date_of(serial: float, datemode: int) -> date | datetime | time | float:
    """The date that Excel shows; the bare number where it shows none (negative, or after the year 9999)."""
    try:
        moment: datetime = xlrd.xldate.xldate_as_datetime(serial, datemode)
    except (OverflowError, ValueError):
        return serial
    if serial < 0:
        return serial
    if serial < 1:
        return moment.time()
    return moment if moment.time() != time() else moment.date()
