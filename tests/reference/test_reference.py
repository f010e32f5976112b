"""The reference computes what RULES.md says, rule by rule, on examples worked out by hand.

``AS_OF`` is 2026-11-20. The builders name only the columns that matter.
"""

from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings

from goldpan.model import CellError
from tests.reference.config import TAGS, Condition, Config, Tag
from tests.reference.outputs import hubspot_csv_rows, hubspot_properties
from tests.reference.pipeline import Contact, Result, refine
from tests.reference.rows import EmptyExportError, Finding, Row, is_totals_row, split_rows
from tests.reference.tags import tag_holds
from tests.reference.values import read_money
from tests.strategies import exports

AS_OF = date(2026, 11, 20)
MEMBER_HEADERS = (
    *("Cust ID", "Customer Name", "Contact Email", "Created Date", "Start Date", "Expiration Date"),
    *("Original Pu", "Membership"),
)
ORDER_HEADERS = ("SAP ID", "Total Value", "Sales Doc", "Order Date", "Customer Name")


def day(offset: int) -> date:
    return AS_OF + timedelta(days=offset)


def member(customer_id="1", email="ann@x.com", created=None, expires=None, **other):
    """A membership row; ``created`` and ``expires`` are days from AS_OF."""
    term = {
        "Created Date": day(created) if created is not None else None,
        "Expiration Date": day(expires) if expires is not None else None,
    }
    return {"Cust ID": customer_id, "Contact Email": email, **term, **other}


def order(customer_id="1", total=0, **other):
    return {"SAP ID": customer_id, "Total Value": total, **other}


def sheet(headers, rows):
    """Rows from Excel's row 2 on."""
    extra = {header: None for row in rows for header in row}
    return [Row(number, dict.fromkeys(headers) | extra | row) for number, row in enumerate(rows, 2)]


def refined(members, orders=(), *, as_of=AS_OF, **config) -> Result:
    orders = orders or [order("none", 0)]
    return refine(sheet(MEMBER_HEADERS, members), sheet(ORDER_HEADERS, orders), as_of, Config(**config))


def contact_of(members, orders=(), **options) -> Contact:
    (contact,) = refined(members, orders, **options).contacts
    return contact


# --- section 1: rows ------------------------------------------------------------------------------------------------


def test_blank_rows_are_counted_down_to_the_last_row_that_is_not_blank():
    rows = sheet(
        ORDER_HEADERS, [{"SAP ID": " \u00a0"}, order("1", 5), {"Total Value": "\u200b"}, order("2", 6), {}, {}]
    )

    split = split_rows(rows)

    assert split.read == 4
    assert [row.number for row in split.kept] == [3, 5]
    assert split.skipped == {"blank_row": 2, "totals_row": 0}


def test_totals_rows_are_skipped_at_the_end_only():
    rows = [order("Total", 9), order("1", 5), order("Sum", 5), {}, order(None, 10, **{"Customer Name": "Grand Total:"})]

    split = split_rows(sheet(ORDER_HEADERS, rows))

    assert [row.number for row in split.kept] == [2, 3]
    assert split.skipped == {"blank_row": 1, "totals_row": 2}


@pytest.mark.parametrize(
    "word", ["Total", " TOTALS ", "grand  total", "Sum:", "Total: 1,234.50", "Total $12", "Sum 17"]
)
def test_a_totals_row_says_so(word):
    assert is_totals_row(Row(2, {"Customer Name": word, "Total Value": 9}))
    assert is_totals_row(Row(2, {"SAP ID": word, "Total Value": 9}))
    assert is_totals_row(Row(2, {"Sales Doc": word, "Total Value": 9}))


@pytest.mark.parametrize(
    "cells",
    [
        {"Customer Name": "Summit Club"},
        {"Customer Name": "Total Fitness"},
        {"Customer Name": "Total", "Contact Email": "info@total.com"},
        {"Customer Name": "Total", "Expiration Date": "2027-01-01"},
        {"Customer Name": "Total", "Sales Doc": "4711"},
        {"Customer Name": None, "Sales Doc": None, "Total Value": 12},
        {"Customer Name": CellError("Total"), "Total Value": 12},
    ],
)
def test_a_row_that_could_be_somebody_is_no_totals_row(cells):
    assert not is_totals_row(Row(2, cells))


