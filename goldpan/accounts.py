"""Accounts: where every row and every amount went, exactly, on any engine (RULES section 8, laws 1 and 4)."""

from dataclasses import dataclass

import narwhals.stable.v2 as nw

from goldpan.columns import MICROS_PER_UNIT
from goldpan.errors import DataError, FatalError
from goldpan.frames import ROWS, Frame, figures

_LARGEST_SUM = 2**63 - 1
_PART = 10**9
_amount = nw.col("total_value_micros")
_value = nw.col("total_order_value_micros")


@dataclass(frozen=True)
class MoneyCheck:
    """RULES section 8, law 4, in whole millionths: ``total = customers + unmatched + blank_id``."""

    total: int
    customers: int
    unmatched: int
    blank_id: int


@dataclass(frozen=True)
class Counts:
    """How many there are in all, also where only the first of them are listed.

    Attributes:
        merged_rows: Membership rows that a later one replaced.
        repeated_orders: Order rows that stood in the export before.
        filled_addresses: Membership rows that stay and have their address from an earlier one.
        prospects: Customer ids that bought without a membership.
        high_value_prospects: Those of them above the config's bound.
    """

    merged_rows: int
    repeated_orders: int
    filled_addresses: int
    prospects: int
    high_value_prospects: int

    @property
    def notes(self) -> dict[str, int]:
        """How many findings only the whole export shows, by its kind."""
        return {"memberships": self.filled_addresses, "orders": self.repeated_orders}


@dataclass(frozen=True)
class Size:
    """How many rows came in, by kind of export."""

    memberships: int
    orders: int


def check_inputs(memberships: Frame, orders: Frame) -> Size:
    """Count the rows, and see that whole numbers of 64 bits hold whatever the steps make of them.

    Raises:
        DataError: ``amounts_too_large``, when the amounts are no amounts; ``too_many_rows``.
    """
    members = figures(memberships, rows=nw.len(), last=nw.col("source_row").max())
    if members["last"] >= ROWS:
        raise DataError(
            "too_many_rows",
            f"The memberships have a row {members['last']:,}; the last one can be {ROWS - 1:,}. Is it another export?",
        )
    bought = figures(orders, rows=nw.len(), least=_amount.min(), largest=_amount.max())
    bound = bought["rows"] * max(-bought["least"], bought["largest"])
    if bound > _LARGEST_SUM and _sum_of_sizes(orders) > _LARGEST_SUM:
        raise DataError(
            "amounts_too_large",
            f"The order amounts add up to more than {_LARGEST_SUM / MICROS_PER_UNIT:,.0f}. Probably another column (an "
            "id?) is read as the amount: see total_value in config/exports/orders.toml.",
        )
    return Size(members["rows"], bought["rows"])


def _sum_of_sizes(orders: Frame) -> int:
    """What all amounts come to without their signs, in two parts whose sums stay small."""
    size = _amount.abs()
    below = size % _PART
    parts = figures(orders, below=below.sum(), above=((size - below) // _PART).sum())
    return parts["above"] * _PART + parts["below"]


def settle_accounts(
    size: Size, *, orders: Frame, repeated: Frame, totals: Frame, linked: Frame, prospects: Frame, high_above: int
) -> tuple[Counts, MoneyCheck]:
    """Count what became of all rows and amounts, and see that none is lost or doubled (laws 1 and 4).

    Args:
        size: How many rows there were.
        orders: One row per order row.
        repeated: :func:`goldpan.steps.orders.find_repeated_orders`.
        totals: :func:`goldpan.steps.orders.total_by_customer`.
        linked: :func:`goldpan.steps.renewals.link_renewals`, with ``total_order_value_micros``.
        prospects: :func:`goldpan.steps.orders.list_prospects`.
        high_above: A prospect's total above this, in millionths, is of high value.

    Raises:
        FatalError: When something does not add up (a defect of Goldpan).
    """
    rows, amounts, is_blank = nw.len(), _amount.sum(), nw.col("is_blank")
    members = figures(linked, rows=rows, merged=nw.col("replaced_by").count(), filled=nw.col("email_from_row").count())
    again = figures(repeated, rows=rows, total=amounts)
    bought = figures(
        prospects,
        ids=nw.col("customer_id_key").count(),
        high=nw.when(~is_blank & (_value > high_above)).then(_value).count(),
        unmatched=nw.when(~is_blank).then(_value).sum(),
        blank_id=nw.when(is_blank).then(_value).sum(),
    )
    counted = figures(totals, orders=nw.col("orders").sum())["orders"]
    if members["rows"] != size.memberships or counted + again["rows"] != size.orders:
        raise FatalError("Rows do not add up after refining; this is a defect of Goldpan. Nothing was sent.")
    money = MoneyCheck(
        total=figures(orders, total=amounts)["total"] - again["total"],
        customers=_sum_of_customers(linked),
        unmatched=bought["unmatched"],
        blank_id=bought["blank_id"],
    )
    if money.total != money.customers + money.unmatched + money.blank_id:
        raise FatalError("The order amounts do not add up; this is a defect of Goldpan. Nothing was sent.")
    counts = Counts(members["merged"], again["rows"], members["filled"], bought["ids"], bought["high"])
    return counts, money


def _sum_of_customers(linked: Frame) -> int:
    """What the distinct customer ids of the memberships bought."""
    known = nw.from_native(linked).select("customer_id_key", "total_order_value_micros")
    known = known.filter(~nw.col("customer_id_key").is_null())
    customers = known.group_by("customer_id_key").agg(_value.max())
    return figures(customers.to_native(), total=_value.sum())["total"]
