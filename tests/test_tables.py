"""Which table of a file is the export: sheet, header row and columns (RULES section 1)."""

from collections.abc import Sequence

import pytest

from goldpan.config import ExportSpec
from goldpan.errors import DataError
from goldpan.model import Cell, Sheet
from goldpan.tables import RawTable, column_letters, place_of, tables_of
from tests.builders import default_config

ORDER_HEADERS = ["SAP ID", "Total Value"]
MEMBER_HEADERS = ["Cust ID", "Customer Name", "Contact Email", "Created Date", "Expiration Date"]


def orders_spec(**changes: object) -> ExportSpec:
    return default_config().orders.model_copy(update=changes)


def tables(*rows: Sequence[Cell], spec: ExportSpec | None = None, name: str = "Sheet1") -> list[RawTable]:
    return list(tables_of([Sheet("orders.xlsx", name, rows)], spec or orders_spec()))


def table(*rows: Sequence[Cell], spec: ExportSpec | None = None) -> RawTable:
    (found,) = tables(*rows, spec=spec)
    return found


def rows_of(found: RawTable) -> list[list[Cell]]:
    return [found.row(position) for position in range(len(found))]


def refused(*sheets: Sheet, spec: ExportSpec | None = None) -> DataError:
    with pytest.raises(DataError) as caught:
        list(tables_of(sheets, spec or orders_spec()))
    return caught.value


# --- the header -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [1, 2, 20])
def test_the_header_is_found_below_title_rows(row):
    titles = [["Orders of the year"], [None], [" "], *[["page", 1]] * 20][: row - 1]

    got = table(*titles, ORDER_HEADERS, ["1", 5])

    assert got.header_row == row
    assert rows_of(got) == [["1", 5]]


def test_a_header_in_row_21_is_not_looked_for():
    error = refused(Sheet("orders.xlsx", "Sheet1", [*[["title"]] * 20, ORDER_HEADERS, ["1", 5]]))

    assert error.reason == "missing_columns"


def test_how_many_rows_are_searched_is_configured():
    rows = [["title"], ["title"], ORDER_HEADERS, ["1", 5]]

    assert table(*rows, spec=orders_spec(header_within_rows=3)).header_row == 3
    assert refused(Sheet("o", "", rows), spec=orders_spec(header_within_rows=2)).reason == "missing_columns"


def test_the_first_row_that_has_all_required_headers_is_the_header():
    got = table(["SAP ID", "Sum"], ORDER_HEADERS, ORDER_HEADERS, ["1", 5])

    assert got.header_row == 2
    assert rows_of(got) == [ORDER_HEADERS, ["1", 5]]


@pytest.mark.parametrize(
    "spelling",
    ["total value", "TOTAL VALUE", "  Total   Value ", "Total\nValue", "Total\u00a0Value", "\ufeffTotal Value",
     "Total Value\u200b", "Total\r\n Value"],
)  # fmt: skip
def test_case_blanks_breaks_nbsp_and_bom_do_not_matter_in_a_header(spelling):
    assert table(["SAP ID", spelling], ["1", 5]).found == {"customer_id": 0, "total_value": 1}


@pytest.mark.parametrize("spelling", ["TotalValue", "Total Value (EUR)", "Total-Value"])
def test_other_headers_are_other_columns(spelling):
    assert refused(Sheet("o", "", [["SAP ID", spelling], ["1", 5]])).reason == "missing_columns"


def test_the_first_alias_of_the_list_wins_wherever_it_stands():
    got = table(["Customer ID", "Amount", "SAP ID", "Cust ID", "Order Total"], ["1", 2, "3", "4", 5])

    assert got.found == {"customer_id": 2, "total_value": 4}
    assert got.headers == ("Customer ID", "Amount", "SAP ID", "Cust ID", "Order Total")


def test_headers_are_kept_as_written_on_one_line():
    assert table(["SAP ID", " Total\nValue ", 2026], ["1", 5, 6]).headers == ("SAP ID", "Total Value", "2026")


def test_optional_columns_are_found_where_they_are():
    got = table(["Sales Doc", "SAP ID", "Total Value", "Invoice Date", "Plant"], ["S1", "1", 5, None, "P"])

    assert got.found == {"order_id": 0, "customer_id": 1, "total_value": 2, "ordered_on": 3}


@pytest.mark.parametrize("date_header", ["Created Date", "Start Date", "Membership Start"])
def test_one_of_the_two_begin_dates_is_enough(date_header):
    headers = [*MEMBER_HEADERS[:3], date_header, "Expiration Date"]

    assert table(headers, ["1"], spec=default_config().memberships).header_row == 1


# --- what is refused --------------------------------------------------------------------------------------------------