@pytest.mark.parametrize("cells", [{"Contact Email": "n/a"}, {"Expiration Date": "500"}, {"Membership": 17}])
def test_a_totals_row_may_hold_what_is_neither_address_nor_date_nor_order(cells):
    assert is_totals_row(Row(2, {"Cust ID": "Total", **cells}))


def test_an_export_of_nothing_but_blanks_and_totals_is_empty():
    for rows in [[], [{}], [order("Total", 5)], [{}, order("Total", 5), {}]]:
        with pytest.raises(EmptyExportError):
            split_rows(sheet(ORDER_HEADERS, rows))


def test_a_missing_created_or_start_date_takes_the_others_value_row_by_row():
    unreadable = member(created=None, expires=9, **{"Created Date": "soon", "Start Date": day(-3)})
    absent = Row(2, {"Cust ID": "1", "Customer Name": "A", "Contact Email": "a@x.com", "Created Date": day(-5)})

    result = refined([unreadable])
    (contact,) = result.contacts
    (other,) = refine([absent], sheet(ORDER_HEADERS, [order()]), AS_OF).contacts

    assert (contact.created_on, contact.start_on) == (day(-3), day(-3))
    assert result.findings == (Finding("memberships", 2, "Created Date", "unreadable_date"),)
    assert other.start_on == day(-5)


def test_every_odd_cell_is_a_finding_with_its_row_and_header():
    members = [
        member(1e15, "ann@", -9, 9, **{"State/Regi": CellError("#REF!")}),
        member("7", None, -9, None, **{"Expiration Date": "never", "Membership": "#N/A"}),
        member("8", "a@x.com b@x.com", -9, 9),
        member("9", CellError("#N/A"), -9, 9),
    ]
    orders = [order("1.2E+15", "USD 5", **{"Order Date": "x"}), order("1", None)]

    assert [asdict(finding) for finding in refined(members, orders).findings] == [
        {"export": export, "row": row, "column": column, "reason": reason}
        for export, row, column, reason in [
            ("memberships", 2, "Contact Email", "invalid_email"),
            ("memberships", 2, "Cust ID", "rounded_id"),
            ("memberships", 2, "State/Regi", "excel_error"),
            ("memberships", 3, "Contact Email", "no_email"),
            ("memberships", 3, "Expiration Date", "unreadable_date"),
            ("memberships", 3, "Membership", "excel_error"),
            ("memberships", 4, "Contact Email", "several_emails"),
            ("memberships", 5, "Contact Email", "excel_error"),
            ("orders", 2, "Order Date", "unreadable_date"),
            ("orders", 2, "SAP ID", "rounded_id"),
            ("orders", 2, "Total Value", "unreadable_amount"),
        ]
    ]


# --- section 2: orders ----------------------------------------------------------------------------------------------


def test_orders_are_summed_per_customer_and_returns_count():
    orders = [order("00501", 1200), order(501.0, "(200.00)"), order("501", None), order("502", 5), order("501", "x")]

    contact = contact_of([member("0501", "ann@x.com", -9, 9)], orders)

    assert contact.total_order_value == 1000
    assert contact.estimated_savings == 80
    assert not contact.flags["high_value_customer"]
    assert contact.customer_id == "0501"


def test_a_customer_without_orders_has_none():
    contact = contact_of([member()])
    assert (contact.total_order_value, contact.estimated_savings) == (0, 0)


def test_future_dated_orders_count():
    assert contact_of([member()], [order("1", 5, **{"Order Date": day(90)})]).total_order_value == 5


def test_orders_without_a_member_are_prospects_with_the_blank_id_last():
    orders = [
        order(None, 7),
        order("900", "1000.01"),
        order("B", -5, **{"Customer Name": "Bo"}),
        order(900.0, "x", **{"Customer Name": "Nine"}),
        order("1.2E+15", 3, **{"Customer Name": "Ann"}),
        order("1", 9),
    ]

    prospects = refined([member("1")], orders).prospects

    assert [(p.customer_id, p.customer_name, p.orders, p.total_order_value) for p in prospects] == [
        ("900", "Nine", 2, Decimal("1000.01")),
        ("B", "Bo", 1, Decimal(-5)),
        (None, "Ann", 2, Decimal(10)),
    ]
    assert [p.potential_savings for p in prospects] == [Decimal("50.0005"), Decimal("-0.25"), Decimal("0.5")]
    assert [p.is_high_value for p in prospects] == [True, False, False]


