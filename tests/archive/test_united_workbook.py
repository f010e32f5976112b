"""The workbook of a night with two regions leads from every row to the cell that was delivered, in real files."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.pipeline import refine
from goldpan.report import rejects_workbook_tables, report_tables
from goldpan.union import unite_exports
from sync.archive.workbook import write_workbook
from sync.readers import ReadLimits, read_sheets
from tests.builders import AS_OF, default_config

# openpyxl says that it can't keep the part of a data bar that Excel 2010 added.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning:openpyxl")

TERM = (date(2025, 12, 1), date(2026, 11, 30))
NEXT = (date(2026, 11, 30), date(2027, 11, 29))
NORTH = [
    ["Cust ID", "Customer Name", "Contact Email", "Created Date", "Expiration Date", "Notes"],
    ["00121", "Ann Lee", "ann@x.org", *TERM, "likes mail"],
    ["00122", "Bo Ng", "bo@x.org", *TERM, None],
    [],
    ["00123", "Cy Roe", "cy@", *NEXT, None],
]
SOUTH = [
    ["Members of the south"],
    [],
    ["Customer ID", "E-mail", "End Date", "Created", "Name", "Shop"],
    [121, "ann@x.org", NEXT[1], NEXT[0], "Ann Lee", "S1"],
    [900, "dee@x.org", "soon", NEXT[0], "Dee Park", "S2"],
    [900, "dee@x.org", NEXT[1], NEXT[0], "Dee Park", "S2"],
    ["Total", None, None, None, None, None],
]
ORDERS_NORTH = [["SAP ID", "Total Value", "Sales Doc"], [121, 900, "A1"], [900, "5 USD", "A2"]]
ORDERS_SOUTH = [["SAP ID", "Total Value", "Sales Doc"], [7, 80, "B1"], [121, 900, "A1"]]


def saved(path: Path, sheet: str, rows: list[list]) -> Path:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def read(path: Path, kind: str) -> Export:
    spec = getattr(default_config(), kind)
    headers = frozenset(header.casefold() for column in spec.columns for header in column.headers)
    return conform(read_sheets(path, known_headers=headers, limits=ReadLimits()), spec)


@pytest.fixture
def night(tmp_path) -> tuple[openpyxl.Workbook, openpyxl.Workbook]:
    """What a night with two regions leaves: the analysis and the rows to correct."""
    members = unite_exports(
        [
            read(saved(tmp_path / "north.xlsx", "Members", NORTH), "memberships"),
            read(saved(tmp_path / "south.xlsx", "Mitglieder", SOUTH), "memberships"),
        ]
    )
    bought = unite_exports(
        [
            read(saved(tmp_path / "orders_n.xlsx", "Orders", ORDERS_NORTH), "orders"),
            read(saved(tmp_path / "orders_s.xlsx", "Orders", ORDERS_SOUTH), "orders"),
        ]
    )
    config = default_config()
    refined = refine(members.frame, bought.frame, AS_OF, config)
    write_workbook(tmp_path / "analysis.xlsx", report_tables(members, bought, refined, config))
    write_workbook(tmp_path / "rejects.xlsx", rejects_workbook_tables(members, bought, refined, config, {}))
    return openpyxl.load_workbook(tmp_path / "analysis.xlsx"), openpyxl.load_workbook(tmp_path / "rejects.xlsx")


def lines(book: openpyxl.Workbook, sheet: str) -> Iterator[dict[str, object]]:
    """The rows of a sheet by header."""
    headers, *rows = book[sheet].iter_rows(values_only=True)
    return (dict(zip(headers, row, strict=True)) for row in rows)


def delivered(folder: Path, line: dict, prefix: str = "") -> list[object]:
    """The cells of the row that a line names, out of the delivered file."""
    sheet = openpyxl.load_workbook(folder / line[f"{prefix}File"]).active
    return [cell.value for cell in sheet[int(line[f"{prefix}Row"])]]


def test_every_contact_is_found_in_its_file(night, tmp_path):
    found = {line["Customer Name"]: (line["File"], line["Row"]) for line in lines(night[0], "Contacts")}

    assert found == {
        "Ann Lee": ("south.xlsx", 4),
        "Bo Ng": ("north.xlsx", 3),
        "Cy Roe": ("north.xlsx", 5),
        "Dee Park": ("south.xlsx", 6),
    }
    for line in lines(night[0], "Contacts"):
        assert {line["Cust ID"], line["Customer Name"], line["Contact Email"]} <= set(delivered(tmp_path, line))


def test_every_merged_row_and_the_one_that_stayed_are_found_in_their_files(night, tmp_path):
    merged = [*lines(night[0], "Merged rows")]

    assert [(line["File"], line["Row"], line["Merged Into File"], line["Merged Into Row"]) for line in merged] == [
        ("north.xlsx", 2, "south.xlsx", 4), ("orders_s.xlsx", 3, "orders_n.xlsx", 2)
    ]  # fmt: skip
    ann, order = merged
    assert {"Ann Lee", ann["Cust ID"]} <= set(delivered(tmp_path, ann))
    assert {"Ann Lee", 121} <= set(delivered(tmp_path, ann, "Merged Into "))
    assert delivered(tmp_path, order) == delivered(tmp_path, order, "Merged Into ") == [121, 900, "A1"]


def test_every_warning_is_found_in_its_cell(night, tmp_path):
    warned = [line for line in lines(night[0], "Rejects and warnings") if line["Row"]]

    assert [(line["File"], line["Sheet"], line["Row"], line["Reason"]) for line in warned] == [
        ("north.xlsx", "Members", 5, "unsendable"),
        ("north.xlsx", "Members", 5, "invalid_email"),
        ("south.xlsx", "Mitglieder", 4, "customer_in_several_exports"),
        ("south.xlsx", "Mitglieder", 5, "unreadable_date"),
        ("orders_n.xlsx", "Orders", 3, "unreadable_amount"),
        ("orders_s.xlsx", "Orders", 3, "repeated_order"),
    ]
    for line in warned:
        sheet = openpyxl.load_workbook(tmp_path / line["File"])[line["Sheet"]]
        columns = {cell.value: cell.column for row in sheet.iter_rows(max_row=3) for cell in row}
        cell = sheet.cell(line["Row"], columns[line["Column"]]).value
        if line["Reason"] != "unsendable":  # it names the customer
            assert str(cell) == line["Value"]


def test_every_row_to_correct_is_found_in_its_file(night, tmp_path):
    for sheet, key in (("Memberships", "Contact Email"), ("Orders", "Sales Doc")):
        for line in lines(night[1], sheet):
            assert line[key] in delivered(tmp_path, line)
    assert [(line["File"], line["Row"]) for line in lines(night[1], "Memberships")] == [
        ("north.xlsx", 5), ("south.xlsx", 4), ("south.xlsx", 5)
    ]  # fmt: skip


def test_cells_stay_what_they_were_whichever_file_they_come_from(night):
    cells = {line["Customer Name"]: line for line in lines(night[0], "Contacts")}

    assert (cells["Ann Lee"]["Cust ID"], cells["Bo Ng"]["Cust ID"]) == (121, "00122")
    assert cells["Ann Lee"]["Expiration Date"] == datetime.combine(NEXT[1], datetime.min.time())
    assert (cells["Ann Lee"]["Shop"], cells["Bo Ng"]["Shop"], cells["Ann Lee"]["Notes"]) == ("S1", None, None)
