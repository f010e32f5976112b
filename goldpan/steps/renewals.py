"""Renewals: the rows of one customer that continue each other are one membership (RULES section 3)."""

import narwhals.stable.v2 as nw

from goldpan.frames import DAYS, Frame, Narwhal, Settle, as_it_is, day_number, looked_up, rank, row_of
from goldpan.steps.filling import fill_from_rows

IN_ORDER = ("created_on", "expires_on", "source_row")
"""How the rows of a customer follow each other."""

FILLED_FROM_EARLIER_ROWS = ("customer_name", "original_purchase", "email")
"""What the kept row takes from the rows it replaces, where it has none itself."""

_DATES = ("created_on", "start_on", "expires_on")
_ADDED = ("member_since", "renewals", "replaced_by", "email_from_row")


def link_renewals(
    memberships: Frame, *, renewal_window_days: int = 7, match_on: str = "customer_id", settle: Settle = as_it_is
) -> Frame:
    """Find who is the same customer, and which row of each chain of renewals stays.

    A row continues the chain before it when it was created at most the window after the latest expiration in that
    chain so far. A row without a created or an expiration date is in no chain.

    Args:
        memberships: One row per membership row, as :class:`goldpan.conform.Export` holds it.
        renewal_window_days: Day 7 continues, day 8 starts a new chain.
        match_on: ``customer_id``, or ``customer_name`` to group by the normalised name alone.
        settle: See :data:`goldpan.frames.Settle`.

    Returns:
        The same rows (order not kept) and: ``customer`` (str), ``replaced_by`` (Int64, the row that stays in this
        row's place; missing for rows that stay), ``member_since`` (datetime, the chain's earliest start), ``renewals``
        (Int64, rows in the chain - 1), ``email_from_row`` (Int64, where an earlier row gave the address). Rows that
        stay have the name, original purchase and address filled from the newest row of the chain that has one.
    """
    frame = nw.from_native(name_customers(memberships, match_on=match_on))
    chained = nw.from_native(settle(_with_chains(frame, renewal_window_days).to_native()))
    renewed = nw.from_native(settle(_renewed(chained).to_native()))
    linked = looked_up(frame, renewed.select("source_row", *_ADDED), "source_row").with_columns(
        member_since=nw.coalesce("member_since", "start_on"), renewals=nw.col("renewals").fill_null(0)
    )
    return fill_from_rows(linked, renewed, frame, FILLED_FROM_EARLIER_ROWS).to_native()


def deduplicate_memberships(
    memberships: Frame, *, renewal_window_days: int = 7, match_on: str = "customer_id", settle: Settle = as_it_is
) -> Frame:
    """One row per chain of renewals: the latest, with the chain's history in it.

    Args:
        memberships: One row per membership row.
        renewal_window_days: See :func:`link_renewals`.
        match_on: See :func:`link_renewals`.
        settle: See :data:`goldpan.frames.Settle`.

    Returns:
        The rows that stay, with the columns of :func:`link_renewals`.
    """
    linked = link_renewals(memberships, renewal_window_days=renewal_window_days, match_on=match_on, settle=settle)
    return nw.from_native(linked).filter(nw.col("replaced_by").is_null()).to_native()


def name_customers(memberships: Frame, *, match_on: str = "customer_id") -> Frame:
    """The same rows and ``customer`` (str), one text for all rows of one customer.

    It says who a row is about: its id; else what it has of name and address; else nobody but itself.
    """
    frame = nw.from_native(memberships)
    name, email = nw.col("customer_name_key"), nw.col("email")
    by_name = nw.concat_str(nw.lit("name "), name)  # missing where the name is; so with all of these
    itself = nw.concat_str(nw.lit("row "), nw.col("source_row").cast(nw.String()))
    if match_on == "customer_name":
        return frame.with_columns(customer=nw.coalesce(by_name, itself)).to_native()
    by_id = nw.concat_str(nw.lit("id "), nw.col("customer_id_key"))
    by_both = nw.concat_str(nw.lit("both "), email, nw.lit(" "), name)
    by_email = nw.concat_str(nw.lit("email "), email)
    # Few rows lack an id: only for them is the rest looked at.
    others = frame.filter(nw.col("customer_id_key").is_null()).select(
        "source_row", customer=nw.coalesce(by_both, by_email, by_name, itself)
    )
    named = looked_up(frame, others, "source_row")
    return named.with_columns(customer=nw.coalesce(by_id, "customer")).to_native()


