"""Orders: which count, what each customer bought, who bought without a membership (RULES section 2)."""

import pandas as pd
import pytest

from goldpan.steps.orders import (
    find_repeated_orders,
    link_repeated_orders,
    list_prospects,
    name_prospects,
    process_orders_and_add_value_tiers,
    total_by_customer,
)
from tests.steps.engines import Engine
from tests.steps.frames import bought, by_row, day, members, plain

ORDER = {
    "customer_id": "121", "total_value_micros": 12_500_000, "order_id": "S1", "ordered_on": day("2026-10-01"),
    "customer_name": "Ann Lee",
}  # fmt: skip


def repeats(engine: Engine, orders: pd.DataFrame) -> dict[int, object]:
    return by_row(engine.take(link_repeated_orders(engine.give(orders))), "repeats_row")


def test_an_order_that_stands_there_again_repeats_the_first(engine):
    orders = bought(ORDER, {"order_id": "S2", "total_value_micros": 1}, ORDER, ORDER)

    assert repeats(engine, orders) == {2: None, 3: None, 4: 2, 5: 2}


@pytest.mark.parametrize(
    "difference",
    [
        {"customer_id": "122"},
        {"total_value_micros": 12_500_001},
        {"order_id": "S2"},
        {"ordered_on": day("2026-10-02")},
        {"customer_name": "Ann lee"},
        {"other_columns": "\x1fP2"},
        {"customer_id": None},
        {"total_value_micros": None},
        {"ordered_on": None},
        {"customer_name": None},
    ],
    ids=str,
)
def test_an_order_that_differs_in_one_column_counts(engine, difference):
    assert repeats(engine, bought(ORDER, ORDER | difference)) == {2: None, 3: None}


def test_two_spellings_of_one_id_are_one_order(engine):
    orders = bought(ORDER | {"order_id": "007", "customer_id": "0121"}, ORDER | {"order_id": "7"})

    assert repeats(engine, orders) == {2: None, 3: 2}


def test_missing_values_are_equal_to_each_other(engine):
    assert repeats(engine, bought({"order_id": "S1"}, {"order_id": "S1"})) == {2: None, 3: 2}


def test_orders_without_an_id_all_count(engine):
    without = ORDER | {"order_id": None}

    assert repeats(engine, bought(without, without, without)) == {2: None, 3: None, 4: None}


def test_the_first_in_the_file_counts_wherever_it_stands_in_the_frame(engine):
    assert repeats(engine, bought(ORDER, ORDER).iloc[::-1]) == {2: None, 3: 2}


def totals(engine: Engine, orders: pd.DataFrame) -> dict[object, tuple[int, int]]:
    """How many orders count and what they come to, by customer; it is the same whether repeats are left out or off."""
    given = engine.give(orders)
    left_out, taken_off = (
        {plain(row.customer_id_key): (int(row.orders), int(row.total_order_value_micros)) for row in frame.itertuples()}
        for frame in (
            engine.take(total_by_customer(link_repeated_orders(given))),
            engine.take(total_by_customer(given, find_repeated_orders(given))),
        )
    )
    assert left_out == taken_off
    return taken_off


def test_returns_are_subtracted_and_unreadable_amounts_add_nothing(engine):
    orders = bought(
        {"customer_id": "1", "total_value_micros": 1_200_000_000},
        {"customer_id": "01", "total_value_micros": -199_990_000},
        {"customer_id": "1", "total_value_micros": None},
        {"customer_id": "2", "total_value_micros": None},
        {"customer_id": None, "total_value_micros": 5},
        {"customer_id": None, "total_value_micros": 6},
    )

    assert totals(engine, orders) == {"1": (3, 1_000_010_000), "2": (1, 0), None: (2, 11)}


def test_a_repeated_order_is_summed_once(engine):
    assert totals(engine, bought(ORDER, ORDER, ORDER | {"order_id": "S2"})) == {"121": (2, 25_000_000)}


