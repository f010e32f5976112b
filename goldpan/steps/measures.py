"""Measures: how far away the end and the beginning are, and the category (RULES section 5)."""

from datetime import date

import narwhals.stable.v2 as nw

from goldpan.columns import CATEGORIES
from goldpan.frames import Frame, Narwhal, days_after, in_order


def add_measures(contacts: Frame, *, as_of: date, expiring_soon_days: int = 30) -> Frame:
    """Add what tags and marketing ask of a membership's dates.

    Args:
        contacts: One row per contact; reads ``expires_on`` and ``start_on`` (datetime at midnight).
        as_of: The run's date.
        expiring_soon_days: The last day that is still Expiring Soon.

    Returns:
        The same rows plus ``days_until_expiration`` and ``days_since_start`` (Int64, missing where the date is) and
        ``membership_category`` (str, a key of :data:`goldpan.columns.CATEGORIES`; it speaks of the end only).
    """
    frame = nw.from_native(contacts)
    days = nw.col("days_until_expiration")
    return (
        frame.with_columns(
            days_until_expiration=_whole_days(frame, "expires_on", as_of),
            days_since_start=_whole_days(frame, "start_on", as_of) * -1,
        )
        .with_columns(
            membership_category=nw.when(days.is_null())
            .then(nw.lit("unknown"))
            .otherwise(
                nw.when(days < 0)
                .then(nw.lit("expired"))
                .otherwise(
                    nw.when(days <= expiring_soon_days).then(nw.lit("expiring_soon")).otherwise(nw.lit("active"))
                )
            )
        )
        .to_native()
    )


def categorize_and_sort_memberships(contacts: Frame, *, as_of: date, expiring_soon_days: int = 30) -> Frame:
    """Add the measures, and put the contacts in the order of the analysis.

    Args:
        contacts: One row per contact.
        as_of: The run's date.
        expiring_soon_days: See :func:`add_measures`.

    Returns:
        The contacts with their measures: Expired, Expiring Soon, Active, Unknown; inside each by ``expires_on``, then
        ``email``, then ``customer_id`` (missing ones last), then row.
    """
    measured = nw.from_native(add_measures(contacts, as_of=as_of, expiring_soon_days=expiring_soon_days))
    rank = nw.lit(len(CATEGORIES), dtype=nw.Int64())
    for position, category in enumerate(CATEGORIES):
        rank = nw.when(nw.col("membership_category") == category).then(nw.lit(position)).otherwise(rank)
    order = ("rank", "expires_on", "email", "customer_id", "source_row")
    return in_order(measured.with_columns(rank=rank), *order).drop("rank").to_native()


def _whole_days(frame: Narwhal, column: str, as_of: date) -> nw.Expr:
    """Days from today to a date; missing where the date is.

    The zero from ``source_row`` makes a column of integers that may be missing on every engine (numpy's could not).
    """
    days = nw.col("source_row") * 0 + days_after(frame, column, as_of)
    return nw.when(~nw.col(column).is_null()).then(days)
