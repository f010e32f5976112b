"""``goldpan forget``: which rows and cells of the kept exports are a person's; they go in every kind of file."""

import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import xlwt

from sync.archive.opening import open_archive
from sync.archive.workbook_rows import rewrite_workbook
from sync.settings import load_settings
from tests.cli.installation import ADA, BEN, MEMBERS, ORDERS, member, order
from tests.cli.traces import WORDS, traces


def test_earlier_rows_and_addresses_of_the_same_customer_go_too(goldpan):
    goldpan.deliver([*MEMBERS, member(1, "A. Lovelace", "ada.private@example.org", "2020-01-01", "2021-01-01")])
    goldpan.run()

    said = goldpan("forget", ADA, "--yes")

    assert "Addresses: ada.private@example.org, ada@example.org" in said.out
    assert traces(goldpan.home, (*WORDS, "ada.private")) == []


def test_an_address_that_is_somebody_elses_too_stays(goldpan):
    office = "office@example.org"
    shared = [member(1, "Ada Lovelace", office, "2020-01-01", "2021-01-01"),
              member(8, "Gus Officer", office, "2026-02-01", "2027-02-01")]  # fmt: skip
    goldpan.deliver([*MEMBERS, *shared])
    goldpan.run()

    said = goldpan("forget", ADA, "--yes")

    assert "1 more addresses of these customers are somebody else's, too: they stay." in said.out
    assert traces(goldpan.home) == []
    assert len(traces(goldpan.home, (office,))) > 5
    assert len(traces(goldpan.home, ("gus officer",))) > 3
    assert goldpan("replay", "latest").exit_code == 0


def test_a_contact_of_anothers_that_was_described_by_their_row_goes_for_that_night(goldpan):
    office = "office@example.org"
    shared = [member(1, "Ada Lovelace", office, "2026-03-01", "2027-03-01"),
              member(8, "Gus Officer", office, "2026-02-01", "2027-02-01")]  # fmt: skip
    goldpan.deliver([*MEMBERS, *shared])
    night = Path(goldpan.run().json["archive"])
    assert f"Ada Lovelace,{office}" in (night / "hubspot.csv").read_text()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home) == []
    assert office not in (night / "hubspot.csv").read_text()
    assert goldpan("replay", "latest").exit_code == 0


def test_their_address_in_other_peoples_rows_is_replaced_and_the_rows_stay(goldpan):
    friend = {**member(8, "Gus Friend", "gus@example.org, Ada@Example.org", "2026-02-01", "2027-02-01"),
              "Referred By": "mailto:ada@example.org"}  # fmt: skip
    goldpan.deliver([*MEMBERS, friend])
    goldpan.run()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home) == []
    kept = next((goldpan.home / "archive" / "inputs").rglob("memberships.csv")).read_text()
    assert "gus@example.org, forgotten@forgotten.invalid" in kept
    assert "mailto:forgotten@forgotten.invalid" in kept
    assert goldpan("replay", "latest").exit_code == 0


def test_orders_without_a_customer_id_go_by_their_address(goldpan):
    guest = {**order(9, 1, "70"), "SAP ID": "", "E-Mail": "ADA@example.org"}
    sold_by = {**order(10, 2, "80"), "E-Mail": "ada@example.org"}
    goldpan.deliver(orders=[*({**each, "E-Mail": ""} for each in ORDERS), guest, sold_by])
    goldpan.run()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home) == []
    kept = next((goldpan.home / "archive" / "inputs").rglob("orders.csv")).read_text()
    assert '"900009"' not in kept
    assert '"900010"' in kept


def test_a_person_who_left_the_exports_is_known_from_the_state(goldpan):
    goldpan.run()
    goldpan.deliver([row for row in MEMBERS if row["Contact Email"] != ADA])  # her orders are still there
    goldpan("run", "--as-of", "2026-11-21")
    for path in (goldpan.home / "archive" / "inputs").rglob("memberships.csv"):
        if "Lovelace" in path.read_text():
            path.unlink()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home) == []


def test_an_export_kept_under_former_headers_is_read_with_the_config_of_that_time(goldpan):
    goldpan.run()
    rename = {"Cust ID": "Client No", "Contact Email": "Mail To"}
    goldpan.configure("exports/memberships.toml", ('"Cust ID"', '"Client No"'), ('"Contact Email"', '"Mail To"'))
    goldpan.deliver([{rename.get(name, name): cell for name, cell in row.items()} for row in MEMBERS])
    goldpan.plan("--as-of", "2026-11-21")

    said = goldpan("forget", ADA, "--yes", "--json")

    assert said.json["exports"] == {"files": 3, "rows": 4}
    assert traces(goldpan.home) == []


def write_xlsx(path: Path, rows) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Members"
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    for line in sheet.iter_rows(min_row=2):
        line[2].hyperlink = f"mailto:{line[2].value}"
        line[0].value = int(line[0].value)  # the id as a number, as Excel likes it
    sheet["K1"], sheet["K3"] = "Sum", "=1+1"
    book.create_sheet("Notes").append(["Ask ada@example.org about 4102511"])
    book.save(path)


