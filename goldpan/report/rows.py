"""*Merged rows*, and where every row of an export went."""

from collections.abc import Mapping

import pandas as pd

from goldpan.conform import Export
from goldpan.model import RowCounts
from goldpan.pipeline import Refined
from goldpan.report.table import Column, Table, unique_headers

_OWN = (Column("Export"), Column("Row", "number"), Column("Merged Into Row", "number"), Column("Why", width=34))
RENEWED = "Renewed by a later term"
REPEATED = "The same order stands there"


def merged_rows_table(memberships: Export, orders: Export, refined: Refined) -> Table:
    """*Merged rows*: each membership row that a later one replaced, then each order that stood in the export before.

    Both exports share the sheet, told apart by ``Export``; a header that both have is one column. Row numbers are
    those that Excel shows in that export.
    """
    merged, repeated = refined.merged_rows, refined.repeated_orders
    parts = [
        _merged(memberships, merged["source_row"], merged["replaced_by"], RENEWED),
        _merged(orders, repeated["source_row"], repeated["repeats_row"], REPEATED),
    ]
    parts = [part for part in parts if len(part)] or parts[:1]
    spelling: dict[str, str] = {}
    for part in parts:
        for header in part.columns:
            spelling.setdefault(header.casefold(), header)
    headers = list(spelling.values())
    alike = [part.rename(columns=lambda header: spelling[header.casefold()]).reindex(columns=headers) for part in parts]
    frame = pd.concat(alike, ignore_index=True).astype(object)
    frame = frame.where(frame.notna(), None)
    frame = frame.astype({"Export": "str", "Row": "Int64", "Merged Into Row": "Int64", "Why": "str"})
    cells = (Column(header, "any") for header in headers[len(_OWN) :])
    return Table("Merged rows", (*_OWN, *cells), frame, frozen=3)


def _merged(export: Export, rows: "pd.Series[int]", into: "pd.Series[int]", why: str) -> pd.DataFrame:
    own = [column.header for column in _OWN]
    cells = export.originals.loc[rows.astype("int64")]
    cells = cells.set_axis(unique_headers(export.headers, taken=own), axis=1).reset_index(drop=True)
    values = (export.kind, rows.array, into.array, why)
    return pd.concat([pd.DataFrame(dict(zip(own, values, strict=True)), index=cells.index), cells], axis=1)


def row_counts(memberships: Export, orders: Export, refined: Refined) -> Mapping[str, RowCounts]:
    """Where the rows of each export went, by kind (RULES section 8, law 1)."""
    merged = {memberships.kind: len(refined.merged_rows), orders.kind: len(refined.repeated_orders)}
    return {
        export.kind: RowCounts(
            read=export.rows_read,
            kept=len(export.frame) - merged[export.kind],
            merged=merged[export.kind],
            skipped=sum(export.skipped.values()),
            warnings=len(export.findings) + int((refined.notes["kind"] == export.kind).sum()),
            skipped_by_reason=export.skipped,
        )
        for export in (memberships, orders)
    }
