"""The fast readers: usual files come in whole columns, others row by row, and no cell differs."""

import csv
from datetime import date, datetime, time

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldpan.errors import DataError
from goldpan.model import Sheet
from goldpan.sheets import ColumnSheet
from sync.readers import read_column_sheets, read_sheets
from tests.readers.builders import (
    SHEET_TYPES,
    TRANSITIONAL,
    as_cell,
    filled,
    moment,
    rows_in,
    sheets_of,
    workbook_parts,
    zip_of,
)

HEADERS = frozenset({"cust id", "total value", "created date"})
HEADER = ["Cust ID", "Total Value", "Created Date"]


def write_workbook(path, rows, **options):
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd", **options}) as book:
        sheet = book.add_worksheet("Members")
        clock = book.add_format({"num_format": "hh:mm"})
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif isinstance(cell, time):
                    sheet.write_datetime(row, column, cell, clock)
                elif cell is not None:
                    sheet.write(row, column, cell)


def write_csv(path, rows, **options):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, **options).writerows(rows)


def only_sheet(path, headers=HEADERS):
    (sheet,) = read_column_sheets(path, known_headers=headers)
    (slow,) = sheets_of(path, known_headers=headers)
    assert filled(rows_in(sheet)) == filled(slow.rows)
    return sheet


def kinds_of(sheet):
    return [column.dtype.name for column in sheet.columns]


def test_a_usual_workbook_comes_in_typed_columns(tmp_path):
    rows = [[f"{number:05}", number / 4, moment(2026, 1, 1 + number % 28)] for number in range(500)]
    write_workbook(tmp_path / "m.xlsx", [HEADER, *rows])

    sheet = only_sheet(tmp_path / "m.xlsx")

    assert kinds_of(sheet) == ["str", "float64", "datetime64[ms]"]
    assert sheet.rows == [HEADER]


def test_a_usual_text_table_comes_in_columns_of_text(tmp_path):
    write_csv(tmp_path / "m.csv", [HEADER, ["00121", "1.50", "Smith, Ann"], ["", '5" pipe', "two\nlines"]])

    sheet = only_sheet(tmp_path / "m.csv")

    assert kinds_of(sheet) == ["str"] * 3
    assert [*map(list, rows_in(sheet))][1:] == [["00121", "1.50", "Smith, Ann"], [None, '5" pipe', "two\nlines"]]


@pytest.mark.parametrize("write", [write_workbook, write_csv])
def test_rows_above_the_header_are_kept_and_counted(tmp_path, write):
    path = tmp_path / ("m.xlsx" if write is write_workbook else "m.csv")
    titles = [["Members of the club", None, None], ["printed by", "Total Value", None]]
    write(path, [*titles, HEADER, ["7", "8", "9"]])

    sheet = only_sheet(path)

    assert isinstance(sheet, ColumnSheet)
    assert len(sheet.rows) == 3
    assert [*sheet.rows[2]] == HEADER


def test_numbers_among_the_texts_of_a_column_stay_numbers(tmp_path):
    ids = [*range(4000), *(f"C{number}" for number in range(4000)), "0017", None, 17]
    write_workbook(tmp_path / "o.xlsx", [HEADER, *([id_, 1.5, None] for id_ in ids), ["Total", 12016.5, None]])

    sheet = only_sheet(tmp_path / "o.xlsx")

    assert isinstance(sheet, ColumnSheet)
    assert [as_cell(cell) for cell in sheet.columns[0][3999:4001]] == [3999.0, "C0"]


def test_a_type_that_changes_late_in_a_column_loses_nothing(tmp_path):
    rows = [[number, 1.0, None] for number in range(20_000)]
    rows[11_111][1], rows[19_000][2] = "n/a", "unknown"
    write_workbook(tmp_path / "o.xlsx", [HEADER, *rows])

    only_sheet(tmp_path / "o.xlsx")


@pytest.mark.parametrize("text", ["n/a", "N/A", "NULL", "None", "NaN", "-nan", "<NA>", "1.#IND", "NA", "  ", "#N/A"])
@pytest.mark.parametrize("rows_before", [0, pytest.param(30_000, marks=pytest.mark.slow)])
def test_a_word_for_nothing_in_a_column_of_numbers_is_kept(tmp_path, text, rows_before):
    numbers = [[str(number), 1.0, moment(2026, 1, 1)] for number in range(rows_before)]
    write_workbook(tmp_path / "m.xlsx", [HEADER, *numbers, ["x", text, text], *numbers[:9_000]])

    only_sheet(tmp_path / "m.xlsx")


