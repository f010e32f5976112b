"""*Contacts* and *Prospects*: who is a member, and who buys without being one."""

from collections.abc import Iterator

import pandas as pd

from goldpan.columns import CATEGORIES
from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.exports import add_individual_boolean_tags_for_excel, tag_labels
from goldpan.pipeline import Refined
from goldpan.places import places_of_rows
from goldpan.report.table import Column, Table, Tone, Values, cells_as_delivered, table_of, unique_headers

CATEGORY_TONES: dict[str, Tone] = {
    CATEGORIES["expired"]: "bad",
    CATEGORIES["expiring_soon"]: "warning",
    CATEGORIES["active"]: "good",
}
NO_CUSTOMER_ID = "(no customer id)"


def contacts_table(memberships: Export, refined: Refined, config: Config) -> Table:
    """*Contacts*: one row per contact in the order of RULES section 5.

    First come all columns of the membership row under their own headers, the cells as delivered. A header that Goldpan
    uses itself stays for Goldpan's column; the export's becomes ``Renewals (export)``. Where the export is several
    files, ``File`` and ``Row`` lead to the membership row.
    """
    contacts = refined.contacts
    flags = add_individual_boolean_tags_for_excel(contacts, config.tags).iloc[:, contacts.shape[1] :].astype(bool)
    computed = table_of(
        "Contacts",
        *(_places(memberships, contacts) if memberships.is_united else ()),
        (Column("Contact Email (as sent)"), contacts["email"]),
        (Column("Total Order Value", "money"), contacts["total_order_value"]),
        (Column("Estimated Savings", "money"), contacts["estimated_savings"]),
        (Column("Member Since", "date"), contacts["member_since"]),
        (Column("Renewals", "number"), contacts["renewals"]),
        (Column("Days Until Expiration", "number"), contacts["days_until_expiration"]),
        (Column("Expiration Category", tones=CATEGORY_TONES), contacts["membership_category"].map(CATEGORIES)),
        (Column("Membership Status Tags", width=60), tag_labels(contacts, config.tags)),
        *((Column(header, "bool", width=13), flags[header]) for header in flags),
    )
    headers = unique_headers(memberships.headers, taken=computed.frame.columns)
    cells = cells_as_delivered(memberships, contacts["source_row"], headers)
    return Table(
        "Contacts",
        (*(Column(header, "any") for header in headers), *computed.columns),
        pd.concat([cells, computed.frame], axis=1),
        frozen=min(2, len(headers)),
    )


def _places(memberships: Export, contacts: pd.DataFrame) -> Iterator[tuple[Column, Values]]:
    places = places_of_rows(memberships, contacts["source_row"])
    yield Column("File"), places["file"]
    yield Column("Row", "number"), places["row"]


def prospects_table(refined: Refined) -> Table:
    """*Prospects*: one row per buyer without a membership, the orders without an id last (RULES section 2)."""
    prospects = refined.prospects
    return table_of(
        "Prospects",
        (Column("Customer ID"), prospects["customer_id"].fillna(NO_CUSTOMER_ID)),
        (Column("Customer Name"), prospects["customer_name"]),
        (Column("Orders", "number"), prospects["orders"]),
        (Column("Total Order Value", "money"), prospects["total_order_value"]),
        (Column("Potential Savings", "money"), prospects["potential_savings"]),
        (Column("High Value", "bool"), prospects["is_high_value"].astype(bool)),
        frozen=2,
    )
