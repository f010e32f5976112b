"""From rows to contacts, one row at a time: RULES sections 2 to 6."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.reference.config import DEFAULTS, Config
from tests.reference.rows import Finding, Member, Order, Row, SplitRows, read_member, read_order, split_rows
from tests.reference.tags import membership_status_tags, tag_holds
from tests.reference.values import EXACT, ZERO_WIDTH

CATEGORIES = ("Expired", "Expiring Soon", "Active", "Unknown")  # section 5, "Order of the analysis"


@dataclass(frozen=True)
class Prospect:
    """Section 2: the orders of one id that is in no membership row; the blank id is one of them."""

    customer_id: str | None
    customer_key: str | None
    customer_name: str | None
    orders: int
    total_order_value: Decimal
    potential_savings: Decimal
    is_high_value: bool


@dataclass(frozen=True)
class Survivor:
    """Section 3: the row that a chain keeps, with what it gained from the chain."""

    kept: Member
    chain: tuple[Member, ...]
    customer: tuple[object, ...]
    customer_name: str | None
    email: str | None
    has_email_from_earlier_row: bool
    original_purchase: str | None
    member_since: date | None
    renewals: int


@dataclass(frozen=True)
class Contact:
    """Section 4: one person, with the measures, category and tags of sections 5 and 6.

    ``row`` is the membership row; ``rows`` are all membership rows behind the contact (replaced ones too);
    ``customer_keys`` are the distinct ids behind it, without leading zeros.
    """

    email: str | None
    is_sendable: bool
    reason: str | None
    row: int
    rows: tuple[int, ...]
    customer_keys: tuple[str, ...]
    customer_id: str | None
    customer_name: str | None
    created_on: date | None
    start_on: date | None
    expires_on: date | None
    member_since: date | None
    renewals: int
    original_purchase: str | None
    membership: str | None
    total_order_value: Decimal
    estimated_savings: Decimal
    days_until_expiration: int | None
    days_since_start: int | None
    category: str
    flags: Mapping[str, bool]
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RowCounts:
    """Section 8, law 1: read = kept + merged + skipped."""

    read: int
    kept: int
    merged: int
    skipped: int
    skipped_by_reason: Mapping[str, int]


@dataclass(frozen=True)
class Result:
    """All that a run computes.

    ``merged_rows``: membership row → the row that replaced it. ``repeated_orders``: order row → the first like it.
    ``customer_totals``: ``total_order_value`` of each distinct customer id that has a membership row.
    """

    contacts: tuple[Contact, ...]
    merged_rows: Mapping[int, int]
    repeated_orders: Mapping[int, int]
    prospects: tuple[Prospect, ...]
    shared_email: tuple[Contact, ...]
    findings: tuple[Finding, ...]
    membership_counts: RowCounts
    order_counts: RowCounts
    customer_totals: Mapping[str, Decimal]


def refine(memberships: Sequence[Row], orders: Sequence[Row], as_of: date, config: Config = DEFAULTS) -> Result:
    """The whole of RULES.md for two exports and one business date."""
    member_rows, order_rows = split_rows(memberships), split_rows(orders)
    read_members = [read_member(row, config) for row in member_rows.kept]
    read_orders = [read_order(row, config) for row in order_rows.kept]
    members = [member for member, _ in read_members]

    repeated = find_repeated_orders([order for order, _ in read_orders])
    counting = [order for order, _ in read_orders if order.row not in repeated]
    member_keys = {member.customer_key for member in members if member.customer_key is not None}
    totals = {key: sum_money(o.total_value for o in counting if o.customer_key == key) for key in sorted(member_keys)}

    survivors = find_survivors(members, config)
    merged = {m.row: survivor.kept.row for survivor in survivors for m in survivor.chain if m != survivor.kept}
    contacts = [make_contact(group, totals, as_of, config) for group in group_into_contacts(survivors)]
    contacts.sort(key=analysis_order)

    findings = [finding for _, found in [*read_members, *read_orders] for finding in found]
    findings += [Finding("orders", row, "", "repeated_order") for row in repeated]
    findings += [
        Finding("memberships", survivor.kept.row, "Contact Email", "email_from_earlier_row")
        for survivor in survivors
        if survivor.has_email_from_earlier_row
    ]
    return Result(
        contacts=tuple(contacts),
        merged_rows=dict(sorted(merged.items())),
        repeated_orders=repeated,
        prospects=tuple(list_prospects([o for o in counting if o.customer_key not in member_keys], config)),
        shared_email=tuple(contact for contact in contacts if len(contact.customer_keys) > 1),
        findings=tuple(sorted(findings)),
        membership_counts=count_rows(member_rows, len(merged)),
        order_counts=count_rows(order_rows, len(repeated)),
        customer_totals=totals,
    )


def count_rows(rows: SplitRows, merged: int) -> RowCounts:
    """Section 8, law 1."""
    return RowCounts(rows.read, len(rows.kept) - merged, merged, sum(rows.skipped.values()), rows.skipped)


def sum_money(amounts: Iterable[Decimal | None]) -> Decimal:
    """Section 1, money: exact; a missing amount adds nothing."""
    total = Decimal(0)
    for amount in amounts:
        if amount is not None:
            total = EXACT.add(total, amount)
    return total


# --- section 2: orders ----------------------------------------------------------------------------------------------


def find_repeated_orders(orders: Sequence[Order]) -> dict[int, int]:
    """Section 2: ``order_id`` repeated with all columns equal, anywhere in the file: row → the first one's row."""
    repeated: dict[int, int] = {}
    firsts: list[Order] = []
    for order in orders:
        first = next((f for f in firsts if order.order_key is not None and f.equality == order.equality), None)
        if first is None:
            firsts.append(order)
        else:
            repeated[order.row] = first.row
    return repeated