def test_an_order_repeated_in_all_columns_counts_once():
    first = order("501", "12.50", **{"Sales Doc": "0007", "Order Date": "2026-01-02", "Plant": "P1"})
    spelled = order(501.0, 12.5, **{"Sales Doc": 7, "Order Date": date(2026, 1, 2), "Plant": " P1"})
    orders = [
        first,
        order("501", 1),
        spelled,
        first | {"Plant": "P2"},
        first | {"Plant": "P2"},
        first | {"SAP ID": "9"},
    ]

    result = refined([member("501")], orders)

    assert result.repeated_orders == {4: 2, 6: 5}
    assert result.contacts[0].total_order_value == Decimal(26)
    assert (result.order_counts.read, result.order_counts.kept, result.order_counts.merged) == (6, 4, 2)
    assert [f.row for f in result.findings if f.reason == "repeated_order"] == [4, 6]


def test_without_an_order_id_every_row_counts():
    orders = [order("1", 5), order("1", 5), order("1", 5, **{"Sales Doc": "7.1E+15"})] * 2
    assert contact_of([member("1")], orders).total_order_value == 30


# --- section 3: renewals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gap", "renewals", "since"), [(7, 1, -800), (8, 0, -300), (0, 1, -800), (-100, 1, -800)])
def test_day_7_continues_a_chain_and_day_8_starts_a_new_one(gap, renewals, since):
    contact = contact_of([member("1", created=-800, expires=-300 - gap), member("1", created=-300, expires=65)])

    assert (contact.row, contact.renewals, contact.member_since) == (3, renewals, day(since))


def test_the_gap_is_measured_from_the_latest_end_in_the_chain():
    """A short membership inside a long one does not break the chain."""
    rows = [
        member("1", created=-700, expires=-100),
        member("1", created=-600, expires=-500),
        member("1", created=-93, expires=9),
    ]

    result = refined(rows)

    assert result.merged_rows == {2: 4, 3: 4}
    assert (result.contacts[0].renewals, result.contacts[0].member_since) == (2, day(-700))
    assert (result.membership_counts.kept, result.membership_counts.merged) == (1, 2)


def test_a_chain_keeps_the_latest_end_then_the_latest_creation_then_the_last_row():
    ends = [member("1", created=-9, expires=20), member("1", created=-5, expires=10)]
    creations = [member("1", created=-5, expires=20), member("1", created=-9, expires=20)]
    ties = [member("1", created=-5, expires=20), member("1", created=-5, expires=20)]

    assert [contact_of(rows).row for rows in (ends, creations, ties)] == [2, 2, 3]


def test_member_since_is_the_earliest_start_not_the_earliest_creation():
    rows = [
        member("1", created=-100, expires=-50, **{"Start Date": day(-90)}),
        member("1", created=-60, expires=9, **{"Start Date": day(-95)}),
    ]
    assert contact_of(rows).member_since == day(-95)


def test_what_only_a_replaced_row_knew_is_not_lost():
    rows = [
        member("1", "old@x.com", -400, -300, **{"Customer Name": "Old", "Original Pu": "HFO"}),
        member("1", "new@x.com", -300, -200, **{"Customer Name": "New", "Original Pu": None}),
        member("1", "ann@", -200, 165, **{"Customer Name": " "}),
    ]

    result = refined(rows)
    (contact,) = result.contacts

    assert (contact.row, contact.email, contact.customer_name) == (4, "new@x.com", "New")
    assert (contact.original_purchase, contact.flags["hfo_buy"]) == ("HFO", True)
    assert Finding("memberships", 4, "Contact Email", "email_from_earlier_row") in result.findings


def test_a_good_address_of_the_kept_row_stays():
    result = refined([member("1", "old@x.com", -400, -1), member("1", "new@x.com", -2, 300)])

    assert result.contacts[0].email == "new@x.com"
    assert result.findings == ()