def _with_chains(frame: Narwhal, window_days: int) -> Narwhal:
    """The rows of customers with several datable ones, in few columns, and ``chain``: what tells the chains apart."""
    created, expires = nw.col("created"), nw.col("expires")
    begins = created > nw.col("covered_until") + window_days
    return (
        _of_several(frame)
        .with_columns(position=rank(created, expires), end=rank(expires, created))
        .with_columns(latest_expiry=expires.cum_max().over("owner", order_by="position"))
        # Later chains begin after every expiry before them plus the window, so the latest expiry of the customer
        # decides the same as the latest expiry of the chain.
        .with_columns(covered_until=nw.col("latest_expiry").shift(1).over("owner", order_by="position"))
        .with_columns(covered_until=nw.col("covered_until").fill_null(-DAYS))
        .with_columns(begins=nw.when(begins).then(nw.col("position")).otherwise(nw.lit(0)))
        .with_columns(chain=nw.col("begins").cum_max().over("owner", order_by="position"))
        .drop("owner", "created_on", "expires_on", "created", "expires", "latest_expiry", "covered_until", "begins")
    )


def _of_several(frame: Narwhal) -> Narwhal:
    """The datable rows of customers that have several, with ``owner``: a number for the customer."""
    known = {f"knows_{column}": ~nw.col(column).is_null() for column in FILLED_FROM_EARLIER_ROWS}
    rows = frame.select("source_row", "customer", *_DATES, **known)
    rows = rows.filter(~nw.col("created_on").is_null() & ~nw.col("expires_on").is_null())
    owners = (
        rows.group_by("customer")
        .agg(nw.col("source_row").min().alias("owner"), nw.len().alias("rows"))
        .filter(nw.col("rows") > 1)
        .drop("rows")
    )
    days = {"created": day_number(frame, "created_on"), "expires": day_number(frame, "expires_on")}
    return rows.join(owners, on="customer", how="inner").with_columns(**days).drop("customer")


def _renewed(rows: Narwhal) -> Narwhal:
    """What became of each row in a chain of several: ``source_row`` and what it gains.

    Where the row that stays lacks a column that the chain knows, ``<column>_row`` is the newest row that has it.
    """
    newest = {
        f"newest_{column}": nw.when(nw.col(f"knows_{column}")).then(nw.col("position"))
        for column in FILLED_FROM_EARLIER_ROWS
    }
    chains = (
        rows.with_columns(**newest)
        .group_by("chain")
        .agg(
            nw.col("end").max(),
            nw.col("start_on").min().alias("member_since"),
            nw.len().alias("rows"),
            *(nw.col(name).max() for name in newest),
        )
        .filter(nw.col("rows") > 1)
        .with_columns(kept_row=row_of("end"))
        # The zero makes a column of integers that may be missing on every engine (numpy's could not).
        .with_columns(renewals=nw.col("kept_row") * 0 + nw.col("rows") - 1)
        .drop("end", "rows")
    )
    stays = nw.col("source_row") == nw.col("kept_row")
    taken = {
        f"{column}_row": nw.when(stays & ~nw.col(f"knows_{column}")).then(row_of(f"newest_{column}"))
        for column in FILLED_FROM_EARLIER_ROWS
    }
    return (
        rows.drop("end", "start_on")
        .join(chains, on="chain", how="inner")
        .with_columns(**taken)
        .select(
            "source_row",
            "member_since",
            "renewals",
            *taken,
            replaced_by=nw.when(~stays).then(nw.col("kept_row")),
            email_from_row=nw.col("email_row"),
        )
    )
