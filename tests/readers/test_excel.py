"""Workbooks (.xlsx, .xlsm): every writer's spelling gives the cells that were delivered."""

from datetime import date, time, timedelta

import openpyxl
import pytest
import rustpy_xlsxwriter
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from goldpan.model import CellError
from sync.readers import ReadLimits, read_sheets
from tests.readers.builders import STRICT, moment, refusal, rows_of, sheets_of, workbook_bytes, workbook_parts, zip_of

NUMBERED = '<row r="1"><c r="A1"><v>1</v></c></row>'


@pytest.fixture
def export(tmp_path):
    return tmp_path / "memberships.xlsx"


def test_cells_come_exactly_as_openpyxl_wrote_them(export):
    book = openpyxl.Workbook()
    book.active.append(
        ["00121", 501, 12.5, True, moment(2025, 3, 14), moment(2025, 3, 14, 9, 30), time(6), None, " x "]
    )
    book.active["B1"].number_format = "00000"
    book.active.append([timedelta(hours=36), CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"))])
    book.active.merge_cells("C2:D2")
    book.save(export)

    assert rows_of(export) == [
        ["00121", 501.0, 12.5, True, date(2025, 3, 14), moment(2025, 3, 14, 9, 30), time(6), None, " x "],
        [timedelta(hours=36), "plain bold", *[None] * 7],
    ]


def test_cells_come_exactly_as_xlsxwriter_wrote_them(export):
    with xlsxwriter.Workbook(str(export)) as book:
        sheet = book.add_worksheet("Members")
        sheet.write_string("A1", "00121")
        sheet.write_formula("B1", "=1+1", None, 2)
        sheet.write_formula("C1", '=""', None, "")
        sheet.write_boolean("D1", False)
        sheet.write_datetime("E1", moment(2025, 3, 14), book.add_format({"num_format": "d mmm yyyy"}))
        sheet.write_rich_string("F1", "a", book.add_format({"bold": True}), "b")
        sheet.merge_range("G1:H1", "merged")

    assert rows_of(export) == [["00121", 2.0, None, False, date(2025, 3, 14), "ab", "merged"]]


def test_cells_come_exactly_as_rustpy_xlsxwriter_wrote_them(export):
    rustpy_xlsxwriter.write_worksheet(
        [{"Cust ID": "00121", "Total": 1.5}, {"Cust ID": "=1+1", "Total": None}], str(export)
    )

    assert rows_of(export) == [["Cust ID", "Total"], ["00121", 1.5], ["=1+1", None]]


def test_inline_strings_and_phonetic_text_need_no_shared_strings(export):
    export.write_bytes(
        workbook_bytes(
            '<row r="1" customFormat="false" ht="12.8" hidden="false">'
            '<c r="A1" s="0" t="inlineStr"><is><t>x&#10;y</t></is></c>'
            '<c r="B1" t="inlineStr"><is><r><t>東</t></r><r><t>京</t></r>'
            '<rPh sb="0" eb="1"><t>トウ</t></rPh></is></c></row>'
        )
    )

    assert rows_of(export) == [["x\ny", "東京"]]


def test_rows_and_columns_are_those_that_excel_shows(export):
    book = openpyxl.Workbook()
    book.active["C5"], book.active["B7"] = "first", "last"
    book.save(export)

    assert rows_of(export) == [[None] * 3] * 4 + [[None, None, "first"], [None] * 3, [None, "last", None]]


def test_error_cells_are_told_from_blanks_and_from_the_same_text(export):
    with xlsxwriter.Workbook(str(export)) as book:
        book.add_worksheet("Clean").write_string("A1", "fine")
        sheet = book.add_worksheet("Members")
        sheet.write_string("B2", "#N/A")
        for row, error in enumerate(("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!")):
            sheet.write_formula(row, 0, "=A9", None, error)

    clean, members = sheets_of(export)

    assert clean.rows == [["fine"]]
    assert [row[0] for row in members.rows] == ["#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"]
    assert [type(row[0]) for row in members.rows] == [CellError] * 7
    assert members.rows[1][1] == "#N/A"
    assert type(members.rows[1][1]) is str
    assert members.rows[0][1] is None


@pytest.mark.parametrize("error", ["#SPILL!", "#GETTING_DATA", "Err:502"])
def test_an_error_value_that_calamine_does_not_know_is_an_error_cell_too(export, error):
    export.write_bytes(
        workbook_bytes(f'<row r="1"><c r="A1" t="e"><v>{error}</v></c><c r="B1" s="1"><v>45000</v></c></row>')
    )

    assert rows_of(export) == [[CellError(error), moment(2023, 3, 15)]]
    assert isinstance(rows_of(export)[0][0], CellError)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B1" t="e"><v>#N/A</v></c>',
        "<c t='e' r='B1'><f>VLOOKUP(1,A:A,1)</f><v>#N/A</v></c>",
        '<c\n r = "b1"\n t = "e" ><v>#N/A</v></c>',
        '<c/><c t="e" s="0"><v>#N/A</v></c>',
    ],
)
def test_an_error_cell_is_found_in_any_spelling(export, cell):
    for row in ("<row>", '<row r="1">', '<row r="1"/><row r="1" spans="1:2">'):
        export.write_bytes(workbook_bytes(f"{row}{cell}</row>"))

        assert rows_of(export) == [[None, "#N/A"]]
        assert isinstance(rows_of(export)[0][1], CellError)


