"""Whatever a cell holds, the column that is written holds something that a spreadsheet can show."""

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from goldpan.model import CellError
from goldpan.values.money import in_cents
from sync.archive.cells import LONGEST_TEXT, as_cells

NOON = datetime.fromisoformat("2026-11-20T12:00")


def written(*cells, kind="any"):
    column = as_cells(pd.Series(list(cells), dtype=object), kind)
    return column.astype(object).where(column.notna(), None).tolist()


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (date(1899, 12, 31), "1899-12-31"),
        (date(1900, 1, 1), datetime.fromisoformat("1900-01-01")),
        (NOON, NOON),
        (NOON.replace(tzinfo=UTC), "2026-11-20 12:00:00+00:00"),
        (time(6, 0), "06:00:00"),
        (timedelta(hours=36), "1 day, 12:00:00"),
        (10**15 - 1, 10**15 - 1),
        (10**15, "1000000000000000"),
        (10**400, str(10**400)),
        (1.5e300, 1.5e300),
        (math.nan, None),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (Decimal("12.34"), 12.34),
        (Decimal("NaN"), None),
        (True, True),
        (False, False),
        (CellError("#N/A"), "#N/A"),
        ("00121", "00121"),
        ("", None),
        ("\ud800x", "\ufffdx"),
        (None, None),
        (pd.NaT, None),
    ],
)
def test_a_cell_becomes_what_a_spreadsheet_can_hold_alone_and_among_others(cell, shown):
    assert written(cell) == [shown]
    assert written("text", cell, None, True) == ["text", shown, None, True]
    assert [type(value) for value in written("text", cell)][1] is type(shown)


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (["a", None, CellError("#REF!")], "str"),
        ([1, 2.5, None], "float64"),
        ([True, False], "bool"),
        ([date(2026, 1, 1), None], "datetime64[us]"),
        ([NOON, None], "datetime64[us]"),
        ([date(2026, 1, 1), NOON], "object"),
        ([True, None], "object"),
        ([True, 1], "object"),
        (["1", 1], "object"),
        ([1, 10**15], "object"),
        ([None, None], "str"),
        ([], "str"),
    ],
)
def test_a_column_of_one_type_stays_whole_and_a_mixed_one_goes_cell_by_cell(cells, dtype):
    column = as_cells(pd.Series(cells, dtype=object), "any")

    assert str(column.dtype) == dtype
    assert len(column) == len(cells)


@pytest.mark.parametrize(
    ("dtype", "cells"),
    [
        ("str", ["a", "", None, "00121", "=1"]),
        ("str", [None, None]),
        ("str", ["x" * (LONGEST_TEXT + 1), "short"]),
        ("float64", [1.5, None, -0.0, 1e300, 1e15]),
        ("float64", [1.0, math.inf, None, -math.inf]),
        ("float64", [None, None]),
        ("bool", [True, False]),
        ("datetime64[s]", [NOON, None]),
        ("datetime64[ms]", [NOON, datetime.fromisoformat("1899-12-31T06:00"), None]),
        ("datetime64[us]", [None, None]),
        (pd.ArrowDtype(pa.decimal128(38, 2)), [Decimal("1.50"), None, Decimal("-0.01")]),
    ],
)
def test_cells_are_the_same_whatever_type_the_export_gave_their_column(dtype, cells):
    typed, single = (as_cells(pd.Series(cells, dtype=each), "any") for each in (dtype, object))

    assert typed.dtype.kind == single.dtype.kind
    assert typed.isna().tolist() == single.isna().tolist()
    assert typed.dropna().tolist() == single.dropna().tolist()


@pytest.mark.parametrize("dtype", ["bool", "float64", "str", "datetime64[s]", "object"])
def test_a_column_without_rows_is_text_as_one_without_cells(dtype):
    assert as_cells(pd.Series([], dtype=dtype), "any").dtype == "str"


def test_amounts_as_exact_decimals_are_numbers_and_those_beyond_15_digits_texts():
    amounts = [Decimal("1.25"), Decimal("-0.1"), None]

    column = as_cells(pd.Series(amounts, dtype=object), "any")

    assert column.dtype == "float64"
    assert column.dropna().tolist() == [1.25, -0.1]
    assert written(*amounts, Decimal(10**15)) == [1.25, -0.1, None, "1000000000000000"]


def test_a_text_is_cut_at_excels_limit_of_utf_16_units():
    fits, long, wide = "x" * LONGEST_TEXT, "x" * (LONGEST_TEXT + 1), "😀" * 20_000

    assert written(fits) == [fits]
    assert written(long) == ["x" * (LONGEST_TEXT - 2) + " …"]
    (cut,) = written(wide)
    assert len(cut.encode("utf-16-le")) // 2 in {LONGEST_TEXT - 1, LONGEST_TEXT}
    assert cut.endswith("😀 …")


def test_money_is_the_nearest_number_to_each_cent():
    micros = pd.Series([n * 7_770_010_000 + 10_000 for n in range(5000)], dtype="Int64")
    amounts = in_cents(micros)

    assert as_cells(amounts, "money").tolist() == [float(amount) for amount in amounts]


def test_missing_values_of_typed_columns_are_blank():
    frame = pd.DataFrame({
        "text": pd.Series(["a", None], dtype="str"),
        "date": pd.Series([NOON, None], dtype="datetime64[s]"),
        "number": pd.Series([1, None], dtype="Int64"),
        "share": pd.Series([0.5, None], dtype="float64"),
        "money": pd.Series([Decimal("1.50"), None], dtype=pd.ArrowDtype(pa.decimal128(38, 2))),
    })  # fmt: skip

    for kind in frame:
        column = as_cells(frame[kind], kind)
        assert column.notna().tolist() == [True, False], kind
        assert column.dtype != object, kind