def test_sums_are_exact_beyond_what_a_float_holds(engine):
    large = 999_999_999_999_999_999
    orders = bought(*({"customer_id": "1", "total_value_micros": amount} for amount in (large, large, 1, -7)))

    assert totals(engine, orders) == {"1": (4, 2 * large - 6)}


def values(engine: Engine, memberships: pd.DataFrame, orders: pd.DataFrame) -> dict[int, object]:
    valued = process_orders_and_add_value_tiers(engine.give(memberships), engine.give(orders))
    return by_row(engine.take(valued), "total_order_value_micros")


def test_each_row_of_a_customer_has_the_whole_value_and_others_have_zero(engine):
    memberships = members({"customer_id": "0121"}, {"customer_id": "121"}, {"customer_id": "9"}, {"email": "a@x.com"})
    orders = bought(ORDER, ORDER | {"order_id": "S2"}, ORDER | {"customer_id": None}, ORDER | {"customer_id": "88"})

    got = values(engine, memberships.drop(columns="total_order_value_micros"), orders)

    assert got == {2: 25_000_000, 3: 25_000_000, 4: 0, 5: 0}


def test_letters_of_an_id_are_case_sensitive(engine):
    memberships = members({"customer_id": "a7"}, {"customer_id": "A7"}).drop(columns="total_order_value_micros")

    assert values(engine, memberships, bought(ORDER | {"customer_id": "A7"})) == {2: 0, 3: 12_500_000}


def prospects(
    engine: Engine, memberships: pd.DataFrame, orders: pd.DataFrame, at_most: int | None = None
) -> list[tuple[object, ...]]:
    given = engine.give(orders)
    totals = total_by_customer(given, find_repeated_orders(given))
    found = list_prospects(engine.give(memberships), totals)
    return [
        tuple(map(plain, row))
        for row in engine.take(name_prospects(found, given, at_most=at_most)).itertuples(index=False)
    ]


def test_prospects_are_one_line_an_id_highest_total_first_and_the_blank_id_last(engine):
    orders = bought(
        {"customer_id": None, "total_value_micros": 9_000_000, "customer_name": "Nobody"},
        {"customer_id": "121", "total_value_micros": 5},
        {"customer_id": "B", "total_value_micros": 1_000_000},
        {"customer_id": "0900", "total_value_micros": 1_000_000, "customer_name": None},
        {"customer_id": "900", "total_value_micros": 2_000_000, "customer_name": "Bo"},
        {"customer_id": "900", "total_value_micros": -1, "customer_name": "Cy"},
        {"customer_id": "A", "total_value_micros": 1_000_000},
        {"customer_id": None, "total_value_micros": 1},
    )

    assert prospects(engine, members({"customer_id": "0121"}, {"customer_id": None}), orders) == [
        ("0900", "Bo", 3, 2_999_999),
        ("A", None, 1, 1_000_000),
        ("B", None, 1, 1_000_000),
        (None, "Nobody", 2, 9_000_001),
    ]


def test_of_many_prospects_the_first_are_listed(engine):
    amounts = {"A": 3, "B": 5, None: 9, "C": 5, "D": 4}
    orders = bought(*({"customer_id": key, "total_value_micros": amount} for key, amount in amounts.items()))

    listed = [prospects(engine, members({"customer_id": "1"}), orders, at_most) for at_most in (0, 1, 3, 5, 9)]

    every = [("B", None, 1, 5), ("C", None, 1, 5), ("D", None, 1, 4), ("A", None, 1, 3), (None, None, 1, 9)]
    assert listed == [[], every[:1], every[:3], every, every]


def test_a_repeated_order_makes_no_prospect_richer(engine):
    orders = bought(ORDER | {"customer_id": "900"}, ORDER | {"customer_id": "900"})

    assert prospects(engine, members({"customer_id": "1"}), orders) == [("900", "Ann Lee", 1, 12_500_000)]


def test_without_buyers_outside_there_are_no_prospects(engine):
    assert prospects(engine, members({"customer_id": "121"}), bought(ORDER)) == []