def test_a_workbook_is_rewritten_row_by_row_and_read_as_before(goldpan):
    write_xlsx(goldpan.inbox / "memberships.xlsx", MEMBERS)
    (goldpan.inbox / "memberships.csv").unlink()
    goldpan.run()

    said = goldpan("forget", ADA, "--yes", "--json")

    assert said.json["removed"] == []
    assert traces(goldpan.home, (ADA, "lovelace")) == []
    kept = openpyxl.load_workbook(next((goldpan.home / "archive" / "inputs").rglob("memberships.xlsx")))
    assert [cell.value for cell in kept["Members"][2]] == [None] * 11
    assert kept["Members"]["B3"].value == "Ben Okafor"
    assert kept["Members"]["K3"].value == "=1+1"
    assert kept["Members"]["C3"].hyperlink.target == f"mailto:{BEN}"
    assert kept["Notes"]["A1"].value == "Ask forgotten@forgotten.invalid about 4102511"
    assert goldpan("replay", "latest").exit_code == 0


def test_a_parquet_table_is_rewritten_and_read_as_before(goldpan):
    rows = [{name: row.get(name) for name in MEMBERS[0]} for row in MEMBERS]
    pq.write_table(pa.Table.from_pylist(rows), goldpan.inbox / "memberships.parquet")
    (goldpan.inbox / "memberships.csv").unlink()
    goldpan.run()

    said = goldpan("forget", ADA, "--yes", "--json")

    assert said.json["removed"] == []
    assert traces(goldpan.home, (ADA, "lovelace")) == []
    kept = pq.read_table(next((goldpan.home / "archive" / "inputs").rglob("memberships.parquet")))
    assert kept.num_rows == len(MEMBERS)
    assert set(kept.to_pylist()[0].values()) == {None}
    assert goldpan("replay", "latest").exit_code == 0


def test_an_old_workbook_can_not_be_rewritten_and_goes_with_the_reason(goldpan):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Members")
    for number, row in enumerate([dict(zip(MEMBERS[0], MEMBERS[0], strict=True)), *MEMBERS]):
        for column, cell in enumerate(row.values()):
            sheet.write(number, column, cell)
    (goldpan.inbox / "memberships.csv").unlink()
    book.save(str(goldpan.inbox / "memberships.xls"))
    goldpan.run()

    shown = goldpan("forget", ADA, "--dry-run")
    said = goldpan("forget", ADA, "--yes")
    replayed = goldpan("replay", "latest")

    assert "Can't be rewritten, so it goes whole (an .xls file can't be rewritten)" in shown.out
    assert "Removed, because an .xls file can't be rewritten:" in said.out
    assert traces(goldpan.home) == []
    assert replayed.exit_code == 2
    assert "without its export memberships.xls: an .xls file can't be rewritten." in replayed.err


def test_a_damaged_export_is_not_taken_for_anybodys(goldpan):
    goldpan.run()
    damaged = goldpan.home / "damaged.xlsx"
    damaged.write_bytes(b"PK\x03\x04 and then nothing")
    open_archive(load_settings(goldpan.config, home=goldpan.home, use_environment=False)).keep_input(damaged, "x.xlsx")

    assert goldpan("forget", "nobody@example.org", "--yes").exit_code == 2
    said = goldpan("forget", ADA, "--yes")
    assert "Nobody can read this export, so look yourself:" in said.out
    assert traces(goldpan.home) == []


def test_names_make_customers_where_the_config_says_so(goldpan):
    goldpan.configure("goldpan.toml", ('match_on = "customer_id"', 'match_on = "customer_name"'))
    goldpan.deliver([*MEMBERS, {**member(1, "ADA  Lovelace", "", "2020-01-01", "2021-01-01"), "Cust ID": ""}])
    goldpan.run()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home, (*WORDS, "ada  lovelace")) == []


def test_strings_that_others_share_stay_and_those_of_the_row_alone_go(tmp_path):
    """Excel keeps each text once, in a part of its own."""
    with xlsxwriter.Workbook(tmp_path / "old.xlsx") as book:
        sheet = book.add_worksheet("Sheet")
        for number, row in enumerate([["Name", "City"], ["Ada", "Bern"], ["Ben", "Bern"]]):
            sheet.write_row(number, 0, row)

    rewrite_workbook(tmp_path / "old.xlsx", tmp_path / "new.xlsx", {"Sheet": {2}}, lambda data: data)

    rows = openpyxl.load_workbook(tmp_path / "new.xlsx").active.iter_rows(values_only=True)
    assert list(rows) == [("Name", "City"), (None, None), ("Ben", "Bern")]
    with zipfile.ZipFile(tmp_path / "new.xlsx") as archive:
        assert b"Ada" not in archive.read("xl/sharedStrings.xml")
