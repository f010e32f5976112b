"""Where an export is several files, every row that a report or an explanation names can be found in its own file."""

from datetime import date
from decimal import Decimal

from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.explain import Explanation, explain_contact
from goldpan.explain.model import Filled, Place
from goldpan.model import Finding, Outcome, Sheet, Verdict
from goldpan.places import RowPlace
from goldpan.report import Table, rejects_workbook_tables, report_tables, row_counts
from goldpan.union import unite_exports
from sync.cli.explained import contact_lines
from sync.explain import as_data
from tests.builders import AS_OF, default_config, memberships, orders, refined
from tests.test_union import BO, DOUBLE, JANE, ORDER, export_of

TERM = {"Created Date": date(2026, 12, 31), "Expiration Date": date(2027, 12, 31)}
NORTH, SOUTH = "north.xlsx", "south [new].xlsx"


def members() -> Export:
    """Jane renewed in the south, where her address is missing; Bo is in the south alone, and one is never sent."""
    south = [
        JANE | TERM | {"Contact Email": None, "Shop": "S1"},
        BO | {"Shop": "S2"},
        {"Cust ID": "9", "Expiration Date": "soon"},
    ]
    return unite_exports(
        [
            export_of("memberships", JANE | {"Original Pu": "HFO"}, {}, BO, file=NORTH),
            export_of("memberships", *south, {}, {"Cust ID": "Total"}, file=SOUTH, sheet="Members", above=1),
        ]
    )


def bought() -> Export:
    south = [ORDER | {"Sales Doc": "A2", "Total Value": "x"}, ORDER]
    return unite_exports(
        [
            export_of("orders", ORDER, file="orders_north.csv", sheet=""),
            export_of("orders", *south, file="orders_south.csv", sheet=""),
        ]
    )


def report(members: Export, bought: Export) -> dict[str, Table]:
    tables = report_tables(members, bought, refined(members, bought), default_config())
    return {table.name: table for table in tables}


