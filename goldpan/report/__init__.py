"""The report: the tables that workbook, console and command line all render, one module a sheet.

Every table is made of frames alone; how a cell looks is said by its column (:class:`Column`), and drawn elsewhere.
"""

from collections.abc import Sequence

from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.pipeline import Refined
from goldpan.report.changes import changes_table
from goldpan.report.contacts import contacts_table, prospects_table
from goldpan.report.findings import all_findings, mask, outcomes_table, rejects_table
from goldpan.report.plan import plan_tables
from goldpan.report.planned import Planned, plan_json, plan_json_text
from goldpan.report.rejects_workbook import rejects_workbook_tables
from goldpan.report.rows import merged_rows_table, row_counts
from goldpan.report.sending import Sending
from goldpan.report.summary import summary_table
from goldpan.report.table import Column, Kind, Table, Tone, unique_headers

__all__ = [
    "Column",
    "Kind",
    "Planned",
    "Sending",
    "Table",
    "Tone",
    "all_findings",
    "changes_table",
    "contacts_table",
    "mask",
    "merged_rows_table",
    "outcomes_table",
    "plan_json",
    "plan_json_text",
    "plan_tables",
    "prospects_table",
    "rejects_table",
    "rejects_workbook_tables",
    "report_tables",
    "row_counts",
    "summary_table",
    "unique_headers",
]


def report_tables(
    memberships: Export,
    orders: Export,
    refined: Refined,
    config: Config,
    *,
    sending: Sending | None = None,
    left_alone: Sequence[tuple[str, str, str]] = (),
) -> tuple[Table, ...]:
    """Every table of RULES section 7, in the order of the workbook's sheets.

    Args:
        memberships: The export as read, with its original cells.
        orders: Likewise.
        refined: What the two mean on one date.
        config: The rules that made it.
        sending: What happened in HubSpot; without it the report says that nothing was sent.
        left_alone: The contacts that the plan left alone: reason code, address, details.
    """
    sending = sending or Sending()
    rejects = rejects_table(memberships, orders, refined, config, sending.outcomes, left_alone=left_alone)
    return (
        summary_table(memberships, orders, refined, config, sending=sending, rejects=rejects),
        contacts_table(memberships, refined, config),
        merged_rows_table(memberships, orders, refined),
        prospects_table(refined),
        rejects,
        changes_table(sending.changes, sending.outcomes, config),
    )
