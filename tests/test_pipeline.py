"""All steps in order: rows and money add up, and each table says what happened (RULES sections 2 to 8)."""

import os
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

import goldpan
from goldpan import pipeline
from goldpan.errors import DataError, FatalError
from goldpan.exports import hubspot_csv
from goldpan.pipeline import Counts, Refined
from tests.builders import AS_OF, REPOSITORY, default_config, memberships, orders, refined
from tests.steps.frames import plain

ANN = {
    "Cust ID": "00121", "Customer Name": "Ann Lee", "Contact Email": "ann@x.com", "Created Date": date(2025, 11, 25),
    "Start Date": date(2025, 11, 25), "Expiration Date": date(2026, 11, 25), "Original Pu": "HFO",
}  # fmt: skip
BO = ANN | {"Cust ID": "122", "Customer Name": "Bo", "Contact Email": "bo@y.org", "Original Pu": None}
RENEWAL = {"Created Date": date(2026, 11, 20), "Start Date": date(2026, 11, 26), "Expiration Date": date(2027, 11, 25)}


def table(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(map(plain, row)) for row in frame[list(columns)].itertuples(index=False, name=None)]


# --- contacts ---------------------------------------------------------------------------------------------------------


def test_two_exports_become_contacts():
    got = refined(
        memberships(ANN, BO, ANN | RENEWAL),
        orders({"SAP ID": 121, "Total Value": "$1,000.01"}, {"SAP ID": "122", "Total Value": "(5)"}),
    ).contacts

    shown = ("email", "source_row", "membership_category", "renewals", "member_since", "membership_status_tags")
    assert table(got, *shown) == [
        ("bo@y.org", 3, "expiring_soon", 0, date(2025, 11, 25),
         "not_high_value_customer;not_hfo_buy;active_membership;expiring_soon;not_recently_renewed"),
        ("ann@x.com", 4, "active", 1, date(2025, 11, 25),
         "high_value_customer;hfo_buy;active_membership;not_expiring_soon;not_recently_renewed"),
    ]  # fmt: skip
    assert got["total_order_value"].tolist() == [Decimal("-5.00"), Decimal("1000.01")]
    assert got["estimated_savings"].tolist() == [Decimal("-0.40"), Decimal("80.00")]
    assert got.index.tolist() == [0, 1]


def test_the_numbers_of_the_config_are_followed():
    config = default_config()
    rules = config.rules.model_copy(
        update={
            "renewal_window_days": 0, "expiring_soon_days": 4, "savings_share": Decimal("0.5"),
            "prospect_savings_share": Decimal("0.25"), "high_value_above": Decimal("9.5"),
        }
    )  # fmt: skip
    late = ANN | {"Created Date": date(2026, 11, 26), "Expiration Date": date(2027, 11, 26)}

    got = refined(
        memberships(ANN, late, BO),
        orders(
            {"SAP ID": 121, "Total Value": 10}, {"SAP ID": 9, "Total Value": "9.50"}, {"SAP ID": 8, "Total Value": 9.51}
        ),
        config=config.model_copy(update={"rules": rules}),
    )

    assert len(got.merged_rows) == 0
    assert table(got.contacts, "email", "membership_category") == [("bo@y.org", "active"), ("ann@x.com", "active")]
    assert got.contacts["estimated_savings"].tolist() == [0, Decimal("5.00")]
    assert table(got.prospects, "customer_id", "is_high_value") == [("8", True), ("9", False)]
    assert got.prospects["potential_savings"].tolist() == [Decimal("2.38"), Decimal("2.38")]


def test_matching_by_name_is_followed():
    config = default_config()
    config = config.model_copy(update={"rules": config.rules.model_copy(update={"match_on": "customer_name"})})
    rows = (ANN | {"Cust ID": None}, ANN | RENEWAL | {"Cust ID": None, "Contact Email": "new@x.com"})

    assert len(refined(memberships(*rows)).contacts) == 2
    assert refined(memberships(*rows), config=config).contacts["email"].tolist() == ["new@x.com"]


def test_a_row_without_an_address_is_kept_and_not_sent():
    got = refined(memberships(ANN | {"Contact Email": "nobody"}, BO))

    assert table(got.contacts, "email", "customer_name") == [("bo@y.org", "Bo"), (None, "Ann Lee")]
    assert got.tag_counts(default_config())["active_membership"] == 1


