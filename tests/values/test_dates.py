"""Dates: cells, serial numbers and texts, each read on its own (RULES section 1, *date*)."""

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
import pytest

from goldpan.model import CellError
from goldpan.values.dates import read_date, read_dates

FORMATS = ("%m/%d/%Y", "%m/%d/%y", "%d-%b-%Y", "%b %d, %Y", "%Y%m%d")
DAY = date(2026, 2, 9)


@pytest.mark.parametrize(
    "cell",
    [
        DAY,
        datetime.combine(DAY, time(23, 59, 59)),
        datetime(2026, 2, 9, 23, 59, tzinfo=UTC),
        46062,
        46062.0,
        46062.99,
        "46062",
        "2026-02-09",
        " 2026-02-09\u00a0",
        "2026-02-09 23:59",
        "2026-02-09T23:59:59",
        "2026-02-09T23:59:59.123Z",
        "2026-02-09T23:59:59+14:00",
        "2026-02-09 00:30:00 -0500",
        "2026-02-09 23:59 UTC",
        "02/09/2026",
        "2/9/2026",
        "02/09/2026 11:45 PM",
        "2/9/2026 0:00:00",
        "02/09/26",
        "09-Feb-2026",
        "9-FEB-2026",
        "9-feb-2026 08:15",
        "Feb 9, 2026",
        "feb 09, 2026",
        "20260209",
        20260209,
        20260209.0,
    ],
    ids=repr,
)
def test_one_day_in_every_notation(cell):
    assert read_date(cell, FORMATS) == (DAY, None)


@pytest.mark.parametrize("cell", [None, "", " \u00a0", CellError("#REF!"), "#N/A"])
def test_a_blank_or_an_error_is_missing_without_a_warning(cell):
    assert read_date(cell, FORMATS) == (None, None)


@pytest.mark.parametrize(
    "cell",
    [
        *("soon", "31/12/2026", "02/30/2026", "2026-02-30", "2026-13-01", "9 Feb 2026", "02.09.2026", "2026-2-9"),
        *("12", "0", "999999", "20261340", "202602", "2026020900", "46062.5x", "-46062", "2026-02-09T25:00"),
        *(0, -1, 12, 20261340, 1e9, 20260209.5, float("nan"), float("inf"), True, False),
        *(time(10, 30), timedelta(days=46062), "09-Fev-2026", "Sept 9, 2026", "/2/9/2026", "1" * 5000),
    ],
    ids=lambda cell: repr(cell)[:20],
)
def test_what_is_no_date_is_missing_with_a_warning(cell):
    assert read_date(cell, FORMATS) == (None, "unreadable_date")


@pytest.mark.parametrize("day", [date(1950, 1, 1), date(2200, 12, 31)])
def test_the_range_of_dates_includes_its_ends(day):
    serial = (day - date(1899, 12, 30)).days

    for cell in (day, day.isoformat(), serial, serial + 0.5, str(serial), f"{day:%m/%d/%Y}", f"{day:%Y%m%d}"):
        assert read_date(cell, FORMATS) == (day, None)


@pytest.mark.parametrize("day", [date(1949, 12, 31), date(2201, 1, 1)])
def test_a_day_outside_the_range_is_unreadable(day):
    serial = (day - date(1899, 12, 30)).days

    for cell in (day, datetime.combine(day, time(23, 59)), day.isoformat(), serial, str(serial), f"{day:%Y%m%d}"):
        assert read_date(cell, FORMATS) == (None, "unreadable_date")


@pytest.mark.parametrize(("serial", "day"), [(44600, DAY), (44600.5, DAY), ("44600", DAY), (16802, date(1950, 1, 1))])
def test_a_workbook_of_1904_counts_from_there(serial, day):
    assert read_date(serial, FORMATS, epoch_1904=True) == (day, None)


def test_1904_moves_serial_numbers_only():
    for cell in (DAY, "2026-02-09", "02/09/2026", 20260209, "20260209"):
        assert read_date(cell, FORMATS, epoch_1904=True) == (DAY, None)
    assert read_date(16801, FORMATS, epoch_1904=True) == (None, "unreadable_date")
    assert read_date(16801, FORMATS) == (None, "unreadable_date")


@pytest.mark.parametrize(("text", "year"), [("1/2/69", 1969), ("1/2/99", 1999), ("1/2/00", 2000), ("1/2/68", 2068)])
def test_two_digit_years_from_69_are_of_the_last_century(text, year):
    assert read_date(text, FORMATS) == (date(year, 1, 2), None)


def test_the_formats_are_tried_in_order():
    assert read_date("02/09/2026", ("%d/%m/%Y", "%m/%d/%Y")) == (date(2026, 9, 2), None)
    assert read_date("02/09/2026", ("%m/%d/%Y", "%d/%m/%Y")) == (DAY, None)
    assert read_date("02/13/2026", ("%d/%m/%Y", "%m/%d/%Y")) == (date(2026, 2, 13), None)


def test_eight_digits_need_no_format_and_iso_goes_before_all():
    assert read_date("20260209", ()) == (DAY, None)
    assert read_date("2026-02-09", ("%Y-%d-%m",)) == (DAY, None)


def test_a_format_may_say_months_in_full_and_a_time_of_day():
    assert read_date("February 9, 2026", ("%B %d, %Y",)) == (DAY, None)
    assert read_date("May 9, 2026", ("%B %d, %Y",)) == (date(2026, 5, 9), None)
    assert read_date("09.02.2026 13h45", ("%d.%m.%Y %Hh%M",)) == (DAY, None)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def test_every_english_month_is_known():
    got = [read_date(f"09-{month}-2026", FORMATS)[0] for month in MONTHS]

    assert got == [date(2026, number, 9) for number in range(1, 13)]


def test_a_column_is_read_cell_by_cell():
    cells = pd.Series(["31/12/2026", "02/09/2026", None, 46062, True, 1, 1.0], index=range(10, 17), dtype=object)

    got = read_dates(cells, FORMATS)

    assert got.dtypes.astype(str).to_dict() == {"value": "datetime64[s]", "reason": "str"}
    assert got["value"].dropna().to_dict() == {11: pd.Timestamp(DAY), 13: pd.Timestamp(DAY)}
    assert got["reason"].dropna().to_dict() == dict.fromkeys((10, 14, 15, 16), "unreadable_date")


def test_a_column_follows_the_workbooks_epoch():
    got = read_dates(pd.Series([44600, 44600.25], dtype=object), FORMATS, epoch_1904=True)

    assert got["value"].tolist() == [pd.Timestamp(DAY)] * 2


def test_a_column_without_dates_has_the_same_types():
    for cells in ([], [None, None]):
        got = read_dates(pd.Series(cells, dtype=object), FORMATS)
        assert got.dtypes.astype(str).to_dict() == {"value": "datetime64[s]", "reason": "str"}
