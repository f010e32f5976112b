"""Reads usual worksheets by whole columns: fastexcel's reader where it gives the cells as they were delivered.

It keeps the type of a column, not of a cell, and among other types it loses texts such as "n/a" without a word: so it
reads each column with a text as texts. Where numbers and texts stand in one column, as they do in columns of ids,
the XML tells which is which. Any other mixture, an error cell, a time of day, the epoch of 1904, or a table that does
not begin in A1 is left to the other reader, :mod:`sync.readers.excel`, for that sheet alone.
"""

import logging
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.errors import DataError
from goldpan.model import Sheet
from goldpan.sheets import ColumnSheet
from sync.readers.catalogue import sheet_parts
from sync.readers.excel import read_scanned, read_workbook, scan_workbook
from sync.readers.header import header_among
from sync.readers.limits import ReadLimits
from sync.readers.number_cells import TEXTS, read_mixed
from sync.readers.opening import library_errors
from sync.readers.sheet_head import first_rows
from sync.readers.sheet_scan import HEADER_ROWS, TYPED_CELL, WorkbookFacts, column_number, types_by_column
from sync.readers.wanted import wanted_sheets

if TYPE_CHECKING:
    from fastexcel import ExcelReader, ExcelSheet

_FIRST_CELL = re.compile(rb"<c\b[^>]*>")
_STARTS_IN_A1 = re.compile(rb'<c r="A1"[^/>]*>')
_FILLED_CELL = re.compile(rb'<c r="[A-Z]+\d+"([^/>]*)>')
_IS_TEXT = re.compile(rb't="(?:s|str|inlineStr)"')
_ROW = re.compile(rb'<row r="(\d+)"')
_NAMELESS = re.compile(r"__UNNAMED__\d+")  # fastexcel's name of a column without a header
_NUMBERED = re.compile(r"(.*)_\d+")  # and the end of a header that stands twice
_FIRST_MOMENT = np.datetime64("1900-03-01")
"""Times of day and durations come as moments before; Excel's dates are right from this day on."""


def read_workbook_columns(
    path: Path, *, known_headers: frozenset[str], limits: ReadLimits, sheet: str | None
) -> Iterator[Sheet | ColumnSheet]:
    """The worksheets of an .xlsx or .xlsm file, in whole columns where that loses nothing.

    Raises:
        DataError: As :func:`sync.readers.excel.read_workbook`.
    """
    facts, is_usual = scan_workbook(path, limits)
    parts = _parts(path) if is_usual and not facts.has_cdata and not facts.is_epoch_1904 else {}
    if not parts:
        yield from read_scanned(path, facts, limits, sheet, is_usual=is_usual)
        return
    reader: ExcelReader | None = None
    for name in wanted_sheets([*parts], sheet, path):
        found: ColumnSheet | None = None
        part = parts[name]
        if part in facts.heads and part not in facts.error_parts:
            with suppress(DataError):  # what fastexcel stumbles over, the other reader may take
                reader = reader or _open(path)
                found = _Reading(path, reader, name, part, facts).sheet(known_headers, limits)
        if found is None:
            yield from read_scanned(path, facts, limits, name, is_usual=True)
        else:
            yield found