def test_tags_are_counted_over_contacts_that_can_be_sent():
    counts = refined(memberships(ANN, BO, BO | {"Cust ID": "3", "Contact Email": None})).tag_counts(default_config())

    assert list(counts.items()) == [
        ("high_value_customer", 0), ("not_high_value_customer", 2), ("hfo_buy", 1), ("not_hfo_buy", 1),
        ("active_membership", 2), ("not_active_membership", 0), ("expiring_soon", 2), ("not_expiring_soon", 0),
        ("recently_renewed", 0), ("not_recently_renewed", 2),
    ]  # fmt: skip


# --- what became of each row ------------------------------------------------------------------------------------------


def test_merged_rows_name_the_row_that_replaced_them():
    got = refined(memberships(ANN | RENEWAL, BO, ANN, ANN | {"Expiration Date": date(2026, 1, 1)})).merged_rows

    assert table(got, "source_row", "replaced_by", "customer_name") == [(4, 2, "Ann Lee"), (5, 2, "Ann Lee")]


def test_repeated_orders_name_the_first_and_are_noted():
    order = {"SAP ID": "121", "Total Value": 5, "Sales Doc": "S1"}

    got = refined(memberships(ANN), orders(order, order | {"Sales Doc": "S2"}, order))

    assert table(got.repeated_orders, "source_row", "repeats_row") == [(4, 2)]
    assert table(got.notes, "kind", "row", "column", "reason", "value") == [
        ("orders", 4, "order_id", "repeated_order", "S1")
    ]
    assert got.contacts["total_order_value"].tolist() == [Decimal("10.00")]


def test_an_address_from_an_earlier_row_is_noted_at_the_row_that_got_it():
    got = refined(memberships(ANN | RENEWAL | {"Contact Email": "ann@"}, ANN, BO))

    assert table(got.notes, "kind", "row", "column", "reason", "value") == [
        ("memberships", 2, "email", "email_from_earlier_row", "ann@x.com")
    ]


def test_notes_are_in_the_order_of_kind_and_row():
    order = {"SAP ID": "121", "Total Value": 5, "Sales Doc": "S1"}
    rows = (ANN, BO, BO | RENEWAL | {"Contact Email": None}, ANN | RENEWAL | {"Contact Email": None})

    got = refined(memberships(*rows), orders(order, order, order)).notes

    assert table(got, "kind", "row") == [("memberships", 4), ("memberships", 5), ("orders", 3), ("orders", 4)]


def test_without_notes_the_table_is_empty_but_typed():
    got = refined(memberships(ANN))

    assert len(got.notes) == len(got.merged_rows) == len(got.repeated_orders) == len(got.shared_emails) == 0
    assert got.notes["row"].dtype == "int64"


def test_every_row_stays_or_is_merged():
    members, bought = memberships(ANN, ANN | RENEWAL, BO, {}, {"Cust ID": "5"}), orders({"SAP ID": 1}, {"SAP ID": 1})

    got = refined(members, bought)

    assert members.rows_read == 5
    assert len(members.frame) + sum(members.skipped.values()) == members.rows_read
    assert len(got.contacts) + len(got.merged_rows) == len(members.frame) == 4


def test_everything_beside_the_contacts_is_counted():
    order = {"SAP ID": "900", "Total Value": "1000.01", "Sales Doc": "S1"}
    renewed = (ANN, ANN | RENEWAL | {"Contact Email": None}, BO, BO | RENEWAL)

    got = refined(memberships(*renewed), orders(order, order, {"SAP ID": "901"}, {"SAP ID": None, "Total Value": 2000}))

    assert got.counts == Counts(
        merged_rows=2, repeated_orders=1, filled_addresses=1, prospects=2, high_value_prospects=1
    )
    assert got.counts.notes == {"memberships": 1, "orders": 1}


# --- one contact of several customers ---------------------------------------------------------------------------------


