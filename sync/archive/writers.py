"""Sheets to an .xlsx file, by either of two libraries; the file looks the same.

rustpy-xlsxwriter is 10 to 14 times faster (LIBRARIES section 3) and one maintainer's; xlsxwriter is there where it is
not. Both are handed texts as texts, so that nothing in a file can run.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Literal, TypeAlias

import pandas as pd
import pyarrow as pa

from goldpan.tables import column_letters
from sync.archive.layout import BAR_COLOUR, DATE_FORMAT, HEADER, Look, Sheet

Writer: TypeAlias = Literal["rustpy", "xlsxwriter"]
_TAB_COLOUR = "#1F3864"
_AT_ONCE = 5_000  # rows; a whole sheet of 100,000 contacts took 300 MB as objects, so it takes 17


def write_with_rustpy(path: Path, sheets: Iterable[Sheet]) -> None:
    """Write a workbook by rustpy-xlsxwriter 0.8: whole columns through Arrow, or row by row where types are mixed.

    What it does with a column of mixed types was tried cell type by cell type: :mod:`sync.archive.cells` leaves only
    those that it writes. A format or height of the last row makes it write that row twice, which Excel calls damaged:
    the layout gives none to a last row.
    """
    from rustpy_xlsxwriter import FastExcel  # noqa: PLC0415 - the fallback works where it can't be imported

    workbook = FastExcel(str(path)).format(datetime_format=DATE_FORMAT)
    for sheet in sheets:
        workbook.freeze(row=1, col=sheet.frozen_columns or None, sheet=sheet.name)
        workbook.sheet(
            sheet.name,
            _as_data(sheet.cells),
            column_widths=dict(sheet.widths),
            column_formats={header: _rust_format(look) for header, look in sheet.looks.items()},
            header_format=_rust_format(HEADER),
            row_heights=_heights(sheet),
            row_formats={row + 1: _rust_format(look) for row, look in sheet.row_looks.items()},
            autofilter=sheet.has_filter,
            ignore_errors=sheet.text_columns if len(sheet.cells) else None,
            conditional_formats=_rust_rules(sheet),
            sheet_view={"gridlines": sheet.has_gridlines} | ({} if sheet.has_filter else {"tab_color": _TAB_COLOUR}),
            page_setup={"landscape": True, "fit_to_pages": (1, sheet.pages_high), "repeat_rows": 0},
        )
    with _disk_problems_told():
        workbook.save()


@contextmanager
def _disk_problems_told() -> Iterator[None]:
    """An OSError where rows can't be kept: rust_xlsxwriter raises a RuntimeError, and panics when a disk is full."""
    try:
        yield
    except BaseException as error:
        # pyo3's PanicException is no Exception and can't be imported; nothing above would take it for a failure.
        if isinstance(error, RuntimeError) or type(error).__name__ == "PanicException":
            raise OSError(f"{error} (its rows are kept in {gettempdir()} meanwhile: is there room?)") from error
        raise


def _as_data(cells: pd.DataFrame) -> Any:  # noqa: ANN401 - a pyarrow table or an iterator of dicts
    if "object" in map(str, cells.dtypes):
        headers = list(cells.columns)
        return (dict(zip(headers, row, strict=True)) for row in _rows(cells))
    return pa.Table.from_pandas(cells, preserve_index=False)


