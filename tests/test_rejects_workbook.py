"""Whoever owns the source gets the rows to correct, as they were delivered, with what is wrong and what to do."""

from datetime import UTC, date, datetime

from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.model import CellError, Outcome, Sheet, Verdict
from goldpan.report import Table, rejects_workbook_tables
from tests.builders import default_config, memberships, orders, refined

JANE = {
    "Cust ID": "00121", "Customer Name": "Jane", "Contact Email": "jane@x.org", "Created Date": date(2026, 1, 1),
    "Expiration Date": date(2026, 12, 31),
}  # fmt: skip
REFUSED = Outcome("jane@x.org", Verdict.REFUSED, reason="INVALID_EMAIL", message="Not valid.")


def made(members: Export, bought: Export | None = None, *outcomes: Outcome, **history) -> dict[str, Table]:
    bought = bought or orders()
    said = {outcome.email: outcome for outcome in outcomes}
    tables = rejects_workbook_tables(members, bought, refined(members, bought), default_config(), said, **history)
    return {table.name: table for table in tables}


def rows(table: Table, *columns: str) -> list[tuple]:
    frame = table.frame[[*columns]].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def test_a_clean_pair_of_exports_makes_no_workbook():
    assert made(memberships(JANE), orders({"SAP ID": 121, "Total Value": 5})) == {}


def test_only_an_export_with_something_to_correct_has_a_sheet():
    assert list(made(memberships(JANE), orders({"SAP ID": 1, "Total Value": "1e3"}))) == ["Orders"]
    assert list(made(memberships(JANE, {"Cust ID": 7}))) == ["Memberships"]


def test_a_row_stands_once_as_delivered_with_all_its_problems_in_front():
    bad = {"Cust ID": 9, "Contact Email": "x at y", "Created Date": "soon", "Expiration Date": CellError("#REF!")}

    sheet = made(memberships(JANE, bad))["Memberships"]

    assert list(sheet.frame.columns) == ["Row", "Problem", "What to Do", *JANE]
    problems = [
        "No valid address (Contact Email)", "Invalid e-mail address (Contact Email)", "Unreadable date (Created Date)",
        "Excel error value (Expiration Date)",
    ]  # fmt: skip
    advice = [
        "Add an address in the source system.",
        "Correct the address in the source system; the next export brings it along.",
        "Correct the date, or add its format to date_formats in config/exports/*.toml.",
        "Repair the formula in the source, or export values.",
    ]
    assert rows(sheet, *sheet.frame.columns) == [
        (3, "; ".join(problems), " ".join(advice), 9, None, "x at y", "soon", "#REF!")
    ]
    assert isinstance(sheet.frame["Expiration Date"][0], CellError)


def test_a_refused_contact_is_listed_at_its_row_with_hubspots_words_since_when_and_how_often():
    sheet = made(
        memberships({"Cust ID": 5, "Contact Email": "ok@x.org"}, JANE, {"Cust ID": 7}),
        None,
        REFUSED,
        refused_since={"jane@x.org": datetime(2026, 11, 3, 2, tzinfo=UTC)},
        times_refused={"jane@x.org": 3},
    )["Memberships"]

    assert rows(sheet, "Row", "Problem", "Refused Since", "Times Refused", "Cust ID") == [
        (3, "HubSpot: invalid e-mail: Not valid.", datetime.fromisoformat("2026-11-03"), 3, "00121"),
        (4, "No valid address (Contact Email); No e-mail address (Contact Email)", None, None, 7),
    ]


def test_an_address_from_another_row_brings_that_row_along():
    """The one to correct is where the address stands, the one that is refused is the newest."""
    newest = JANE | {"Created Date": date(2027, 1, 2), "Expiration Date": date(2027, 12, 31), "Contact Email": None}

    sheet = made(memberships(JANE, newest), None, REFUSED)["Memberships"]

    assert [row for row, problem in rows(sheet, "Row", "Problem") if problem.startswith("HubSpot")] == [2, 3]


def test_what_hubspot_took_or_left_unknown_is_nobodys_to_correct():
    said = [
        Outcome("jane@x.org", Verdict.UNKNOWN, reason="timeout"),
        Outcome("ok@x.org", Verdict.APPLIED),
        Outcome("left@x.org", Verdict.REFUSED, reason="CONFLICT"),  # in no export any more
    ]

    assert made(memberships(JANE, {"Cust ID": 5, "Contact Email": "ok@x.org"}), None, *said) == {}


def test_customers_who_share_an_address_are_listed_with_their_ids():
    sheet = made(memberships(JANE, JANE | {"Cust ID": 7}))["Memberships"]

    assert rows(sheet, "Row", "Problem") == [
        (3, "One address, several customers (Contact Email): customer ids 00121; 7"),
    ]


def test_the_headers_of_the_export_stay_and_goldpans_give_way():
    sheet = made(memberships({"Cust ID": 7, "Row": "A7", "problem": "none"}))["Memberships"]

    assert list(sheet.frame.columns)[:4] == ["Goldpan: Row", "Goldpan: Problem", "What to Do", "Cust ID"]
    assert rows(sheet, "Row", "problem") == [("A7", "none")]


def test_the_corrected_sheet_can_be_read_again_as_an_export():
    spec = default_config().memberships
    sheet = made(memberships(JANE, JANE | {"Cust ID": 8, "Contact Email": "x at y"}))["Memberships"]
    sheet.frame.loc[0, "Contact Email"] = "right@x.org"

    again = conform([Sheet("rejects.xlsx", sheet.name, [list(sheet.frame), *sheet.frame.to_numpy().tolist()])], spec)

    assert again.findings.empty
    assert again.frame[["customer_id", "email"]].to_numpy().tolist() == [["8", "right@x.org"]]
    assert again.frame["expires_on"].tolist() == memberships(JANE).frame["expires_on"].tolist()


def test_the_exports_are_left_as_they_are():
    members = memberships(JANE, {"Cust ID": 7})
    before = members.originals.copy(deep=True)

    made(members)

    assert members.originals.equals(before)
