"""How a table looks as a sheet, said once for every writer."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import pandas as pd

from goldpan.report import Column, Kind, Table, Tone
from goldpan.values.texts import shown
from sync.archive.cells import as_cells, as_text

EXCEL_ROWS = 1_048_576  # "Excel specifications and limits", support.microsoft.com, read 2026-11-20

Look: TypeAlias = Mapping[str, Any]
"""How a cell looks, under xlsxwriter's names of format properties."""

DATE_FORMAT = "yyyy-mm-dd"
_NAVY, _GREY = "#1F3864", "#595959"
BAR_COLOUR = "#9DC3E6"
HEADER: Look = {
    "bold": True, "font_color": "#FFFFFF", "bg_color": _NAVY, "text_wrap": True, "valign": "vcenter",
}  # fmt: skip
_HEADING: Look = {"bold": True, "font_color": _NAVY, "font_size": 13, "valign": "vcenter"}
_REMARK: Look = {"font_color": _GREY, "indent": 1}
_RIGHT: Look = {"align": "right", "indent": 1}  # or a number touches the text beside it
_LONG: Look = {"indent": 1}  # likewise, beside a text that is cut off
_KINDS: Mapping[Kind, Look] = {
    "date": {"num_format": DATE_FORMAT, "align": "center"},
    "money": {"num_format": "#,##0.00", **_RIGHT},
    "number": {"num_format": "0", **_RIGHT},
    # Excel shows truth values as they are; LibreOffice 7.4 showed 1 and 0 without a format (2026-11-20).
    "bool": {"num_format": '"TRUE";"TRUE";"FALSE"', "align": "center"},
    "share": {"num_format": "0.0%", **_RIGHT},
}
_MOMENT: Look = {"num_format": f"{DATE_FORMAT} hh:mm", "align": "center"}
_COUNT: Look = {"num_format": "#,##0"}
_AMOUNT: Look = {"num_format": "#,##0.00"}
TONES: Mapping[Tone, Look] = {
    "good": {"font_color": "#006100", "bg_color": "#E2EFDA"},
    "warning": {"font_color": "#7F6000", "bg_color": "#FFF2CC"},
    "bad": {"font_color": "#9C0006", "bg_color": "#FCE4E4"},
}
FOOTER = "The other sheets list them one by one."
_NARROWEST, _WIDEST = 9, 45
_LONG_FROM = 40  # characters; a column of a set width that is wider holds texts that may be cut off
_SAMPLE = 1000
_BUTTON = 3  # characters that the filter button takes from a header


@dataclass(frozen=True)
class Sheet:
    """One sheet, cells and look.

    Attributes:
        cells: The rows as :func:`sync.archive.cells.as_cells` makes them; the columns are the headers.
        looks: The look of each column's cells, by header.
        row_looks: The look of whole rows, by row below the header, where the column has none; none for the last row.
        row_heights: In points, likewise.
        widths: In characters, by header.
        tones: Texts that begin so are shown so, by header.
        bars: Headers of columns whose numbers are drawn as bars.
    """

    name: str
    cells: pd.DataFrame
    widths: Mapping[str, float]
    looks: Mapping[str, Look]
    row_looks: Mapping[int, Look] = field(default_factory=dict)
    tones: Mapping[str, Mapping[str, Look]] = field(default_factory=dict)
    row_heights: Mapping[int, float] = field(default_factory=dict)
    bars: tuple[str, ...] = ()
    frozen_columns: int = 0
    has_filter: bool = True
    has_gridlines: bool = True
    pages_high: int = 0  # on paper; 0 is as many as it takes

    @property
    def header_height(self) -> float:
        """In points: room for the header that wraps most."""
        lines = (math.ceil((len(header) + _BUTTON) / self.widths[header]) for header in self.cells.columns)
        return 6 + 15 * min(max(lines), 4)

    @property
    def text_columns(self) -> list[str]:
        """Columns that may hold digits as text, which is meant."""
        return [header for header in self.cells.columns if self.cells[header].dtype in ("str", object)]


def lay_out(table: Table, rows_per_sheet: int = EXCEL_ROWS - 1) -> Iterator[Sheet]:
    """A table as one sheet, or as several where Excel's rows don't suffice."""
    if table.is_sectioned:
        yield _sectioned(table)
        return
    cells = {
        as_text(column.header): as_cells(table.frame.iloc[:, position], column.kind)
        for position, column in enumerate(table.columns)
    }
    frame = pd.DataFrame(cells, index=pd.RangeIndex(len(table.frame)))
    named = list(zip(frame.columns, table.columns, strict=True))
    whole = Sheet(
        name=table.name,
        cells=frame,
        widths={header: _width(header, column, frame[header]) for header, column in named},
        looks={header: look for header, column in named if (look := _look(column, frame[header]))},
        tones={header: _tones(column) for header, column in named if column.tones},
        frozen_columns=table.frozen,
    )
    for number, start in enumerate(range(0, max(len(frame), 1), rows_per_sheet), 1):
        part = frame.iloc[start : start + rows_per_sheet].reset_index(drop=True)
        yield replace(whole, name=table.name if number == 1 else f"{table.name} ({number})", cells=part)


