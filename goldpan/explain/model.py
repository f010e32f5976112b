"""Why one contact is as it is, as data: from the cells of its rows to the tags it carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from goldpan.model import Finding
from goldpan.places import RowPlace
from goldpan.rules import Label

Row: TypeAlias = int | RowPlace
"""A row as Excel shows it: its number, with its file and sheet where the export is several files."""

Value: TypeAlias = str | int | Decimal | date | bool | None
"""A cell as the rules see it; ``None`` is missing."""

FoundBy = Literal["email", "earlier_email", "customer_id"]
"""What led to the contact: its address, an address that only rows of it have, or a customer id behind it."""

Link = Literal["first", "continues", "starts", "undated"]
"""How a row stands to its customer's rows before it: ``continues`` their chain, or ``starts`` a new one."""

JoinedBy = Literal["address", "earlier_address", "customer", "no_address"]
"""What makes a row part of its contact: its own address, that of a row it replaced, or its customer's address."""

Why = Literal["only_row", "covers", "latest_end", "latest_creation", "last_in_file"]
"""What put the row that speaks before the next best one (RULES section 4)."""


Kind = Literal["all", "any", "none"]
"""How the parts of a clause are joined: every one, at least one, not one."""


@dataclass(frozen=True)
class Place:
    """Where the table of an export stands, or that of one of its files."""

    kind: str
    file: str
    sheet: str
    header_row: int


@dataclass(frozen=True)
class MembershipRow:
    """One membership row behind the contact, and what became of it.

    Attributes:
        cells: Its own values by canonical column, as they were read.
        link: How it stands to its customer's rows before it; ``undated`` rows are in no chain.
        latest_end: The latest expiration of those rows; missing for the first.
        gap_days: From that day to its creation; negative where it was renewed early.
        replaced_by: The row that stays in its place; ``None`` where it stays itself.
        joined_by: Why it belongs to this contact; ``None`` for replaced rows, which follow the one that replaced them.
        member_since: The beginning of its chain; ``None`` for replaced rows, as the next two.
        renewals: The rows that it replaced.
        covers_as_of: Whether its chain covers the date (RULES section 4).
        findings: What is odd about it.
    """

    row: Row
    cells: Mapping[str, Value]
    link: Link
    latest_end: date | None
    gap_days: int | None
    replaced_by: Row | None
    joined_by: JoinedBy | None
    member_since: date | None
    renewals: int | None
    covers_as_of: bool | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Speaker:
    """The row whose membership is the contact's, and what put it before ``rivals`` other rows that stay."""

    row: Row
    why: Why
    rivals: int


@dataclass(frozen=True)
class Filled:
    """A value that the row that speaks lacks, and the contact's rows where it stands."""

    column: str
    value: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class OrderRow:
    """One order row of a customer behind the contact.

    Attributes:
        amount: Unrounded; ``None`` where the cell is blank or unreadable.
        repeats_row: The row of the same order before it, which counts instead.
        is_summed: Whether its amount is part of the total.
        findings: What is odd about it.
    """

    row: Row
    customer_id: str
    order_id: str | None
    ordered_on: date | None
    amount: Decimal | None
    repeats_row: Row | None
    is_summed: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class CustomerTotal:
    """What one customer id behind the contact bought: its orders, each once, and the exact sum of their amounts."""

    customer_id: str
    orders: int
    total: Decimal


@dataclass(frozen=True)
class ConditionResult:
    """One condition of a rule: its text, the contact's value in that column, and whether it holds."""

    text: str
    column: str
    found: Value
    holds: bool


@dataclass(frozen=True)
class Clause:
    """Parts of a rule that are joined one way."""

    kind: Kind
    holds: bool
    parts: tuple["ConditionResult | GroupResult", ...]


@dataclass(frozen=True)
class GroupResult:
    """A group of conditions: it holds where each of its clauses does."""

    holds: bool
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class TagResult:
    """One tag: its rule with the contact's values, and the option that the contact carries."""

    value: str
    label: str
    rule: GroupResult
    carried: Label | None


@dataclass(frozen=True)
class Measures:
    """What the tags ask of the membership that speaks (RULES section 5)."""

    member_since: date | None
    start_on: date | None
    expires_on: date | None
    renewals: int
    days_until_expiration: int | None
    days_since_start: int | None
    category: str


@dataclass(frozen=True)
class Explanation:
    """One contact, from the rows of the exports to the tags.

    Attributes:
        as_of: The date that everything is true for.
        exports: The files that it was worked out from, those of memberships first.
        found_by: What the question led to it by.
        others_in_rows: Rows that speak for other contacts to which the same question leads.
        contact_key: The contact's key inside Goldpan: its address, else its customer.
        email: The address it is sent under; ``None`` where it has none and is never sent.
        addresses: Every address of its rows that is nobody else's, its own first.
        rows: The membership rows behind it, customer by customer in the order of their chains.
        other_rows: Rows of the same customers that are another contact's, having another address.
        renewal_window_days: A row created at most this long after the latest end continues the chain.
        filled: What comes from other rows than the one that speaks.
        orders: Every order row of its customers.
        customers: What each customer id bought; ``total`` is their sum.
        total: Unrounded.
        savings: ``savings_share`` of the total, in cents.
        may_create: Whether it would be made in HubSpot, should HubSpot lack it.
        is_suppressed: Whether it is on the list of those who are never written.
        wanted: What HubSpot should hold, by property, as it is sent; empty where the contact is never sent.
    """

    as_of: date
    exports: tuple[Place, ...]
    found_by: FoundBy
    others_in_rows: tuple[Row, ...]
    contact_key: str
    email: str | None
    customer_name: str | None
    addresses: tuple[str, ...]
    rows: tuple[MembershipRow, ...]
    other_rows: tuple[Row, ...]
    renewal_window_days: int
    speaker: Speaker
    filled: tuple[Filled, ...]
    orders: tuple[OrderRow, ...]
    customers: tuple[CustomerTotal, ...]
    total: Decimal
    savings: Decimal
    savings_share: Decimal
    measures: Measures
    tags: tuple[TagResult, ...]
    may_create: bool
    is_suppressed: bool
    wanted: Mapping[str, str]
