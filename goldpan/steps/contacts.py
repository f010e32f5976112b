"""Contacts: one per person, made of every membership row that is theirs (RULES section 4)."""

from datetime import date

import narwhals.stable.v2 as nw

from goldpan.frames import (
    Frame,
    Narwhal,
    Settle,
    as_it_is,
    day_number,
    is_nothing,
    looked_up,
    midnight,
    only_rows,
    rank,
    row_of,
)
from goldpan.steps.filling import fill_from_rows

_FROM_NEXT_ROW = ("customer_name", "original_purchase")
"""What a contact takes from the next row that has it, where its membership row has none."""

_BY_END = ("expires_on", "created_on")
"""What ranks a person's rows, the more important one first."""


def assign_contacts(memberships: Frame, *, settle: Settle = as_it_is) -> Frame:
    """Say which contact each row that stays belongs to.

    Args:
        memberships: One row per row that stays (:func:`goldpan.steps.renewals.deduplicate_memberships`).
        settle: See :data:`goldpan.frames.Settle`.

    Returns:
        The same rows plus ``contact_key`` (str): the row's address; else the address of the same customer's row that
        has one (the latest to expire); else the customer, who can't be sent to.
    """
    rows = nw.from_native(memberships)
    lacking = rows.filter(nw.col("email").is_null()).select("source_row", "customer")
    if is_nothing(lacking):
        return rows.with_columns(contact_key=nw.col("email")).to_native()
    having = rows.select("source_row", "customer", "email", *_BY_END).filter(~nw.col("email").is_null())
    having = having.join(lacking.select("customer"), on="customer", how="semi")
    latest = (
        having.select("customer", rank=_by_end(having))
        .group_by("customer")
        .agg(nw.col("rank").max())
        .select("customer", kept_row=row_of("rank"))
    )
    known = having.select("email", kept_row=nw.col("source_row"))
    addresses = latest.join(known, on="kept_row", how="inner").select("customer", contact_key=nw.col("email"))
    given = lacking.join(addresses, on="customer", how="inner").select("source_row", "contact_key")
    given = nw.from_native(settle(given.to_native()))
    return (
        looked_up(rows, given, "source_row")
        .with_columns(contact_key=nw.coalesce("email", "contact_key", "customer"))
        .to_native()
    )


def unite_contacts(memberships: Frame, linked: Frame, *, as_of: date, settle: Settle = as_it_is) -> Frame:
    """One row per person: the membership that counts today, and what all of the person's customers bought.

    Args:
        memberships: One row per row that stays, with ``contact_key``.
        linked: Every membership row (:func:`goldpan.steps.renewals.link_renewals`) with ``total_order_value_micros``:
            the customer ids of replaced rows count too.
        as_of: The run's date; a membership that covers it goes before one that doesn't.
        settle: See :data:`goldpan.frames.Settle`.

    Returns:
        One row per ``contact_key``: the columns of the membership row, with ``email`` the contact's address (missing if
        it has none), ``customer_name`` and ``original_purchase`` from the next row that has one,
        ``total_order_value_micros`` summed over the distinct customer ids, and ``customer_ids`` (int64, their number).
    """
    rows = nw.from_native(memberships)
    del memberships  # where nobody else holds them, they go with ``rows``
    values = _values_by_contact(rows, nw.from_native(linked))  # before there is another frame as large as the rows
    speaking = nw.from_native(settle(_speaking(rows, as_of).to_native()))
    contacts = only_rows(rows, speaking)
    contacts = fill_from_rows(contacts, speaking, rows, _FROM_NEXT_ROW)
    del rows
    return (
        looked_up(contacts.drop("total_order_value_micros"), values, "contact_key")
        .with_columns(
            nw.col("total_order_value_micros").fill_null(0).cast(nw.Int64()),
            nw.col("customer_ids").fill_null(0).cast(nw.Int64()),
            email=nw.when(nw.col("contact_key") != nw.col("customer")).then(nw.col("contact_key")),
        )
        .to_native()
    )


def _speaking(rows: Narwhal, as_of: date) -> Narwhal:
    """The row that speaks for each contact (``source_row``) and, where it lacks a column, ``<column>_row``."""
    today = midnight(as_of)
    covers = (nw.col("member_since") <= today) & (nw.col("expires_on") > today)
    known = {f"{column}_rank": nw.when(~nw.col(column).is_null()).then(nw.col("rank")) for column in _FROM_NEXT_ROW}
    best = (
        rows.select("contact_key", *_FROM_NEXT_ROW, rank=_by_end(rows, first=covers.fill_null(False).cast(nw.Int64())))
        .with_columns(**known)
        .group_by("contact_key")
        .agg(nw.col("rank").max(), *(nw.col(name).max() for name in known))
    )
    taken = {
        f"{column}_row": nw.when(nw.col(f"{column}_rank") < nw.col("rank")).then(row_of(f"{column}_rank"))
        for column in _FROM_NEXT_ROW
    }
    return best.select(source_row=row_of("rank"), **taken)


def _values_by_contact(rows: Narwhal, linked: Narwhal) -> Narwhal:
    """What each contact bought: every distinct customer id behind it counts once."""
    return (
        ids_behind(rows, linked, "total_order_value_micros")
        .group_by("contact_key", "customer_id_key")
        .agg(nw.col("total_order_value_micros").max())
        .group_by("contact_key")
        .agg(nw.col("total_order_value_micros").sum(), nw.len().alias("customer_ids"))
    )


def ids_behind(rows: Narwhal, linked: Narwhal, column: str) -> Narwhal:
    """Every customer id behind each contact, once for each membership row that has it; replaced rows count, too.

    Args:
        rows: One row per row that stays, with ``contact_key``.
        linked: Every membership row (:func:`goldpan.steps.renewals.link_renewals`).
        column: What else is wanted of those.

    Returns:
        ``contact_key``, ``customer_id_key``, ``kept_row`` (the row that stays) and the column.
    """
    contact_of_row = rows.select("contact_key", kept_row=nw.col("source_row"))
    return (
        linked.select("customer_id_key", column, kept_row=nw.coalesce("replaced_by", "source_row"))
        .filter(~nw.col("customer_id_key").is_null())
        .join(contact_of_row, on="kept_row", how="inner")
    )


def _by_end(rows: Narwhal, first: nw.Expr | None = None) -> nw.Expr:
    """Ranks rows by their ends, then their creation, then their place in the file; missing dates lose."""
    more, less = (day_number(rows, column) for column in _BY_END)
    return rank(more, less, first)
