"""Sheets in whole columns are the same tables as sheets row by row."""

import pandas as pd

from goldpan.model import Sheet
from goldpan.sheets import ColumnSheet, columns_of
from goldpan.tables import tables_of
from tests.builders import default_config

HEADERS = ["SAP ID", "Total Value"]


def in_columns(rows, *columns, whole=None, ends=True) -> ColumnSheet:
    """A sheet whose reader took the last of these rows for the header."""
    read = [pd.Series(cells, dtype="str") for cells in columns]
    return ColumnSheet("orders.csv", "", rows, read, whole or (lambda: Sheet("orders.csv", "", rows)), ends=ends)


def table_of(sheet):
    (found,) = tables_of([sheet], default_config().orders)
    return found


def rows_of(found):
    return [[None if pd.isna(cell) else cell for cell in found.row(position)] for position in range(len(found))]


def test_rows_become_columns_of_one_length():
    columns = columns_of([["1"], [None, 5], ["2", 6]], 2)

    assert [column.tolist() for column in columns] == [["1", None, "2"], [None, 5, 6]]
    assert [column.tolist() for column in columns_of([], 2)] == [[], []]


def test_columns_end_with_the_last_row_that_is_not_blank():
    found = table_of(in_columns([HEADERS], ["1", None, "2", " ", None], ["5", "", "6", None, "\u200b"]))

    assert rows_of(found) == [["1", "5"], [None, ""], ["2", "6"]]
    assert found.blank_rows.tolist() == [1]


def test_blank_rows_at_the_end_of_a_piece_of_a_table_are_rows_of_it():
    found = table_of(in_columns([HEADERS], ["1", None], ["5", ""], ends=False))

    assert rows_of(found) == [["1", "5"], [None, ""]]
    assert found.blank_rows.tolist() == [1]


def test_a_header_that_the_reader_missed_is_found_in_the_sheet_row_by_row():
    whole = Sheet("orders.csv", "", [["Orders"], HEADERS, ["1", "5"]])

    found = table_of(in_columns([["Orders"]], ["SAP ID", "1"], whole=lambda: whole))

    assert (found.header_row, rows_of(found)) == (2, [["1", "5"]])


def test_rows_that_the_reader_took_for_titles_are_read():
    whole = Sheet("orders.csv", "", [HEADERS, ["1", "5"], ["2", "6"]])

    found = table_of(in_columns([HEADERS, ["1", "5"]], ["2"], ["6"], whole=lambda: whole))

    assert rows_of(found) == [["1", "5"], ["2", "6"]]


def test_days_are_counted_from_1900_unless_the_workbook_says_otherwise():
    assert not in_columns([HEADERS], ["1"], ["5"]).epoch_1904