def test_missing_columns_are_all_named_with_what_was_found_and_where_to_add_an_alias():
    sheet = Sheet("crm.xlsx", "Members", [["title"], ["Cust ID", "E-mail\nAddress", "Contact Email"], ["1", "x"]])

    error = refused(sheet, spec=default_config().memberships)

    assert error.reason == "missing_columns"
    message = str(error)
    assert message.startswith("crm.xlsx, sheet 'Members': no column for ")
    assert "customer_name (Customer Name or Name)" in message
    assert "created_on (Created Date or Created)" in message
    assert "start_on (Start Date or Membership Start)" in message
    assert "expires_on (Expiration Date or Expiry Date or End Date)" in message
    assert "customer_id (" not in message
    assert "row 2, has: Cust ID, E-mail Address, Contact Email." in message
    assert "config/exports/memberships.toml" in message


def test_the_likeliest_sheet_and_row_are_named():
    sheets = [
        Sheet("o.xlsx", "Notes", [["SAP ID"], ["x"]]),
        Sheet("o.xlsx", "Data", [["nothing"], ["SAP ID", "Sales Doc"], ["SAP ID"]]),
        Sheet("o.xlsx", "More", [["SAP ID", "Order ID"]]),
    ]

    message = str(refused(*sheets))

    assert message.startswith("o.xlsx, sheet 'Data': no column for total_value (")
    assert "row 2, has: SAP ID, Sales Doc." in message


def test_a_very_long_header_row_is_cut_in_the_message():
    message = str(refused(Sheet("o.xlsx", "", [[f"column {number}" for number in range(1000)]])))

    assert len(message) < 1500
    assert "…" in message


@pytest.mark.parametrize("rows", [[], [[]], [[None, " "], ["\u00a0"]]])
def test_a_file_without_any_cell_is_empty(rows):
    error = refused(Sheet("o.xlsx", "A", rows), Sheet("o.xlsx", "B", []))

    assert error.reason == "empty_export"
    assert "o.xlsx" in str(error)


@pytest.mark.parametrize("second", ["SAP ID", "sap  id", "\ufeffSAP ID"])
def test_an_accepted_header_that_stands_twice_is_refused_with_both_places(second):
    error = refused(Sheet("o.xlsx", "Data", [["title"], ["SAP ID", "Total Value", None, second], ["1", 5, 6, "2"]]))

    assert error.reason == "doubled_column"
    assert "'SAP ID' stands in A2 and D2" in str(error)
    assert "o.xlsx, sheet 'Data'" in str(error)


def test_every_doubled_header_is_named_at_once():
    message = str(refused(Sheet("o.xlsx", "", [["SAP ID", "Amount", "SAP ID", "Total Value", "Amount"], ["1", 5]])))

    assert "'SAP ID' stands in A1 and C1" in message
    assert "'Amount' stands in B1 and E1" in message


def test_two_aliases_of_one_column_and_two_unknown_headers_are_no_doubles():
    got = table(["SAP ID", "Cust ID", "Total Value", "Plant", "Plant"], ["1", "2", 5, "x", "y"])

    assert got.found == {"customer_id": 0, "total_value": 2}
    assert got.headers == ("SAP ID", "Cust ID", "Total Value", "Plant", "Plant")


# --- sheets and rows --------------------------------------------------------------------------------------------------


def test_sheets_without_the_headers_are_passed_over_in_the_files_order():
    sheets = [
        Sheet("o.xlsx", "Cover", [["Orders"]]),
        Sheet("o.xlsx", "2026", [ORDER_HEADERS, ["1", 5]]),
        Sheet("o.xlsx", "2025", [ORDER_HEADERS, ["2", 6]]),
    ]

    assert [found.sheet.name for found in tables_of(sheets, orders_spec())] == ["2026", "2025"]


def test_rows_end_with_the_last_that_is_not_blank():
    got = table(ORDER_HEADERS, ["1", 5], [None, " "], ["2", 6], [None, "\u00a0"], [], [None])

    assert rows_of(got) == [["1", 5], [None, " "], ["2", 6]]


def test_short_rows_are_as_long_as_the_header():
    assert rows_of(table([*ORDER_HEADERS, "Plant"], ["1"], [], ["2", 6])) == [
        ["1", None, None], [None, None, None], ["2", 6, None]
    ]  # fmt: skip


def test_a_column_without_a_header_is_kept_under_its_letter_if_it_holds_something():
    got = table(["SAP ID", None, "Total Value", "  "], ["1", " ", 5, None, "note"], ["2", None, 6])

    assert got.headers == ("SAP ID", "Total Value", "(column E)")
    assert rows_of(got) == [["1", 5, "note"], ["2", 6, None]]
    assert got.found == {"customer_id": 0, "total_value": 1}


def test_a_header_without_cells_is_kept():
    assert table([*ORDER_HEADERS, "Remarks"], ["1", 5]).headers == ("SAP ID", "Total Value", "Remarks")


def test_a_header_alone_has_no_rows():
    assert rows_of(table(ORDER_HEADERS, [None, " "])) == []


@pytest.mark.parametrize(
    ("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_are_lettered_as_in_excel(position, letters):
    assert column_letters(position) == letters


def test_a_text_file_has_no_sheet_to_name():
    assert place_of(Sheet("orders.csv", "", [])) == "orders.csv"
    assert place_of(Sheet("orders.xlsx", "Data", [])) == "orders.xlsx, sheet 'Data'"
