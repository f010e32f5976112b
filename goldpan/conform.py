"""From sheets as delivered to one typed frame, with a finding for every cell that could not be read.

Three questions in turn: which table of the file is the export (:mod:`goldpan.tables`), what do its cells say
(:mod:`goldpan.values`), and which rows are no data (:func:`skipped_rows`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from goldpan.config import ColumnSpec, ExportSpec
from goldpan.errors import DataError
from goldpan.model import Cell, Finding, Sheet
from goldpan.places import Part
from goldpan.repeats import other_columns
from goldpan.sheets import ColumnSheet
from goldpan.tables import RawTable, place_of, tables_of
from goldpan.values.dates import read_dates
from goldpan.values.emails import read_emails
from goldpan.values.ids import read_ids
from goldpan.values.money import read_money
from goldpan.values.names import read_name_keys
from goldpan.values.reading import as_delivered
from goldpan.values.texts import BLANKS, are_excel_errors, is_excel_error, read_texts, shown


@dataclass(frozen=True)
class Export:
    """One export, read: what the steps take, and what the analysis shows beside it.

    Attributes:
        spec: How it was read.
        parts: The file that it is, or the files whose union it is (:func:`goldpan.union.unite_exports`).
        frame: One row per kept row, in file order. ``source_row`` (Int64, as Excel shows it in the first file; see
            :mod:`goldpan.places`), then per canonical column: text and email ``str``; date ``datetime64[s]``; id
            ``str`` and ``<name>_key``; money ``<name>_micros`` (Int64, whole millionths). Besides, memberships have
            ``email_reason`` and ``customer_name_key``, orders ``other_columns`` (the untyped cells as one text, where
            an order id repeats).
        headers: All headers, in order.
        originals: The cells as delivered of the same rows, columns numbered like ``headers``; a column whose cells are
            all of one kind may have its dtype (``str``, ``float64``, ``datetime64`` …), any other is object.
        findings: One row per :class:`goldpan.model.Finding` about a kept row; ``row`` is its ``source_row``.
    """

    spec: ExportSpec
    parts: tuple[Part, ...]
    frame: pd.DataFrame
    headers: tuple[str, ...]
    originals: pd.DataFrame
    findings: pd.DataFrame

    @property
    def kind(self) -> str:
        """``memberships`` or ``orders``."""
        return self.spec.kind

    @property
    def is_united(self) -> bool:
        """Whether it is more than one file, so that a row's number alone does not lead to it."""
        return len(self.parts) > 1

    @property
    def rows_read(self) -> int:
        """Rows below the headers of all its files, down to the last that is not blank."""
        return sum(part.rows_read for part in self.parts)

    @property
    def skipped(self) -> dict[str, int]:
        """How many rows of all its files are no data, by reason."""
        return {reason: sum(part.skipped[reason] for part in self.parts) for reason in SKIPPED_FOR}


def conform(sheets: Iterable[Sheet | ColumnSheet], spec: ExportSpec, *, name_keys_for_all: bool = False) -> Export:
    """Read one export.

    Args:
        sheets: The sheets of the file, in its order.
        spec: How this kind of export is read.
        name_keys_for_all: Give every row a ``customer_name_key``, not only rows without an id (``match_on`` by name).

    Raises:
        DataError: ``missing_columns``, ``doubled_column`` or ``empty_export``; the export is refused whole.
    """
    empty = ""
    for table in tables_of(sheets, spec):
        export = _Conforming(table, spec, name_keys_for_all=name_keys_for_all).export()
        if len(export.frame):
            return export
        empty = empty or f"{place_of(table.sheet)} has its headers in row {table.header_row} and no row of data below"
    raise DataError("empty_export", f"{empty}. Export it again, with its rows.")