def test_an_error_cell_is_found_under_another_prefix(export):
    cells = '<x:row xmlns:x="u" r="2"><x:c r="A2"><x:v>1</x:v></x:c><x:c r="B2" t="e"><x:v>#REF!</x:v></x:c></x:row>'
    export.write_bytes(workbook_bytes(cells))

    assert rows_of(export) == [[None, None], [1.0, "#REF!"]]


def test_errors_are_put_into_the_sheet_that_has_them(export):
    book = openpyxl.Workbook()
    book.active["A1"] = "fine"
    book.create_sheet("Broken")["B3"] = "#DIV/0!"  # openpyxl writes such a text as an error
    book.create_sheet("Fine too")["B3"] = "fine"
    book.move_sheet("Broken", offset=-1)
    book.save(export)

    assert [(sheet.name, sheet.rows[-1][-1]) for sheet in sheets_of(export)] == [
        ("Broken", "#DIV/0!"),
        ("Sheet", "fine"),
        ("Fine too", "fine"),
    ]


def test_error_cells_are_found_in_a_sheet_of_many_pieces(export):
    """Wherever the pieces are cut, no error cell falls between two of them."""
    rows = "".join(
        f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}" t="e"><f>{"A1+" * 40}0</f><v>#N/A</v></c></row>'
        for row in range(1, 12_001)
    )
    export.write_bytes(workbook_bytes(rows))

    assert rows_of(export) == [[float(row), "#N/A"] for row in range(1, 12_001)]


def test_a_text_that_looks_like_an_error_tag_changes_nothing(export):
    export.write_bytes(
        workbook_bytes(
            '<row r="1"><c r="A1" t="str"><v>&lt;c r="ZZZ9999999" t="e"&gt; t="e" r="XFD1048576"</v></c></row>'
        )
    )

    assert rows_of(export) == [['<c r="ZZZ9999999" t="e"> t="e" r="XFD1048576"']]


def test_cells_without_a_place_follow_the_one_before(export):
    export.write_bytes(
        workbook_bytes('<row><c><v>1</v></c><c/><c><v>2</v></c></row><row r="3"><c r="B3"/><c><v>3</v></c></row>')
    )

    assert rows_of(export) == [[1.0, None, 2.0], [None] * 3, [None, None, 3.0]]


@pytest.mark.parametrize("flag", ["1", "true"])
def test_the_1904_epoch_is_followed_and_stated(export, flag):
    export.write_bytes(
        workbook_bytes(
            '<row r="1"><c r="A1" s="1"><v>44000</v></c><c r="B1"><v>44000</v></c></row>',
            properties=f'<workbookPr date1904="{flag}"/>',
        )
    )

    (sheet,) = sheets_of(export)

    assert sheet.epoch_1904
    assert sheet.rows == [[date(2024, 6, 19), 44000.0]]


def test_the_1904_epoch_is_followed_in_a_workbook_that_openpyxl_reads(export):
    export.write_bytes(
        workbook_bytes(
            '<row r="1"><c r="A1" s="1"><v>44000</v></c><c r="B1" t="e"><v>#SPILL!</v></c></row>',
            properties='<workbookPr date1904="1"/>',
        )
    )

    (sheet,) = sheets_of(export)

    assert sheet.epoch_1904
    assert sheet.rows == [[moment(2024, 6, 19), "#SPILL!"]]


def test_a_strict_workbook_reads_like_any_other(export):
    export.write_bytes(
        workbook_bytes(
            '<row r="1"><c r="A1" s="1"><v>44000</v></c><c r="B1" t="e"><v>#N/A</v></c></row>', namespaces=STRICT
        )
    )

    assert rows_of(export) == [[date(2020, 6, 18), "#N/A"]]


def test_a_workbook_part_under_another_name_is_found(export):
    export.write_bytes(workbook_bytes(NUMBERED, workbook="workbook2.xml"))

    assert rows_of(export) == [[1]]