def test_a_row_without_dates_joins_no_chain_and_stays():
    rows = [
        member("1", created=-100, expires=9),
        member("1", created=-50, expires=None),
        member("1", created=None, expires=8),
    ]

    result = refined(rows)
    (contact,) = result.contacts  # all three have one address

    assert result.merged_rows == {}
    assert (contact.row, contact.rows, contact.renewals, contact.member_since) == (2, (2, 3, 4), 0, day(-100))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (("Ann Lee", "ann@x.com"), ("ANN   lee", "Ann@x.com"), True),
        (("Renée", None), ("rene\u0301e", ""), True),
        (("Renée", None), ("Renee", None), False),
        (("Straße", None), ("STRASSE", None), True),
        ((None, "ann@x.com"), (None, "ann@x.com"), True),
        (("Ann", "ann@x.com"), ("Ann", None), False),
        (("Ann", "ann@x.com"), ("Ann", "ann@"), False),
        (("Ann", "nobody"), ("Ann", None), True),
        ((None, None), (None, None), False),
    ],
)
def test_rows_without_an_id_are_known_by_what_they_have(left, right, same):
    rows = [member(None, mail, -50, 9, **{"Customer Name": name}) for name, mail in (left, right)]
    assert (len(refined(rows).merged_rows) == 1) is same


def test_a_row_without_an_id_never_joins_one_with_an_id():
    rows = [
        member("1", created=-50, expires=9),
        member(None, created=-50, expires=9),
        member(1e15, created=-50, expires=9),
    ]

    result = refined(rows)

    assert result.merged_rows == {3: 4}  # the two without an id, by their address
    assert result.contacts[0].rows == (2, 3, 4)


def test_customers_can_be_matched_by_name_alone():
    rows = [
        member("1", "a@x.com", -50, 9, **{"Customer Name": "Ann"}),
        member("2", "b@x.com", -40, 19, **{"Customer Name": "ANN"}),
        member("2", "c@x.com", -40, 19, **{"Customer Name": None}),
    ]

    result = refined(rows, [order("1", 600), order("2", 500)], match_on="customer_name")

    assert result.merged_rows == {2: 3}
    assert [(c.email, c.total_order_value) for c in result.contacts] == [("b@x.com", 1100), ("c@x.com", 500)]


# --- section 4: one contact per person ------------------------------------------------------------------------------


def test_customers_with_one_address_are_one_contact_with_the_sum_over_distinct_ids():
    rows = [
        member("1", "ann@x.com", -400, -300),
        member("2", "Ann@X.com", -100, 100),
        member("1", "ann@x.com", -200, -150),  # a second chain of customer 1: its orders are not counted twice
        member("3", "bob@x.com", -100, 100),
    ]

    result = refined(rows, [order("1", 600), order("2", "400.01"), order("3", 1)])
    ann = result.contacts[0]

    assert (ann.email, ann.rows, ann.customer_keys, ann.customer_id) == ("ann@x.com", (2, 3, 4), ("1", "2"), "2")
    assert (ann.total_order_value, ann.flags["high_value_customer"]) == (Decimal("1000.01"), True)
    assert result.shared_email == (ann,)


def test_one_id_under_two_addresses_is_two_contacts_with_one_total():
    rows = [member("1", "a@x.com", -400, -300), member("1", "b@x.com", -100, 100)]

    result = refined(rows, [order("1", 600)])

    assert [(c.email, c.total_order_value) for c in result.contacts] == [("a@x.com", 600), ("b@x.com", 600)]
    assert result.customer_totals == {"1": 600}
    assert result.shared_email == ()


def test_the_membership_is_one_that_covers_today_before_one_that_ends_later():
    """A renewal bought early (a chain of its own) never switches a member off."""
    current, early = member("1", created=-100, expires=10), member("1", created=18, expires=400)

    contact = contact_of([current, early])

    assert (contact.row, contact.expires_on, contact.renewals) == (2, day(10), 0)
    assert contact.flags["active_membership"]
    assert contact_of([current, early], as_of=day(10)).row == 3