def _rows(cells: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Row by row, None where a cell is missing."""
    for start in range(0, len(cells), _AT_ONCE):
        part = cells.iloc[start : start + _AT_ONCE]
        objects = part.astype(object).where(part.notna(), None)
        yield from zip(*(objects[header].tolist() for header in objects), strict=True)


def _heights(sheet: Sheet) -> dict[int, float]:
    """Heights by row of the sheet; none where nothing stands below the header, because it is the last row then."""
    if not sheet.cells.tail(1).notna().any(axis=None) and not sheet.cells.notna().any(axis=None):
        return {}
    return {0: sheet.header_height} | {row + 1: height for row, height in sheet.row_heights.items()}


def _rust_format(look: Look) -> Any:  # noqa: ANN401 - rustpy's Format
    from rustpy_xlsxwriter import Format  # noqa: PLC0415 - see write_with_rustpy

    made = Format()
    setters: Mapping[str, Callable[[Any], Any]] = {
        "bold": lambda _: made.set_bold(),
        "text_wrap": lambda _: made.set_text_wrap(),
        "font_color": made.set_font_color,
        "font_size": made.set_font_size,
        "bg_color": made.set_background_color,
        "num_format": made.set_num_format,
        "align": made.set_align,
        "indent": made.set_indent,
        "valign": made.set_align,
    }
    for name, value in look.items():
        made = setters[name](value) or made
    return made


def _rust_rules(sheet: Sheet) -> dict[str, Any]:
    """Rules on texts and numbers only: one on booleans crashed LibreOffice 7.4.7 when it drew them (2026-11-20)."""
    rules: dict[str, Any] = {header: {"type": "data_bar", "color": BAR_COLOUR} for header in sheet.bars}
    for header, texts in sheet.tones.items():
        rules[header] = [
            {"type": "text", "criteria": "begins_with", "value": text, "format": _rust_format(look)}
            for text, look in texts.items()
        ]
    return rules if len(sheet.cells) else {}


def write_with_xlsxwriter(path: Path, sheets: Iterable[Sheet]) -> None:
    """Write the same workbook by xlsxwriter, row by row in constant memory."""
    import xlsxwriter  # noqa: PLC0415 - rarely needed

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        formats: dict[str, Any] = {}

        def format_of(look: Look) -> Any:  # noqa: ANN401 - xlsxwriter's Format
            key = repr(look)
            if key not in formats:
                formats[key] = workbook.add_format(dict(look))
            return formats[key]

        for sheet in sheets:
            write_sheet(workbook.add_worksheet(sheet.name), sheet, format_of)


def write_sheet(worksheet: Any, sheet: Sheet, format_of: Callable[[Look], Any]) -> None:  # noqa: ANN401 - no types
    """Write one sheet by xlsxwriter, as it was laid out.

    Args:
        worksheet: xlsxwriter's, still empty; its workbook may be written in constant memory.
        sheet: Cells and looks.
        format_of: xlsxwriter's Format for a look.
    """
    headers = list(sheet.cells.columns)
    formats = [format_of(look) if (look := sheet.looks.get(header)) else None for header in headers]
    for position, (header, made) in enumerate(zip(headers, formats, strict=True)):
        worksheet.set_column(position, position, sheet.widths[header], made)
    _set_up(worksheet, sheet)
    worksheet.set_row(0, _heights(sheet).get(0))
    for position, header in enumerate(headers):
        worksheet.write_string(0, position, header, format_of(HEADER))
    row_formats = {row: format_of(look) for row, look in sheet.row_looks.items()}
    for row, cells in enumerate(_rows(sheet.cells)):
        if row in row_formats:
            worksheet.set_row(row + 1, sheet.row_heights.get(row), row_formats[row])
        for position, cell in enumerate(cells):
            if cell is not None:
                _write_cell(worksheet, (row + 1, position), cell, formats[position] or row_formats.get(row))
    _add_rules(worksheet, sheet, format_of)


def _write_cell(worksheet: Any, where: tuple[int, int], cell: Any, made: Any) -> None:  # noqa: ANN401 - no types
    if isinstance(cell, str):
        worksheet.write_string(*where, cell, made)
    elif isinstance(cell, bool):
        worksheet.write_boolean(*where, cell, made)
    elif isinstance(cell, int | float):
        worksheet.write_number(*where, cell, made)
    else:
        worksheet.write_datetime(*where, cell, made)


def _add_rules(worksheet: Any, sheet: Sheet, format_of: Callable[[Look], Any]) -> None:  # noqa: ANN401 - no types
    if sheet.cells.empty:
        return
    for position, header in enumerate(sheet.cells.columns):
        where = (1, position, len(sheet.cells), position)
        for text, look in sheet.tones.get(header, {}).items():
            rule = {"type": "text", "criteria": "begins with", "value": text, "format": format_of(look)}
            worksheet.conditional_format(*where, rule)
        if header in sheet.bars:
            worksheet.conditional_format(*where, {"type": "data_bar", "bar_color": BAR_COLOUR, "data_bar_2010": True})


def _set_up(worksheet: Any, sheet: Sheet) -> None:  # noqa: ANN401 - xlsxwriter has no types
    last_row, last_column = len(sheet.cells), len(sheet.cells.columns) - 1
    worksheet.freeze_panes(1, sheet.frozen_columns)
    worksheet.set_landscape()
    worksheet.fit_to_pages(1, sheet.pages_high)
    worksheet.repeat_rows(0)
    if sheet.has_filter:
        worksheet.autofilter(0, 0, last_row, last_column)
    else:
        worksheet.set_tab_color(_TAB_COLOUR)
    if not sheet.has_gridlines:
        worksheet.hide_gridlines(2)
    if sheet.text_columns and last_row:
        positions = [sheet.cells.columns.get_loc(header) for header in sheet.text_columns]
        ranges = (f"{column_letters(position)}2:{column_letters(position)}{last_row + 1}" for position in positions)
        worksheet.ignore_errors({"number_stored_as_text": " ".join(ranges)})