class _Conforming:
    """The cells of one table on their way to typed columns."""

    def __init__(self, table: RawTable, spec: ExportSpec, *, name_keys_for_all: bool) -> None:
        self.table, self.spec, self.name_keys_for_all = table, spec, name_keys_for_all
        first = table.header_row + 1
        self.numbers = pd.RangeIndex(first, first + len(table), name="source_row")
        self.reasons: list[tuple[int, pd.Series[str]]] = []

    def export(self) -> Export:
        typed = self.read_columns()
        skipped = skipped_rows(self.table, self.spec, typed)
        originals = pd.DataFrame(dict(enumerate(self._cells(position) for position in range(len(self.table.headers)))))
        if skipped:
            kept = ~typed.index.isin(list(skipped))
            typed, originals = typed[kept], originals[kept]
        if self.spec.kind == "orders":
            typed = typed.assign(other_columns=other_columns(typed, originals, self.table.found, self.spec))
        reasons = list(skipped.values())
        part = Part(
            file=self.table.sheet.file,
            sheet=self.table.sheet.name,
            header_row=self.table.header_row,
            headers=self.table.headers,
            rows_read=len(self.table),
            skipped={reason: reasons.count(reason) for reason in SKIPPED_FOR},
        )
        return Export(
            spec=self.spec,
            parts=(part,),
            frame=typed.reset_index().astype({"source_row": "Int64"}),
            headers=self.table.headers,
            originals=originals,
            findings=self._findings(originals),
        )

    def _cells(self, position: int) -> "pd.Series[Any]":
        return self.table.columns[position].set_axis(self.numbers)

    def read_columns(self) -> pd.DataFrame:
        """Every canonical column, typed; a column that the export lacks is all missing."""
        empty = pd.Series(None, index=self.numbers, dtype="str")
        typed: dict[str, pd.Series[Any]] = {}
        for column in self.spec.columns:
            position = self.table.found.get(column.name)
            cells = empty if position is None else self._cells(position)
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
        return pd.DataFrame(typed, index=self.numbers)

    def _findings(self, originals: pd.DataFrame) -> pd.DataFrame:
        reasons = [(position, said.dropna()) for position, said in self.reasons]
        for position in originals.columns:
            rows = originals.index[are_excel_errors(originals[position])]
            reasons.append((position, pd.Series("excel_error", index=rows, dtype="str")))
        findings = [
            Finding(
                file=self.table.sheet.file,
                sheet=self.table.sheet.name,
                row=row,
                column=self.table.headers[position],
                reason=reason,
                value=shown(cell),
            )
            for position, said in reasons
            for row, reason, cell in _with_cells(said, originals[position])
            if (reason == "excel_error") == is_excel_error(cell)
        ]
        return findings_frame(sorted(findings, key=lambda finding: finding.row))


def _with_cells(said: "pd.Series[str]", cells: "pd.Series[Any]") -> Iterable[tuple[int, str, Any]]:
    """The rows that something is said of and that are kept, with what is said and the cell."""
    if len(said):
        said = said[said.index.isin(cells.index)]
    return zip(said.index, said, as_delivered(cells.loc[said.index]), strict=True)


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a frame: ``file, sheet, row, column, reason, value`` (``row`` int64, the others ``str``)."""
    frame = pd.DataFrame(
        [(f.file, f.sheet, f.row, f.column, f.reason, f.value) for f in findings],
        columns=["file", "sheet", "row", "column", "reason", "value"],
    )
    return frame.astype({name: "int64" if name == "row" else "str" for name in frame.columns})


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

SKIPPED_FOR = ("blank_row", "totals_row")
"""Why a row is skipped."""

_TOTALS = re.compile(r"(grand\s+total|totals?|sum)(\s*:|(?=\s)|\Z)(?:[0-9]|[^\w])*", re.IGNORECASE)


def skipped_rows(table: RawTable, spec: ExportSpec, typed: pd.DataFrame) -> dict[int, str]:
    """Why each row that holds no data is skipped, by row number: ``blank_row`` or ``totals_row``."""
    first = table.header_row + 1
    skipped = {first + int(position): "blank_row" for position in table.blank_rows}
    for position in reversed(range(len(table))):
        row = first + position
        if row in skipped:
            continue
        if not _is_totals_row(table.row(position), typed.iloc[position], spec):
            break
        skipped[row] = "totals_row"
    return skipped


def _is_totals_row(cells: Sequence[Cell], values: "pd.Series[Any]", spec: ExportSpec) -> bool:
    """Whether one of the last rows only adds up the others: it says so, and has no e-mail, no date and no order id."""
    if not any(isinstance(cell, str) and _TOTALS.fullmatch(cell.strip(BLANKS)) for cell in cells):
        return False
    known = [
        values[column.name]
        for column in spec.columns
        if column.type in ("email", "date") or column.name == "order_id"
        if not pd.isna(values[column.name])
    ]
    return all(isinstance(value, str) and _TOTALS.fullmatch(value) for value in known)
