"""What `goldpan explain` prints for people about a contact of the exports: rows, membership, orders, tags."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from rich.markup import escape

from goldpan.columns import CATEGORIES
from goldpan.explain.model import (
    ConditionResult,
    Explanation,
    GroupResult,
    JoinedBy,
    Kind,
    Measures,
    MembershipRow,
    OrderRow,
    Row,
    TagResult,
    Value,
    Why,
)
from goldpan.model import Finding
from goldpan.reasons import reason_of

ORDERS_SHOWN = 20
BLANK = "(blank)"
_YES, _NO = "[green]✓[/]", "[red]✗[/]"
_INDENT = " " * 9
_IN_HEADLINE = ("customer_id", "customer_name", "email", "created_on", "start_on", "expires_on")

_JOINED: dict[JoinedBy, str] = {
    "address": "part of this contact by its address",
    "earlier_address": "part of this contact by the address of a row that it replaced",
    "customer": "without a valid address, so part of the contact of its customer's row that has one",
    "no_address": "no row of this customer has a valid address",
}
_WHY: dict[Why, str] = {
    "only_row": "it is the only one that stays",
    "covers": "it covers {as_of}, the others don't",
    "latest_end": "it ends last",
    "latest_creation": "it was created last of those that end last",
    "last_in_file": "it stands last in the file of those with the same dates",
}
_LAST_OF_FILES = "it stands last of those with the same dates; rows of an earlier source come first"
_CLAUSES: dict[Kind, str] = {"all": "all of", "any": "at least one of", "none": "none of"}


def contact_lines(contact: Explanation) -> Iterator[str]:
    """An explanation, section by section, as Rich's markup."""
    name, address = said(contact.customer_name), said(contact.email or "no address")
    yield f"[bold]{name} · {address}[/] as of {contact.as_of}"
    if contact.found_by == "earlier_email":
        yield f"The address asked for stands in a row of this contact; HubSpot knows it as {address}."
    if contact.others_in_rows:
        yield (f"Other contacts answer to that as well: see {_rows(contact.others_in_rows)}. This one ranks first.")
    if contact.email is None:
        yield f"[yellow]Never sent.[/] {reason_of('unsendable').meaning}"
    if contact.is_suppressed:
        yield f"[yellow]Never written.[/] {reason_of('suppressed').meaning}"
    yield from _membership_lines(contact)
    yield from _order_lines(contact)
    yield "\n[bold]Tags[/]"
    for tag in contact.tags:
        yield from _tag_lines(tag)


def _membership_lines(contact: Explanation) -> Iterator[str]:
    yield f"\n[bold]Membership rows[/] of {_places(contact, 'memberships')}"
    for row in contact.rows:
        yield from _row_lines(row, contact.renewal_window_days)
    if contact.other_rows:
        yield f"  Under another address, and so another contact, the same customer has {_rows(contact.other_rows)}."
    yield "\n[bold]Membership[/]"
    speaker = contact.speaker
    rivals = f" ({speaker.rivals + 1} rows stay)" if speaker.rivals else ""
    is_last = speaker.why == "last_in_file" and not isinstance(speaker.row, int)
    why = _LAST_OF_FILES if is_last else _WHY[speaker.why].format(as_of=contact.as_of)
    yield f"  Row {_row(speaker.row)} counts: {why}{rivals}."
    yield from _measure_lines(contact.measures)
    for filled in contact.filled:
        yield f"  {filled.column} {said(filled.value)} comes from {_rows(filled.rows)}."


def _row_lines(row: MembershipRow, window_days: int) -> Iterator[str]:
    cells = row.cells
    yield f"  Row {_row(row.row):<4} {' · '.join(said(cells[name]) for name in _IN_HEADLINE[:3])}"
    others = "".join(
        f"; {name} {said(value)}" for name, value in cells.items() if name not in _IN_HEADLINE and value is not None
    )
    term = f"{said(cells['start_on'])} to {said(cells['expires_on'])}, created {said(cells['created_on'])}"
    yield f"{_INDENT}{term}{others}"
    yield f"{_INDENT}{_link(row, window_days)}"
    if row.replaced_by is not None:
        yield f"{_INDENT}→ replaced by row {_row(row.replaced_by)}"
    elif row.joined_by is not None:
        yield f"{_INDENT}→ stays; {_JOINED[row.joined_by]}"
    yield from _finding_lines(row.findings)


def _link(row: MembershipRow, window_days: int) -> str:
    if row.link == "undated":
        return "no creation or expiration date, so in no chain of renewals"
    if row.gap_days is None:
        return "the first term of its customer"
    far = days_said(abs(row.gap_days))
    when = f"{far} after" if row.gap_days > 0 else f"{far} before" if row.gap_days < 0 else "on the day of"
    before = f"created {when} the latest end before it, {row.latest_end}"
    limit = f"the limit is {days_said(window_days)} after"
    return f"{before}: {'a renewal' if row.link == 'continues' else 'a new chain'} ({limit})"