def test_a_shared_address_is_listed_with_its_ids_in_file_order():
    rows = (BO, ANN, ANN | {"Cust ID": "7"}, ANN | RENEWAL | {"Cust ID": "121"}, BO | {"Cust ID": "122"})

    got = refined(memberships(*rows), orders({"SAP ID": 7, "Total Value": 1}, {"SAP ID": 121, "Total Value": 2}))

    shared = got.shared_emails
    assert table(shared, "email", "customer_ids", "customer_id_list") == [("ann@x.com", 2, "00121; 7")]
    assert shared["total_order_value"].tolist() == [Decimal("3.00")]


def test_rows_without_an_id_do_not_make_an_address_shared():
    got = refined(memberships(ANN, ANN | {"Cust ID": None, "Customer Name": "Somebody Else"}))

    assert len(got.contacts) == 1
    assert len(got.shared_emails) == 0


# --- money ------------------------------------------------------------------------------------------------------------


def test_prospects_are_ordered_valued_and_marked():
    got = refined(
        memberships(ANN),
        orders(
            {"SAP ID": None, "Total Value": 7},
            {"SAP ID": "900", "Total Value": "1000.00", "Customer Name": "Cy"},
            {"SAP ID": "901", "Total Value": "1000.01"},
            {"SAP ID": "902", "Total Value": "0.10"},
            {"SAP ID": "121", "Total Value": 5},
        ),
    ).prospects

    assert table(got, "customer_id", "customer_name", "orders", "is_high_value") == [
        ("901", None, 1, True), ("900", "Cy", 1, False), ("902", None, 1, False), (None, None, 1, False)
    ]  # fmt: skip
    assert [f"{amount:f}" for amount in got["total_order_value"]] == ["1000.01", "1000.00", "0.10", "7.00"]
    assert [f"{amount:f}" for amount in got["potential_savings"]] == ["50.00", "50.00", "0.01", "0.35"]


def test_money_goes_to_customers_to_unmatched_ids_or_to_the_blank_id():
    got = refined(
        memberships(ANN, ANN | RENEWAL, BO | {"Cust ID": "7", "Contact Email": "ann@x.com"}),
        orders(
            {"SAP ID": "121", "Total Value": "100.50"},
            {"SAP ID": "7", "Total Value": -1},
            {"SAP ID": "900", "Total Value": 20},
            {"SAP ID": None, "Total Value": 3},
            {"SAP ID": "1E+15", "Total Value": 4},
            {"SAP ID": "121", "Total Value": "USD 5"},
            {"SAP ID": "121", "Total Value": None},
        ),
    ).money

    assert (got.customers, got.unmatched, got.blank_id) == (99_500_000, 20_000_000, 7_000_000)
    assert got.total == 126_500_000


def test_a_repeated_order_is_no_money():
    order = {"SAP ID": "121", "Total Value": 5, "Sales Doc": "S1"}

    assert refined(memberships(ANN), orders(order, order)).money.total == 5_000_000


def test_orders_dated_in_the_future_count():
    order = {"SAP ID": "121", "Total Value": 5, "Order Date": AS_OF + timedelta(days=90)}

    assert refined(memberships(ANN), orders(order)).contacts["total_order_value"].tolist() == [5]


def test_amounts_that_are_none_refuse_the_export():
    ids = [{"SAP ID": str(number), "Total Value": 999_999_999_999} for number in range(10)]

    with pytest.raises(DataError) as caught:
        refined(memberships(ANN), orders(*ids))

    assert caught.value.reason == "amounts_too_large"
    assert "config/exports/orders.toml" in str(caught.value)
    assert refined(memberships(ANN), orders(*ids[:9])).money.total == 9 * 999_999_999_999 * 10**6


def test_large_returns_refuse_the_export_too():
    """The sum would fit, but not on the way."""
    amounts = [999_999_999_999] * 5 + [-999_999_999_999] * 5

    with pytest.raises(DataError, match="add up to more than"):
        refined(memberships(ANN), orders(*({"SAP ID": "1", "Total Value": amount} for amount in amounts)))


def test_an_order_file_without_a_single_amount_is_worth_nothing():
    got = refined(memberships(ANN), orders({"SAP ID": "121", "Total Value": "USD 5"}, {"SAP ID": "900"}))

    assert got.contacts["total_order_value"].tolist() == [0]
    assert got.prospects["total_order_value"].tolist() == [0]