def test_text_in_a_cdata_section_is_not_lost(export):
    export.write_bytes(
        workbook_bytes('<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[O\'Neil & Co_x000D_]]></t></is></c></row>')
    )

    assert rows_of(export) == [["O'Neil & Co\r"]]


def test_a_date_cell_beyond_all_dates_does_not_cost_the_file(export):
    export.write_bytes(workbook_bytes('<row r="1"><c r="A1" s="1"><v>-1e300</v></c><c r="B1"><v>2</v></c></row>'))

    assert rows_of(export) == [["#VALUE!", 2]]


def test_hidden_sheets_are_read_in_order_and_charts_passed_over(export):
    with xlsxwriter.Workbook(str(export)) as book:
        for name in ("Hidden", "Shown", "Very hidden"):
            book.add_worksheet(name).write("A1", 1)
        book.get_worksheet_by_name("Hidden").hide()
        book.get_worksheet_by_name("Very hidden").very_hidden()
        book.get_worksheet_by_name("Shown").activate()
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Shown!$A$1:$A$1"})
        book.add_chartsheet("Chart").set_chart(chart)

    assert [sheet.name for sheet in sheets_of(export)] == ["Hidden", "Shown", "Very hidden"]


def test_a_configured_sheet_is_found_in_any_case_and_alone(export):
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.create_sheet("Members")["A1"] = "x"
    book.save(export)

    assert [sheet.name for sheet in sheets_of(export, sheet=" members")] == ["Members"]


def test_a_configured_sheet_that_is_missing_is_refused_with_the_sheets_found(export):
    openpyxl.Workbook().save(export)

    error = refusal(export, sheet="Members")

    assert error.reason == "missing_sheet"
    assert str(error) == (
        "memberships.xlsx: no sheet 'Members'. Found: Sheet. If the sheet was renamed, update its name in "
        "config/exports/*.toml."
    )


def test_a_sheet_is_read_when_it_is_asked_for(export):
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.create_sheet("Second")
    book.save(export)

    sheets = read_sheets(export, known_headers=frozenset())

    assert next(sheets).rows == [["x"]]
    sheets.close()


def test_an_empty_sheet_has_no_rows(export):
    openpyxl.Workbook().save(export)

    assert rows_of(export) == []


def test_the_name_of_a_workbook_says_nothing(tmp_path):
    for name in ("export.csv", "export.xls", "export.ods", "export", "export.xlsm"):
        path = tmp_path / name
        path.write_bytes(workbook_bytes('<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>'))
        assert rows_of(path) == [["#N/A"]]


def test_a_lying_dimension_neither_hides_nor_invents_cells(export):
    parts = workbook_parts(NUMBERED)
    for stated in ("A1:XFD1048576", "A1"):
        for cdata in ("", "<![CDATA[]]>"):  # which sends it to openpyxl
            sheet = parts["xl/worksheets/sheet1.xml"].replace(
                "<sheetData>", f'{cdata}<dimension ref="{stated}"/><sheetData>'
            )
            sheet = sheet.replace("</row>", '<c r="C1"><v>3</v></c></row>')
            export.write_bytes(zip_of({**parts, "xl/worksheets/sheet1.xml": sheet}))
            assert rows_of(export) == [[1.0, None, 3.0]]


def test_cells_with_only_a_style_take_no_room(export):
    styled = "".join(f'<row r="{row}"><c r="ZZ{row}" s="1"/></row>' for row in (2, 1_048_576))
    export.write_bytes(workbook_bytes(NUMBERED + styled))

    assert rows_of(export, limits=ReadLimits(max_cells=1000)) == [[1.0]]


def test_a_wide_sheet_is_measured_exactly_before_it_is_refused(export):
    cells = "".join(f'<c r="{openpyxl.utils.get_column_letter(column)}1"><v>1</v></c>' for column in range(1, 101))
    export.write_bytes(workbook_bytes(f'<row r="1">{cells}</row><row r="2"><c r="A2"><v>1</v></c></row>'))

    assert len(rows_of(export, limits=ReadLimits(max_cells=200))) == 2
    assert refusal(export, limits=ReadLimits(max_cells=199)).reason == "too_large"


def test_half_a_character_is_replaced_and_two_halves_are_one(export):
    """openpyxl reads what stands in CDATA sections; UTF-8 has no lone surrogates."""
    texts = "".join(
        f'<c r="{column}1" t="inlineStr"><is><t><![CDATA[{text}]]></t></is></c>'
        for column, text in (("A", "a_xD800_b"), ("B", "_xD83D__xDE00_"))
    )
    export.write_bytes(workbook_bytes(f'<row r="1">{texts}</row>'))

    assert rows_of(export) == [["a\ufffdb", "\U0001f600"]]
