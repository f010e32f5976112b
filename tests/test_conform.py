"""From sheets to typed frames, with a finding for every cell that could not be read (RULES section 1)."""

from collections.abc import Mapping
from datetime import date, datetime, time

import pandas as pd
import pytest

from goldpan.config import Config, ExportSpec
from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.errors import DataError
from goldpan.model import Cell, CellError, Sheet
from tests.builders import default_config, memberships, orders, sheet
from tests.steps.frames import MEMBER_COLUMNS, ORDER_COLUMNS, by_row

ANN: Mapping[str, Cell] = {
    "Cust ID": "00121", "Customer Name": "Ann Lee", "Contact Email": "Ann@x.com", "Created Date": "11/20/2025",
    "Start Date": "12/01/2025", "Expiration Date": date(2026, 11, 30), "Original Pu": "HFO", "Membership": "Gold",
}  # fmt: skip
ORDER: Mapping[str, Cell] = {
    "SAP ID": 121, "Total Value": "1,200.50", "Sales Doc": "S1", "Order Date": "2026-10-01", "Customer Name": "Ann Lee",
}  # fmt: skip


def findings(export: Export) -> list[tuple[int, str, str, str]]:
    return list(export.findings[["row", "column", "reason", "value"]].itertuples(index=False, name=None))


def refused(*sheets: Sheet, spec: ExportSpec | None = None) -> DataError:
    with pytest.raises(DataError) as caught:
        conform(sheets, spec or default_config().memberships)
    return caught.value


# --- typed columns ----------------------------------------------------------------------------------------------------


def test_a_membership_row_is_read_into_typed_columns():
    row = memberships(ANN).frame.iloc[0]

    assert row["source_row"] == 2
    assert (row["customer_id"], row["customer_id_key"]) == ("00121", "121")
    assert (row["customer_name"], row["email"]) == ("Ann Lee", "ann@x.com")
    assert row["created_on"] == pd.Timestamp("2025-11-20")
    assert row["start_on"] == pd.Timestamp("2025-12-01")
    assert row["expires_on"] == pd.Timestamp("2026-11-30")
    assert (row["original_purchase"], row["membership"]) == ("HFO", "Gold")


def test_an_order_is_read_into_typed_columns():
    row = orders(ORDER).frame.iloc[0]

    assert (row["customer_id"], row["customer_id_key"]) == ("121", "121")
    assert (row["order_id"], row["order_id_key"]) == ("S1", "S1")
    assert row["total_value_micros"] == 1_200_500_000
    assert row["ordered_on"] == pd.Timestamp("2026-10-01")
    assert row["customer_name"] == "Ann Lee"


MISSING_EVERYTHING = {"Cust ID": None, "Customer Name": None, "Contact Email": "?"}


@pytest.mark.parametrize("rows", [[ANN], [ANN, ANN], [MISSING_EVERYTHING], [ANN, MISSING_EVERYTHING]])
def test_memberships_have_the_promised_types_whatever_the_cells(rows):
    frame = memberships(*rows).frame

    wanted = {name: dtype for name, dtype in MEMBER_COLUMNS.items() if name != "total_order_value_micros"}
    assert frame.dtypes.astype(str).to_dict() == wanted


@pytest.mark.parametrize("rows", [[ORDER], [ORDER, ORDER], [{"Total Value": "?"}], [{"SAP ID": "1"}]])
def test_orders_have_the_promised_types_whatever_the_cells(rows):
    assert orders(*rows).frame.dtypes.astype(str).to_dict() == ORDER_COLUMNS


def test_columns_that_the_export_lacks_are_missing_on_every_row():
    frame = memberships({"Cust ID": "1"}).frame

    assert frame["original_purchase"].isna().all()
    assert frame["membership"].isna().all()
    assert (
        orders({"SAP ID": "1"}).frame[["order_id", "order_id_key", "ordered_on", "customer_name"]].isna().all(axis=None)
    )


def test_rows_are_numbered_as_excel_shows_them():
    rows = [["Members 2026"], [None], list(ANN), list(ANN.values()), [None], list(ANN.values())]

    got = conform([Sheet("m.xlsx", "Data", rows)], default_config().memberships)

    assert [(got.kind, part.file, part.sheet, part.header_row) for part in got.parts] == [
        ("memberships", "m.xlsx", "Data", 3)
    ]
    assert got.frame["source_row"].tolist() == [4, 6]
    assert got.originals.index.tolist() == [4, 6]