def test_a_chain_covers_today_from_member_since_not_from_the_newest_start():
    rows = [
        member("1", created=-100, expires=10),
        member("1", created=15, expires=400),
        member("2", created=-1, expires=90),
    ]

    contact = contact_of(rows)

    assert (contact.row, contact.renewals, contact.member_since) == (3, 1, day(-100))
    assert contact.flags["active_membership"]
    assert not contact.flags["recently_renewed"]  # the newest term has not begun


def test_among_rows_alike_the_latest_end_then_creation_then_row_wins_and_missing_dates_lose():
    ended = [member("1", created=-300, expires=-200), member("2", created=-300, expires=-100), member("3", created=-1)]
    created = [
        member("1", created=-5, expires=9),
        member("2", created=-4, expires=9),
        member("3", created=-6, expires=9),
    ]
    ties = [member("1", created=-5, expires=9), member("2", created=-5, expires=9)]

    assert [contact_of(rows).customer_id for rows in (ended, created, ties)] == ["2", "2", "2"]


def test_a_row_without_an_address_joins_its_customers_contact():
    rows = [
        member("1", "old@x.com", -900, -800),
        member("1", "new@x.com", -700, -600),
        member("1", "nobody", -300, 65),
        member("2", None, -300, 65),
        member("2", "b@", -900, -800),
    ]

    result = refined(rows)

    assert [(c.email, c.row, c.rows, c.reason) for c in result.contacts] == [
        ("old@x.com", 2, (2,), None),
        ("new@x.com", 4, (3, 4), None),
        (None, 5, (5, 6), "no_email"),
    ]
    assert [c.is_sendable for c in result.contacts] == [True, True, False]


@pytest.mark.parametrize(("email", "reason"), [("ann@", "invalid_email"), (None, "no_email"), ("#N/A", "no_email")])
def test_a_customer_without_any_address_is_never_sent(email, reason):
    result = refined([member("1", email, -5, 9)])

    assert [(c.is_sendable, c.reason) for c in result.contacts] == [(False, reason)]
    assert len(hubspot_csv_rows(result)) == 1  # the header


def test_name_and_original_purchase_come_from_the_next_row_that_has_one():
    rows = [
        member("1", "ann@x.com", -900, 500, **{"Customer Name": None}),
        member("2", "ann@x.com", -900, 400, **{"Customer Name": "Ann", "Membership": "Gold"}),
        member("3", "ann@x.com", -900, 300, **{"Customer Name": "Anna", "Original Pu": "HFO"}),
    ]

    contact = contact_of(rows)

    assert (contact.customer_id, contact.customer_name, contact.original_purchase) == ("1", "Ann", "HFO")
    assert contact.membership is None  # the membership row's own


# --- section 5: measures and category -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expires", "category"),
    [(-1, "Expired"), (0, "Expiring Soon"), (30, "Expiring Soon"), (31, "Active"), (None, "Unknown")],
)
def test_the_category_follows_from_the_days_until_expiration(expires, category):
    contact = contact_of([member("1", created=-400, expires=expires)])
    assert (contact.days_until_expiration, contact.category) == (expires, category)


def test_a_term_that_has_not_begun_is_active_in_category_but_not_in_tag():
    contact = contact_of([member("1", created=1, expires=365)])
    assert (contact.category, contact.flags["active_membership"], contact.days_since_start) == ("Active", False, -1)


def test_the_analysis_is_ordered_by_category_end_address_and_id():
    rows = [
        member("9", "z@x.com", -400, 90),
        member("8", "y@x.com", -400, None),
        member("7", "x@x.com", -400, -1),
        member("6", "w@x.com", -400, -2),
        member("5", None, -400, 9),
        member("40", None, -400, 9),
        member("3", "b@x.com", -400, 9),
        member("2", "a@x.com", -400, 9),
    ]
    assert [c.customer_id for c in refined(rows).contacts] == ["6", "7", "2", "3", "40", "5", "9", "8"]


# --- section 6: tags ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "holds"), [("1000.00", False), ("1000.01", True), ("1000.000001", True), ("999.99", False)]
)
def test_1000_is_not_high_value(total, holds):
    assert contact_of([member("1")], [order("1", total)]).flags["high_value_customer"] is holds


