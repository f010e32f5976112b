"""Ids: one customer in all the ways that Excel spells them (RULES section 1, *id*)."""

from datetime import date

import pandas as pd
import pytest

from goldpan.model import CellError
from goldpan.values.ids import key_of, read_id, read_ids


@pytest.mark.parametrize(
    ("cell", "value", "key"),
    [
        ("123", "123", "123"),
        ("123.0", "123", "123"),
        ("123.00", "123", "123"),
        (" 123 ", "123", "123"),
        ("\u00a0123\u200b", "123", "123"),
        ("'00123", "00123", "123"),
        ("00123", "00123", "123"),
        ("00123.0", "00123", "123"),
        (123, "123", "123"),
        (123.0, "123", "123"),
        ("000", "000", "0"),
        ("0", "0", "0"),
        (0, "0", "0"),
        ("A7", "A7", "A7"),
        ("a7", "a7", "a7"),
        ("00A7", "00A7", "00A7"),
        ("A7.0", "A7.0", "A7.0"),
        ("123.5", "123.5", "123.5"),
        ("12E5", "12E5", "12E5"),
        ("' 00123", "00123", "123"),
        ("१२३", "१२३", "१२३"),
    ],
)
def test_an_id_keeps_its_spelling_and_is_compared_without_zeros(cell, value, key):
    assert read_id(cell) == (value, key, None)


@pytest.mark.parametrize("cell", [None, "", "  ", "\u00a0", "'", "' ", "\u200b", CellError("#N/A"), "#REF!"])
def test_a_blank_or_an_error_is_no_id(cell):
    assert read_id(cell) == (None, None, None)


@pytest.mark.parametrize(
    "cell",
    [10**15, float(10**15), 1234567890123456, 1.5e15, -(10**15), "1.23457E+15", "1,23457E+15", "1E+15", "1.2e+15",
     " 7.1E+15 ", "'1.2E+15", float("inf")],
)  # fmt: skip
def test_an_id_that_excel_rounded_is_none(cell):
    assert read_id(cell) == (None, None, "rounded_id")


@pytest.mark.parametrize("cell", [10**15 - 1, 999999999999999.0, "1234567890123456"])
def test_15_digits_as_a_number_and_any_number_as_text_are_whole(cell):
    value, key, reason = read_id(cell)

    assert value == key == str(int(cell))
    assert reason is None


def test_dates_and_truth_values_are_ids_as_they_are_shown():
    assert read_id(date(2026, 11, 20)) == ("2026-11-20", "2026-11-20", None)
    assert read_id(True) == ("TRUE", "TRUE", None)


def test_only_digits_lose_their_zeros():
    assert [key_of(text) for text in ("007", "0", "000", "0-7", "7", "00A")] == ["7", "0", "0", "0-7", "7", "00A"]


def test_a_column_of_ids_is_text_with_a_reason():
    cells = pd.Series([1, 1.0, True, "01", None, 2e15], index=[9, 8, 7, 6, 5, 4], dtype=object)

    got = read_ids(cells)

    assert list(got.index) == [9, 8, 7, 6, 5, 4]
    assert got.dtypes.astype(str).to_dict() == {"value": "str", "key": "str", "reason": "str"}
    assert got["value"].tolist()[:4] == ["1", "1", "TRUE", "01"]
    assert got["key"].tolist()[:4] == ["1", "1", "TRUE", "1"]
    assert got["key"].isna().tolist() == [False, False, False, False, True, True]
    assert got["reason"].tolist()[-1] == "rounded_id"
    assert got["reason"].isna().sum() == 5


def test_a_column_without_rows_has_the_same_types():
    got = read_ids(pd.Series([], dtype=object))

    assert got.dtypes.astype(str).to_dict() == {"value": "str", "key": "str", "reason": "str"}
