"""From sheets as delivered to one typed frame, with a finding for every cell that could not be read.

Three questions in turn: which table of the file is the export (:mod:`goldpan.tables`), what do its cells say
(:mod:`goldpan.values`), and which rows are no data (:func:`skipped_rows`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from goldpan.config import ColumnSpec, ExportSpec
from goldpan.conformed import Export
from goldpan.errors import DataError
from goldpan.model import Cell, Sheet
from goldpan.places import Part
from goldpan.repeats import other_columns
from goldpan.sheets import ColumnSheet
from goldpan.tables import RawTable, place_of, tables_of
from goldpan.values.dates import read_dates
from goldpan.values.emails import read_emails
from goldpan.values.ids import read_ids
from goldpan.values.money import read_money
from goldpan.values.names import read_name_keys
from goldpan.values.texts import BLANKS, are_excel_errors, read_texts, shown_texts


def conform(
    sheets: Iterable[Sheet | ColumnSheet], spec: ExportSpec, *, name_keys_for_all: bool = False, is_part: bool = False
) -> Export:
    """Read one export.

    Args:
        sheets: The sheets of the file, in its order.
        spec: How this kind of export is read.
        name_keys_for_all: Give every row a ``customer_name_key``, not only rows without an id (``match_on`` by name).
        is_part: It is one of many files: it may be empty, and its ``other_columns`` are there for every order id.

    Raises:
        DataError: ``missing_columns``, ``doubled_column`` or ``empty_export``; the export is refused whole.
    """
    empty = ""
    for table in tables_of(sheets, spec):
        export = _Conforming(table, spec, name_keys_for_all=name_keys_for_all, is_part=is_part).export()
        if len(export.frame) or is_part:
            return export
        empty = empty or f"{place_of(table.sheet)} has its headers in row {table.header_row} and no row of data below"
    raise DataError("empty_export", f"{empty}. Export it again, with its rows.")


class _Conforming:
    """The cells of one table on their way to typed columns."""

    def __init__(self, table: RawTable, spec: ExportSpec, *, name_keys_for_all: bool, is_part: bool) -> None:
        self.table, self.spec, self.name_keys_for_all, self.is_part = table, spec, name_keys_for_all, is_part
        self.cells = _cells_of(table)
        self.reasons: list[tuple[int, pd.Series[str]]] = []

    def export(self) -> Export:
        typed = self.read_columns()
        skipped = skipped_rows(self.table, self.spec, typed)
        count = len(typed) - skipped["totals_row"]
        typed, originals = typed.iloc[:count], self.cells.iloc[:count]
        if self.spec.kind == "orders":
            texts = other_columns(
                typed, originals, self.table.headers, self.table.found, self.spec, everywhere=self.is_part
            )
            typed = typed.assign(other_columns=texts)
        part = Part(
            file=self.table.sheet.file,
            sheet=self.table.sheet.name,
            header_row=self.table.header_row,
            headers=self.table.headers,
            rows_read=len(self.table),
            skipped=skipped,
        )
        return Export(
            spec=self.spec,
            parts=(part,),
            frame=typed.reset_index().astype({"source_row": "Int64"}),
            headers=self.table.headers,
            originals=originals,
            findings=self._findings(originals),
        )

    def read_columns(self) -> pd.DataFrame:
        """Every canonical column, typed; a column that the export lacks is all missing."""
        empty = pd.Series(None, index=self.cells.index, dtype="str")
        typed: dict[str, pd.Series[Any]] = {}
        for column in self.spec.columns:
            position = self.table.found.get(column.name)
            cells = empty if position is None else self.cells[position]
            read = _READERS[column.type](cells, self.spec, epoch_1904=self.table.sheet.epoch_1904)
            if "reason" in read and position is not None:
                self.reasons.append((position, read["reason"]))
            typed |= _named(column, read)
        for column in self.spec.columns:
            if column.or_else:
                typed[column.name] = typed[column.name].fillna(typed[column.or_else])
        if self.spec.kind == "memberships":
            names = typed["customer_name"]
            needed = names if self.name_keys_for_all else names.where(typed["customer_id_key"].isna())
            typed["customer_name_key"] = read_name_keys(needed)
        return pd.DataFrame(typed)

    def _findings(self, originals: pd.DataFrame) -> pd.DataFrame:
        found = [said for said in self._said(originals) if len(said[1])]
        if not found:
            return no_findings()
        positions, places, reasons = zip(*found, strict=True)
        values = [shown_texts(originals[position].iloc[rows]) for position, rows in zip(positions, places, strict=True)]
        headers = [self.table.headers[position] for position in positions]
        findings = pd.DataFrame({
            "file": self.table.sheet.file,
            "sheet": self.table.sheet.name,
            "row": originals.index[np.concatenate(places)],
            "column": np.repeat(np.array(headers, dtype=object), [len(rows) for rows in places]),
            "reason": np.concatenate(reasons),
            "value": np.concatenate([texts.to_numpy() for texts in values]),
        })  # fmt: skip
        return findings.astype(_FINDINGS).sort_values("row", kind="stable", ignore_index=True)

    def _said(self, originals: pd.DataFrame) -> Iterator[tuple[int, npt.NDArray[np.intp], npt.NDArray[Any]]]:
        """Of which cells of a column what is to be said; an Excel error is that and nothing else."""
        are_errors = {position: are_excel_errors(originals[position]) for position in originals.columns}
        for position, said in self.reasons:
            rows = np.flatnonzero(said.iloc[: len(originals)].notna() & ~are_errors[position])
            yield position, rows, said.iloc[rows].to_numpy()
        for position, is_error in are_errors.items():
            rows = np.flatnonzero(is_error)
            yield position, rows, np.full(len(rows), "excel_error", dtype=object)


def _cells_of(table: RawTable) -> pd.DataFrame:
    """The rows of a table that are not blank, by their numbers; columns numbered like its headers."""
    first = table.header_row + 1
    numbers = pd.RangeIndex(first, first + len(table), name="source_row")
    columns = table.columns
    if len(table.blank_rows):
        is_kept = np.ones(len(table), dtype=bool)
        is_kept[table.blank_rows] = False
        numbers, columns = numbers[is_kept], [column[is_kept] for column in columns]
    return pd.DataFrame(dict(enumerate(column.set_axis(numbers) for column in columns)), index=numbers)


_FINDINGS = {"file": "str", "sheet": "str", "row": "int64", "column": "str", "reason": "str", "value": "str"}


def no_findings() -> pd.DataFrame:
    """The frame of findings (:class:`goldpan.model.Finding`), without a row."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in _FINDINGS.items()})