@pytest.mark.parametrize(
    ("created", "expires", "active", "soon", "renewed"),
    [
        (0, 1, True, True, True),
        (0, 0, False, True, True),
        (1, 31, False, False, False),
        (-30, 30, True, True, True),
        (-31, 31, True, False, False),
        (-31, -1, False, False, False),
        (None, 5, False, True, False),
        (-5, None, False, False, True),
    ],
)
def test_date_tags_hold_on_their_edges_and_not_one_day_beyond(created, expires, active, soon, renewed):
    flags = contact_of([member("1", created=created, expires=expires)]).flags
    assert (flags["active_membership"], flags["expiring_soon"], flags["recently_renewed"]) == (active, soon, renewed)


def test_recently_renewed_speaks_of_the_newest_term():
    contact = contact_of([member("1", created=-400, expires=-3), member("1", created=0, expires=365)])
    assert (contact.member_since, contact.days_since_start, contact.flags["recently_renewed"]) == (day(-400), 0, True)


def test_each_tag_or_its_opposite_stands_in_config_order():
    contact = contact_of([member("1", created=-5, expires=9, **{"Original Pu": "HFO"})], [order("1", 5)])

    assert hubspot_properties(contact)["membership_status_tags"] == (
        "not_high_value_customer;hfo_buy;active_membership;expiring_soon;recently_renewed"
    )


def test_a_tag_without_an_opposite_adds_nothing_when_it_does_not_hold():
    vip = Tag("vip", "VIP", all=[Condition("total_order_value", "above", 5000)])
    contact = contact_of([member("1")], tags=[vip, TAGS[1]])

    assert hubspot_properties(contact)["membership_status_tags"] == "not_hfo_buy"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition("customer_name", "is_known"), True),
        (Condition("membership", "is_known"), False),
        (Condition("membership", "is_blank"), True),
        (Condition("customer_name", "is_blank"), False),
        (Condition("customer_name", "equals", "Ann Lee"), True),
        (Condition("customer_name", "equals", "Ann"), False),
        (Condition("membership", "equals", "Gold"), False),
        (Condition("customer_name", "one_of", ["Bo", "Ann Lee"]), True),
        (Condition("customer_name", "one_of", ["Bo"]), False),
        (Condition("customer_name", "contains", "Lee"), True),
        (Condition("customer_name", "contains", "Bo"), False),
        (Condition("total_order_value", "above", 0.1), False),
        (Condition("total_order_value", "above", 0.09), True),
        (Condition("total_order_value", "at_least", 0.1), True),
        (Condition("total_order_value", "at_least", 0.11), False),
        (Condition("total_order_value", "below", 0.1), False),
        (Condition("total_order_value", "below", 0.11), True),
        (Condition("total_order_value", "at_most", 0.1), True),
        (Condition("total_order_value", "at_most", 0.09), False),
        (Condition("days_since_start", "between", [5, 6]), True),
        (Condition("days_since_start", "between", [4, 5]), True),
        (Condition("days_since_start", "between", [6, 9]), False),
        (Condition("days_until_expiration", "below", 99), False),
        (Condition("start_on", "on_or_before_today"), True),
        (Condition("start_on", "after_today"), False),
        (Condition("expires_on", "on_or_before_today"), False),
        (Condition("expires_on", "after_today"), False),
    ],
)
def test_conditions_compare_and_a_missing_value_satisfies_none(condition, holds):
    contact = contact_of([member("1", created=-5, **{"Customer Name": "Ann Lee"})], [order("1", 0.1)])
    assert tag_holds(Tag("t", "T", all=[condition]), contact, AS_OF) is holds


def test_today_is_on_or_before_today_and_not_after_it():
    contact = contact_of([member("1", created=0, expires=1)])

    assert tag_holds(Tag("t", "T", all=[Condition("start_on", "on_or_before_today")]), contact, AS_OF)
    assert not tag_holds(Tag("t", "T", all=[Condition("start_on", "after_today")]), contact, AS_OF)
    assert tag_holds(Tag("t", "T", all=[Condition("expires_on", "after_today")]), contact, AS_OF)