ODD_WORKBOOKS = {
    "an error cell": ([HEADER, ["1", 2, None]], {}, lambda sheet: sheet.write_formula("B3", "=1/0", None, "#DIV/0!")),
    "a time of day": ([HEADER, ["1", 2, time(6)]], {}, None),
    "the epoch of 1904": ([HEADER, ["1", 2, moment(2026, 1, 1)]], {"date_1904": True}, None),
    "a column that is not in A": ([[None, *HEADER], [None, "1", 2, None]], {}, None),
    "rows that begin below the first": ([[], HEADER, ["1", 2, None]], {}, None),
    "a truth value among numbers": ([HEADER, ["1", True, None], ["2", 3, None]], {}, None),
    "a date among numbers": ([HEADER, ["1", 3, None], ["2", moment(2026, 1, 1), None]], {}, None),
    "a date among texts": ([HEADER, ["1", 3, None], [moment(2026, 1, 1), 3, None]], {}, None),
    "a header twice": ([[*HEADER, "Note", "Note"], ["1", 3, None, "a", "b"]], {}, None),
    "a number as a header": ([[*HEADER, 2026], ["1", 3, None, "a"]], {}, None),
    "a cell without a header": ([HEADER, ["1", 3, None, "beside"]], {}, None),
    "blank rows": ([HEADER, ["1", 3, None], [], [" "], ["2", 4, None], [], [" "]], {}, None),
    "no row": ([HEADER], {}, None),
    "a blank column": ([[*HEADER, "Note"], ["1", 3, None], ["2", 3, None]], {}, None),
}


@pytest.mark.parametrize("case", ODD_WORKBOOKS)
def test_odd_workbooks_lose_nothing(tmp_path, case):
    rows, options, more = ODD_WORKBOOKS[case]
    path = tmp_path / "m.xlsx"
    write_workbook(path, rows, **options)
    if more:
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet("Members")
            for row, cells in enumerate(rows):
                sheet.write_row(row, 0, cells)
            more(sheet)

    only_sheet(path)


ODD_TEXTS = {
    "a shorter row": "Cust ID,Total Value\n1\n2,3\n",
    "a longer row": "Cust ID,Total Value\n1,2,3\n2,3\n",
    "a blank line": "Cust ID,Total Value\n1,2\n\n2,3\n",
    "blank lines at the end": "Cust ID,Total Value\n1,2\n\n\n",
    "no line end at the end": "Cust ID,Total Value\n1,2",
    "ends of lines as Windows has them": "Cust ID,Total Value\r\n1,2\r\n3,4\r\n",
    "ends of lines as old Macs had them": "Cust ID,Total Value\r1,2\r3,4\r",
    "mixed ends of lines": "Cust ID,Total Value\n1,2\r3,4\n5,6\r\n",
    "a quote inside a cell": 'Cust ID,Total Value\n1,5" pipe\n2,"3"\n',
    "text behind a quote": 'Cust ID,Total Value\n1,"a"b\n2,3\n',
    "a blank before a quote": 'Cust ID,Total Value\n1, "a,b"\n2,3\n',
    "quotes in quotes": 'Cust ID,Total Value\n1,"say ""yes"""\n"",""""\n',
    "a quoted line end": 'Cust ID,Total Value\n1,"a\nb"\n2,"c\r\nd"\n',
    "semicolons": "Cust ID;Total Value\n1;1,5\n",
    "Excel's hint": "sep=;\nCust ID;Total Value\n1;1,5\n",
    "one column": "Cust ID\n1\n2\n",
    "no row": "Cust ID,Total Value\n",
    "a byte of cp1252": b"Cust ID,Total Value\n1,M\xfcller\n",
    "a mark before": b"\xef\xbb\xbfCust ID,Total Value\n1,M\xc3\xbcller\n",
    "a byte of cp1252 far down": b"Cust ID,Total Value\n" + b"1,2\n" * 50_000 + b"1,M\xfcller\n",
}


@pytest.mark.parametrize("case", ODD_TEXTS)
def test_odd_text_tables_lose_nothing(tmp_path, case):
    text = ODD_TEXTS[case]
    (tmp_path / "m.csv").write_bytes(text if isinstance(text, bytes) else text.encode())

    only_sheet(tmp_path / "m.csv")


def test_a_header_that_the_reader_mistook_is_read_again_row_by_row(tmp_path):
    write_workbook(tmp_path / "m.xlsx", [["Cust ID"], HEADER, ["1", 2, None]])
    (sheet,) = read_column_sheets(tmp_path / "m.xlsx", known_headers=frozenset({"cust id"}))

    whole = sheet.whole()

    assert isinstance(whole, Sheet)
    assert [list(row) for row in whole.rows][1] == HEADER


