"""Which table of a file is the export: the sheet, its header row and the columns that it names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from goldpan.columns import normalised_header
from goldpan.config import ColumnSpec, ExportSpec
from goldpan.errors import DataError
from goldpan.model import Cell, Sheet
from goldpan.sheets import ColumnSheet, columns_of
from goldpan.values.texts import are_blank, is_blank, shown


@dataclass(frozen=True)
class RawTable:
    """The table that a sheet holds: its header, and the rows below down to the last that is not blank.

    Attributes:
        sheet: Where it stands.
        header_row: The header's row number as Excel shows it; the first row below it is ``header_row + 1``.
        headers: As written; ``(column K)`` where a column has cells but no header.
        columns: The cells, one Series for each header, of any dtype that holds them as they were delivered.
        blank_rows: Which of these rows hold nothing but blanks, counted from 0, in order.
        found: The header chosen for each canonical column, by its position.
    """

    sheet: Sheet | ColumnSheet
    header_row: int
    headers: tuple[str, ...]
    columns: Sequence["pd.Series[Any]"]
    blank_rows: npt.NDArray[np.intp]
    found: Mapping[str, int]

    def __len__(self) -> int:
        """Rows below the header, down to the last that is not blank."""
        return len(self.columns[0])

    def row(self, position: int) -> list[Cell]:
        """The cells of one row; an empty one is missing in the way of its column."""
        return [column.array[position] for column in self.columns]


def tables_of(sheets: Iterable[Sheet | ColumnSheet], spec: ExportSpec) -> Iterator[RawTable]:
    """Every sheet that has all required headers in one of its first rows, in the file's order.

    Raises:
        DataError: ``missing_columns`` when no sheet has them, ``empty_export`` when no sheet holds anything,
            ``doubled_column`` when an accepted header stands twice.
    """
    closest = (-1, "")
    file, is_found = "The file", False
    for sheet in sheets:
        file = sheet.file
        header, columns_found, problem = _find_header(sheet, spec)
        if isinstance(sheet, ColumnSheet) and header != len(sheet.rows) - 1:
            sheet = sheet.whole()  # noqa: PLW2901 - the same sheet
            header, columns_found, problem = _find_header(sheet, spec)
        if header is None:
            closest = max(closest, (columns_found, problem), key=lambda found: found[0])
        else:
            is_found = True
            yield _table_below(sheet, header, spec)
    if not is_found:
        if closest[0] < 0:
            raise DataError("empty_export", f"{file} holds no cell. Export it again, with its rows.")
        raise DataError("missing_columns", closest[1])


def _find_header(sheet: Sheet | ColumnSheet, spec: ExportSpec) -> tuple[int | None, int, str]:
    """The header's index; else how many columns the likeliest row has, and what it lacks, in words."""
    closest = (-1, "")
    for index, row in enumerate(sheet.rows[: spec.header_within_rows]):
        headers = [normalised_header(shown(cell)) for cell in row]
        if not any(headers):
            continue
        found = {column.name for column in spec.columns if _position(column, headers) is not None}
        missing = [column for column in spec.columns if column.required and not {column.name, column.or_else} & found]
        if not missing:
            return index, len(found), ""
        if len(found) > closest[0]:
            closest = (len(found), _missing_columns(sheet, index, row, missing, spec))
    return None, *closest


def _position(column: ColumnSpec, headers: Sequence[str]) -> int | None:
    return next((headers.index(h) for h in map(normalised_header, column.headers) if h in headers), None)


def _missing_columns(
    sheet: Sheet | ColumnSheet, index: int, row: Sequence[Cell], missing: Sequence[ColumnSpec], spec: ExportSpec
) -> str:
    wanted = "; ".join(f"{column.name} ({' or '.join(column.headers)})" for column in missing)
    found = ", ".join(text for cell in row if (text := " ".join(shown(cell).split()))) or "none"
    if len(found) > 1000:
        found = found[:1000] + " …"
    return (
        f"{place_of(sheet)}: no column for {wanted}. The likeliest header, row {index + 1}, has: {found}. "
        f"If the export was renamed, add its header to [[column]] in config/exports/{spec.kind}.toml."
    )


def _table_below(sheet: Sheet | ColumnSheet, header: int, spec: ExportSpec) -> RawTable:
    titles = [" ".join(shown(cell).split()) for cell in sheet.rows[header]]
    columns = _columns_below(sheet, header, len(titles))
    titles += [""] * (len(columns) - len(titles))
    count = len(columns[0])
    blank_rows = _blank_rows(columns, count)
    last = count
    ends = not isinstance(sheet, ColumnSheet) or sheet.ends
    while ends and len(blank_rows) and blank_rows[-1] == last - 1:
        last, blank_rows = last - 1, blank_rows[:-1]
    columns = columns if last == count else [column.iloc[:last] for column in columns]
    used = [n for n, title in enumerate(titles) if title or not are_blank(columns[n]).all()]
    headers = tuple(titles[n] or f"(column {column_letters(n)})" for n in used)
    normalised = [normalised_header(title) for title in headers]
    _refuse_doubled(sheet, header, [(title, used[n]) for n, title in enumerate(normalised)], spec)
    return RawTable(
        sheet=sheet,
        header_row=header + 1,
        headers=headers,
        columns=[columns[n] for n in used],
        blank_rows=blank_rows,
        found=positions_of_columns(headers, spec),
    )


def _columns_below(sheet: Sheet | ColumnSheet, header: int, width: int) -> Sequence["pd.Series[Any]"]:
    """All columns of a sheet below its header; without those that only blank rows reach."""
    if isinstance(sheet, ColumnSheet):
        return sheet.columns
    below = sheet.rows[header + 1 :]
    last = next((n for n in range(len(below), 0, -1) if not all(map(is_blank, below[n - 1]))), 0)
    return columns_of(below[:last], max([width, *map(len, below[:last])]))


def _blank_rows(columns: Iterable["pd.Series[Any]"], count: int) -> npt.NDArray[np.intp]:
    blank = np.arange(count)
    for column in columns:
        if not len(blank):
            break
        blank = blank[are_blank(column.iloc[blank] if len(blank) < count else column)]
    return blank


def positions_of_columns(headers: Sequence[str], spec: ExportSpec) -> dict[str, int]:
    """Where the header of each canonical column stands; a column without one is left out."""
    normalised = [normalised_header(header) for header in headers]
    found = {column.name: _position(column, normalised) for column in spec.columns}
    return {name: position for name, position in found.items() if position is not None}


def _refuse_doubled(
    sheet: Sheet | ColumnSheet, header: int, headers: Sequence[tuple[str, int]], spec: ExportSpec
) -> None:
    places: dict[str, list[str]] = {}
    for title, position in headers:
        places.setdefault(title, []).append(f"{column_letters(position)}{header + 1}")
    problems = [
        f"the header {alias!r} stands in {' and '.join(places[normalised_header(alias)])}"
        for column in spec.columns
        for alias in column.headers
        if len(places.get(normalised_header(alias), ())) > 1
    ]
    if problems:
        raise DataError(
            "doubled_column",
            f"{place_of(sheet)}: {'; '.join(problems)}. Which one counts? Rename or remove the other and export again.",
        )


def column_letters(position: int) -> str:
    """The letters of a column as Excel shows them: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def place_of(sheet: Sheet | ColumnSheet) -> str:
    """Where a sheet stands, in words."""
    return f"{sheet.file}, sheet {sheet.name!r}" if sheet.name else sheet.file
