"""Contacts: one per person, made of every membership row that is theirs (RULES section 4)."""

from datetime import date, datetime, time

import narwhals.stable.v2 as nw

from goldpan.frames import Frame, Narwhal

LONG_AGO = datetime(1900, 1, 1)  # noqa: DTZ001 - business dates have no zone
"""Stands for a missing date where rows are ranked: missing dates lose."""

_BY_END = ("rank_expires", "rank_created", "source_row")


def assign_contacts(memberships: Frame) -> Frame:
    """Say which contact each row that stays belongs to.

    Args:
        memberships: One row per row that stays (:func:`goldpan.steps.renewals.deduplicate_memberships`).

    Returns:
        The same rows plus ``contact_key`` (str): the row's address; else the address of the same customer's row that
        has one (the latest to expire); else the customer, who can't be sent to.
    """
    rows = _ranked(nw.from_native(memberships))
    addresses = (
        rows.filter(~nw.col("email").is_null())
        .unique(subset="customer", keep="last", order_by=_BY_END)
        .select("customer", customer_email=nw.col("email"))
    )
    return (
        rows.join(addresses, on="customer", how="left")
        .with_columns(contact_key=nw.coalesce("email", "customer_email", "customer"))
        .drop("customer_email", "rank_expires", "rank_created")
        .to_native()
    )


def unite_contacts(memberships: Frame, linked: Frame, *, as_of: date) -> Frame:
    """One row per person: the membership that counts today, and what all of the person's customers bought.

    Args:
        memberships: One row per row that stays, with ``contact_key``.
        linked: Every membership row (:func:`goldpan.steps.renewals.link_renewals`) with ``total_order_value_micros``:
            the customer ids of replaced rows count too.
        as_of: The run's date; a membership that covers it goes before one that doesn't.

    Returns:
        One row per ``contact_key``: the columns of the membership row, with ``email`` the contact's address (missing if
        it has none), ``customer_name`` and ``original_purchase`` from the next row that has one,
        ``total_order_value_micros`` summed over the distinct customer ids, and ``customer_ids`` (Int64, their number).
    """
    today = datetime.combine(as_of, time())
    covers = (nw.col("member_since") <= today) & (nw.col("expires_on") > today)
    rows = _ranked(nw.from_native(memberships)).with_columns(rank_covers=covers.fill_null(False).cast(nw.Int64()))
    order = ("rank_covers", *_BY_END)
    contacts = rows.unique(subset="contact_key", keep="last", order_by=order)
    for column in ("customer_name", "original_purchase"):
        known = (
            rows.filter(~nw.col(column).is_null())
            .unique(subset="contact_key", keep="last", order_by=order)
            .select("contact_key", nw.col(column))
        )
        contacts = contacts.drop(column).join(known, on="contact_key", how="left")
    values = _values_by_contact(rows, nw.from_native(linked))
    return (
        contacts.drop("total_order_value_micros")
        .join(values, on="contact_key", how="left")
        .with_columns(
            nw.col("total_order_value_micros").fill_null(0).cast(nw.Int64()),
            nw.col("customer_ids").fill_null(0).cast(nw.Int64()),
            email=nw.when(nw.col("contact_key") != nw.col("customer")).then(nw.col("contact_key")),
        )
        .drop("rank_covers", "rank_expires", "rank_created")
        .to_native()
    )


def _values_by_contact(rows: Narwhal, linked: Narwhal) -> Narwhal:
    """What each contact bought: every distinct customer id behind it counts once."""
    contact_of_row = rows.select(kept_row=nw.col("source_row"), contact_key=nw.col("contact_key"))
    return (
        linked.filter(~nw.col("customer_id_key").is_null())
        .with_columns(kept_row=nw.coalesce("replaced_by", "source_row"))
        .join(contact_of_row, on="kept_row", how="inner")
        .select("contact_key", "customer_id_key", "total_order_value_micros")
        .unique()
        .group_by("contact_key")
        .agg(nw.col("total_order_value_micros").sum(), nw.len().alias("customer_ids"))
    )


def _ranked(rows: Narwhal) -> Narwhal:
    return rows.with_columns(
        rank_expires=nw.col("expires_on").fill_null(LONG_AGO), rank_created=nw.col("created_on").fill_null(LONG_AGO)
    )
