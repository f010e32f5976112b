"""Money: amounts as whole millionths, and cents where they leave (RULES section 1 and 2)."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from goldpan.model import CellError
from goldpan.values.money import LARGEST, in_cents, read_amount, read_money


@pytest.mark.parametrize(
    "cell",
    [
        *(1200.5, "1200.5", "1200.50", "1,200.50", "$1,200.50", "$ 1,200.50", "1,200.50 €", "€1200.5"),
        *(" 1200.50\u00a0", "1 200.50", "1\u00a0200.50", "1\u202f200.50", "£1 200.50", "\u200b1200.50", "01200.50"),
    ],
)  # fmt: skip
def test_one_amount_in_every_notation(cell):
    assert read_amount(cell) == (1_200_500_000, None)


@pytest.mark.parametrize(
    "cell",
    [-12, -12.0, "-12", "-12.00", "(12.00)", "12.00-", "-$12", "$-12", "($12)", "$(12)", "12 -", "- 12", "(12) $"],
)  # fmt: skip
def test_one_return_in_every_notation(cell):
    assert read_amount(cell) == (-12_000_000, None)


@pytest.mark.parametrize(
    ("cell", "micros"), [(".5", 500_000), ("5.", 5_000_000), ("0", 0), (0.0, 0), ("-0", 0), (7, 7_000_000)]
)
def test_the_shortest_spellings(cell, micros):
    assert read_amount(cell) == (micros, None)


@pytest.mark.parametrize(
    ("cell", "micros"),
    [
        (0.1 + 0.2, 300_000),
        (1000.0000000001, 1_000_000_000),
        ("0.0000004", 0),
        ("0.0000005", 1),
        ("0.0000015", 2),
        ("0.0000025", 3),
        ("-0.0000005", -1),
        ("-0.0000025", -3),
        (5e-07, 1),
        ("999.9999995", 1_000_000_000),
    ],
)
def test_amounts_are_rounded_to_6_decimals_half_away_from_zero(cell, micros):
    assert read_amount(cell) == (micros, None)


@pytest.mark.parametrize(
    "cell",
    [
        *("12,50", "1,20,000", "1,2000", "12,345,67", "1.2.3", "1,200 50", "1 200,500", "1200,500", ",500", "1,"),
        *("USD 12", "12 USD", "1e3", "abc", "$", "-", "()", ".", "--5", "-5-", "(-5)", "((5))", "(5", "5)", "$5€"),
        *("$$5", "5%", "+5", "1’200", "½", "٣", True, False, date(2026, 1, 1), timedelta(days=1), float("nan")),
        float("inf"),
    ],
    ids=repr,
)  # fmt: skip
def test_anything_else_is_unreadable(cell):
    assert read_amount(cell) == (None, "unreadable_amount")


@pytest.mark.parametrize("cell", [None, "", " \u00a0\u200b", CellError("#DIV/0!"), "#VALUE!"])
def test_a_blank_or_an_error_adds_nothing_and_is_no_warning(cell):
    assert read_amount(cell) == (None, None)


@pytest.mark.parametrize(
    ("cell", "micros"),
    [
        ("12,50", 12_500_000),
        ("1.200,50", 1_200_500_000),
        ("1 200,50", 1_200_500_000),
        (12.5, 12_500_000),
        (",5", 500_000),
    ],
)
def test_the_decimal_mark_may_be_a_comma(cell, micros):
    assert read_amount(cell, ",") == (micros, None)


@pytest.mark.parametrize("cell", ["12.50", "1,200.50", "1.20.000"])
def test_with_a_comma_for_a_mark_a_point_only_separates_thousands(cell):
    assert read_amount(cell, ",") == (None, "unreadable_amount")


def test_a_trillion_is_no_amount():
    assert read_amount(LARGEST - 1) == ((10**12 - 1) * 10**6, None)
    assert read_amount(-(LARGEST - 1)) == (-(10**12 - 1) * 10**6, None)
    for cell in (LARGEST, -LARGEST, f"{LARGEST}", 1e300):
        assert read_amount(cell) == (None, "unreadable_amount")


def test_a_column_of_amounts_is_whole_millionths():
    cells = pd.Series([1, "1", None, "x", True, -0.5], index=[3, 4, 5, 6, 7, 8], dtype=object)

    got = read_money(cells)

    assert got.dtypes.astype(str).to_dict() == {"value": "Int64", "reason": "str"}
    assert got["value"].dropna().to_dict() == {3: 1_000_000, 4: 1_000_000, 8: -500_000}
    assert got["reason"].dropna().to_dict() == {6: "unreadable_amount", 7: "unreadable_amount"}


def test_a_column_follows_the_configured_mark():
    assert read_money(pd.Series(["1.200,50"], dtype=object), ",")["value"].tolist() == [1_200_500_000]


def test_large_amounts_in_a_column_stay_exact():
    got = read_money(pd.Series(["999999999999.999999", "0.000001", None], dtype=object))

    assert got["value"].tolist()[:2] == [999_999_999_999_999_999, 1]


@pytest.mark.parametrize(
    ("micros", "share", "cents"),
    [
        (1_000_000_000, "1", "1000.00"),
        (1_004_999, "1", "1.00"),
        (1_005_000, "1", "1.01"),
        (1_015_000, "1", "1.02"),
        (1_025_000, "1", "1.03"),
        (-1_005_000, "1", "-1.01"),
        (-1_025_000, "1", "-1.03"),
        (-4_999, "1", "0.00"),
        (0, "1", "0.00"),
        (1_000_010_000, "0.08", "80.00"),
        (1_000_062_500, "0.08", "80.01"),
        (1_000_062_499, "0.08", "80.00"),
        (312_500, "0.08", "0.03"),
        (100_000, "0.05", "0.01"),
        (299_999, "0.05", "0.01"),
        (300_000, "0.05", "0.02"),
        (2**63 - 1, "1", "9223372036854.78"),
        (-(2**63) + 1, "0.123456", "-1138680618181.94"),
    ],
)
def test_money_leaves_in_cents_half_away_from_zero(micros, share, cents):
    got = in_cents(pd.Series([micros], dtype="Int64"), Decimal(share))

    assert [f"{amount:f}" for amount in got] == [cents]
    assert got.tolist() == [Decimal(cents)]


def test_cents_stand_on_the_index_they_came_with():
    got = in_cents(pd.Series([1_000_000, 2_000_000], index=[7, 3], dtype="Int64"))

    assert got.to_dict() == {7: Decimal("1.00"), 3: Decimal("2.00")}
    assert str(got.dtype) == "decimal128(38, 2)[pyarrow]"
    assert in_cents(pd.Series([], dtype="Int64")).tolist() == []