def test_conditions_are_joined_by_all_any_and_none():
    contact = contact_of([member("1", created=-5, expires=9)])
    yes, no = Condition("email", "is_known"), Condition("email", "is_blank")

    tags = {
        "all": [Tag("t", "T", all=[yes, yes]), Tag("t", "T", all=[yes, no])],
        "any": [Tag("t", "T", any=[no, yes]), Tag("t", "T", any=[no, no])],
        "none": [Tag("t", "T", none=[no, no]), Tag("t", "T", none=[no, yes])],
        "mixed": [Tag("t", "T", all=[yes], any=[yes], none=[no]), Tag("t", "T", all=[yes], any=[no], none=[no])],
    }

    for pair in tags.values():
        assert [tag_holds(tag, contact, AS_OF) for tag in pair] == [True, False]


def test_an_unknown_operator_is_an_error():
    with pytest.raises(ValueError, match="no such operator: like"):
        tag_holds(Tag("t", "T", all=[Condition("email", "like", "x")]), contact_of([member()]), AS_OF)


# --- section 7: what leaves -----------------------------------------------------------------------------------------


def test_the_csv_has_labels_and_cents_in_the_order_of_the_analysis():
    rows = [
        member("1", "ann@x.com", -5, 90, **{"Customer Name": "=1+1", "Original Pu": "HFO"}),
        member("2", "bob@x.com", -500, -1, **{"Customer Name": "Bob"}),
        member("3", None, -500, -1),
    ]

    written = hubspot_csv_rows(refined(rows, [order("1", "1200.505"), order("2", "-0.005")]))

    assert written == [
        ("Customer Name", "Contact Email", "Membership Status Tags", "Total Order Value", "Estimated Savings"),
        (
            *("Bob", "bob@x.com"),
            "Not High-Value Customer;Not HFO Buy;Not Active Membership;Not Expiring Soon;Not Recently Renewed",
            *("-0.01", "0.00"),
        ),
        (
            *("'=1+1", "ann@x.com"),
            "High-Value Customer;HFO Buy;Active Membership;Not Expiring Soon;Recently Renewed",
            *("1200.51", "96.04"),
        ),
    ]


def test_hubspot_gets_texts_and_a_missing_value_empties_the_property():
    full = contact_of([member("007", created=-9, expires=9, **{"Start Date": day(-8), "Customer Name": "+Bo"})])
    bare = contact_of([member(None)])

    assert hubspot_properties(full) | {"membership_status_tags": "…"} == {
        "membership_status_tags": "…",
        "total_order_value": "0.00",
        "estimated_savings": "0.00",
        "membership_start": "2026-11-12",
        "membership_expires": "2026-11-29",
        "member_since": "2026-11-12",
        "membership_category": "expiring_soon",
        "customer_id": "007",
        "customer_name": "+Bo",
    }
    assert {name for name, value in hubspot_properties(bare).items() if value == ""} == {
        *("membership_start", "membership_expires", "member_since", "customer_id", "customer_name"),
    }
    assert hubspot_properties(bare)["membership_category"] == "unknown"


# --- section 8: laws ------------------------------------------------------------------------------------------------


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(exports())
def test_rows_and_money_add_up_and_each_tag_is_said_once(drawn):
    """Laws 1, 4 and 5: a reference that lost a row or a cent would be no reference."""
    result = refine(drawn.memberships, drawn.orders, drawn.as_of)
    kept = split_rows(drawn.orders).kept
    amounts = {row.number: read_money(row.cells["Total Value"])[0] or 0 for row in kept}

    for counts in (result.membership_counts, result.order_counts):
        assert counts.read == counts.kept + counts.merged + counts.skipped
    assert result.membership_counts.merged == len(result.merged_rows)
    assert sum(result.customer_totals.values()) + sum(p.total_order_value for p in result.prospects) == sum(
        amount for row, amount in amounts.items() if row not in result.repeated_orders
    )
    for contact in result.contacts:
        said = [value for value, _ in contact.tags]
        assert [(tag.value in said) + (tag.otherwise[0] in said) for tag in TAGS] == [1] * len(TAGS)
    members = sorted(row for contact in result.contacts for row in contact.rows)
    assert members == [row.number for row in split_rows(drawn.memberships).kept]
    assert len({c.email for c in result.contacts if c.is_sendable}) == sum(c.is_sendable for c in result.contacts)
