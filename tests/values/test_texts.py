"""Cells as text: what is blank, what is an Excel error, and how values look (RULES section 1)."""

from datetime import date, datetime, time, timedelta

import pandas as pd
import pytest

from goldpan.model import CellError
from goldpan.values.reading import TEXT, read_column
from goldpan.values.texts import EXCEL_ERRORS, is_blank, is_excel_error, read_texts, shown, text_of


@pytest.mark.parametrize("cell", [None, "", " ", "\t\n\r", "\u00a0", "\u200b", "\ufeff \u2060", "\u3000"])
def test_what_a_person_can_not_see_is_blank(cell):
    assert is_blank(cell)
    assert text_of(cell) is None


@pytest.mark.parametrize("cell", ["x", "'", 0, 0.0, False, CellError("#N/A"), time(), "\u00ad"])
def test_what_a_person_sees_is_not_blank(cell):
    assert not is_blank(cell)


@pytest.mark.parametrize("cell", [CellError("#N/A"), "#N/A", " #ref! ", "#DIV/0!\u00a0", *sorted(EXCEL_ERRORS)])
def test_error_values_are_told_as_cells_and_as_text(cell):
    assert is_excel_error(cell)
    assert text_of(cell) is None


@pytest.mark.parametrize("cell", ["N/A", "#1", "no #N/A", "", None, 0, "#"])
def test_other_texts_are_no_errors(cell):
    assert not is_excel_error(cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  as it stands ", "  as it stands "),
        (501, "501"),
        (501.0, "501"),
        (501.5, "501.5"),
        (1e20, "100000000000000000000"),
        (-0.0, "0"),
        (True, "TRUE"),
        (False, "FALSE"),
        (date(2026, 2, 9), "2026-02-09"),
        (datetime.combine(date(2026, 2, 9), time()), "2026-02-09"),
        (datetime.combine(date(2026, 2, 9), time(8, 5)), "2026-02-09 08:05:00"),
        (time(8, 5), "08:05:00"),
        (timedelta(days=1, hours=2), "1 day, 2:00:00"),
        (None, ""),
    ],
)
def test_values_look_as_excel_shows_them(cell, text):
    assert shown(cell) == text


def test_a_column_of_texts_is_trimmed_and_blanks_are_missing():
    cells = pd.Series(
        [" Ann\u00a0", "", None, CellError("#N/A"), "#ref!", 7.0, True, date(2026, 2, 9), "\u200b"],
        index=range(20, 29),
        dtype=object,
    )

    got = read_texts(cells)

    assert str(got.dtype) == "str"
    assert got.dropna().to_dict() == {20: "Ann", 25: "7", 26: "TRUE", 27: "2026-02-09"}


def test_excel_errors_and_blanks_of_a_column_of_texts_are_missing_however_they_are_written():
    got = read_texts(pd.Series([" #n/a", "#Ref!\u00a0", "#1", "", " \u200b", " Ann "], dtype="str"))

    assert got.dropna().to_dict() == {2: "#1", 5: "Ann"}


@pytest.mark.parametrize("cells", [[], [None], ["a", "b"], [1, 2.5]])
def test_any_column_of_texts_has_one_type(cells):
    got = read_texts(pd.Series(cells, dtype=object))

    assert str(got.dtype) == "str"
    assert got.dropna().tolist() == [shown(cell) for cell in cells if cell is not None]


def test_equal_cells_of_different_types_are_read_apart_and_each_once():
    seen = []

    def name_type(cell):
        seen.append(cell)
        return (type(cell).__name__,)

    cells = pd.Series([1, True, 1.0, "1", 1, CellError("1"), True], dtype=object)
    got = read_column(cells, name_type, {"type": TEXT})

    assert got["type"].tolist() == ["int", "bool", "float", "str", "int", "CellError", "bool"]
    assert len(seen) == 5
