"""How a column of cells is read: each distinct cell once by its rule, and what is plain all at once."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.values.reading import MICROS, TEXT, read_column, read_numbers

TYPES = {"value": TEXT, "reason": TEXT}


class Rule:
    """Says how it saw a cell, and remembers which it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, cell):
        self.asked.append(cell)
        return (None, "nothing") if cell is None else (f"{type(cell).__name__} {cell}", None)


def shouted(texts):
    """Reads capitals as they stand."""
    return pc.fill_null(pc.ascii_is_upper(texts), False), [texts, pa.nulls(len(texts), TEXT)]


def rows(read):
    return [tuple(None if pd.isna(value) else value for value in row) for row in read.itertuples(index=False)]


def test_true_one_and_one_point_zero_are_three_cells():
    read = read_column(pd.Series([True, 1, 1.0, None, True], dtype=object), Rule(), TYPES)

    assert rows(read) == [
        ("bool True", None),
        ("int 1", None),
        ("float 1.0", None),
        (None, "nothing"),
        ("bool True", None),
    ]


def test_every_distinct_text_is_read_once_and_the_rows_keep_their_names():
    rule = Rule()

    read = read_column(pd.Series(["b", "a", None, "b"], index=[7, 5, 9, 6], dtype="str"), rule, TYPES)

    assert rows(read) == [("str b", None), ("str a", None), (None, "nothing"), ("str b", None)]
    assert read.index.tolist() == [7, 5, 9, 6]
    assert rule.asked == ["b", "a", None]


def test_only_what_is_not_plain_is_read_by_the_rule():
    rule = Rule()

    read = read_column(pd.Series(["A", "b", None, "C"], dtype="str"), rule, TYPES, shouted)

    assert rows(read) == [("A", None), ("str b", None), (None, "nothing"), ("C", None)]
    assert [*filter(None, rule.asked)] == ["b"]


def test_a_missing_number_has_no_value_and_an_odd_one_is_read_by_the_rule():
    def plain(numbers):
        return np.nan_to_num(numbers).astype("int64"), numbers < 10

    def rule(cell):
        return (None, f"{cell} is odd")

    read = read_numbers(pd.Series([1.0, np.nan, 11.0, 2.0]), rule, {"value": MICROS, "reason": TEXT}, plain)

    assert rows(read) == [(1, None), (None, None), (None, "11.0 is odd"), (2, None)]
    assert read["value"].dtype == "Int64"