def test_rows_that_do_not_add_up_stop_the_run(monkeypatch):
    """A join that doubles rows would be a defect; here a step loses a row."""
    link_renewals = pipeline.link_renewals
    monkeypatch.setattr(pipeline, "link_renewals", lambda *args, **rules: link_renewals(*args, **rules).iloc[1:])

    with pytest.raises(FatalError, match="defect of Goldpan"):
        refined(memberships(ANN, BO))


def test_money_that_does_not_add_up_stops_the_run(monkeypatch):
    list_prospects = pipeline.list_prospects
    monkeypatch.setattr(pipeline, "list_prospects", lambda *frames: list_prospects(*frames).iloc[1:])

    with pytest.raises(FatalError, match="amounts do not add up"):
        refined(memberships(ANN), orders({"SAP ID": "900", "Total Value": 5}))


# --- purity -----------------------------------------------------------------------------------------------------------


def test_the_callers_frames_are_unchanged():
    members, bought = memberships(ANN, ANN | RENEWAL, BO), orders({"SAP ID": 121, "Total Value": 5, "Sales Doc": "S"})
    before = members.frame.copy(deep=True), bought.frame.copy(deep=True)

    refined(members, bought)

    pd.testing.assert_frame_equal(members.frame, before[0])
    pd.testing.assert_frame_equal(bought.frame, before[1])


def test_the_index_of_the_frames_does_not_matter():
    members, bought = memberships(ANN, ANN | RENEWAL, BO), orders({"SAP ID": 121, "Total Value": 5}, {"SAP ID": 9})
    odd = members.frame.set_index(pd.Index([7, 7, 0])), bought.frame.set_index(pd.Index(["b", "a"]))

    got = goldpan.refine(*odd, AS_OF, default_config())

    wanted = refined(members, bought)
    pd.testing.assert_frame_equal(got.contacts, wanted.contacts)
    pd.testing.assert_frame_equal(got.prospects, wanted.prospects)
    pd.testing.assert_frame_equal(got.merged_rows, wanted.merged_rows)


def test_one_row_is_enough():
    got = refined(memberships({"Cust ID": None, "Customer Name": "Nobody"}))

    assert table(got.contacts, "email", "membership_category", "customer_ids") == [(None, "unknown", 0)]
    assert got.contacts["membership_status_tags"].tolist() == [
        "not_high_value_customer;not_hfo_buy;not_active_membership;not_expiring_soon;not_recently_renewed"
    ]


SCRIPT = """
from datetime import date
from goldpan import refine
from goldpan.exports import hubspot_csv
from tests.builders import AS_OF, default_config, memberships, orders
rows = [{"Cust ID": str(n % 7), "Contact Email": f"m{n % 5}@x.com", "Customer Name": f"M {n}",
         "Created Date": date(2025, 1, 1 + n), "Expiration Date": date(2026, 11, 1 + n)} for n in range(20)]
bought = [{"SAP ID": str(n % 9), "Total Value": n * 33.33} for n in range(20)]
config = default_config()
result = refine(memberships(*rows).frame, orders(*bought).frame, AS_OF, config)
print(hubspot_csv(result.contacts, config.tags), result.prospects.to_csv(), result.shared_emails.to_csv())
"""


def test_another_process_with_another_hash_seed_gives_the_same_bytes():
    def output(seed: str) -> bytes:
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(REPOSITORY)}
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, cwd=REPOSITORY, check=True, capture_output=True
        ).stdout

    assert output("1") == output("2") != b""


def test_the_public_functions_have_the_names_that_users_know():
    assert [getattr(goldpan, name).__name__ for name in goldpan.__all__] == goldpan.__all__
    assert {
        "process_orders_and_add_value_tiers", "deduplicate_memberships", "categorize_and_sort_memberships",
        "calculate_all_membership_flags", "format_for_hubspot_export", "add_individual_boolean_tags_for_excel",
        "refine",
    } <= set(goldpan.__all__)  # fmt: skip
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = goldpan.nonsense


def test_a_result_speaks_of_its_date():
    got = refined(memberships(ANN), as_of=date(2026, 11, 26))

    assert isinstance(got, Refined)
    assert got.as_of == date(2026, 11, 26)
    assert table(got.contacts, "membership_category", "days_until_expiration") == [("expired", -1)]
    assert "Not Active Membership" in hubspot_csv(got.contacts, default_config().tags)