def _parts(path: Path) -> dict[str, str]:
    """The part of each sheet; nothing where one of them is no worksheet, or nobody can tell."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = sheet_parts(archive)
    except (KeyError, ValueError, SyntaxError, OSError, zipfile.BadZipFile):
        return {}
    return parts if all(part.lower().startswith("xl/worksheets/") for part in parts.values()) else {}


def _open(path: Path) -> "ExcelReader":
    import fastexcel  # noqa: PLC0415 - only where a workbook is read

    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it warns of each column without a cell
    with library_errors(path):
        return fastexcel.read_excel(path)


class _Reading:
    """One sheet on its way to columns; every way out that is not exact gives `None`."""

    def __init__(self, path: Path, reader: "ExcelReader", name: str, part: str, facts: WorkbookFacts) -> None:
        self._path, self._reader, self._name, self._part = path, reader, name, part
        self._head, self._types = facts.heads[part], facts.types[part]

    def sheet(self, known_headers: frozenset[str], limits: ReadLimits) -> ColumnSheet | None:
        first = _FIRST_CELL.search(self._head)
        if first is None or not _STARTS_IN_A1.fullmatch(first[0]):
            return None
        rows = self._first_rows()
        header = header_among(rows, known_headers)
        if header is None or not self._is_text(header + 1):
            return None
        types = self._types_below(header + 1)
        loaded = self._load(header, types) if all(map(_can_be_told, types.values())) else None
        if loaded is None or not _is_plain(titles := _header(loaded)):
            return None
        columns = self._columns(loaded.to_arrow(), header + 1, types)
        if columns is None:
            return None
        return ColumnSheet(
            file=self._path.name,
            name=self._name,
            rows=[
                [None if not cell or _NAMELESS.fullmatch(cell) else cell for cell in row]
                for row in (*rows[:header], titles)
            ],
            columns=columns,
            whole=lambda: next(read_workbook(self._path, limits=limits, sheet=self._name)),
        )

    def _first_rows(self) -> list[list[str]]:
        with library_errors(self._path):
            with zipfile.ZipFile(self._path) as archive:
                rows = first_rows(archive, self._head)
            if rows is None:
                top = self._reader.load_sheet(self._name, header_row=None, n_rows=HEADER_ROWS, dtypes="string")
                rows = [[cell or "" for cell in row.values()] for row in top.to_arrow().to_pylist()]
            return rows

    def _is_text(self, row: int) -> bool:
        """Whether the header has no number and no date: their spelling is not what was delivered."""
        found = re.search(rb'<row r="%d"[ >].*?</row>' % row, self._head, re.DOTALL)
        return found is not None and all(map(_IS_TEXT.search, _FILLED_CELL.findall(found[0])))

    def _types_below(self, row: int) -> dict[int, set[str]]:
        """Which types of cells stand in each column below a row."""
        begin = next((found.start() for found in _ROW.finditer(self._head) if int(found[1]) > row), len(self._head))
        types = types_by_column(TYPED_CELL.findall(self._head, begin))
        for column, more in self._types.items():
            types.setdefault(column, set()).update(more)
        return {column_number(column.encode()) - 1: found for column, found in types.items()}

    def _load(self, header: int, types: Mapping[int, set[str]]) -> "ExcelSheet | None":
        """The sheet below a row; `None` where dates and numbers stand in one column."""
        import fastexcel  # noqa: PLC0415 - as above

        with library_errors(self._path):
            try:
                return self._reader.load_sheet(
                    self._name,
                    header_row=header,
                    schema_sample_rows=None,  # all
                    dtype_coercion="strict",
                    dtypes={position: "string" for position, found in types.items() if found & TEXTS},
                )
            except fastexcel.UnsupportedColumnTypeCombinationError:
                return None

    def _columns(
        self, table: pa.RecordBatch, header: int, types: Mapping[int, set[str]]
    ) -> "list[pd.Series[Any]] | None":
        mixed = {position: table[position] for position, found in types.items() if found & TEXTS and "n" in found}
        read = read_mixed(self._path, self._part, mixed, header) if mixed else {}
        if read is None:
            return None
        columns = [read[n] if n in mixed else _column(cells) for n, cells in enumerate(table.columns)]
        found = [column for column in columns if column is not None]
        return found if len(found) == len(columns) else None


def _can_be_told(types: set[str]) -> bool:
    """Whether they are all of one kind, or texts and numbers."""
    return len(types) == 1 or types <= TEXTS | {"n"}


def _header(sheet: "ExcelSheet") -> list[str]:
    return [column.name for column in sheet.available_columns()]


def _is_plain(header: Sequence[str]) -> bool:
    """Whether no header can be one that stands twice under a name that fastexcel made."""
    return not any((numbered := _NUMBERED.fullmatch(name)) and numbered[1] in header for name in header)


def _column(cells: pa.Array) -> "pd.Series[Any] | None":
    if pa.types.is_null(cells.type):
        return pd.Series(None, index=range(len(cells)), dtype="str")
    if pa.types.is_string(cells.type):
        filled = pc.if_else(pc.equal(cells, ""), pa.scalar(None, cells.type), cells)
        return pd.Series(pd.array(filled.cast(pa.large_string()), dtype="str"))
    if pa.types.is_floating(cells.type):
        # "NaN" is text, whatever the column is.
        return None if pc.any(pc.is_nan(cells)).as_py() else pd.Series(cells.to_numpy(zero_copy_only=False))
    if pa.types.is_boolean(cells.type):
        return pd.Series(cells.to_pylist(), dtype=object)
    if pa.types.is_timestamp(cells.type):
        moments = cells.to_numpy(zero_copy_only=False)
        return None if (moments < _FIRST_MOMENT).any() else pd.Series(moments)
    return None