def list_prospects(orders: Sequence[Order], config: Config) -> list[Prospect]:
    """Section 2: orders of ids in no membership row, one line per id in order of appearance, the blank id last."""
    keys = list(dict.fromkeys(order.customer_key for order in orders if order.customer_key is not None))
    if any(order.customer_key is None for order in orders):
        keys.append(None)
    return [_prospect([order for order in orders if order.customer_key == key], config) for key in keys]


def _prospect(orders: Sequence[Order], config: Config) -> Prospect:
    total = sum_money(order.total_value for order in orders)
    return Prospect(
        customer_id=orders[0].customer_id,
        customer_key=orders[0].customer_key,
        customer_name=next((order.customer_name for order in orders if order.customer_name), None),
        orders=len(orders),
        total_order_value=total,
        potential_savings=EXACT.multiply(total, config.prospect_savings_share),
        is_high_value=total > config.high_value,
    )


# --- section 3: renewals --------------------------------------------------------------------------------------------


def normalise_name(name: str | None) -> str | None:
    """Section 3: NFC, case-folded, blanks collapsed, accents kept."""
    if name is None:
        return None
    visible = "".join(character for character in name if character not in ZERO_WIDTH)
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", visible).casefold())
    return " ".join(folded.split()) or None


def customer_of(member: Member, config: Config) -> tuple[object, ...]:
    """Section 3, "Same customer": two rows are one customer's if this is equal."""
    name = normalise_name(member.customer_name)
    if config.match_on == "customer_name":
        return ("name", name) if name else ("row", member.row)
    if member.customer_key is not None:
        return ("id", member.customer_key)
    if name and member.email:
        return ("name and email", name, member.email)
    if member.email:
        return ("email", member.email)
    if name:
        return ("name", name)
    return ("row", member.row)


def find_survivors(members: Sequence[Member], config: Config) -> list[Survivor]:
    """Section 3: one survivor per chain and one per row that joins no chain, in file order."""
    customers: dict[tuple[object, ...], list[Member]] = {}
    for member in members:
        customers.setdefault(customer_of(member, config), []).append(member)
    survivors = [
        keep_one(chain, customer)
        for customer, rows in customers.items()
        for chain in split_into_chains(rows, config.renewal_days)
    ]
    return sorted(survivors, key=lambda survivor: survivor.kept.row)


def split_into_chains(rows: Sequence[Member], renewal_days: int) -> list[list[Member]]:
    """Section 3: the rows of one customer, cut wherever more than ``renewal_days`` lie between two memberships."""
    dated = [row for row in rows if row.created_on is not None and row.expires_on is not None]
    chains: list[list[Member]] = []
    for row in sorted(dated, key=lambda row: (row.created_on, row.expires_on, row.row)):
        latest = max(earlier.expires_on for earlier in chains[-1]) if chains else None
        if latest is not None and row.created_on <= latest + timedelta(days=renewal_days):
            chains[-1].append(row)
        else:
            chains.append([row])
    return chains + [[row] for row in rows if row not in dated]


def latest_term(row: Member) -> tuple[object, ...]:
    """Latest ``expires_on``, then latest ``created_on``, then last in the file; a missing date loses."""
    return (row.expires_on or date.min, row.created_on or date.min, row.row)


