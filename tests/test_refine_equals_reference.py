"""The pipeline gives what the naive reference of the rules gives, on exports drawn to hit every boundary.

One property with all assertions in it: a run of the pipeline on tiny frames costs more than any comparison.
"""

from datetime import date
from decimal import Decimal

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from goldpan.columns import CATEGORIES
from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.exports import format_for_hubspot_export
from goldpan.model import Sheet
from goldpan.pipeline import Refined, refine
from tests.builders import default_config
from tests.drawing import examples
from tests.reference import outputs, pipeline
from tests.reference.config import Config as ReferenceConfig
from tests.reference.rows import Row
from tests.strategies import AS_OF, Exports, exports

AS_OFS = st.sampled_from([AS_OF, date(2026, 10, 20), date(2026, 12, 21), date(2024, 2, 29)])


def sheet_of(rows: list[Row], file: str) -> Sheet:
    headers = list(rows[0].cells)
    return Sheet(file=file, name="", rows=[headers, *([row.cells.get(header) for header in headers] for row in rows)])


def conformed(drawn: Exports, *, match_on: str = "customer_id") -> tuple[Export, Export]:
    config = default_config()
    by_name = match_on == "customer_name"
    return (
        conform([sheet_of(drawn.memberships, "members")], config.memberships, name_keys_for_all=by_name),
        conform([sheet_of(drawn.orders, "orders")], config.orders),
    )


def run(drawn: Exports, as_of: date, match_on: str = "customer_id") -> tuple[Export, Export, Refined]:
    config = default_config()
    config = config.model_copy(update={"rules": config.rules.model_copy(update={"match_on": match_on})})
    members, bought = conformed(drawn, match_on=match_on)
    return members, bought, refine(members.frame, bought.frame, as_of, config)


def plain(value: object) -> object:
    """A cell of a frame as the reference says it: None for missing, dates and ints of Python."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value


COLUMNS = (
    "email", "row", "customer_id", "customer_name", "created_on", "start_on", "expires_on", "member_since", "renewals",
    "original_purchase", "membership", "days_until_expiration", "days_since_start", "tags", "total_order_value",
)  # fmt: skip


def contacts_of(result: Refined) -> list[tuple[object, ...]]:
    frame = result.contacts.rename(columns={"source_row": "row", "membership_status_tags": "tags"})
    frame["total_order_value"] = [Decimal(int(micros)).scaleb(-6) for micros in frame["total_order_value_micros"]]
    return [tuple(plain(value) for value in row) for row in frame[list(COLUMNS)].itertuples(index=False)]


def contacts_of_reference(result: pipeline.Result) -> list[tuple[object, ...]]:
    return [
        tuple(
            ";".join(value for value, _ in contact.tags) if name == "tags" else getattr(contact, name)
            for name in COLUMNS
        )
        for contact in result.contacts
    ]


@examples(200)
@given(drawn=exports(), as_of=AS_OFS, match_on=st.sampled_from(["customer_id", "customer_id", "customer_name"]))
def test_every_result_is_that_of_the_rules(drawn, as_of, match_on):
    wanted = pipeline.refine(drawn.memberships, drawn.orders, as_of, ReferenceConfig(match_on=match_on))

    members, bought, got = run(drawn, as_of, match_on)

    assert contacts_of(got) == contacts_of_reference(wanted)
    assert categories_of(got) == [contact.category for contact in wanted.contacts]
    assert pairs_of(got.merged_rows, "replaced_by") == wanted.merged_rows
    assert pairs_of(got.repeated_orders, "repeats_row") == wanted.repeated_orders
    assert sorted(str(plain(email)) for email in got.shared_emails["email"]) == sorted(
        str(contact.email) for contact in wanted.shared_email
    )
    assert prospects_of(got) == {
        (p.customer_id, p.customer_name, p.orders, p.total_order_value, p.is_high_value) for p in wanted.prospects
    }
    assert findings_of(members, bought, got) == sorted((f.export, f.row, f.column, f.reason) for f in wanted.findings)
    for export, counts in ((members, wanted.membership_counts), (bought, wanted.order_counts)):
        assert export.rows_read == counts.read
        assert export.skipped == {"blank_row": 0, "totals_row": 0} | dict(counts.skipped_by_reason)
    assert csv_of(got) == [tuple(row) for row in outputs.hubspot_csv_rows(wanted)]


def categories_of(result: Refined) -> list[str]:
    return [CATEGORIES[category] for category in result.contacts["membership_category"]]


def pairs_of(rows: pd.DataFrame, column: str) -> dict[int, int]:
    return dict(zip(rows["source_row"], rows[column], strict=True))


def prospects_of(result: Refined) -> set[tuple[object, ...]]:
    return {
        (
            plain(row.customer_id),
            plain(row.customer_name),
            row.orders,
            Decimal(int(row.total_order_value_micros)).scaleb(-6),
            bool(row.is_high_value),
        )
        for row in result.prospects.itertuples()
    }


def findings_of(members: Export, bought: Export, result: Refined) -> list[tuple[object, ...]]:
    from_cells = [
        (export.kind, row.row, row.column, row.reason)
        for export in (members, bought)
        for row in export.findings.itertuples()
    ]
    from_rows = [
        (row.kind, row.row, "" if row.reason == "repeated_order" else "Contact Email", row.reason)
        for row in result.notes.itertuples()
    ]
    return sorted(from_cells + from_rows)


def csv_of(result: Refined) -> list[tuple[str, ...]]:
    csv = format_for_hubspot_export(result.contacts, default_config().tags)
    rows = [tuple("" if pd.isna(cell) else cell for cell in row) for row in csv.itertuples(index=False)]
    return [tuple(csv.columns), *rows]