def test_the_cells_are_kept_as_delivered():
    got = memberships(
        ANN | {"Notes": 7.0, "Contact Email": " ANN@x.com "}, {"Cust ID": "2", "Notes": CellError("#N/A")}
    )

    assert got.headers == ("Cust ID", "Customer Name", "Contact Email", "Created Date", "Expiration Date", "Start Date",
                           "Original Pu", "Membership", "Notes")  # fmt: skip
    kept = got.originals.loc[2].tolist()
    assert kept == [
        dict(ANN)["Cust ID"],
        "Ann Lee",
        " ANN@x.com ",
        "11/20/2025",
        date(2026, 11, 30),
        "12/01/2025",
        "HFO",
        "Gold",
        7.0,
    ]
    assert isinstance(got.originals.loc[3].tolist()[-1], CellError)


def test_a_missing_creation_takes_the_start_and_the_other_way_round():
    got = memberships(
        ANN | {"Created Date": None},
        ANN | {"Start Date": " "},
        ANN | {"Created Date": "soon"},
        ANN | {"Start Date": CellError("#N/A")},
        ANN | {"Created Date": None, "Start Date": None},
        ANN,
    ).frame

    created, start = pd.Timestamp("2025-11-20"), pd.Timestamp("2025-12-01")
    assert got["created_on"].tolist()[:4] == [start, created, start, created]
    assert got["start_on"].tolist()[:4] == [start, created, start, created]
    assert got.loc[4, ["created_on", "start_on"]].isna().all()
    assert got.loc[5, ["created_on", "start_on"]].tolist() == [created, start]


@pytest.mark.parametrize("header", ["Created Date", "Start Date"])
def test_one_begin_column_stands_for_both(header):
    rows = [["Cust ID", "Name", "Email", header, "End Date"], ["1", "Ann", "a@x.com", "11/20/2025", "11/20/2026"]]

    frame = conform([Sheet("m", "", rows)], default_config().memberships).frame

    assert frame["created_on"].tolist() == frame["start_on"].tolist() == [pd.Timestamp("2025-11-20")]


def test_a_workbook_of_1904_is_followed():
    rows = [list(ANN), list((ANN | {"Created Date": 44600, "Expiration Date": date(2026, 11, 30)}).values())]

    frame = conform([Sheet("m", "", rows, epoch_1904=True)], default_config().memberships).frame

    assert frame["created_on"].tolist() == [pd.Timestamp("2026-02-09")]
    assert frame["expires_on"].tolist() == [pd.Timestamp("2026-11-30")]


def with_orders(**changes: object) -> Config:
    config = default_config()
    return config.model_copy(update={"orders": config.orders.model_copy(update=changes)})


def test_the_formats_of_the_export_are_followed():
    config = with_orders(decimal_mark=",", date_formats=("%d.%m.%Y",))

    frame = orders({"SAP ID": "1", "Total Value": "1.200,50", "Order Date": "01.10.2026"}, config=config).frame

    assert frame["total_value_micros"].tolist() == [1_200_500_000]
    assert frame["ordered_on"].tolist() == [pd.Timestamp("2026-10-01")]


def test_name_keys_are_made_where_they_are_needed():
    rows = [ANN | {"Cust ID": None, "Customer Name": "ANN  Lee"}, ANN]

    assert memberships(*rows).frame["customer_name_key"].dropna().to_dict() == {0: "ann lee"}
    everyone = conform([sheet(rows)], default_config().memberships, name_keys_for_all=True)
    assert everyone.frame["customer_name_key"].tolist() == ["ann lee", "ann lee"]


def test_why_a_row_has_no_address_is_kept():
    frame = memberships(ANN, ANN | {"Contact Email": "nobody"}, ANN | {"Contact Email": None}).frame

    assert frame["email_reason"].dropna().to_dict() == {1: "invalid_email", 2: "no_email"}


# --- rows that are no data --------------------------------------------------------------------------------------------


def test_blank_rows_are_skipped_and_counted():
    got = memberships(ANN, {"Cust ID": " "}, {"Membership": "\u200b\u00a0"}, ANN, {})

    assert got.frame["source_row"].tolist() == [2, 5]
    assert got.rows_read == 4
    assert got.skipped == {"blank_row": 2, "totals_row": 0}


TOTALS = (
    "Total", "TOTAL", "total:", "Totals", "Grand total", "GRAND  TOTAL:", "Sum", "sum :", "Total 17", "Total: 1,234.50",
    "Total $1,234.50", " Total\u00a0", "Totals (17)",
)  # fmt: skip


