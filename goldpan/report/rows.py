"""*Merged rows*, and where every row of an export went."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import pandas as pd

from goldpan.conformed import Export
from goldpan.model import RowCounts
from goldpan.pipeline import Refined
from goldpan.places import places_of_rows
from goldpan.report.table import Column, Table, cells_as_delivered, unique_headers

_OWN = (
    Column("Export"),
    Column("File"),
    Column("Row", "number"),
    Column("Merged Into File"),
    Column("Merged Into Row", "number"),
    Column("Why", width=34),
)
_WITHOUT_FILES = tuple(column for column in _OWN if not column.header.endswith("File"))
RENEWED = "Renewed by a later term"
REPEATED = "The same order stands there"


def merged_rows_table(memberships: Export, orders: Export, refined: Refined) -> Table:
    """*Merged rows*: each membership row that a later one replaced, then each order that stood in the export before.

    Both exports share the sheet, told apart by ``Export``; a header that both have is one column. Row numbers are
    those that Excel shows in that export; where one of the two is several files, the file is named as well.
    """
    merged, repeated = refined.merged_rows, refined.repeated_orders
    own = _OWN if memberships.is_united or orders.is_united else _WITHOUT_FILES
    parts = [_merged(memberships, merged["source_row"], merged["replaced_by"], RENEWED, own)]
    if len(repeated):
        parts.append(_merged(orders, repeated["source_row"], repeated["repeats_row"], REPEATED, own))
    parts = [part for part in parts if len(part)] or parts
    spelling: dict[str, str] = {}
    for part in parts:
        for header in part.columns:
            spelling.setdefault(header.casefold(), header)
    parts = [part.rename(columns=lambda header: spelling[header.casefold()]) for part in parts]
    headers = list(spelling.values())
    frame = _below_each_other(parts, headers)
    frame = frame.astype({column.header: "Int64" if column.kind == "number" else "str" for column in own})
    cells = (Column(header, "any") for header in headers[len(own) :])
    return Table("Merged rows", (*own, *cells), frame, frozen=len(own) - 1)


def _below_each_other(parts: Sequence[pd.DataFrame], headers: Sequence[str]) -> pd.DataFrame:
    """The rows of all parts, whatever their columns; a column whose cells are of one type keeps it."""
    ends = accumulate(map(len, parts))
    parts = [part.set_axis(pd.RangeIndex(end - len(part), end)) for part, end in zip(parts, ends, strict=True)]
    rows = pd.RangeIndex(sum(map(len, parts)))
    return pd.DataFrame(
        {header: pd.concat([part[header] for part in parts if header in part]).reindex(rows) for header in headers}
    )


def _merged(
    export: Export, rows: "pd.Series[int]", into: "pd.Series[int]", why: str, columns: Sequence[Column]
) -> pd.DataFrame:
    own = [column.header for column in columns]
    cells = cells_as_delivered(export, rows, unique_headers(export.headers, taken=own))
    at, kept_at = places_of_rows(export, rows), places_of_rows(export, into)
    values = {
        "Export": export.kind,
        "File": at["file"].array,
        "Row": at["row"].array,
        "Merged Into File": kept_at["file"].array,
        "Merged Into Row": kept_at["row"].array,
        "Why": why,
    }
    return pd.concat([pd.DataFrame(values, index=cells.index)[own], cells], axis=1)


def row_counts(memberships: Export, orders: Export, refined: Refined) -> Mapping[str, RowCounts]:
    """Where the rows of each export went, by kind (RULES section 8, law 1)."""
    counts = refined.counts
    merged = {memberships.kind: counts.merged_rows, orders.kind: counts.repeated_orders}
    return {
        export.kind: RowCounts(
            read=export.rows_read,
            kept=export.rows_kept - merged[export.kind],
            merged=merged[export.kind],
            skipped=sum(export.skipped.values()),
            warnings=export.warnings + counts.notes[export.kind],
            skipped_by_reason=export.skipped,
        )
        for export in (memberships, orders)
    }