def rows(table: Table, *columns: str) -> list[tuple]:
    frame = table.frame[list(columns)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


# --- the report -------------------------------------------------------------------------------------------------------


def test_contacts_name_the_file_and_row_of_their_membership_after_the_exports_columns():
    contacts = report(members(), bought())["Contacts"]

    assert list(contacts.frame.columns)[: len(JANE) + 5] == [
        *JANE, "Original Pu", "Shop", "File", "Row", "Contact Email (as sent)"
    ]  # fmt: skip
    assert rows(contacts, "Cust ID", "Shop", "Contact Email (as sent)", "File", "Row") == [
        ("7", "S2", "bo@x.org", SOUTH, 4),
        ("00121", "S1", "jane@x.org", SOUTH, 3),
        ("9", None, None, SOUTH, 5),
    ]


def test_merged_rows_name_both_files():
    merged = report(members(), bought())["Merged rows"]

    where = ("Export", "File", "Row", "Merged Into File", "Merged Into Row")
    assert list(merged.frame.columns)[:6] == [*where, "Why"]
    assert merged.frozen == 5
    assert rows(merged, *where) == [
        ("memberships", NORTH, 2, SOUTH, 3),
        ("memberships", NORTH, 4, SOUTH, 4),
        ("orders", "orders_south.csv", 3, "orders_north.csv", 2),
    ]


def test_merged_rows_name_files_if_one_of_the_exports_is_several():
    merged = report(memberships(JANE, JANE), bought())["Merged rows"]

    assert rows(merged, "Export", "File", "Row", "Merged Into File", "Merged Into Row") == [
        ("memberships", "export.xlsx", 2, "export.xlsx", 3),
        ("orders", "orders_south.csv", 3, "orders_north.csv", 2),
    ]


def test_rejects_and_warnings_name_file_sheet_row_and_that_files_header():
    rejects = report(members(), bought())["Rejects and warnings"]

    assert rows(rejects, "Kind", "File", "Sheet", "Row", "Column", "Reason", "Value") == [
        ("Never sent", SOUTH, "Members", 5, "Contact Email", "unsendable", "9"),
        ("Warning", SOUTH, "Members", 3, "Contact Email", "no_email", ""),
        ("Warning", SOUTH, "Members", 3, "Cust ID", DOUBLE, "00121"),
        ("Warning", SOUTH, "Members", 3, "Contact Email", "email_from_earlier_row", "jane@x.org"),
        ("Warning", SOUTH, "Members", 4, "Cust ID", DOUBLE, "7"),
        ("Warning", SOUTH, "Members", 5, "Contact Email", "no_email", ""),
        ("Warning", SOUTH, "Members", 5, "Expiration Date", "unreadable_date", "soon"),
        ("Warning", "orders_south.csv", "", 2, "Total Value", "unreadable_amount", "x"),
        ("Warning", "orders_south.csv", "", 3, "Sales Doc", "repeated_order", "A1"),
        ("Skipped rows", NORTH, "Data", None, "", "blank_row", "1 row"),
        ("Skipped rows", SOUTH, "Members", None, "", "blank_row", "1 row"),
        ("Skipped rows", SOUTH, "Members", None, "", "totals_row", "1 row"),
    ]


def test_an_address_of_two_customers_in_two_files_is_found_in_the_membership_that_counts():
    union = unite_exports(
        [export_of("memberships", JANE, file=NORTH), export_of("memberships", JANE | {"Cust ID": "8"}, file=SOUTH)]
    )

    shared = report(union, orders())["Rejects and warnings"]

    assert rows(shared, "Kind", "File", "Row", "Details") == [("Shared address", SOUTH, 2, "customer ids 00121; 8")]


def test_the_summary_says_how_many_rows_each_file_has():
    summary = report(members(), bought())["Summary"].frame

    lines = summary[summary["What"].str.startswith("Rows of")]
    assert lines[["What", "Value", "Remark"]].to_numpy().tolist() == [
        ["Rows of memberships", 3, f"{NORTH}, sheet Data, headers in row 1"],
        ["Rows of memberships", 5, f"{SOUTH}, sheet Members, headers in row 2"],
        ["Rows of orders", 1, "orders_north.csv, headers in row 1"],
        ["Rows of orders", 2, "orders_south.csv, headers in row 1"],
    ]
    assert dict(zip(summary["What"], summary["Value"], strict=True))["Customer in several exports"] == 2


def test_the_rows_of_all_files_add_up():
    counts = row_counts(members(), bought(), refined(members(), bought()))

    assert [(each.read, each.kept, each.merged, each.skipped) for each in counts.values()] == [
        (8, 3, 2, 3),
        (3, 2, 1, 0),
    ]


# --- rejects.xlsx -----------------------------------------------------------------------------------------------------


def rejected() -> dict[str, Table]:
    refused = {"bo@x.org": Outcome("bo@x.org", Verdict.REFUSED, reason="INVALID_EMAIL", message="No.")}
    united, ordered = members(), bought()
    tables = rejects_workbook_tables(united, ordered, refined(united, ordered), default_config(), refused)
    return {table.name: table for table in tables}


def test_rows_to_correct_name_their_file_and_hold_its_cells():
    tables = rejected()

    assert rows(tables["Memberships"], "File", "Row", "Cust ID", "Shop") == [
        (SOUTH, 3, "00121", "S1"), (SOUTH, 4, "7", "S2"), (SOUTH, 5, "9", None)
    ]  # fmt: skip
    assert rows(tables["Memberships"], "Problem")[1] == (
        "HubSpot: invalid e-mail: No.; Customer in several exports (Cust ID)",
    )
    assert rows(tables["Orders"], "File", "Row", "Sales Doc") == [
        ("orders_south.csv", 2, "A2"), ("orders_south.csv", 3, "A1")
    ]  # fmt: skip
    assert list(tables["Orders"].frame.columns)[:3] == ["File", "Row", "Problem"]


def test_the_rows_of_several_files_can_be_read_again_as_one_export():
    sheet = rejected()["Memberships"]

    again = conform([Sheet("rejects.xlsx", "", [list(sheet.frame), *sheet.frame.to_numpy().tolist()])], members().spec)

    assert again.frame["customer_id"].tolist() == ["00121", "7", "9"]


# --- explanations -----------------------------------------------------------------------------------------------------


def explained(asked: str, united: Export | None = None) -> Explanation:
    found = explain_contact(asked, united or members(), bought(), AS_OF, default_config())
    assert found is not None
    return found


def test_an_explanation_names_the_file_of_every_row():
    jane, place = explained("jane@x.org"), lambda row: RowPlace(SOUTH, "Members", row)
    first = RowPlace(NORTH, "Data", 2)

    assert jane.exports == (
        Place("memberships", NORTH, "Data", 1),
        Place("memberships", SOUTH, "Members", 2),
        Place("orders", "orders_north.csv", "", 1),
        Place("orders", "orders_south.csv", "", 1),
    )
    assert [(row.row, row.replaced_by) for row in jane.rows] == [(first, place(3)), (place(3), None)]
    assert jane.speaker.row == place(3)
    assert jane.filled == (Filled("original_purchase", "HFO", (first,)), Filled("email", "jane@x.org", (first,)))
    assert jane.addresses == ("jane@x.org",)
    assert [(row.row.file, row.row.row, row.repeats_row) for row in jane.orders] == [
        ("orders_north.csv", 2, None),
        ("orders_south.csv", 2, None),
        ("orders_south.csv", 3, RowPlace("orders_north.csv", "", 2)),
    ]
    assert jane.total == Decimal(5)
    assert jane.rows[1].findings[1] == Finding(SOUTH, "Members", 3, "Cust ID", DOUBLE, "00121")


def test_rows_of_other_contacts_are_named_with_their_files():
    united = unite_exports(
        [
            export_of("memberships", JANE, file=NORTH),
            export_of("memberships", JANE | TERM | {"Contact Email": "new@x.org", "Created Date": date(2027, 6, 1)}),
        ]
    )

    found = explained("00121", united)

    assert (found.email, found.other_rows) == ("jane@x.org", (RowPlace("export.xlsx", "Data", 2),))
    assert found.others_in_rows == (RowPlace("export.xlsx", "Data", 2),)


def test_people_read_the_file_beside_each_row():
    lines = [line.strip() for line in contact_lines(explained("jane@x.org"))]
    bo = [line.strip() for line in contact_lines(explained("bo@x.org"))]
    south = r"south \[new].xlsx"

    assert f"[bold]Membership rows[/] of {NORTH}, sheet Data and {south}, sheet Members" in lines
    assert f"→ replaced by row 3 of {south}" in lines
    assert f"Row 3 of {south} counts: it is the only one that stays." in lines
    assert f"email jane@x.org comes from row 2 of {NORTH}." in lines
    assert "[bold]Orders[/] of orders_north.csv and orders_south.csv" in lines
    assert [line for line in lines if "not summed" in line] == [
        "Row 3 of orders_south.csv A1  5.00  not summed: the same order as row 2 of orders_north.csv"
    ]
    assert f"→ replaced by row 4 of {south}" in bo


def test_of_rows_with_the_same_dates_people_read_that_the_later_file_counts():
    union = unite_exports(
        [export_of("memberships", JANE, file=NORTH), export_of("memberships", JANE | {"Cust ID": "8"}, file=SOUTH)]
    )

    lines = [line.strip() for line in contact_lines(explained("jane@x.org", union))]

    assert (
        r"Row 2 of south \[new].xlsx counts: it stands last of those with the same dates; rows of an earlier source "
        "come first (2 rows stay)."
    ) in lines


def test_programs_read_the_file_beside_each_row():
    told = as_data(explained("jane@x.org"))

    assert told["speaker"]["row"] == {"file": SOUTH, "sheet": "Members", "row": 3}
    assert told["rows"][0]["replaced_by"] == told["speaker"]["row"]