@pytest.mark.parametrize("word", TOTALS)
@pytest.mark.parametrize("header", ["SAP ID", "Sales Doc", "Plant", "Customer Name"])
def test_a_totals_row_at_the_end_is_skipped_and_counted(word, header):
    got = orders(ORDER | {"Plant": None}, {header: word, "Total Value": 1200.5})

    assert got.frame["source_row"].tolist() == [2]
    assert got.rows_read == 2
    assert got.skipped == {"blank_row": 0, "totals_row": 1}


@pytest.mark.parametrize(
    "word", ["Summit Club", "Totally", "Total Wine", "Sum of parts", "Subtotal", "Totalis", "Total2"]
)
def test_a_name_is_no_total(word):
    got = memberships(ANN, {"Customer Name": word, "Cust ID": "7"})

    assert got.skipped == {"blank_row": 0, "totals_row": 0}
    assert len(got.frame) == 2


@pytest.mark.parametrize(
    "known", [{"Contact Email": "a@x.com"}, {"Created Date": "11/20/2025"}, {"Expiration Date": 46000}]
)
def test_a_row_with_an_address_or_a_date_is_no_totals_row(known):
    assert memberships(ANN, {"Customer Name": "Total", **known}).skipped["totals_row"] == 0


@pytest.mark.parametrize("known", [{"Sales Doc": "S9"}, {"Order Date": "10/01/2026"}, {"Sales Doc": 17}])
def test_an_order_with_an_id_or_a_date_is_no_totals_row(known):
    assert orders(ORDER, {"Customer Name": "Total", **known}).skipped["totals_row"] == 0


@pytest.mark.parametrize("odd", [{"Contact Email": "nobody"}, {"Created Date": "soon"}, {"Cust ID": "17"}])
def test_what_is_no_address_and_no_date_does_not_save_a_totals_row(odd):
    assert memberships(ANN, {"Customer Name": "Total", **odd}).skipped["totals_row"] == 1


def test_a_total_above_other_rows_is_data():
    got = orders(ORDER, {"SAP ID": "Total", "Total Value": 5}, ORDER | {"Sales Doc": "S2"})

    assert got.skipped == {"blank_row": 0, "totals_row": 0}
    assert got.frame["customer_id"].tolist() == ["121", "Total", "121"]


def test_several_totals_rows_with_blank_ones_between_end_a_sheet():
    got = orders(ORDER, {}, {"SAP ID": "Total", "Total Value": 5}, {}, {"SAP ID": "Grand total", "Total Value": 5})

    assert got.skipped == {"blank_row": 2, "totals_row": 2}
    assert got.rows_read == 5


def test_what_stands_above_a_totals_row_stays_though_it_has_no_id_and_no_date():
    plain = {"SAP ID": 17, "Total Value": 5}

    got = orders(ORDER, {"Customer Name": "Total", "Total Value": 5}, plain, {"Customer Name": "Total"})

    assert got.frame["source_row"].tolist() == [2, 3, 4]
    assert got.skipped == {"blank_row": 0, "totals_row": 1}


def test_an_order_without_an_id_is_no_totals_row():
    assert len(orders(ORDER, {"Total Value": 99.5}).frame) == 2


def test_a_number_is_no_word_for_a_total():
    assert orders(ORDER, {"SAP ID": 17, "Total Value": 5}).skipped["totals_row"] == 0


# --- which sheet ------------------------------------------------------------------------------------------------------


def test_the_first_sheet_with_rows_of_data_is_the_export():
    headers, cells = list(ANN), list(ANN.values())
    sheets = [
        Sheet("m.xlsx", "Cover", [["Members"]]),
        Sheet("m.xlsx", "Empty", [headers, [" "], ["Total"]]),
        Sheet("m.xlsx", "Data", [headers, cells]),
        Sheet("m.xlsx", "Old", [headers, cells, cells]),
    ]

    assert conform(sheets, default_config().memberships).parts[0].sheet == "Data"


@pytest.mark.parametrize("below", [[], [[" "]], [["Total"]], [[], ["Grand total: 5"], []]])
def test_headers_without_rows_are_an_empty_export(below):
    error = refused(Sheet("m.xlsx", "Data", [["title"], list(ANN), *below]))

    assert error.reason == "empty_export"
    assert str(error).startswith("m.xlsx, sheet 'Data' has its headers in row 2 and no row of data below")


def test_a_file_of_another_kind_is_refused():
    assert refused(sheet([ORDER])).reason == "missing_columns"


# --- findings ---------------------------------------------------------------------------------------------------------