def _look(column: Column, cells: "pd.Series[Any]") -> Look | None:
    if cells.dtype.kind == "M":
        return _date_look(cells.dropna())
    if cells.dtype == object:
        return _date_look(pd.Series([cell for cell in cells if isinstance(cell, datetime)], dtype="datetime64[us]"))
    if cells.dtype == bool:
        return _KINDS["bool"]
    if cells.dtype == float:
        return _KINDS.get(column.kind, _RIGHT)
    return _LONG if (column.width or 0) >= _LONG_FROM else None


def _date_look(moments: "pd.Series[Any]") -> Look | None:
    if moments.empty:
        return None
    return _KINDS["date"] if (moments == moments.dt.normalize()).all() else _MOMENT


def _tones(column: Column) -> Mapping[str, Look]:
    return {text: TONES[tone] for text, tone in column.tones.items()}


def _width(header: str, column: Column, cells: "pd.Series[Any]") -> float:
    """Wide enough for the content of the first rows and for the longest word of the header."""
    if column.width:
        return column.width
    sample = cells.head(_SAMPLE)
    if cells.dtype.kind == "M":
        longest = len(DATE_FORMAT)
    elif column.kind == "money":
        longest = max((len(f"{value:,.2f}") for value in sample.dropna()), default=0)
    elif cells.dtype == bool:
        longest = len("FALSE")
    else:
        lengths = sorted(len(shown(cell)) for cell in sample.dropna())
        longest = lengths[math.ceil(0.98 * (len(lengths) - 1))] if lengths else 0  # one long text widens no column
    words = max(map(len, header.split()), default=0) + _BUTTON
    in_two_lines = math.ceil(len(header) / 2) + _BUTTON
    return min(max(longest + 2, words, in_two_lines, _NARROWEST), _WIDEST)


# --- sections ---------------------------------------------------------------------------------------------------------


def _sectioned(table: Table) -> Sheet:
    """Sections one below the other, each under its heading, a blank row after each."""
    section, *columns = table.columns
    headers = [as_text(column.header) for column in columns]
    blank = [None] * len(columns)
    rows: list[Sequence[Any]] = []
    row_looks: dict[int, Look] = {}
    for heading, lines in table.frame.groupby(section.header, sort=False):
        row_looks[len(rows)] = _HEADING
        rows.append([heading, *blank[1:]])
        for line in lines.iloc[:, 1:].itertuples(index=False):
            drawn = [
                _drawn(cell) if column.kind == "any" else (cell, {}) for cell, column in zip(line, columns, strict=True)
            ]
            row_looks |= {len(rows): look for _, look in drawn if look}
            rows.append([cell for cell, _ in drawn])
        rows.append(blank)
    rows.append([FOOTER, *blank[1:]])
    cells = pd.DataFrame(rows, columns=headers, dtype=object)
    frame = pd.DataFrame({header: as_cells(cells[header], "any") for header in headers})
    named = list(zip(headers, columns, strict=True))
    return Sheet(
        name=table.name,
        cells=frame,
        widths={header: _width(header, column, frame[header]) for header, column in named},
        looks={header: _KINDS[column.kind] for header, column in named if column.kind in _KINDS}
        | {headers[-1]: _REMARK},
        row_looks=row_looks,
        row_heights={row: 20 for row, look in row_looks.items() if look is _HEADING},
        tones={header: _tones(column) for header, column in named if column.tones},
        bars=tuple(header for header, column in named if column.kind == "share"),
        has_filter=False,
        has_gridlines=False,
        pages_high=1,
    )


_DAY_0 = date(1899, 12, 30)  # of Excel's serial numbers, from March 1900 on


def _drawn(value: object) -> tuple[object, Look]:
    """A value of its own type among others as the number that stands for it, and the look of its row."""
    if isinstance(value, Decimal):
        return float(value), _AMOUNT
    if isinstance(value, int):
        return float(value), _COUNT
    if isinstance(value, date):
        return float((value - _DAY_0).days), {"num_format": DATE_FORMAT}
    return value, {}