def _measure_lines(measures: Measures) -> Iterator[str]:
    days, category = measures.days_until_expiration, CATEGORIES[measures.category]
    if days is None:
        end = "no expiration date"
    elif days < 0:
        end = f"expired on {measures.expires_on}, {days_said(-days)} ago"
    else:
        end = f"expires on {measures.expires_on}, {f'in {days_said(days)}' if days else 'today'}"
    yield f"  {category}: {end}."
    since = measures.days_since_start
    ago = "" if since is None else f" ({days_said(since)} ago)" if since >= 0 else f" (in {days_said(-since)})"
    yield (
        f"  This term starts {said(measures.start_on)}{ago}; member since {said(measures.member_since)}, "
        f"renewals: {measures.renewals}."
    )


def _order_lines(contact: Explanation) -> Iterator[str]:
    yield f"\n[bold]Orders[/] of {_places(contact, 'orders')}"
    if not contact.customers:
        yield "  Its rows have no customer id, so no order can be theirs."
    for row in contact.orders[:ORDERS_SHOWN]:
        yield from _order_row_lines(row)
    if len(contact.orders) > ORDERS_SHOWN:
        rest = contact.orders[ORDERS_SHOWN:]
        amount = sum((row.amount for row in rest if row.is_summed and row.amount is not None), Decimal())
        yield f"  … and {len(rest):,} more rows, together {said(amount)}; --json has them all"
    for customer in contact.customers:
        orders = f"{customer.orders:,} order{'s' if customer.orders != 1 else ''}"
        yield f"  Customer {said(customer.customer_id)}: {orders}, {said(customer.total)}"
    share = f"{(contact.savings_share * 100).normalize():f} %"
    yield f"  [bold]Total {said(contact.total)}[/]; estimated savings {said(contact.savings)} ({share})"


def _order_row_lines(row: OrderRow) -> Iterator[str]:
    what = " · ".join(said(value) for value in (row.order_id, row.ordered_on) if value is not None)
    why_not = f"not summed: the same order as row {_row(row.repeats_row)}" if row.repeats_row else ""
    yield f"  Row {_row(row.row):<4} {what}  {said(row.amount)}  {why_not}".rstrip()
    yield from _finding_lines(finding for finding in row.findings if finding.reason != "repeated_order")


def _finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        reason = reason_of(finding.reason)
        where = f"{said(finding.column)}: " if finding.column else ""
        value = f" ({said(finding.value)})" if finding.value else ""
        yield f"{_INDENT}[yellow]![/] {where}{reason.title}{value}. {reason.advice}".rstrip()


def _tag_lines(tag: TagResult) -> Iterator[str]:
    if tag.rule.holds:
        yield f"  {_YES} [bold]{escape(tag.label)}[/] ({escape(tag.value)})"
    else:
        instead = f"[bold]{escape(tag.carried.label)}[/] ({escape(tag.carried.value)})" if tag.carried else "no tag"
        yield f"  {_NO} {escape(tag.label)}, so {instead}"
    yield from _group_lines(tag.rule, "      ")


def _group_lines(group: GroupResult, indent: str) -> Iterator[str]:
    for clause in group.clauses:
        inside = indent
        if clause.kind != "all" or len(group.clauses) > 1:
            yield f"{indent}{_mark(clause.holds)} {_CLAUSES[clause.kind]}"
            inside += "  "
        for part in clause.parts:
            if isinstance(part, ConditionResult):
                yield f"{inside}{_mark(part.holds)} {escape(part.text)}: {said(part.found)}"
            else:
                yield f"{inside}{_mark(part.holds)} a group"
                yield from _group_lines(part, inside + "  ")


def _mark(holds: bool) -> str:
    return _YES if holds else _NO


def said(value: Value) -> str:
    """A value as a person reads it, on one line and never as markup."""
    if value is None:
        return BLANK
    if isinstance(value, Decimal):
        exact = value.normalize()
        return f"{value:,.2f}" if exact == round(value, 2) else f"{exact:,f}"
    if isinstance(value, date):
        return value.isoformat()
    shown = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return escape(" ".join(shown.split()))


def days_said(days: int) -> str:
    """A number of days in words."""
    return f"{days:,} day{'s' if days != 1 else ''}"


def _rows(rows: tuple[Row, ...]) -> str:
    return f"row{'s' if len(rows) != 1 else ''} {', '.join(map(_row, rows))}"


def _row(row: Row) -> str:
    return str(row) if isinstance(row, int) else f"{row.row} of {said(row.file)}"


def _places(contact: Explanation, kind: str) -> str:
    places = [place for place in contact.exports if place.kind == kind]
    return " and ".join(said(f"{each.file}, sheet {each.sheet}" if each.sheet else each.file) for each in places)
