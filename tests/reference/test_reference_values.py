"""The reference reads single cells as RULES section 1 says; every case is worked out by hand from its sentence."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from goldpan.model import CellError
from tests.reference.values import is_blank, read_date, read_email, read_id, read_money, read_text


def day_cell(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("cell", "spelling"),
    [
        *(("123", "123"), ("123.0", "123"), ("123.00", "123"), (" 123 ", "123"), ("\u00a0123", "123")),
        *(("'00123", "00123"), ("00123", "00123"), (123, "123"), (123.0, "123"), ("0123.0", "0123")),
    ],
)
def test_all_spellings_of_one_id_have_one_key_and_keep_their_zeros(cell, spelling):
    assert read_id(cell) == (spelling, "123", None)


def test_an_id_of_zeros_is_the_id_0():
    assert read_id("000") == ("000", "0", None)
    assert read_id(0) == ("0", "0", None)


def test_letters_of_an_id_are_case_sensitive_and_keep_their_zeros():
    assert read_id("0A7") == ("0A7", "0A7", None)
    assert read_id("0a7") == ("0a7", "0a7", None)
    assert read_id("12.5") == ("12.5", "12.5", None)


def test_an_id_that_excel_rounded_is_no_id():
    assert read_id(999999999999999) == ("999999999999999", "999999999999999", None)
    assert read_id(1000000000000000) == (None, None, "rounded_id")
    assert read_id(1234567890123456.0) == (None, None, "rounded_id")
    assert read_id("1.23457E+15") == (None, None, "rounded_id")
    assert read_id("1234567890123456") == ("1234567890123456", "1234567890123456", None)


@pytest.mark.parametrize("cell", [None, "", "  ", "\u00a0", "\u200b", "'"])
def test_a_blank_id_has_no_reason(cell):
    assert read_id(cell) == (None, None, None)


@pytest.mark.parametrize(
    "cell",
    [
        *(" ANN@X.com ", "\u00a0ann@x.com", "ann\u200b@x.com", "mailto:ann@x.com", "MAILTO:Ann@x.com"),
        *("Ann <ann@x.com>", "<ann@x.com>", "<mailto:ann@x.com>", "Ann Lee <Ann@X.COM>"),
    ],
)
def test_all_spellings_of_one_address_are_that_address(cell):
    assert read_email(cell) == ("ann@x.com", None)


@pytest.mark.parametrize(
    "cell", ["ann@x.com;bob@y.org", "ann@x.com, bob@y.org", "ann@x.com bob@y.org", "an@; ann@x.com"]
)
def test_of_several_addresses_the_first_valid_one_counts_with_a_warning(cell):
    assert read_email(cell) == ("ann@x.com", "several_emails")


@pytest.mark.parametrize(
    "cell",
    [
        *("nobody", "ann@", "@x.com", "ann@x", "a@b@x.com", "änn@x.com", "ann@ü.com", "\u212aate@x.com"),
        *(".ann@x.com", "ann.@x.com", "a..b@x.com", "=ann@x.com", "+ann@x.com", "-ann@x.com", "a(b)@x.com"),
        *("ann@-x.com", "ann@x-.com", "ann@x..com", "ann@x.c", "ann@x.c0", "ann@.com", "ann@x_y.com", 42, True),
        *("ann@; bob@", "a" * 65 + "@x.com", "a@" + "x." * 125 + "com"),
    ],
)
def test_what_is_no_address_is_invalid(cell):
    assert read_email(cell) == (None, "invalid_email")


def test_the_longest_addresses_are_valid():
    assert read_email("a" * 64 + "@x.com") == ("a" * 64 + "@x.com", None)
    assert read_email("a@" + "x." * 124 + "comm") == ("a@" + "x." * 124 + "comm", None)  # 254
    assert read_email("a@" + "x." * 124 + "commm") == (None, "invalid_email")  # 255
    assert read_email("o'n=e+i-l!@x-1.co") == ("o'n=e+i-l!@x-1.co", None)


@pytest.mark.parametrize("cell", [None, "", " \u00a0\u200b"])
def test_a_blank_address_is_no_address(cell):
    assert read_email(cell) == (None, "no_email")


@pytest.mark.parametrize(
    "cell",
    [
        *(
            date(2026, 3, 4),
            day_cell("2026-03-04 23:59:59"),
            46085,
            46085.999,
            "46085",
            20260304,
            20260304.0,
            "20260304",
        ),
        *("2026-03-04", " 2026-03-04\u00a0", "2026-03-04T23:30:00", "2026-03-04 23:30", "2026-03-04T00:30:00+14:00"),
        *("2026-03-04T23:59:59.999Z", "2026-03-04T23:59:59-1200", "03/04/2026", "3/4/2026", "3/4/26", "03/04/26"),
        *(
            "04-Mar-2026",
            "4-mar-2026",
            "Mar 4, 2026",
            "MAR 04, 2026",
            "3/4/2026 11:59 PM",
            "Mar 4, 2026 8:15",
            "20260304 08:15",
        ),
    ],
)
def test_all_notations_of_one_day_are_that_day(cell):
    assert read_date(cell) == (date(2026, 3, 4), None)


def test_a_workbook_that_counts_from_1904_is_followed():
    assert read_date(46085 - 1462, epoch_1904=True) == (date(2026, 3, 4), None)
    assert read_date(str(46085 - 1462), epoch_1904=True) == (date(2026, 3, 4), None)
    assert read_date("03/04/2026", epoch_1904=True) == (date(2026, 3, 4), None)


def test_two_digit_years_from_69_on_are_of_the_last_century():
    assert read_date("1/2/69") == (date(1969, 1, 2), None)
    assert read_date("1/2/99") == (date(1999, 1, 2), None)
    assert read_date("1/2/68") == (date(2068, 1, 2), None)
    assert read_date("1/2/00") == (date(2000, 1, 2), None)


def test_the_range_of_dates_includes_its_edges():
    assert read_date("1950-01-01") == (date(1950, 1, 1), None)
    assert read_date("12/31/2200") == (date(2200, 12, 31), None)
    assert read_date(18264) == (date(1950, 1, 1), None)
    assert read_date(109939) == (date(2200, 12, 31), None)
    outside = ["1949-12-31", "01/01/2201", 18263, 18263.9, 109940, date(1949, 12, 31), "19491231", 22010101]
    assert [read_date(cell) for cell in outside] == [(None, "unreadable_date")] * 8


@pytest.mark.parametrize(
    "cell",
    [
        *("soon", "13/01/2026", "02/29/2026", "2026-02-29", "4-Mrz-2026", "12", 12, -1, 0.5, 20261301, "20261301"),
        *(True, time(9, 30), timedelta(days=46085), float("inf"), "2026-03", "123456789"),
    ],
)
def test_what_is_no_day_is_missing_with_a_warning(cell):
    assert read_date(cell) == (None, "unreadable_date")


def test_configured_formats_are_tried_in_order():
    day_first = ["%d/%m/%Y", "%m/%d/%Y", "%B %d %Y"]

    assert read_date("03/04/2026", day_first) == (date(2026, 4, 3), None)
    assert read_date("03/14/2026", day_first) == (date(2026, 3, 14), None)
    assert read_date("March 4 2026", day_first) == (date(2026, 3, 4), None)


def test_a_blank_date_has_no_reason():
    assert read_date(None) == read_date(" \u00a0") == (None, None)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        *((12, "12"), (12.5, "12.5"), ("12.50", "12.5"), ("$1,200.50", "1200.5"), ("€ 1,200", "1200"), ("12 €", "12")),
        *(
            ("1 200.50", "1200.5"),
            ("1\u00a0200", "1200"),
            (" 12 ", "12"),
            ("1,234,567.89", "1234567.89"),
            ("1200", "1200"),
        ),
        *(
            ("-12.00", "-12"),
            ("(12.00)", "-12"),
            ("12.00-", "-12"),
            ("-$12", "-12"),
            ("$-12", "-12"),
            ("($1,200)", "-1200"),
        ),
        *((0.1, "0.1"), (1000.0000000001, "1000"), (0.1 + 0.2, "0.3"), ("0.0000005", "0.000001"), (-12, "-12")),
        *(("-0.0000005", "-0.000001"), ("0.00000049", "0"), ("-0.00", "0"), (1e3, "1000"), (2.5e-6, "0.000003")),
    ],
)
def test_amounts_are_read_exactly_and_rounded_to_millionths(cell, amount):
    assert read_money(cell) == (Decimal(amount), None)


def test_zero_has_no_sign():
    assert not read_money("-0.00")[0].is_signed()


@pytest.mark.parametrize(
    "cell",
    [
        *("12,50", "USD 12", "1e3", "abc", "1,20,000", "1200,500", "1,2000", "--12", "-(12)", "(12", "$", "-", "$$12"),
        *("1.200.50", "12.5.0", "5%", True, date(2026, 1, 1), float("inf")),
    ],
)
def test_what_is_no_amount_is_unreadable(cell):
    assert read_money(cell) == (None, "unreadable_amount")


def test_a_decimal_comma_is_configuration():
    assert read_money("1.200,50", ",") == (Decimal("1200.5"), None)
    assert read_money("12,50", ",") == (Decimal("12.5"), None)
    assert read_money("12.50", ",") == (None, "unreadable_amount")
    assert read_money(12.5, ",") == (Decimal("12.5"), None)


def test_a_blank_amount_adds_nothing_and_is_no_warning():
    assert read_money(None) == read_money("\u00a0") == (None, None)


@pytest.mark.parametrize("cell", [CellError("#N/A"), "#N/A", " #REF! ", "#DIV/0!", "#value!", CellError("#FUTURE!")])
def test_excel_errors_are_missing_in_every_kind_of_column(cell):
    assert read_id(cell) == (None, None, "excel_error")
    assert read_email(cell) == (None, "excel_error")
    assert read_date(cell) == (None, "excel_error")
    assert read_money(cell) == (None, "excel_error")
    assert read_text(cell) is None
    assert not is_blank(cell)


def test_text_is_trimmed_and_numbers_are_what_a_person_would_type():
    cells = [" Ann\u00a0", 501.0, 501.25, 501, True, None, " "]
    assert [read_text(cell) for cell in cells] == ["Ann", "501", "501.25", "501", "TRUE", None, None]