class _Reader(Protocol):
    def __call__(self, cells: "pd.Series[Any]", spec: ExportSpec, *, epoch_1904: bool) -> pd.DataFrame: ...


_READERS: Mapping[str, _Reader] = {
    "id": lambda cells, spec, *, epoch_1904: read_ids(cells),  # noqa: ARG005 - each takes what it needs
    "text": lambda cells, spec, *, epoch_1904: pd.DataFrame({"value": read_texts(cells)}),  # noqa: ARG005
    "email": lambda cells, spec, *, epoch_1904: read_emails(cells),  # noqa: ARG005
    "date": lambda cells, spec, *, epoch_1904: read_dates(cells, spec.date_formats, epoch_1904=epoch_1904),
    "money": lambda cells, spec, *, epoch_1904: read_money(cells, spec.decimal_mark),  # noqa: ARG005
}


def _named(column: ColumnSpec, read: pd.DataFrame) -> "dict[str, pd.Series[Any]]":
    if column.type == "money":
        return {f"{column.name}_micros": read["value"]}
    if column.type == "id":
        return {column.name: read["value"], f"{column.name}_key": read["key"]}
    if column.type == "email":
        return {column.name: read["value"], f"{column.name}_reason": read["reason"]}
    return {column.name: read["value"]}


# --- which rows are no data -------------------------------------------------------------------------------------------

_TOTALS = re.compile(r"(grand\s+total|totals?|sum)(\s*:|(?=\s)|\Z)(?:[0-9]|[^\w])*", re.IGNORECASE)


def skipped_rows(table: RawTable, spec: ExportSpec, typed: pd.DataFrame) -> dict[str, int]:
    """How many rows hold no data, by reason: ``blank_row``, and ``totals_row`` at the end.

    Args:
        table: All rows.
        spec: How they are read.
        typed: Those that are not blank, by their numbers.
    """
    first = table.header_row + 1
    ends = not isinstance(table.sheet, ColumnSheet) or table.sheet.ends
    totals = 0
    while (
        ends
        and totals < len(typed)
        and _is_totals_row(table.row(typed.index[-1 - totals] - first), typed.iloc[len(typed) - 1 - totals :], spec)
    ):
        totals += 1
    return {"blank_row": len(table.blank_rows), "totals_row": totals}


def _is_totals_row(cells: Iterable[Cell], rows: pd.DataFrame, spec: ExportSpec) -> bool:
    """Whether the first of some rows only adds up others: it says so, and has no e-mail, no date, no order id."""
    if not any(isinstance(cell, str) and _TOTALS.fullmatch(cell.strip(BLANKS)) for cell in cells):
        return False
    values = rows.iloc[0]
    known = [
        values[column.name]
        for column in spec.columns
        if column.type in ("email", "date") or column.name == "order_id"
        if not pd.isna(values[column.name])
    ]
    return all(isinstance(value, str) and _TOTALS.fullmatch(value) for value in known)