def test_every_finding_points_at_its_cell():
    rows = [["title"], list(ANN), list(ANN.values()), [],
            ["1E+15", "Bo", "bo@", "31/31/2026", "11/20/2025", True, None, None]]  # fmt: skip

    got = conform([Sheet("m.xlsx", "Data", rows)], default_config().memberships)

    assert findings(got) == [
        (5, "Cust ID", "rounded_id", "1E+15"),
        (5, "Contact Email", "invalid_email", "bo@"),
        (5, "Created Date", "unreadable_date", "31/31/2026"),
        (5, "Expiration Date", "unreadable_date", "TRUE"),
    ]
    assert set(got.findings["file"]) == {"m.xlsx"}
    assert set(got.findings["sheet"]) == {"Data"}
    assert got.findings.dtypes.astype(str).to_dict() == dict.fromkeys(got.findings.columns, "str") | {"row": "int64"}


def test_findings_are_in_the_order_of_the_rows():
    got = memberships(ANN | {"Expiration Date": "x"}, ANN | {"Cust ID": 1e16}, ANN | {"Contact Email": None})

    assert [(row, reason) for row, _, reason, _ in findings(got)] == [
        (2, "unreadable_date"), (3, "rounded_id"), (4, "no_email")
    ]  # fmt: skip


def test_an_error_value_in_any_column_is_one_finding():
    got = orders(
        ORDER | {"SAP ID": CellError("#N/A"), "Plant": CellError("#REF!")},
        ORDER | {"Total Value": "#VALUE!", "Sales Doc": "S2", "Order Date": " #n/a "},
    )

    assert findings(got) == [
        (2, "SAP ID", "excel_error", "#N/A"),
        (2, "Plant", "excel_error", "#REF!"),
        (3, "Total Value", "excel_error", "#VALUE!"),
        (3, "Order Date", "excel_error", " #n/a "),
    ]
    assert findings(memberships(ANN | {"Contact Email": CellError("#N/A")})) == [
        (2, "Contact Email", "excel_error", "#N/A")
    ]


def test_an_unreadable_amount_is_told_and_a_blank_one_is_not():
    got = orders(ORDER | {"Total Value": "12,50"}, ORDER | {"Total Value": None, "Sales Doc": "S2"})

    assert findings(got) == [(2, "Total Value", "unreadable_amount", "12,50")]
    assert got.frame["total_value_micros"].isna().all()


def test_skipped_rows_give_no_findings():
    assert findings(orders(ORDER, {}, {"SAP ID": "Total", "Plant": CellError("#REF!"), "Total Value": "12,50"})) == []


def test_an_export_without_fault_has_no_findings_but_typed_columns():
    got = memberships(ANN).findings

    assert len(got) == 0
    assert got.dtypes.astype(str).to_dict() == dict.fromkeys(got.columns, "str") | {"row": "int64"}


# --- repeated orders --------------------------------------------------------------------------------------------------


def others(*rows: Mapping[str, Cell]) -> dict[int, object]:
    return by_row(orders(*rows).frame, "other_columns")


def test_columns_read_by_value_are_not_compared_by_text():
    got = others(ORDER | {"SAP ID": "0121", "Order Date": "10/01/2026"}, ORDER | {"Total Value": 1200.5})

    assert got[2] == got[3] is not None


@pytest.mark.parametrize("difference", [{"Plant": "P2"}, {"Plant": None}, {"Plant": "p1"}])
def test_all_other_columns_are_compared_by_text(difference):
    got = others(ORDER | {"Plant": "P1"}, ORDER | {"Plant": "P1"} | difference)

    assert got[2] != got[3]


def test_outer_blanks_and_the_type_of_a_number_are_not_text():
    got = others(ORDER | {"Plant": " 7 "}, ORDER | {"Plant": 7.0})

    assert got[2] == got[3]


def test_cells_without_a_readable_value_are_compared_by_their_text():
    got = others(
        ORDER | {"Total Value": "USD 12"}, ORDER | {"Total Value": "USD 13"}, ORDER | {"Total Value": "USD 12"}
    )

    assert got[2] == got[4] != got[3]


def test_orders_that_stand_there_once_need_no_text():
    assert others(ORDER | {"Plant": "P1"}, ORDER | {"Sales Doc": "S2"}, {"SAP ID": "1"}) == {2: None, 3: None, 4: None}


def test_times_and_truth_values_are_compared_as_they_are_shown():
    moment = datetime.combine(date(2026, 1, 1), time(8))

    got = others(ORDER | {"Plant": moment}, ORDER | {"Plant": "2026-01-01 08:00:00"}, ORDER | {"Plant": True})

    assert got[2] == got[3] != got[4]
