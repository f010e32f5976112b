"""Renewals: the rows of one customer that continue each other are one membership (RULES section 3)."""

from datetime import timedelta

import narwhals.stable.v2 as nw

from goldpan.frames import Frame, Narwhal

IN_ORDER = ("created_on", "expires_on", "source_row")
"""How the rows of a customer follow each other."""

FILLED_FROM_EARLIER_ROWS = ("customer_name", "original_purchase", "email")
"""What the kept row takes from the rows it replaces, where it has none itself."""


def link_renewals(memberships: Frame, *, renewal_window_days: int = 7, match_on: str = "customer_id") -> Frame:
    """Find who is the same customer, and which row of each chain of renewals stays.

    A row continues the chain before it when it was created at most the window after the latest expiration in that
    chain so far. A row without a created or an expiration date is in no chain.

    Args:
        memberships: One row per membership row, as :class:`goldpan.conform.Export` holds it.
        renewal_window_days: Day 7 continues, day 8 starts a new chain.
        match_on: ``customer_id``, or ``customer_name`` to group by the normalised name alone.

    Returns:
        The same rows (order not kept) and: ``customer`` (str), ``replaced_by`` (Int64, the row that stays in this
        row's place; missing for rows that stay), ``member_since`` (datetime, the chain's earliest start), ``renewals``
        (Int64, rows in the chain - 1), ``email_from_row`` (Int64, where an earlier row gave the address). Rows that
        stay have the name, original purchase and address filled from the newest row of the chain that has one.
    """
    frame = nw.from_native(name_customers(memberships, match_on=match_on))
    is_datable = ~nw.col("created_on").is_null() & ~nw.col("expires_on").is_null()
    in_chains = _with_chains(frame.filter(is_datable), timedelta(days=renewal_window_days))
    stays = nw.col("source_row") == nw.col("kept_row")
    linked = _filled(in_chains.filter(stays), in_chains).with_columns(replaced_by=_no_row())
    replaced = in_chains.filter(~stays).with_columns(replaced_by=nw.col("kept_row"), email_from_row=_no_row())
    alone = frame.filter(~is_datable).with_columns(
        member_since=nw.col("start_on"),
        renewals=nw.col("source_row") * 0,
        replaced_by=_no_row(),
        email_from_row=_no_row(),
    )
    columns = alone.collect_schema().names()
    return nw.concat([part.select(*columns) for part in (linked, replaced, alone)]).to_native()


def deduplicate_memberships(
    memberships: Frame, *, renewal_window_days: int = 7, match_on: str = "customer_id"
) -> Frame:
    """One row per chain of renewals: the latest, with the chain's history in it.

    Args:
        memberships: One row per membership row.
        renewal_window_days: See :func:`link_renewals`.
        match_on: See :func:`link_renewals`.

    Returns:
        The rows that stay, with the columns of :func:`link_renewals`.
    """
    linked = link_renewals(memberships, renewal_window_days=renewal_window_days, match_on=match_on)
    return nw.from_native(linked).filter(nw.col("replaced_by").is_null()).to_native()


def name_customers(memberships: Frame, *, match_on: str = "customer_id") -> Frame:
    """The same rows and ``customer`` (str): one text for all rows of one customer."""
    return nw.from_native(memberships).with_columns(customer=_customer(match_on)).to_native()


def _customer(match_on: str) -> nw.Expr:
    """Who a row is about, as text: its id; else what it has of name and address; else nobody but itself."""
    customer_id, name, email = nw.col("customer_id_key"), nw.col("customer_name_key"), nw.col("email")
    has_name, has_email = ~name.is_null(), ~email.is_null()
    itself = nw.concat_str(nw.lit("row "), nw.col("source_row").cast(nw.String()))
    by_name = nw.when(has_name).then(nw.concat_str(nw.lit("name "), name)).otherwise(itself)
    if match_on == "customer_name":
        return by_name
    by_email = nw.when(has_email).then(nw.concat_str(nw.lit("email "), email)).otherwise(by_name)
    by_both = (
        nw.when(has_name & has_email).then(nw.concat_str(nw.lit("both "), email, nw.lit(" "), name)).otherwise(by_email)
    )
    return nw.when(~customer_id.is_null()).then(nw.concat_str(nw.lit("id "), customer_id)).otherwise(by_both)


def _with_chains(rows: Narwhal, window: timedelta) -> Narwhal:
    """Rows with both dates, plus ``chain``, ``kept_row``, ``member_since`` and ``renewals``."""
    latest_expiry = nw.col("expires_on").cum_max().over("customer", order_by=IN_ORDER)
    # Later chains begin after every expiry before them plus the window, so the latest expiry of the customer
    # decides the same as the latest expiry of the chain.
    covered_until = nw.col("latest_expiry").shift(1).over("customer", order_by=IN_ORDER)
    begins = nw.col("covered_until").is_null() | (nw.col("created_on") > nw.col("covered_until") + window)
    return (
        rows.with_columns(latest_expiry=latest_expiry)
        .with_columns(covered_until=covered_until)
        .with_columns(begins=begins.cast(nw.Int64()))
        .with_row_index("position", order_by=("customer", *IN_ORDER))
        .with_columns(chain=nw.col("begins").cum_sum().over(order_by=["position"]))
        .with_columns(
            kept_row=nw.col("source_row").last().over("chain", order_by=("expires_on", "created_on", "source_row")),
            member_since=nw.col("start_on").min().over("chain"),
            renewals=nw.len().over("chain").cast(nw.Int64()) - 1,
        )
        .drop("latest_expiry", "covered_until", "begins")
    )


def _filled(kept: Narwhal, rows: Narwhal) -> Narwhal:
    """What only a replaced row knew is not lost: blanks of the kept rows take the chain's newest good value."""
    renewed = rows.filter(nw.col("renewals") > 0)
    kept = kept.with_columns(email_from_row=_no_row())
    for column in FILLED_FROM_EARLIER_ROWS:
        newest = (
            renewed.filter(~nw.col(column).is_null())
            .unique(subset="chain", keep="last", order_by=["position"])
            .select("chain", earlier=nw.col(column), earlier_row=nw.col("source_row"))
        )
        kept = kept.join(newest, on="chain", how="left")
        if column == "email":
            kept = kept.with_columns(email_from_row=nw.when(nw.col(column).is_null()).then(nw.col("earlier_row")))
        kept = kept.with_columns(nw.coalesce(column, "earlier").alias(column)).drop("earlier", "earlier_row")
    return kept


def _no_row() -> nw.Expr:
    """A missing row number, typed as row numbers are on every engine."""
    return nw.when(nw.col("source_row") < 0).then(nw.col("source_row"))
