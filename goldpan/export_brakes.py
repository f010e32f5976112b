"""Limits over exports: too old, or far less in them than in those accepted last."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from goldpan.brakes import BrakeLimits, TrippedBrake, first_of, percent
from goldpan.columns import MICROS_PER_UNIT
from goldpan.facts import Facts


def brakes_on_exports(
    facts: Facts, accepted: Facts | None, limits: BrakeLimits, missing: Sequence[str] = ()
) -> Iterator[TrippedBrake]:
    """Compare tonight's exports with the last accepted ones; nothing to compare with trips nothing.

    Args:
        facts: Tonight's.
        accepted: Those of the last accepted exports; ``None`` where there are none.
        limits: The limits.
        missing: Addresses that HubSpot confirmed and that tonight's exports lack, for examples.
    """
    if accepted is None:
        return
    found = [
        ("fewer_rows", f"rows in the {kind} export", rows, accepted.rows.get(kind, 0), limits.fewer_rows_share)
        for kind, rows in facts.rows.items()
    ]
    found.append(("fewer_contacts", "contacts", facts.contacts, accepted.contacts, limits.fewer_contacts_share))
    for name, words, now, before, limit in found:
        if before - now > limit * before:
            lost = (before - now) / before
            what = f"{now:,} {words}, {lost:.1%} fewer than the {before:,} accepted last."
            examples = first_of(missing) if name == "fewer_contacts" else ()
            yield TrippedBrake(name, what, lost, f"{percent(limit)} fewer", examples)
    yield from _less_money(facts, accepted, limits.order_sum_loss_share)
    rise = facts.unsendable_share - accepted.unsendable_share
    if rise > Fraction(limits.unsendable_rise_share):
        yield TrippedBrake(
            "unsendable_rise",
            f"{facts.unsendable:,} contacts ({float(facts.unsendable_share):.1%}) have no valid address, up from "
            f"{accepted.unsendable:,} ({float(accepted.unsendable_share):.1%}).",
            float(rise),
            f"up by {percent(limits.unsendable_rise_share).rstrip('%')} points",
        )
    for column, share in facts.filled.items():
        share_before = accepted.filled.get(column, 0.0)
        was_filled = Decimal(str(share_before)) >= limits.column_filled_share
        if was_filled and Decimal(str(share)) < limits.column_emptied_share:
            yield TrippedBrake(
                "column_emptied",
                f"The column {column} has a value in {share:.1%} of the rows; it was {share_before:.1%}.",
                share,
                f"a column that was {percent(limits.column_filled_share)} filled falls under "
                f"{percent(limits.column_emptied_share)}",
            )


def brake_on_age(kind: str, file: str, age: timedelta, limits: BrakeLimits) -> TrippedBrake | None:
    """An export that is too old to act on."""
    if age <= timedelta(days=limits.export_age_days):
        return None
    days = age / timedelta(days=1)
    return TrippedBrake(
        "export_age",
        f"The {kind} export {file} is {days:.1f} days old; no newer one has come.",
        days,
        f"{limits.export_age_days} days",
    )


def _less_money(facts: Facts, accepted: Facts, share: Decimal) -> Iterator[TrippedBrake]:
    now, before = (Decimal(each.order_sum_micros) / MICROS_PER_UNIT for each in (facts, accepted))
    if before > 0 and before - now > share * before:
        lost = float((before - now) / before)
        what = f"All orders add up to {now:,.0f}, {lost:.1%} less than the {before:,.0f} accepted last."
        yield TrippedBrake("order_sum_loss", what, lost, f"{percent(share)} less")
