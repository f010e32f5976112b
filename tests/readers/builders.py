"""Small real files for the readers: workbooks by libraries, and zips by hand where libraries won't misbehave."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

import pandas as pd
import pytest
import xlwt

from goldpan.columns import normalised_header
from goldpan.errors import DataError
from goldpan.model import Cell, Sheet
from goldpan.sheets import ColumnSheet
from goldpan.values.reading import as_delivered
from sync.readers import ReadLimits, read_column_sheets, read_sheets

TRANSITIONAL = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
)
STRICT = ("http://purl.oclc.org/ooxml/spreadsheetml/main", "http://purl.oclc.org/ooxml/officeDocument/relationships")
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = """<fonts><font/></fonts><fills><fill><patternFill patternType="none"/></fill></fills>
<borders><border/></borders><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>
<xf numFmtId="22" applyNumberFormat="1"/></cellXfs>"""


def moment(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 - a cell knows no time zone


def sheets_of(path: Path, **options) -> list[Sheet]:
    """The sheets row by row; the fast readers must give the same, with whichever row they take for the header."""
    options.setdefault("known_headers", frozenset())
    options.setdefault("limits", ReadLimits())
    sheets = list(read_sheets(path, **options))
    texts = [cell for sheet in sheets for row in sheet.rows for cell in row if isinstance(cell, str)]
    for known in (options["known_headers"], *(frozenset({normalised_header(text)}) for text in texts[:3])):
        for got, wanted in zip_longest(read_column_sheets(path, **options | {"known_headers": known}), sheets):
            assert (got.file, got.name, got.epoch_1904) == (wanted.file, wanted.name, wanted.epoch_1904)
            assert filled(rows_in(got)) == filled(wanted.rows)
    return sheets


def rows_in(sheet: Sheet | ColumnSheet) -> list[Sequence[Cell]]:
    """All rows, from whole columns too."""
    if isinstance(sheet, Sheet):
        return [*sheet.rows]
    below = zip(*(map(as_cell, as_delivered(column)) for column in sheet.columns), strict=True)
    return [*sheet.rows, *below]


def as_cell(cell: Cell) -> Cell:
    """A moment of a column as readers give it cell by cell."""
    if isinstance(cell, pd.Timestamp):
        return cell.date() if cell == cell.normalize() else cell.to_pydatetime()
    return cell


def filled(rows: Sequence[Sequence[Cell]]) -> dict[tuple[int, int], tuple[str, Cell]]:
    """The cells that hold something, by their place, with their type: true is not 1."""
    return {
        (row, column): (type(cell).__name__, cell)
        for row, cells in enumerate(rows, 1)
        for column, cell in enumerate(cells)
        if cell is not None
    }


def rows_of(path: Path, **options) -> list[list[object]]:
    """The rows of the only sheet."""
    (sheet,) = sheets_of(path, **options)
    return [list(row) for row in sheet.rows]


def refusal(path: Path, **options) -> DataError:
    """What reading the file is refused with; the message always names the file."""
    with pytest.raises(DataError) as caught:
        sheets_of(path, **options)
    assert path.name in str(caught.value)
    return caught.value


def sheet_xml(sheet_data: str, *, head: str = "", namespace: str = TRANSITIONAL[0]) -> str:
    return f'{head}<worksheet xmlns="{namespace}"><sheetData>{sheet_data}</sheetData></worksheet>'


def workbook_parts(
    sheet_data: str,
    *,
    properties: str = "",
    head: str = "",
    namespaces: tuple[str, str] = TRANSITIONAL,
    workbook="workbook.xml",
) -> dict[str, str]:
    """The parts of a one-sheet workbook around hand-written rows; style 1 is a date, 2 a date and time."""
    main, office = namespaces
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/{workbook}" ContentType="{SHEET_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{SHEET_TYPES}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET_TYPES}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/{workbook}"/></Relationships>',
        f"xl/{workbook}": f'<workbook xmlns="{main}" xmlns:r="{office}">{properties}'
        '<sheets><sheet name="Members" sheetId="1" r:id="rId1"/></sheets></workbook>',
        f"xl/_rels/{workbook}.rels": f'<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{_STYLES}</styleSheet>',
        "xl/worksheets/sheet1.xml": sheet_xml(sheet_data, head=head, namespace=main),
    }


def zip_of(parts: dict[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def workbook_bytes(sheet_data: str, **options) -> bytes:
    return zip_of(workbook_parts(sheet_data, **options))


def legacy_bytes(*rows: tuple[object, ...]) -> bytes:
    """An .xls workbook of one sheet."""
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("Members")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def rename_stream(compound: bytes, old: str, new: str) -> bytes:
    """Give a stream of an OLE2 file another name: 64 bytes of UTF-16, then the name's length in bytes with its NUL."""
    wanted = old.encode("utf-16-le").ljust(64, b"\0") + (2 * len(old) + 2).to_bytes(2, "little")
    assert wanted in compound
    return compound.replace(wanted, new.encode("utf-16-le").ljust(64, b"\0") + (2 * len(new) + 2).to_bytes(2, "little"))
