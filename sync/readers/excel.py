"""Reads .xlsx and .xlsm workbooks: scanned first, then read by calamine, with the error cells put back."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum

from goldpan.errors import DataError
from goldpan.model import Cell, Sheet
from sync.readers.catalogue import part_key, sheet_parts, workbook_key
from sync.readers.error_cells import find_error_cells
from sync.readers.kinds import name_zip, wrong_format
from sync.readers.limits import ReadLimits
from sync.readers.opening import file_access, library_errors
from sync.readers.sheet_scan import PartScan, WorkbookFacts
from sync.readers.wanted import wanted_sheets
from sync.readers.zip_guard import ZipGuard

_USUAL_WORKBOOK = "xl/workbook.xml"  # the only name that calamine knows
_XML_START = re.compile(rb"[\x00\xff\xfe\xef\xbb\xbf\s]*<")


def read_workbook(path: Path, *, limits: ReadLimits, sheet: str | None) -> Iterator[Sheet]:
    """The worksheets of an .xlsx or .xlsm file, hidden ones too, in workbook order.

    The epoch of the workbook is followed in date cells; numbers are ``float``; a date cell is a ``date`` if it is a
    whole day, else a ``datetime``, ``time`` or ``timedelta``. What calamine cannot read, or would read
    wrong, openpyxl reads (:func:`sync.readers.openpyxl_sheets.read_by_openpyxl` says what differs).

    Raises:
        DataError: Any of the refusals in :func:`sync.readers.read_sheets`.
    """
    facts, is_usual = scan_workbook(path, limits)
    return read_scanned(path, facts, limits, sheet, is_usual=is_usual)


def read_scanned(
    path: Path, facts: WorkbookFacts, limits: ReadLimits, sheet: str | None, *, is_usual: bool
) -> Iterator[Sheet]:
    """The same for a workbook that was scanned (:func:`scan_workbook`)."""
    if facts.has_cdata or not is_usual:
        return _read_by_openpyxl(path, facts, limits, sheet)
    return _read_by_calamine(path, facts, limits, sheet)


def scan_workbook(path: Path, limits: ReadLimits) -> tuple[WorkbookFacts, bool]:
    """What the XML of all parts tells, and whether the workbook's own part has its usual name.

    Raises:
        DataError: It is no workbook, or damaged, or beyond a limit.
    """
    facts = WorkbookFacts()
    with file_access(path):
        file = path.open("rb")
    with file, library_errors(path), zipfile.ZipFile(file) as archive:
        names = set(map(part_key, archive.namelist()))
        if not workbook_key(names):
            raise wrong_format(path, name_zip(names))
        guard = ZipGuard(file, path.name, limits)
        for part in archive.infolist():
            for is_exact in (False, True):
                if _scan_part(guard, part, PartScan(path.name, part.filename, facts, limits, is_exact=is_exact)):
                    break
    return facts, _USUAL_WORKBOOK in names


def _scan_part(guard: ZipGuard, part: zipfile.ZipInfo, scan: PartScan) -> bool:
    pieces = guard.pieces_of(part)
    first = next(pieces, b"")
    if _XML_START.match(first):
        return scan.scan(_chain(first, pieces))
    for _ in pieces:  # a picture or a macro: only its size counts
        pass
    return True


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _read_by_calamine(path: Path, facts: WorkbookFacts, limits: ReadLimits, sheet: str | None) -> Iterator[Sheet]:
    with file_access(path):
        file = path.open("rb")
    with file:
        try:
            with library_errors(path):  # by file, not by path: calamine would believe the extension
                workbook = CalamineWorkbook.from_filelike(file)
        except DataError:
            yield from _read_by_openpyxl(path, facts, limits, sheet)
            return
        names = [entry.name for entry in workbook.sheets_metadata if entry.typ == SheetTypeEnum.WorkSheet]
        for name in wanted_sheets(names, sheet, path):
            try:
                with library_errors(path):
                    rows = _rows_of(workbook.get_sheet_by_name(name), path, facts)
            except DataError:  # one cell that calamine stumbles over; openpyxl takes it as an error value
                yield from _read_by_openpyxl(path, facts, limits, name)
            else:
                yield Sheet(file=path.name, name=name, rows=rows, epoch_1904=facts.is_epoch_1904)


def _read_by_openpyxl(path: Path, facts: WorkbookFacts, limits: ReadLimits, sheet: str | None) -> Iterator[Sheet]:
    from sync.readers.openpyxl_sheets import read_by_openpyxl  # noqa: PLC0415 - 0.1 s, which few workbooks need

    return read_by_openpyxl(path, facts, limits, sheet)


def _rows_of(sheet: CalamineSheet, path: Path, facts: WorkbookFacts) -> list[list[Cell]]:
    delivered = cast("list[list[Cell]]", sheet.to_python(skip_empty_area=False))
    rows = [[None if cell == "" else cell for cell in row] if "" in row else row for row in delivered]
    if facts.error_parts:
        _put_errors(rows, sheet.name, path, facts)
    return rows


def _put_errors(rows: list[list[Cell]], sheet: str, path: Path, facts: WorkbookFacts) -> None:
    """Put the error values of one sheet into its rows, where calamine left blanks."""
    with zipfile.ZipFile(path) as archive:
        part = sheet_parts(archive)[sheet]
        if part not in facts.error_parts:
            return
        with archive.open(part) as xml:
            for (row, column), error in find_error_cells(cast("BinaryIO", xml)):
                rows[row][column] = error
