"""*Summary*: the night on one page, for whoever has a minute."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

import pandas as pd

from goldpan.columns import CATEGORIES
from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.pipeline import Refined
from goldpan.reasons import CONTACT_STATES, reason_of
from goldpan.report.rows import row_counts
from goldpan.report.sending import Sending
from goldpan.report.table import Column, Table, table_of
from goldpan.values.money import in_cents

_Line: TypeAlias = tuple[str, object, float | None, str]
"""What, how many or how much (int or Decimal), its share, and a remark."""

_ALWAYS_SHOWN = frozenset({"created", "updated", "unchanged", "refused"})


def summary_table(
    memberships: Export, orders: Export, refined: Refined, config: Config, *, sending: Sending, rejects: Table
) -> Table:
    """*Summary*: sections of a few lines each; counts are ints, money is decimal."""
    sections: dict[str, Iterator[_Line]] = {
        "This run": _run_lines(memberships, orders, refined, sending),
        "Contacts": _contact_lines(refined),
        "Membership today (share of all contacts)": _category_lines(refined),
        "Tags (share of the contacts that can be sent)": _tag_lines(refined, config),
        "Money (share of all orders)": _money_lines(refined, config),
        "HubSpot": _hubspot_lines(sending),
        "Rows of the exports": _row_lines(memberships, orders, refined),
        "To look at (see Rejects and warnings)": _reject_lines(rejects, refined),
    }
    lines = [(section, *line) for section, made in sections.items() for line in made]
    columns = list(zip(*lines, strict=True))
    return table_of(
        "Summary",
        (Column("Section"), pd.Series(columns[0], dtype="str")),
        (Column("What", width=36), pd.Series(columns[1], dtype="str")),
        (Column("Value", "any", width=18), pd.Series(columns[2], dtype=object)),
        (Column("Share", "share", width=34), pd.Series(columns[3], dtype="float64")),
        (Column("Remark", width=90), pd.Series(columns[4], dtype="str")),
        is_sectioned=True,
    )


def _share(part: float | Decimal, whole: float | Decimal) -> float | None:
    return float(part / whole) if whole > 0 and part >= 0 else None  # type: ignore[operator] # both ints or Decimals


_LISTED_FILES = 20
"""So many files of an export get a line each."""


def _run_lines(memberships: Export, orders: Export, refined: Refined, sending: Sending) -> Iterator[_Line]:
    yield "As of", refined.as_of, None, "The date that categories and tags are true for."
    for export in (memberships, orders):
        if len(export.parts) > _LISTED_FILES:
            first, last = export.parts[0].file, export.parts[-1].file
            place = f"{len(export.parts):,} files, {first} to {last}"
            yield f"Rows of {export.kind}", export.rows_read, None, place
            continue
        for part in export.parts:
            sheet = f", sheet {part.sheet}" if part.sheet else ""
            place = f"{part.file}{sheet}, headers in row {part.header_row}"
            yield f"Rows of {export.kind}", part.rows_read, None, place
    if sending.made_at:
        yield "Made", None, None, f"{sending.made_at:%Y-%m-%d %H:%M %Z}".strip()


def _contact_lines(refined: Refined) -> Iterator[_Line]:
    contacts = len(refined.contacts)
    sendable = int(refined.contacts["email"].notna().sum())
    shared = len(refined.shared_emails)
    yield "Contacts", contacts, None, "One per person or company: rows of one customer or one address are one contact."
    yield "Can be sent", sendable, _share(sendable, contacts), "They have a valid e-mail address."
    yield "Never sent", contacts - sendable, _share(contacts - sendable, contacts), reason_of("unsendable").meaning
    yield "Several customers in one", shared, _share(shared, contacts), reason_of("shared_email").meaning


def _category_lines(refined: Refined) -> Iterator[_Line]:
    counts = refined.contacts["membership_category"].value_counts()
    for value, label in CATEGORIES.items():
        count = int(counts.get(value, 0))
        yield label, count, _share(count, len(refined.contacts)), ""


def _tag_lines(refined: Refined, config: Config) -> Iterator[_Line]:
    counts = refined.tag_counts(config)
    sendable = int(refined.contacts["email"].notna().sum())
    for tag in config.tags:
        otherwise = f"The others are {tag.otherwise.label}." if tag.otherwise else ""
        yield tag.label, counts[tag.value], _share(counts[tag.value], sendable), otherwise


def _money_lines(refined: Refined, config: Config) -> Iterator[_Line]:
    money, rules = refined.money, config.rules
    total = money.total
    savings = _cents(money.customers, rules.savings_share)
    yield "All orders", _cents(total), None, "Returns count as negative; an order that stands twice counts once."
    yield "Orders of members", _cents(money.customers), _share(money.customers, total), ""
    yield (
        "Orders of prospects",
        _cents(money.unmatched),
        _share(money.unmatched, total),
        "They buy without a membership.",
    )
    yield (
        "Orders without a customer id",
        _cents(money.blank_id),
        _share(money.blank_id, total),
        "They stand last in Prospects.",
    )
    yield "Estimated savings of members", savings, None, f"{_percent(rules.savings_share)} of what members ordered."
    potential = _cents(money.unmatched, rules.prospect_savings_share)
    yield (
        "Potential savings of prospects",
        potential,
        None,
        f"{_percent(rules.prospect_savings_share)} of their orders.",
    )
    high = refined.counts.high_value_prospects
    ordered = f"{high:,} of them ordered for more than {rules.high_value_above:,f}."
    listed = int(refined.prospects["customer_id"].notna().sum())
    yield "Prospects", refined.counts.prospects, None, ordered + _only_first(listed, refined.counts.prospects)


def _only_first(listed: int, count: int) -> str:
    """What is said where a sheet does not list all: engines for more than fits a sheet give the first rows alone."""
    return f" The sheet lists the first {listed:,} of them." if listed < count else ""


def _cents(micros: int, share: Decimal = Decimal(1)) -> Decimal:
    cents: Decimal = in_cents(pd.Series([micros], dtype="Int64"), share).iloc[0]
    return cents


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


def _hubspot_lines(sending: Sending) -> Iterator[_Line]:
    if sending.remark:
        yield "Important", None, None, sending.remark
    if not sending.counts:
        yield "Nothing was sent", None, None, "The analysis was made without asking HubSpot."
    total = sum(sending.counts.values())
    for state in (*CONTACT_STATES, *(state for state in sending.counts if state not in CONTACT_STATES)):
        count = sending.counts.get(state, 0)
        if count or (state in _ALWAYS_SHOWN and sending.counts):
            reason = reason_of(state)
            yield reason.title, count, _share(count, total), reason.meaning


def _row_lines(memberships: Export, orders: Export, refined: Refined) -> Iterator[_Line]:
    why_merged = {memberships.kind: "A later term renewed them.", orders.kind: "The same order stood there before."}
    merged = {memberships.kind: refined.merged_rows, orders.kind: refined.repeated_orders}
    for kind, counts in row_counts(memberships, orders, refined).items():
        found = {reason_of(reason).title: count for reason, count in counts.skipped_by_reason.items() if count}
        skipped = (f"{title}: {count:,}" for title, count in found.items())
        yield f"{kind.capitalize()}: read", counts.read, None, "Kept + merged + skipped."
        yield f"{kind.capitalize()}: kept", counts.kept, _share(counts.kept, counts.read), ""
        why = why_merged[kind] + _only_first(len(merged[kind]), counts.merged)
        yield f"{kind.capitalize()}: merged", counts.merged, _share(counts.merged, counts.read), why
        yield f"{kind.capitalize()}: skipped", counts.skipped, _share(counts.skipped, counts.read), ", ".join(skipped)
    for export in (memberships, orders):
        if more := _only_first(len(export.findings), export.warnings):
            yield f"{export.kind.capitalize()}: odd cells", export.warnings, None, more.strip()


def _reject_lines(rejects: Table, refined: Refined) -> Iterator[_Line]:
    counts = refined.counts  # some engines list only the first rows of these
    whole = {"repeated_order": counts.repeated_orders, "email_from_earlier_row": counts.filled_addresses}
    lines = rejects.frame[rejects.frame["Row"].notna() | (rejects.frame["File"] == "")]
    for code, count in lines.groupby("Reason", sort=False).size().items():
        reason = reason_of(str(code))
        yield reason.title, whole.get(str(code), int(count)), None, reason.advice or reason.meaning
    if not len(lines):
        yield "Nothing", 0, None, "Every cell could be read and every contact can be sent."
