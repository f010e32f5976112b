"""The generated exports stand on every edge of RULES.md: a fixed sample of 300 meets each one by name."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings

from goldpan.model import CellError
from tests.reference.config import DEFAULTS
from tests.reference.pipeline import (
    Contact,
    Result,
    covers,
    customer_of,
    find_survivors,
    group_into_contacts,
    normalise_name,
    refine,
    split_into_chains,
)
from tests.reference.rows import Member, Row, is_blank_row, is_totals_row, read_member, read_order, split_rows
from tests.reference.values import is_blank
from tests.strategies import AS_OF, Exports, exports

EDGES = {
    "rows": {
        *("blank row", "blank row at the end", "totals row", "two totals rows", "blank row before a totals row"),
        *("no Created Date", "no Start Date", "no Original Pu", "no Sales Doc", "no Order Date"),
    },
    "values": {
        *("id .0", "id apostrophe", "id numeric", "id leading zeros", "id 0", "id blank", "id of two cases"),
        *(
            "id rounded number",
            "id rounded text",
            "id 16 digits as text",
            "name NFC and NFD",
            "error cell",
            "error text",
        ),
        *("date cell", "date serial", "date text", "date with time", "date garbage", "date too early", "date too late"),
        *("no_email", "invalid_email", "several_emails", "rounded_id", "excel_error", "unreadable_date"),
        *("unreadable_amount", "amount as text", "amount in brackets", "amount with minus after it", "blank amount"),
    },
    "renewals": {
        *("gap 7", "gap 8", "gap 0", "overlap", "renewed the day after", "short row inside a long chain"),
        *("row without created", "row without expires", "row ends before it begins", "two rows tie", "chain of three"),
        *("customer without id: name and email", "customer without id: email", "customer without id: name"),
        *("customer with nothing", "name from earlier row", "original_purchase from earlier row"),
        *("email_from_earlier_row", "invalid e-mail replaced", "start differs from created", "two chains"),
    },
    "contacts": {
        *(
            "shared_email",
            "one id, two addresses",
            "row joins by its customer",
            "unsendable",
            "one covers, another ends later",
        ),
        *("several cover", "none covers", "name from another row", "no name", "covered by an old start, newest ahead"),
    },
    "measures": {
        *("expires -1", "expires 0", "expires 1", "expires 30", "expires 31", "starts 0", "started 30", "started 31"),
        *("starts tomorrow", "begun early", "Expired", "Expiring Soon", "Active", "Unknown"),
    },
    "orders": {
        *("total 999.99", "total 1000", "total 1000.01", "total 1000.000001", "total 0", "total below 0"),
        *(
            "total of several orders",
            "returns",
            "id in no membership",
            "blank id",
            "high-value prospect",
            "order in the future",
        ),
        *("repeated_order", "repeated in one spelling", "repeated in other spelling"),
        *("same order id, other columns differ", "repeated without an order id"),
    },
    "tags": {f"{tag.value} {holds}" for tag in DEFAULTS.tags for holds in (True, False)},
}


def test_every_edge_of_the_rules_occurs():
    seen: Counter[str] = Counter()

    @settings(
        max_examples=300,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(exports())
    def sample(drawn: Exports) -> None:
        seen.update(set(edges_of(drawn)))

    sample()

    wanted = set().union(*EDGES.values())
    assert {"missed": wanted - set(seen), "not listed": set(seen) - wanted} == {"missed": set(), "not listed": set()}


def edges_of(drawn: Exports) -> Iterator[str]:
    """The names of all edges that one pair of exports stands on."""
    result = refine(drawn.memberships, drawn.orders, drawn.as_of)
    members = [read_member(row, DEFAULTS)[0] for row in split_rows(drawn.memberships).kept]
    for rows in (drawn.memberships, drawn.orders):
        yield from _row_edges(rows)
    yield from _value_edges(drawn)
    yield from (finding.reason for finding in result.findings)
    yield from _renewal_edges(members)
    yield from _contact_edges(members, result)
    for contact in result.contacts:
        yield from _measure_edges(contact)
    yield from _order_edges(drawn, result)


def _row_edges(rows: list[Row]) -> Iterator[str]:
    split = split_rows(rows)
    if split.skipped["blank_row"]:
        yield "blank row"
    if split.read < len(rows):
        yield "blank row at the end"
    if split.skipped["totals_row"]:
        yield "totals row" if split.skipped["totals_row"] == 1 else "two totals rows"
    if any(is_blank_row(a) and is_totals_row(b) for a, b in pairwise(rows)):
        yield "blank row before a totals row"
    looked_for = (
        ("Created Date", "Start Date", "Original Pu") if "Cust ID" in rows[0].cells else ("Sales Doc", "Order Date")
    )
    yield from (f"no {header}" for header in looked_for if header not in rows[0].cells)


def _value_edges(drawn: Exports) -> Iterator[str]:
    kept = [*split_rows(drawn.memberships).kept, *split_rows(drawn.orders).kept]
    cells = [(header, cell) for row in kept for header, cell in row.cells.items()]
    ids = [cell for header, cell in cells if header in {"Cust ID", "SAP ID"}]
    texts = [cell.strip() for cell in ids if isinstance(cell, str)]
    names = [str(cell) for header, cell in cells if header == "Customer Name"]
    edges = {
        "id .0": any(text.endswith(".0") for text in texts),
        "id apostrophe": any(text.startswith("'") for text in texts),
        "id leading zeros": any(text.startswith("00") for text in texts),
        "id 0": 0 in ids or "000" in ids,
        "id numeric": any(isinstance(cell, int) for cell in ids) and any(isinstance(cell, float) for cell in ids),
        "id blank": any(is_blank(cell) for cell in ids),
        "id of two cases": "A7" in ids and "a7" in ids,
        "id rounded number": 1234567890123456 in ids,
        "id rounded text": "1.2E+15" in ids,
        "id 16 digits as text": "1234567890123456" in ids,
        "name NFC and NFD": any("\u0301" in name for name in names) and any("é" in name for name in names),
        "error cell": any(isinstance(cell, CellError) for _, cell in cells),
        "error text": any(type(cell) is str and cell.startswith("#") for _, cell in cells),
    }
    yield from (name for name, occurs in edges.items() if occurs)
    for header, cell in cells:
        if header.endswith("Date"):
            yield from _date_edges(cell)
        elif header == "Total Value":
            yield from _amount_edges(cell)


def _date_edges(cell: object) -> Iterator[str]:
    if isinstance(cell, datetime):
        yield "date with time"
    elif isinstance(cell, date):
        yield "date cell"
    elif isinstance(cell, int | float):
        yield "date serial"
    elif cell == "soon":
        yield "date garbage"
    elif isinstance(cell, str):
        yield "date text"
    yield from {"1949-12-31": ["date too early"], "2201-01-01": ["date too late"]}.get(str(cell)[:10], [])


def _amount_edges(cell: object) -> Iterator[str]:
    if is_blank(cell):
        yield "blank amount"
    elif isinstance(cell, str):
        yield "amount as text"
        if cell.startswith("("):
            yield "amount in brackets"
        if cell.endswith("-"):
            yield "amount with minus after it"


def _renewal_edges(members: list[Member]) -> Iterator[str]:
    for member in members:
        if member.created_on is None or member.expires_on is None:
            yield "row without created" if member.created_on is None else "row without expires"
        elif member.expires_on < member.created_on:
            yield "row ends before it begins"
        if member.start_on != member.created_on:
            yield "start differs from created"
        kind = customer_of(member, DEFAULTS)[0]
        yield from {"row": ["customer with nothing"], "id": []}.get(kind, [f"customer without id: {kind}"])
    survivors = find_survivors(members, DEFAULTS)
    for survivor in survivors:
        others = [member for member in survivor.chain if member != survivor.kept]
        if survivor.customer_name and not survivor.kept.customer_name:
            yield "name from earlier row"
        if survivor.original_purchase and not survivor.kept.original_purchase:
            yield "original_purchase from earlier row"
        if survivor.has_email_from_earlier_row and survivor.kept.email_reason == "invalid_email":
            yield "invalid e-mail replaced"
        if any((m.created_on, m.expires_on) == (survivor.kept.created_on, survivor.kept.expires_on) for m in others):
            yield "two rows tie"
        if len(survivor.chain) == 3:
            yield "chain of three"
    for customer in {survivor.customer for survivor in survivors}:
        yield from _gap_edges([member for member in members if customer_of(member, DEFAULTS) == customer])


def _gap_edges(rows: list[Member]) -> Iterator[str]:
    dated = sorted(
        (r for r in rows if r.created_on and r.expires_on), key=lambda r: (r.created_on, r.expires_on, r.row)
    )
    for place in range(1, len(dated)):
        before, row = dated[:place], dated[place]
        gap = (row.created_on - max(earlier.expires_on for earlier in before)).days
        yield from {0: ["gap 0"], 1: ["renewed the day after"], 7: ["gap 7"], 8: ["gap 8"]}.get(gap, [])
        if gap < 0:
            yield "overlap"
        if gap <= 7 < (row.created_on - before[-1].expires_on).days:
            yield "short row inside a long chain"
    if len(split_into_chains(dated, 7)) == 2:
        yield "two chains"


def _contact_edges(members: list[Member], result: Result) -> Iterator[str]:
    if result.shared_email:
        yield "shared_email"
    keys = [key for contact in result.contacts for key in contact.customer_keys]
    if len(keys) > len(set(keys)):
        yield "one id, two addresses"
    for group in group_into_contacts(find_survivors(members, DEFAULTS)):
        covering = [survivor for survivor in group if covers(survivor, AS_OF)]
        latest = max(group, key=lambda survivor: survivor.kept.expires_on or date.min)
        if len({survivor.email is None for survivor in group}) == 2:
            yield "row joins by its customer"
        if covering and latest not in covering:
            yield "one covers, another ends later"
        if len(covering) > 1:
            yield "several cover"
        if not covering:
            yield "none covers"
        if any(survivor.kept.start_on > AS_OF for survivor in covering):
            yield "covered by an old start, newest ahead"
    by_row = {member.row: member for member in members}
    for contact in result.contacts:
        own = normalise_name(by_row[contact.row].customer_name)
        if contact.customer_name is None:
            yield "no name"
        elif own is None:
            yield "name from another row"
        if not contact.is_sendable:
            yield "unsendable"


def _measure_edges(contact: Contact) -> Iterator[str]:
    yield contact.category
    yield from (f"{tag} {holds}" for tag, holds in contact.flags.items())
    if contact.days_until_expiration in {-1, 0, 1, 30, 31}:
        yield f"expires {contact.days_until_expiration}"
    starts = {-1: "starts tomorrow", 0: "starts 0", 30: "started 30", 31: "started 31"}
    if contact.days_since_start in starts:
        yield starts[contact.days_since_start]
    if contact.member_since and contact.member_since > AS_OF:
        yield "begun early"


def _order_edges(drawn: Exports, result: Result) -> Iterator[str]:
    for total in [*result.customer_totals.values(), *(prospect.total_order_value for prospect in result.prospects)]:
        if f"{total.normalize():f}" in {"999.99", "1000", "1000.01", "1000.000001", "0"}:
            yield f"total {total.normalize():f}"
        if total < 0:
            yield "total below 0"
    for prospect in result.prospects:
        yield "blank id" if prospect.customer_key is None else "id in no membership"
        if prospect.is_high_value:
            yield "high-value prospect"
    orders = {row.number: read_order(row, DEFAULTS)[0] for row in split_rows(drawn.orders).kept}
    counting = [order for number, order in orders.items() if number not in result.repeated_orders]
    per_customer = Counter(order.customer_key for order in counting if order.customer_key in result.customer_totals)
    if max(per_customer.values(), default=0) > 1:
        yield "total of several orders"
    if any(order.total_value is not None and order.total_value < 0 for order in counting):
        yield "returns"
    if any(order.ordered_on is not None and order.ordered_on > AS_OF for order in counting):
        yield "order in the future"
    cells = {row.number: row.cells for row in drawn.orders}
    for row, first in result.repeated_orders.items():
        yield "repeated in one spelling" if cells[row] == cells[first] else "repeated in other spelling"
    order_keys = Counter(order.order_key for order in counting if order.order_key is not None)
    if max(order_keys.values(), default=0) > 1:
        yield "same order id, other columns differ"
    without_id = [order for order in counting if order.order_key is None]
    if any(a.equality == b.equality for a in without_id for b in without_id if a.row < b.row):
        yield "repeated without an order id"
