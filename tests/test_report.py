"""The report tells what happened to every row, contact and change, in tables that add up."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pytest

from goldpan.conformed import Export
from goldpan.model import Action, CellError, Change, Outcome, Verdict
from goldpan.pipeline import Refined
from goldpan.reasons import CONTACT_STATES, REASONS, reason_of
from goldpan.report import Sending, Table, all_findings, mask, report_tables, row_counts, unique_headers
from tests.builders import AS_OF, REPOSITORY, default_config, memberships, orders, refined

JANE = {
    "Cust ID": "00121", "Customer Name": "Jane", "Contact Email": "jane@x.org", "Created Date": date(2026, 1, 1),
    "Expiration Date": date(2026, 12, 31),
}  # fmt: skip
NAMES = ["Summary", "Contacts", "Merged rows", "Prospects", "Rejects and warnings", "Changes"]


def report(members: Export, bought: Export | None = None, sending: Sending | None = None) -> dict[str, Table]:
    bought = bought or orders()
    tables = report_tables(members, bought, refined(members, bought), default_config(), sending=sending)
    return {table.name: table for table in tables}


def rows(table: Table, *columns: str) -> list[tuple]:
    frame = table.frame[list(columns)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def summary(tables: dict[str, Table], section: str) -> dict[str, object]:
    frame = tables["Summary"].frame
    lines = frame[frame["Section"].str.startswith(section)]
    return dict(zip(lines["What"], lines["Value"], strict=True))


def test_the_sheets_come_in_the_order_of_the_rules_and_say_how_each_column_looks():
    tables = report(memberships(JANE))

    assert list(tables) == NAMES
    for table in tables.values():
        assert [column.header for column in table.columns] == list(table.frame.columns)
        assert table.frame.columns.str.casefold().is_unique
        assert table.frame.index.equals(pd.RangeIndex(len(table.frame)))


# --- Contacts ---------------------------------------------------------------------------------------------------------


def test_contacts_show_the_exports_columns_then_goldpans():
    contacts = report(memberships(JANE), orders({"SAP ID": 121, "Total Value": 1000.01}))["Contacts"]

    assert list(contacts.frame.columns) == [
        *JANE, "Contact Email (as sent)", "Total Order Value", "Estimated Savings", "Member Since", "Renewals",
        "Days Until Expiration", "Expiration Category", "Membership Status Tags", "High-Value Customer (True)",
        "High-Value Customer (False)", "HFO Buy (True)", "HFO Buy (False)", "Active Membership (True)",
        "Active Membership (False)", "Expiring Soon (True)", "Expiring Soon (False)", "Recently Renewed (True)",
        "Recently Renewed (False)",
    ]  # fmt: skip
    assert contacts.frame.iloc[0].tolist()[5:] == [
        "jane@x.org", Decimal("1000.01"), Decimal("80.00"), pd.Timestamp(2026, 1, 1), 0, 41, "Active",
        "High-Value Customer;Not HFO Buy;Active Membership;Not Expiring Soon;Not Recently Renewed",
        True, False, False, True, True, False, False, True, False, True,
    ]  # fmt: skip


def test_original_cells_stay_as_delivered():
    delivered = JANE | {"Contact Email": "Jane <JANE@x.org>", "Notes": "=1+1", "Points": 7.5, "VIP": True,
                        "Since": datetime.fromisoformat("2020-01-02T03:04"), "Broken": CellError("#N/A")}  # fmt: skip

    contacts = report(memberships(delivered))["Contacts"].frame

    assert contacts.iloc[0].tolist()[: len(delivered)] == list(delivered.values())
    assert contacts["Contact Email (as sent)"].tolist() == ["jane@x.org"]


def test_a_header_that_goldpan_uses_itself_is_told_apart():
    headers = ["Renewals", "renewals", "Notes", "NOTES", "Member Since (export)"]

    unique = unique_headers(headers, taken=["Renewals", "Member Since"])

    assert unique == ["Renewals (export)", "renewals (export) (2)", "Notes", "NOTES (2)", "Member Since (export)"]


def test_both_the_exports_column_and_goldpans_are_kept():
    contacts = report(memberships(JANE | {"Renewals": "many"}))["Contacts"].frame

    assert contacts.iloc[0][["Renewals (export)", "Renewals"]].tolist() == ["many", 0]


def test_contacts_come_in_the_order_of_the_analysis():
    later = {"Cust ID": 2, "Contact Email": "b@x.org", "Created Date": date(2024, 1, 1)}
    members = memberships(
        JANE,
        later | {"Expiration Date": date(2026, 11, 1)},
        {"Cust ID": 3, "Contact Email": "c@x.org"},
        {"Cust ID": 4, "Contact Email": "d@x.org", "Created Date": date(2026, 1, 1), "Expiration Date": AS_OF},
    )

    contacts = report(members)["Contacts"]

    assert rows(contacts, "Cust ID", "Expiration Category") == [
        (2, "Expired"), (4, "Expiring Soon"), ("00121", "Active"), (3, "Unknown"),
    ]  # fmt: skip


def test_a_contact_without_an_address_is_in_the_analysis_with_no_address_sent():
    contacts = report(memberships(JANE | {"Contact Email": "nobody"}))["Contacts"]

    assert rows(contacts, "Contact Email", "Contact Email (as sent)") == [("nobody", None)]


# --- Merged rows, Prospects -------------------------------------------------------------------------------------------


def test_merged_rows_name_the_row_that_stayed():
    renewed = JANE | {"Created Date": date(2027, 1, 5), "Expiration Date": date(2027, 12, 31), "Cust ID": 121}
    bought = {"SAP ID": 121, "Total Value": 5, "Sales Doc": "A1", "Customer Name": "Jane"}

    merged = report(memberships(JANE, renewed), orders(bought, bought))["Merged rows"]

    assert rows(merged, "Export", "Row", "Merged Into Row", "Cust ID", "Customer Name", "Sales Doc") == [
        ("memberships", 2, 3, "00121", "Jane", None),
        ("orders", 3, 2, None, "Jane", "A1"),
    ]


def test_merged_rows_of_both_exports_keep_the_types_of_their_cells():
    first = JANE | {"Points": 7.5, "VIP": True, "Since": date(2020, 1, 2)}
    renewed = first | {"Created Date": date(2027, 1, 5), "Expiration Date": date(2027, 12, 31)}
    bought = {"SAP ID": 121, "Total Value": 5.0, "Sales Doc": "A1", "points": "many", "Paid": False}

    merged = report(memberships(first, renewed), orders(bought, bought))["Merged rows"]

    one, other = rows(merged, "Points", "VIP", "Since", "Total Value", "Paid")
    assert (one[:2], other[:2]) == ((7.5, True), ("many", None))
    assert (pd.Timestamp(one[2]), other[2]) == (pd.Timestamp(2020, 1, 2), None)
    assert (one[3:], other[3:]) == ((None, None), (5.0, False))


def test_orders_alone_can_be_merged_rows():
    bought = {"SAP ID": 121, "Total Value": 5, "Sales Doc": "A1"}

    merged = report(memberships(JANE), orders(bought, bought, bought))["Merged rows"]

    assert list(merged.frame.columns)[4:] == ["SAP ID", "Total Value", "Sales Doc"]
    assert rows(merged, "Export", "Row", "Merged Into Row") == [("orders", 3, 2), ("orders", 4, 2)]


def test_merged_rows_without_any_keep_their_header():
    merged = report(memberships(JANE))["Merged rows"]

    assert len(merged.frame) == 0
    assert list(merged.frame.columns) == ["Export", "Row", "Merged Into Row", "Why", *JANE]


def test_prospects_end_with_the_orders_of_nobody():
    bought = orders(
        {"SAP ID": 7, "Total Value": 1000, "Customer Name": "Seven"},
        {"SAP ID": 8, "Total Value": 1000.01},
        {"Total Value": 5000},
        {"Total Value": 1},
    )

    prospects = report(memberships(JANE), bought)["Prospects"]

    assert [tuple(row) for row in prospects.frame.fillna({"Customer Name": ""}).itertuples(index=False)] == [
        ("8", "", 1, Decimal("1000.01"), Decimal("50.00"), True),
        ("7", "Seven", 1, Decimal("1000.00"), Decimal("50.00"), False),
        ("(no customer id)", "", 2, Decimal("5001.00"), Decimal("250.05"), True),
    ]


# --- Rejects and warnings ---------------------------------------------------------------------------------------------


def test_every_finding_says_where_what_it_means_and_what_to_do():
    bad = {"Cust ID": 9, "Contact Email": "x at y", "Created Date": "soon", "Expiration Date": CellError("#REF!")}

    rejects = report(memberships(JANE, bad), orders({"SAP ID": 9, "Total Value": "1e3"}))["Rejects and warnings"]

    assert rows(rejects, "Kind", "File", "Sheet", "Row", "Column", "Reason", "Value") == [
        ("Never sent", "export.xlsx", "Sheet1", 3, "Contact Email", "unsendable", "9"),
        ("Warning", "export.xlsx", "Sheet1", 3, "Contact Email", "invalid_email", "x at y"),
        ("Warning", "export.xlsx", "Sheet1", 3, "Created Date", "unreadable_date", "soon"),
        ("Warning", "export.xlsx", "Sheet1", 3, "Expiration Date", "excel_error", "#REF!"),
        ("Warning", "export.xlsx", "Sheet1", 2, "Total Value", "unreadable_amount", "1e3"),
    ]
    assert (rejects.frame[["What It Means", "What to Do"]] != "").all(axis=None)


def test_what_only_the_whole_export_shows_is_listed_under_the_exports_own_header():
    earlier = JANE | {"Expiration Date": date(2026, 6, 30)}
    newest = JANE | {"Created Date": date(2026, 7, 1), "Contact Email": None}
    order = {"SAP ID": 121, "Amount": 5, "Invoice": "A1"}
    members, bought = memberships(earlier, newest), orders(order, order)

    findings = all_findings(members, bought, refined(members, bought), default_config())

    assert [tuple(row) for row in findings[["row", "column", "reason", "value"]].itertuples(index=False)] == [
        (3, "Contact Email", "no_email", ""),
        (3, "Contact Email", "email_from_earlier_row", "jane@x.org"),
        (3, "Invoice", "repeated_order", "A1"),
    ]
    assert findings.dtypes.astype(str).to_dict() == {
        "file": "str", "sheet": "str", "row": "int64", "column": "str", "reason": "str", "value": "str",
    }  # fmt: skip


def test_what_hubspot_refused_stands_first_in_its_own_words():
    outcomes = {
        "a@x.org": Outcome("a@x.org", Verdict.APPLIED),
        "b@x.org": Outcome("b@x.org", Verdict.UNKNOWN, reason="timeout"),
        "c@x.org": Outcome("c@x.org", Verdict.REFUSED, reason="BRAND_NEW", message="No.", correlation_id="77"),
    }

    rejects = report(memberships(JANE), sending=Sending(outcomes=outcomes))["Rejects and warnings"]

    assert rows(rejects, "Kind", "Reason", "Value", "Details") == [
        ("Refused by HubSpot", "BRAND_NEW", "c@x.org", "No. (HubSpot request 77)"),
        ("Outcome unknown", "timeout", "b@x.org", ""),
    ]


def test_shared_addresses_and_skipped_rows_are_listed_a_line_each():
    members = memberships(JANE, {}, JANE | {"Cust ID": 7})

    rejects = report(members)["Rejects and warnings"]

    assert rows(rejects, "Kind", "Row", "Reason", "Value", "Details") == [
        ("Shared address", 4, "shared_email", "jane@x.org", "customer ids 00121; 7"),
        ("Skipped rows", None, "blank_row", "1 row", ""),
    ]


def test_contacts_that_the_plan_left_alone_are_listed_those_of_the_configs_choice_last():
    members, bought = memberships({}, JANE), orders()
    left = [("not_wanted", "n@x.org", ""), ("gone", "g@x.org", ""), ("address_moved", "o@x.org", "now p@x.org")]

    tables = report_tables(members, bought, refined(members, bought), default_config(), left_alone=left)

    rejects = {table.name: table for table in tables}["Rejects and warnings"]
    assert rows(rejects, "Kind", "Reason", "Value", "Details") == [
        ("Left alone", "gone", "g@x.org", ""),
        ("Left alone", "address_moved", "o@x.org", "now p@x.org"),
        ("Left alone", "not_wanted", "n@x.org", ""),
        ("Skipped rows", "blank_row", "1 row", ""),
    ]
    assert (rejects.frame["What to Do"][:3] != "").all()


def test_a_clean_pair_of_exports_has_no_line():
    assert report(memberships(JANE))["Rejects and warnings"].frame.empty


@pytest.mark.parametrize(
    ("value", "reason", "shown"),
    [
        ("jane.doe@x.org", "", "j***@x.org"),
        ("J@x.org", "several_emails", "J***@x.org"),
        ("Jane Doe <jane@x.org>", "several_emails", "21 characters"),
        ("x@y", "invalid_email", "3 characters"),
        ("0012345", "rounded_id", "7 digits"),
        ("7", "", "1 digit"),
        ("#N/A", "excel_error", "#N/A"),
        ("", "no_email", ""),
    ],
)
def test_a_terminal_shows_nobodys_data(value, reason, shown):
    assert mask(value, reason) == shown


# --- Changes ----------------------------------------------------------------------------------------------------------

AFTER = {
    "membership_status_tags": "not_high_value_customer;active_membership;vip", "total_order_value": "5.00",
    "membership_category": "active", "membership_start": "2026-01-01", "customer_id": "",
}  # fmt: skip


def test_a_change_is_told_property_by_property_in_peoples_words():
    before = AFTER | {
        "membership_status_tags": "high_value_customer;vip;active_membership",
        "membership_category": "expired",
    }
    change = Change("jane@x.org", Action.UPDATE, before, AFTER)
    outcomes = {"jane@x.org": Outcome("jane@x.org", Verdict.APPLIED)}

    changes = report(memberships(JANE), sending=Sending([change], outcomes))["Changes"]

    assert rows(changes, *changes.frame.columns) == [
        (
            "jane@x.org", "Update", "", "Membership Status Tags", "High-Value Customer; vip; Active Membership",
            "Not High-Value Customer; Active Membership; vip",
            "added: Not High-Value Customer | removed: High-Value Customer", "Applied", "", "",
        ),
        ("jane@x.org", "Update", "", "Membership Category", "Expired", "Active", "", "Applied", "", ""),
    ]  # fmt: skip


def test_what_hubspot_holds_in_another_spelling_is_no_change():
    before = AFTER | {
        "membership_status_tags": "vip;active_membership;not_high_value_customer",
        "total_order_value": "5",
        "membership_start": "1767225600000",
    }

    changes = report(memberships(JANE), sending=Sending([Change("a@x.org", Action.UPDATE, before, AFTER)]))["Changes"]

    assert changes.frame.empty


def test_a_create_lists_what_is_filled_and_a_change_that_never_left_says_so():
    change = Change("jane@x.org", Action.CREATE, dict.fromkeys(AFTER, ""), AFTER)

    changes = report(memberships(JANE), sending=Sending([change]))["Changes"]

    assert rows(changes, "Action", "Property", "Before", "After", "Added or Removed", "Outcome") == [
        ("Create", "Membership Status Tags", "", "Not High-Value Customer; Active Membership; vip", "", "Not sent"),
        ("Create", "Total Order Value", "", "5.00", "", "Not sent"),
        ("Create", "Membership Start", "", "2026-01-01", "", "Not sent"),
        ("Create", "Membership Category", "", "Active", "", "Not sent"),
    ]


def test_a_refused_change_carries_hubspots_reason():
    change = Change("jane@x.org", Action.CREATE, {"customer_id": ""}, {"customer_id": "7"})
    refused = Outcome("jane@x.org", Verdict.REFUSED, reason="INVALID_EMAIL", message="Not valid")

    changes = report(memberships(JANE), sending=Sending([change], {"jane@x.org": refused}))["Changes"]

    assert rows(changes, "Outcome", "Reason", "Details") == [("Refused", "INVALID_EMAIL", "Not valid")]


# --- Summary ----------------------------------------------------------------------------------------------------------


def two_exports() -> tuple[Export, Export]:
    renewed = JANE | {"Created Date": date(2027, 1, 5), "Expiration Date": date(2027, 12, 31)}
    members = memberships(
        JANE, {}, renewed, {"Cust ID": 2, "Customer Name": "Bo", "Expiration Date": date(2026, 11, 19)}
    )
    order = {"SAP ID": 121, "Total Value": "$1,200.50", "Sales Doc": "A1"}
    bought = orders(order, order, {"SAP ID": 3, "Total Value": 100, "Sales Doc": "A2"}, {"Total Value": -0.5})
    return members, bought


def test_the_rows_of_each_file_add_up():
    members, bought = two_exports()

    counts = row_counts(members, bought, refined(members, bought))

    assert (counts["memberships"].read, counts["memberships"].kept, counts["memberships"].merged) == (4, 2, 1)
    assert counts["memberships"].skipped_by_reason == {"blank_row": 1, "totals_row": 0}
    assert (counts["orders"].read, counts["orders"].kept, counts["orders"].merged) == (4, 3, 1)
    for count in counts.values():
        assert count.read == count.kept + count.merged + count.skipped
    assert counts["orders"].warnings == 1


def test_the_summary_counts_contacts_categories_tags_and_money():
    tables = report(*two_exports())

    assert summary(tables, "Contacts") == {
        "Contacts": 2, "Can be sent": 1, "Never sent": 1, "Several customers in one": 0,
    }  # fmt: skip
    assert summary(tables, "Membership today") == {"Expired": 1, "Expiring Soon": 0, "Active": 1, "Unknown": 0}
    assert summary(tables, "Tags") == {
        "High-Value Customer": 1, "HFO Buy": 0, "Active Membership": 1, "Expiring Soon": 0, "Recently Renewed": 0,
    }  # fmt: skip
    assert summary(tables, "Money") == {
        "All orders": Decimal("1300.00"),
        "Orders of members": Decimal("1200.50"),
        "Orders of prospects": Decimal("100.00"),
        "Orders without a customer id": Decimal("-0.50"),
        "Estimated savings of members": Decimal("96.04"),
        "Potential savings of prospects": Decimal("5.00"),
        "Prospects": 1,
    }
    assert summary(tables, "Rows")["Memberships: merged"] == 1
    assert summary(tables, "To look at") == {"No valid address": 1, "No e-mail address": 1, "Repeated order": 1}


def test_shares_of_each_part_are_parts_of_one():
    frame = report(*two_exports())["Summary"].frame

    shares = frame.groupby("Section", sort=False)["Share"].sum()

    assert shares["Membership today (share of all contacts)"] == 1
    assert frame["Share"].dropna().between(0, 1).all()


def test_a_summary_without_hubspot_says_that_nothing_was_sent():
    assert list(summary(report(memberships(JANE)), "HubSpot")) == ["Nothing was sent"]


def test_the_summary_tells_what_became_of_every_contact():
    sending = Sending(
        counts={"created": 3, "refused": 1, "beamed_up": 2},
        remark="Sandbox, not HubSpot",
        made_at=datetime(2026, 11, 21, 6, 5, tzinfo=UTC),
    )

    tables = report(memberships(JANE), sending=sending)

    assert summary(tables, "HubSpot") == {
        "Important": None, "Created in HubSpot": 3, "Updated in HubSpot": 0, "Unchanged": 0, "Refused by HubSpot": 1,
        "HubSpot: beamed up": 2,
    }  # fmt: skip
    remarks = tables["Summary"].frame["Remark"].tolist()
    assert {"Sandbox, not HubSpot", "2026-11-21 06:05 UTC"} <= set(remarks)


def test_a_tag_that_is_only_config_shows_in_contacts_and_summary():
    config = default_config()
    tag = config.tags[1].model_copy(update={"value": "gold", "label": "Gold", "otherwise": None})
    config = config.model_copy(update={"tags": (*config.tags, tag)})
    members, bought = memberships(JANE), orders()

    tables = report_tables(members, bought, refined(members, bought, config=config), config)

    assert list(tables[1].frame.columns[-2:]) == ["Gold (True)", "Gold (False)"]
    assert "Gold" in tables[0].frame["What"].tolist()


def test_the_report_leaves_its_inputs_alone():
    members, bought = two_exports()
    result: Refined = refined(members, bought)
    before = replace(result, contacts=result.contacts.copy(deep=True))

    report_tables(members, bought, result, default_config())

    pd.testing.assert_frame_equal(result.contacts, before.contacts)


# --- reasons ----------------------------------------------------------------------------------------------------------


def test_every_reason_that_the_code_gives_is_explained():
    """Codes are found where they are written: findings in the core, unknown outcomes in the destination."""
    core = "".join(path.read_text() for path in (REPOSITORY / "goldpan").rglob("*.py") if "reasons" not in path.name)
    hubspot = "".join(path.read_text() for path in (REPOSITORY / "sync/destinations/hubspot").glob("*.py"))
    findings = (
        r'"((?:no|invalid|several|shared)_emails?|'
        r'(?:unreadable|rounded|excel|repeated|blank|totals|customer_in)_[a-z_]+)"'
    )
    unknowns = (
        r"(?:unknown\(email, |(?:MISSING_IN_ANSWER|NOT_ISOLATED) = |_all_unknown\([\w.]+, "
        r"|reason = |reason, what = |AnswerError\(\s*)"
        r'"([a-z_]+)"'
    )

    codes = {*re.findall(findings, core), *re.findall(unknowns, hubspot)} - {"blank_id"}

    assert {"customer_in_several_exports", "no_email", "repeated_order", "totals_row"} <= codes
    assert {"timeout", "missing_in_answer", "not_isolated"} <= codes
    assert sorted(codes - set(REASONS)) == []


def test_reasons_are_sentences():
    for reason in REASONS.values():
        assert reason.meaning.endswith("."), reason.code
        assert not reason.advice or reason.advice.endswith("."), reason.code
        assert reason.title, reason.code
        assert len(reason.title) <= 40, reason.code


def test_every_state_that_a_run_counts_is_explained():
    design = {
        "unsendable", "suppressed", "not_wanted", "same_record", "gone", "unchanged", "created", "updated", "refused",
        "held", "moved", "unknown",
    }  # fmt: skip

    assert set(CONTACT_STATES) == design
    assert len(CONTACT_STATES) == len(design)


def test_a_code_that_nobody_has_met_yet_still_reads():
    assert reason_of("SOME_NEW_RULE").title == "HubSpot: some new rule"
    assert reason_of("").title == "HubSpot: no reason given"
