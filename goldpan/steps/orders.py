"""Orders: which of them count, what each customer bought, and who bought without a membership (RULES section 2)."""

import narwhals.stable.v2 as nw

from goldpan.frames import Frame, Narwhal, Settle, as_it_is, in_order, looked_up, only_rows

ORDER_VALUES = ("customer_id_key", "total_value_micros", "order_id_key", "ordered_on", "customer_name", "other_columns")
"""What two rows with one order id must share to be the same order: columns read by value, the others by text."""


def find_repeated_orders(orders: Frame) -> Frame:
    """The orders that stand in the export again.

    Args:
        orders: One row per order row, as :class:`goldpan.conform.Export` holds it.

    Returns:
        One row per order that is equal in all columns to an earlier one, which counts: ``source_row``, ``repeats_row``
        (Int64, the first of them), ``customer_id_key`` and ``total_value_micros``. Orders without an id never repeat
        another.
    """
    frame = nw.from_native(orders).select("source_row", *ORDER_VALUES)
    return (
        _with_an_id_twice(frame)
        .with_columns(repeats_row=nw.col("source_row").min().over(*ORDER_VALUES))
        .filter(nw.col("source_row") > nw.col("repeats_row"))
        .select("source_row", "repeats_row", "customer_id_key", "total_value_micros")
        .to_native()
    )


def _with_an_id_twice(frame: Narwhal) -> Narwhal:
    """The orders whose id stands several times: few, so that only they need be compared whole."""
    if isinstance(frame, nw.DataFrame):
        ids = frame["order_id_key"]
        return frame.filter(ids.is_duplicated() & ~ids.is_null())
    ids = frame.filter(~nw.col("order_id_key").is_null()).group_by("order_id_key").agg(nw.len().alias("times"))
    return frame.join(ids.filter(nw.col("times") > 1), on="order_id_key", how="semi")


def link_repeated_orders(orders: Frame) -> Frame:
    """The same rows and ``repeats_row`` (:func:`find_repeated_orders`), missing for orders that count."""
    repeated = nw.from_native(find_repeated_orders(orders)).select("source_row", "repeats_row")
    return looked_up(nw.from_native(orders), repeated, "source_row").to_native()


def total_by_customer(orders: Frame, repeated: Frame | None = None) -> Frame:
    """What each customer bought, exactly.

    Args:
        orders: One row per order row.
        repeated: Those of them that do not count (:func:`find_repeated_orders`). They are subtracted from the sums of
            all, so that nobody has to look for them among many. Left out: ``orders`` has ``repeats_row``.

    Returns:
        One row per ``customer_id_key`` (the missing one among them): ``orders`` (how many count),
        ``total_order_value_micros`` (Int64, whole millionths; returns are negative and count), and which rows stand
        first: ``first_row`` and, of those with a name, ``named_row`` (Int64).
    """
    frame = nw.from_native(orders)
    if repeated is None:
        frame = frame.filter(nw.col("repeats_row").is_null())
    named = nw.when(~nw.col("customer_name").is_null()).then(nw.col("source_row"))
    totals = _as_integers(
        frame.select("customer_id_key", "total_value_micros", first_row=nw.col("source_row"), named_row=named)
        .group_by("customer_id_key")
        .agg(*_SUMS, nw.col("first_row").min(), nw.col("named_row").min())
    )
    return (totals if repeated is None else _without(totals, nw.from_native(repeated))).to_native()


_SUMS = (nw.len().alias("orders"), nw.col("total_value_micros").sum().alias("total_order_value_micros"))


def _as_integers(sums: Narwhal) -> Narwhal:
    return sums.with_columns(nw.col("total_order_value_micros").fill_null(0).cast(nw.Int64()))


def _without(totals: Narwhal, repeated: Narwhal) -> Narwhal:
    """Fewer orders, and less of them; who is first stays, since what repeats an order stands after it."""
    again = _as_integers(repeated.group_by("customer_id_key").agg(*_SUMS)).select(
        group=_group(), orders_again=nw.col("orders"), value_again=nw.col("total_order_value_micros")
    )
    return (
        looked_up(totals.with_columns(group=_group()), again, "group")
        .with_columns(
            orders=(nw.col("orders") - nw.col("orders_again").fill_null(0)).cast(nw.Int64()),
            total_order_value_micros=nw.col("total_order_value_micros") - nw.col("value_again").fill_null(0),
        )
        .drop("group", "orders_again", "value_again")
    )


def _group() -> nw.Expr:
    """The customer id as a key that a missing id shares too (a null joins nothing)."""
    return nw.col("customer_id_key").fill_null("")


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
    return add_totals(memberships, total_by_customer(orders, None if is_linked else find_repeated_orders(orders)))


def add_totals(memberships: Frame, totals: Frame) -> Frame:
    """Give each membership row its customer's ``total_order_value_micros`` (:func:`total_by_customer`), 0 if none."""
    known = nw.from_native(totals).filter(~nw.col("customer_id_key").is_null())
    return (
        looked_up(
            nw.from_native(memberships),
            known.select("customer_id_key", "total_order_value_micros"),
            "customer_id_key",
        )
        .with_columns(nw.col("total_order_value_micros").fill_null(0).cast(nw.Int64()))
        .to_native()
    )


def list_prospects(memberships: Frame, totals: Frame) -> Frame:
    """Who bought, but is in no membership row.

    Args:
        memberships: One row per membership row; reads ``customer_id_key``.
        totals: :func:`total_by_customer`.

    Returns:
        Their rows of ``totals``, in no order, and ``is_blank`` (bool) for the missing id.
    """
    members = nw.from_native(memberships).select("customer_id_key").filter(~nw.col("customer_id_key").is_null())
    unmatched = nw.from_native(totals).join(members, on="customer_id_key", how="anti")
    return unmatched.with_columns(is_blank=nw.col("customer_id_key").is_null()).to_native()


def name_prospects(prospects: Frame, orders: Frame, *, at_most: int | None = None, settle: Settle = as_it_is) -> Frame:
    """Prospects as people know them.

    Args:
        prospects: :func:`list_prospects`.
        orders: One row per order row.
        at_most: So many of them, the first ones.
        settle: See :data:`goldpan.frames.Settle`.

    Returns:
        The highest total first and the missing id last: ``customer_id`` (as first written), ``customer_name`` (the
        first that is not blank), ``orders`` and ``total_order_value_micros``.
    """
    listed = nw.from_native(prospects)
    listed = listed if at_most is None else nw.from_native(settle(_best_first(listed).head(at_most).to_native()))
    rows = [listed.select(source_row=nw.col(column)) for column in ("first_row", "named_row")]
    first = only_rows(nw.from_native(orders).select("source_row", "customer_id", "customer_name"), nw.concat(rows))
    first = nw.from_native(settle(first.to_native()))
    ids = first.select("customer_id", first_row=nw.col("source_row"))
    names = first.select("customer_name", named_row=nw.col("source_row"))
    named = looked_up(looked_up(listed, ids, "first_row"), names, "named_row")
    return _best_first(named).select("customer_id", "customer_name", "orders", "total_order_value_micros").to_native()


def _best_first(prospects: Narwhal) -> Narwhal:
    down = {"total_order_value_micros"}
    return in_order(prospects, "is_blank", "total_order_value_micros", "customer_id_key", down=down)