def keep_one(chain: Sequence[Member], customer: tuple[object, ...]) -> Survivor:
    """Section 3: the row that the chain keeps; what only a replaced row knew is not lost."""
    kept = max(chain, key=latest_term)
    newest_first = sorted(chain, key=lambda row: (row.created_on or date.min, *latest_term(row)), reverse=True)

    def newest(column: str):
        values = [getattr(row, column) for row in [kept, *newest_first]]
        return next((value for value in values if value is not None), None)

    return Survivor(
        kept=kept,
        chain=tuple(chain),
        customer=customer,
        customer_name=newest("customer_name"),
        email=newest("email"),
        has_email_from_earlier_row=kept.email is None and newest("email") is not None,
        original_purchase=newest("original_purchase"),
        member_since=min((row.start_on for row in chain if row.start_on is not None), default=None),
        renewals=len(chain) - 1,
    )


# --- section 4: one contact per person ------------------------------------------------------------------------------


def group_into_contacts(survivors: Sequence[Survivor]) -> list[list[Survivor]]:
    """Section 4: surviving rows with one address together; a row without one goes with its customer's."""
    groups: dict[tuple[object, ...], list[Survivor]] = {}
    for survivor in survivors:
        address = survivor.email
        if address is None:
            siblings = [s for s in survivors if s.customer == survivor.customer and s.email is not None]
            address = max(siblings, key=lambda s: latest_term(s.kept)).email if siblings else None
        person = ("address", address) if address is not None else ("customer", survivor.customer)
        groups.setdefault(person, []).append(survivor)
    return list(groups.values())


def covers(survivor: Survivor, as_of: date) -> bool:
    """Section 4: the survivor's chain covers the day: ``member_since`` ≤ day < ``expires_on``."""
    since, until = survivor.member_since, survivor.kept.expires_on
    return since is not None and until is not None and since <= as_of < until


def make_contact(group: Sequence[Survivor], totals: Mapping[str, Decimal], as_of: date, config: Config) -> Contact:
    """Sections 4 to 6: the contact of these surviving rows."""
    best_first = sorted(group, key=lambda s: (covers(s, as_of), *latest_term(s.kept)), reverse=True)
    membership = best_first[0]
    kept = membership.kept
    behind = sorted(row.row for survivor in group for row in survivor.chain)
    keys = sorted({row.customer_key for s in group for row in s.chain if row.customer_key is not None})
    email = next((survivor.email for survivor in group if survivor.email is not None), None)
    total = sum_money(totals[key] for key in keys)
    days_until = (kept.expires_on - as_of).days if kept.expires_on is not None else None
    values = {
        "email": email,
        "is_sendable": email is not None,
        "reason": None if email is not None else unsendable_reason(kept),
        "row": kept.row,
        "rows": tuple(behind),
        "customer_keys": tuple(keys),
        "customer_id": kept.customer_id,
        "customer_name": next((s.customer_name for s in best_first if s.customer_name is not None), None),
        "created_on": kept.created_on,
        "start_on": kept.start_on,
        "expires_on": kept.expires_on,
        "member_since": membership.member_since,
        "renewals": membership.renewals,
        "original_purchase": next((s.original_purchase for s in best_first if s.original_purchase is not None), None),
        "membership": kept.membership,
        "total_order_value": total,
        "estimated_savings": EXACT.multiply(total, config.savings_share),
        "days_until_expiration": days_until,
        "days_since_start": (as_of - kept.start_on).days if kept.start_on is not None else None,
        "category": categorize(days_until, config),
    }
    untagged = Contact(**values, flags={}, tags=())
    flags = {tag.value: tag_holds(tag, untagged, as_of) for tag in config.tags}
    return Contact(**values, flags=flags, tags=tuple(membership_status_tags(config.tags, flags)))


def unsendable_reason(kept: Member) -> str:
    """Section 1, email: why the contact's membership row gives no address to send to."""
    return "invalid_email" if kept.email_reason == "invalid_email" else "no_email"


# --- section 5: measures and category -------------------------------------------------------------------------------


def categorize(days_until_expiration: int | None, config: Config) -> str:
    """Section 5: the category speaks of the end of the term only."""
    if days_until_expiration is None:
        return "Unknown"
    if days_until_expiration < 0:
        return "Expired"
    return "Expiring Soon" if days_until_expiration <= config.expiring_soon_days else "Active"


def analysis_order(contact: Contact) -> tuple[object, ...]:
    """Section 5: category, ``expires_on``, e-mail, customer id; what is missing comes last, ties in file order."""
    return (
        CATEGORIES.index(contact.category),
        contact.expires_on or date.max,
        (contact.email is None, contact.email or ""),
        (contact.customer_id is None, contact.customer_id or ""),
        contact.row,
    )
