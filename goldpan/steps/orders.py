"""Orders: which of them count, what each customer bought, and who bought without a membership (RULES section 2)."""

import narwhals.stable.v2 as nw

from goldpan.frames import Frame, Narwhal

ORDER_VALUES = ("customer_id_key", "total_value_micros", "order_id_key", "ordered_on", "customer_name", "other_columns")
"""What two rows with one order id must share to be the same order: columns read by value, the others by text."""


def link_repeated_orders(orders: Frame) -> Frame:
    """Find the orders that stand in the export again.

    Args:
        orders: One row per order row, as :class:`goldpan.conform.Export` holds it.

    Returns:
        The same rows and ``repeats_row`` (Int64): the row of the first that is equal in all columns, missing for
        orders that count. Orders without an id never repeat another.
    """
    frame = nw.from_native(orders)
    has_id = ~nw.col("order_id_key").is_null()
    twice = (
        frame.filter(has_id)
        .with_columns(times=nw.len().over("order_id_key"))
        .filter(nw.col("times") > 1)
        .with_columns(first_row=nw.col("source_row").min().over(*ORDER_VALUES))
        .filter(nw.col("source_row") > nw.col("first_row"))
        .select("source_row", repeats_row=nw.col("first_row"))
    )
    return frame.join(twice, on="source_row", how="left").to_native()


def total_by_customer(orders: Frame) -> Frame:
    """What each customer bought, exactly.

    Args:
        orders: With ``repeats_row`` (:func:`link_repeated_orders`).

    Returns:
        One row per ``customer_id_key`` (the missing one among them): ``orders`` (how many count) and
        ``total_order_value_micros`` (Int64, whole millionths; returns are negative and count).
    """
    return (
        nw.from_native(orders)
        .filter(nw.col("repeats_row").is_null())
        .group_by("customer_id_key")
        .agg(nw.len().alias("orders"), nw.col("total_value_micros").sum().alias("total_order_value_micros"))
        .with_columns(nw.col("total_order_value_micros").fill_null(0).cast(nw.Int64()))
        .to_native()
    )


def process_orders_and_add_value_tiers(memberships: Frame, orders: Frame) -> Frame:
    """Give each membership row the value of its customer's orders.

    Args:
        memberships: One row per membership row; reads ``customer_id_key``.
        orders: One row per order row; with ``repeats_row`` if that is known already.

    Returns:
        The membership rows plus ``total_order_value_micros`` (Int64, whole millionths, 0 if none). It is the customer's
        whole value on each of their rows: the contact step adds it up once per distinct customer id.
    """
    is_linked = "repeats_row" in nw.from_native(orders).collect_schema().names()
    totals = nw.from_native(total_by_customer(orders if is_linked else link_repeated_orders(orders)))
    known = totals.filter(~nw.col("customer_id_key").is_null())
    return (
        nw.from_native(memberships)
        .join(known.select("customer_id_key", "total_order_value_micros"), on="customer_id_key", how="left")
        .with_columns(nw.col("total_order_value_micros").fill_null(0).cast(nw.Int64()))
        .to_native()
    )


def list_prospects(memberships: Frame, orders: Frame) -> Frame:
    """Who bought, but is in no membership row.

    Args:
        memberships: One row per membership row; reads ``customer_id_key``.
        orders: With ``repeats_row`` (:func:`link_repeated_orders`).

    Returns:
        One row per id, the highest total first and the missing id last: ``customer_id`` (as first written),
        ``customer_name`` (the first that is not blank), ``orders``, ``total_order_value_micros``.
    """
    members = nw.from_native(memberships).filter(~nw.col("customer_id_key").is_null())
    counted = nw.from_native(orders).filter(nw.col("repeats_row").is_null())
    unmatched = counted.join(members.select("customer_id_key").unique(), on="customer_id_key", how="anti")
    spelling = _first_known(unmatched, "customer_id")
    name = _first_known(unmatched, "customer_name")
    return (
        nw.from_native(total_by_customer(unmatched.to_native()))
        .with_columns(group=_group())
        .join(spelling, on="group", how="left")
        .join(name, on="group", how="left")
        .with_columns(is_blank=nw.col("customer_id_key").is_null())
        .sort("is_blank", "total_order_value_micros", "customer_id_key", descending=[False, True, False])
        .select("customer_id", "customer_name", "orders", "total_order_value_micros")
        .to_native()
    )


def _group() -> nw.Expr:
    """The customer id as a key that a missing id shares too (a null joins nothing)."""
    return nw.col("customer_id_key").fill_null("")


def _first_known(orders: Narwhal, column: str) -> Narwhal:
    return (
        orders.filter(~nw.col(column).is_null())
        .with_columns(group=_group())
        .unique(subset="group", keep="first", order_by=["source_row"])
        .select("group", column)
    )
