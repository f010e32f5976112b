"""Turns an export into sheets of cells exactly as delivered: the kind told by content, nothing guessed.

To add a kind of file: a :class:`sync.readers.kinds.Kind` with the bytes it starts with, and a line in ``_READERS``.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from goldpan.model import Sheet
from goldpan.sheets import ColumnSheet
from sync.readers.excel import read_workbook
from sync.readers.excel_columns import read_workbook_columns
from sync.readers.kinds import HEAD_BYTES, Kind, tell_kind
from sync.readers.limits import ReadLimits
from sync.readers.opening import check_file, read_head
from sync.readers.parquet import read_parquet, read_parquet_columns
from sync.readers.text import read_text
from sync.readers.text_columns import read_text_columns

__all__ = ["ReadLimits", "read_column_sheets", "read_sheets"]

_Reader = Callable[[Path, frozenset[str], ReadLimits, str | None], Iterator[Sheet]]

_READERS: dict[Kind, _Reader] = {
    Kind.ZIP: lambda path, _, limits, sheet: read_workbook(path, limits=limits, sheet=sheet),
    Kind.COMPOUND: lambda path, _, limits, sheet: _read_legacy(path, limits, sheet, is_compound=True),
    Kind.BIFF: lambda path, _, limits, sheet: _read_legacy(path, limits, sheet, is_compound=False),
    Kind.PARQUET: lambda path, _, limits, __: read_parquet(path, limits=limits),
    Kind.TEXT: lambda path, headers, limits, _: iter([read_text(path, known_headers=headers, limits=limits)]),
}
_ColumnReader = Callable[[Path, frozenset[str], ReadLimits, str | None], Iterator[Sheet | ColumnSheet] | None]

_COLUMN_READERS: dict[Kind, _ColumnReader] = {
    Kind.PARQUET: lambda path, _, limits, __: iter([read_parquet_columns(path, limits=limits)]),
    Kind.ZIP: lambda path, headers, limits, sheet: read_workbook_columns(
        path, known_headers=headers, limits=limits, sheet=sheet
    ),
    Kind.TEXT: lambda path, headers, limits, _: (
        iter([found]) if (found := read_text_columns(path, known_headers=headers, limits=limits)) else None
    ),
}


def read_sheets(
    path: Path,
    *,
    known_headers: frozenset[str] = frozenset(),
    limits: ReadLimits | None = None,
    sheet: str | None = None,
) -> Iterator[Sheet]:
    """The sheets of one export, one at a time: a sheet is read when it is asked for.

    Args:
        path: The file; its name and extension are only quoted, never believed.
        known_headers: The accepted headers, casefolded and with blanks collapsed; they only help to tell which
            delimiter a text file uses.
        limits: The most a file may hold; the defaults of :class:`ReadLimits` if not given.
        sheet: Only this sheet of a workbook (any case). A text file has one table without a name and gives that.

    Yields:
        Every worksheet in workbook order, hidden ones too; chart and macro sheets are passed over. Rows start at
        Excel's row 1 and column A wherever the first used cell is.

    Raises:
        DataError: With the reason ``missing_file``, ``unreadable_file``, ``empty_export``, ``too_large``,
            ``wrong_format``, ``password_protected``, ``corrupt_file``, ``missing_sheet`` or ``unclosed_quote``.
            Nothing else comes out, whatever the bytes.
    """
    limits = limits or ReadLimits()
    check_file(path, limits)
    kind = tell_kind(read_head(path, HEAD_BYTES), path)
    yield from _READERS[kind](path, known_headers, limits, sheet)


def read_column_sheets(
    path: Path, *, known_headers: frozenset[str], limits: ReadLimits | None = None, sheet: str | None = None
) -> Iterator[Sheet | ColumnSheet]:
    """The same sheets, in whole columns where a fast reader can: many times quicker, and the same cells.

    Args:
        path: The file.
        known_headers: They tell the header, below which columns begin.
        limits: The most a file may hold.
        sheet: Only this sheet of a workbook.

    Raises:
        DataError: As :func:`read_sheets`.
    """
    limits = limits or ReadLimits()
    check_file(path, limits)
    kind = tell_kind(read_head(path, HEAD_BYTES), path)
    read = _COLUMN_READERS.get(kind)
    found = read(path, known_headers, limits, sheet) if read else None
    yield from _READERS[kind](path, known_headers, limits, sheet) if found is None else found


def _read_legacy(path: Path, limits: ReadLimits, sheet: str | None, *, is_compound: bool) -> Iterator[Sheet]:
    from sync.readers.legacy_excel import read_legacy_workbook  # noqa: PLC0415 - brings xlrd, and .xls is rare

    return read_legacy_workbook(path, limits=limits, sheet=sheet, is_compound=is_compound)