CELLS = st.one_of(
    st.none(),
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=6
    ),
    st.sampled_from(["007", "1.50", "=1+1", " x ", "2026-01-01", "TRUE", 'a "b" c', "x,y", "new\nline", "_x000D_"]),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15, allow_subnormal=False),
    st.booleans(),
    st.datetimes(datetime(1930, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
    st.dates(date(1930, 1, 1), date(2200, 1, 1)),
)
COLUMNS = [CELLS, st.text("ab1 ", max_size=3), st.integers(0, 99), st.integers(0, 99) | st.text("ab1", max_size=3)]
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(columns=st.lists(st.one_of([st.lists(cells, max_size=8) for cells in COLUMNS]), min_size=3, max_size=3))
def test_any_workbook_comes_out_the_same_both_ways(tmp_path, columns):
    rows = [[column[row] if row < len(column) else None for column in columns] for row in range(8)]
    write_workbook(tmp_path / "m.xlsx", [HEADER, *rows])

    only_sheet(tmp_path / "m.xlsx")


@MANY
@given(
    rows=st.lists(st.lists(st.none() | st.text('ab,;"\n\r\t é', max_size=5), min_size=3, max_size=3), max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_text_table_comes_out_the_same_both_ways(tmp_path, rows, quoting, end):
    write_csv(tmp_path / "m.csv", [HEADER, *rows], quoting=quoting, lineterminator=end)

    only_sheet(tmp_path / "m.csv")


@MANY
@given(text=st.text('ab,;"\n\r\t ', max_size=40))
def test_any_broken_text_comes_out_the_same_both_ways_or_is_refused_both_ways(tmp_path, text):
    (tmp_path / "m.csv").write_bytes(f"Cust ID,Total Value\n{text}".encode())

    assert read_or_reason(tmp_path / "m.csv", fast=True) == read_or_reason(tmp_path / "m.csv", fast=False)


def read_or_reason(path, *, fast):
    try:
        (sheet,) = (read_column_sheets if fast else read_sheets)(path, known_headers=HEADERS)
        return filled(rows_in(sheet))
    except DataError as error:
        return error.reason


LATE_CELLS = {
    "an error cell": lambda sheet, row: sheet.write_formula(row, 1, "=1/0", None, "#DIV/0!"),
    "a truth value": lambda sheet, row: sheet.write_boolean(row, 1, True),
    "a text among numbers": lambda sheet, row: sheet.write_string(row, 1, "3"),
    "a number among texts": lambda sheet, row: sheet.write_number(row, 0, 1 / 3),
    "a cell far to the right": lambda sheet, row: sheet.write_string(row, 51, "AZ"),
    "a blank cell with a format": lambda sheet, row: sheet.write_blank(row, 51, None, None),
}


@pytest.mark.parametrize("case", LATE_CELLS)
def test_what_comes_late_in_a_long_sheet_is_read_as_it_is(tmp_path, case):
    """The rows from 10,000 on are looked at by their shapes."""
    with xlsxwriter.Workbook(str(tmp_path / "m.xlsx")) as book:
        sheet = book.add_worksheet("Members")
        sheet.write_row(0, 0, HEADER)
        for row in range(1, 20_000):
            sheet.write_row(row, 0, [f"C{row}", row / 3])
        LATE_CELLS[case](sheet, 17_000)

    only_sheet(tmp_path / "m.xlsx")


@pytest.mark.parametrize("numbers", [[1 / 3, 1e-12, 2**53, 0.1], [1 / 3] + ["7", "007", "1/3"] * 2])
def test_numbers_beside_texts_keep_all_their_decimals(tmp_path, numbers):
    rows = [[number, "0.333", None] for number in numbers] + [["a", 1.23456789012345, None], ["", 1e300, None]]
    write_workbook(tmp_path / "m.xlsx", [HEADER, *rows])

    assert isinstance(only_sheet(tmp_path / "m.xlsx"), ColumnSheet)


def test_a_header_that_few_would_look_for_so_far_behind_is_found(tmp_path):
    """Its texts stand behind a quarter of a megabyte of others."""
    parts = workbook_parts(
        '<row r="1"><c r="A1" t="s"><v>3000</v></c><c r="B1" t="s"><v>3001</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>2</v></c></row>'
    )
    texts = "".join(f"<si><t>{number} {'x' * 100}</t></si>" for number in range(3000))
    parts["xl/sharedStrings.xml"] = (
        f'<sst xmlns="{TRANSITIONAL[0]}">{texts}<si><t>Cust ID</t></si><si><t>Total Value</t></si></sst>'
    )
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        "</Types>",
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHEET_TYPES}.sharedStrings+xml"/></Types>',
    )
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId3" Type="{TRANSITIONAL[1]}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
    (tmp_path / "m.xlsx").write_bytes(zip_of(parts))

    sheet = only_sheet(tmp_path / "m.xlsx")

    assert isinstance(sheet, ColumnSheet)
    assert sheet.rows == [["Cust ID", "Total Value"]]


def test_a_header_in_pieces_with_formats_is_one_text(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "m.xlsx")) as book:
        sheet = book.add_worksheet("Members")
        sheet.write_string(0, 0, "Club & friends <2026>")
        sheet.write_rich_string(2, 0, book.add_format({"bold": True}), "Cust", " ID")
        sheet.write_row(3, 0, ["1", 2])

    sheet = only_sheet(tmp_path / "m.xlsx")

    assert isinstance(sheet, ColumnSheet)
    assert sheet.rows[0][0] == "Club & friends <2026>"
    assert sheet.rows[2][0] == "Cust ID"
