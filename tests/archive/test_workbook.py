"""The workbook holds what the report says, typed and formatted, whichever library writes it; nothing in it runs."""

import re
import stat
import string
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldpan.model import Action, CellError, Change, Outcome, Verdict
from goldpan.report import Column, Sending, Table, report_tables
from sync.archive.workbook import write_workbook
from tests.builders import default_config, memberships, orders, refined

# openpyxl says that it can't keep the part of a data bar that Excel 2010 added.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning:openpyxl")

WRITERS = ("rustpy", "xlsxwriter")
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "https://x.org", "mailto:a@x.org"]
DAY = {"Created Date": date(2026, 1, 1), "Expiration Date": date(2026, 12, 31)}


@pytest.fixture(params=WRITERS)
def writer(request):
    return request.param


def table(name: str = "Things", **columns: list) -> Table:
    frame = pd.DataFrame({header: pd.Series(cells, dtype=object) for header, cells in columns.items()})
    return Table(name, tuple(Column(header, "any") for header in columns), frame)


def written(tmp_path: Path, writer: str, *tables: Table, **options) -> openpyxl.Workbook:
    path = tmp_path / f"{writer}.xlsx"
    write_workbook(path, tables, writer=writer, **options)
    assert_sound(path)
    return openpyxl.load_workbook(path)


def assert_sound(path: Path) -> None:
    """Every part is XML, every row and cell stands once and in order, and nothing is a formula or a link."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            assert "externalLink" not in name
            if not name.startswith("xl/worksheets/sheet"):
                continue
            xml = archive.read(name).decode()
            numbers = [int(number) for number in re.findall(r'<row r="(\d+)"', xml)]
            assert numbers == sorted(set(numbers)), name
            assert not [cell for cell, times in Counter(re.findall(r'<c r="(\w+)"', xml)).items() if times > 1]
            assert "<f>" not in xml
            assert "<f " not in xml
            assert "<hyperlink" not in xml


def decoded(value):
    """A text as Excel shows it: openpyxl leaves its escapes of control characters as they stand."""
    if not isinstance(value, str):
        return value
    return re.sub(r"_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), value)


def full_report() -> tuple[Table, ...]:
    members = memberships(
        DAY | {"Cust ID": "00121", "Customer Name": "=HYPERLINK(1)", "Contact Email": "jane@x.org"},
        DAY | {"Cust ID": "00121", "Customer Name": "Jane", "Contact Email": "jane@x.org", "Notes": CellError("#N/A")},
        {"Cust ID": 7, "Customer Name": "Bo", "Contact Email": "nobody", "Expiration Date": date(2026, 11, 1)},
    )
    bought = orders({"SAP ID": 121, "Total Value": 1000.01}, {"SAP ID": 9, "Total Value": 12.5})
    change = Change("jane@x.org", Action.CREATE, {"customer_id": ""}, {"customer_id": "00121"})
    outcome = Outcome("jane@x.org", Verdict.REFUSED, reason="INVALID_EMAIL")
    sending = Sending([change], {"jane@x.org": outcome}, {"refused": 1, "unsendable": 1})
    return report_tables(members, bought, refined(members, bought), default_config(), sending=sending)


# --- the report as a workbook -----------------------------------------------------------------------------------------


def test_the_report_is_six_sheets_with_the_rows_of_the_tables(tmp_path, writer):
    tables = full_report()

    workbook = written(tmp_path, writer, *tables)

    assert workbook.sheetnames == [each.name for each in tables]
    assert workbook.active.title == "Summary"
    for each in tables[1:]:
        sheet = workbook[each.name]
        assert [cell.value for cell in sheet[1]] == list(each.frame.columns)
        assert sheet.max_row == len(each.frame) + 1


def test_contacts_are_typed_and_formatted_cells(tmp_path, writer):
    sheet = written(tmp_path, writer, *full_report())["Contacts"]

    cells = {sheet.cell(1, cell.column).value: cell for cell in sheet[3]}

    assert sheet["A2"].value == 7
    assert [cells[header].value for header in ("Cust ID", "Customer Name", "Contact Email (as sent)")] == [
        "00121", "Jane", "jane@x.org",
    ]  # fmt: skip
    assert cells["Created Date"].value == cells["Member Since"].value == datetime.fromisoformat("2026-01-01")
    assert cells["Created Date"].number_format == cells["Member Since"].number_format == "yyyy-mm-dd"
    assert cells["Total Order Value"].value == 1000.01
    assert cells["Total Order Value"].number_format == "#,##0.00"
    assert cells["Renewals"].value == 1
    assert cells["High-Value Customer (True)"].value is True
    assert cells["High-Value Customer (False)"].value is False


def test_sheets_have_a_bold_frozen_header_with_filters_and_fitting_widths(tmp_path, writer):
    workbook = written(tmp_path, writer, *full_report())

    sheet = workbook["Contacts"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == sheet.dimensions
    for header in sheet[1]:
        assert header.font.b
        assert header.fill.fgColor.rgb == "FF1F3864"
    for name in workbook.sheetnames:
        widths = [dimension.width for dimension in workbook[name].column_dimensions.values()]
        assert widths
        assert all(8 <= width <= 102 for width in widths)
    assert workbook["Changes"].freeze_panes == "B2"


def test_the_summary_reads_as_sections_with_numbers_and_bars(tmp_path, writer):
    sheet = written(tmp_path, writer, *full_report())["Summary"]

    lines = {row[0].value: row for row in sheet.iter_rows(min_row=2) if row[0].value}

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref is None
    assert lines["Money (share of all orders)"][0].font.b
    assert lines["As of"][1].value == datetime.fromisoformat("2026-11-20")
    assert (lines["Contacts"][1].value, lines["Contacts"][1].number_format) == (2, "#,##0")
    assert (lines["All orders"][1].value, lines["All orders"][1].number_format) == (1012.51, "#,##0.00")
    assert (lines["Can be sent"][2].value, lines["Can be sent"][2].number_format) == (0.5, "0.0%")
    rules = [rule for each in sheet.conditional_formatting for rule in each.rules]
    assert [rule.type for rule in rules] == ["dataBar"]


def test_categories_are_coloured(tmp_path, writer):
    sheet = written(tmp_path, writer, *full_report())["Contacts"]

    texts = {rule.text for each in sheet.conditional_formatting for rule in each.rules}

    assert texts == {"Expired", "Expiring Soon", "Active"}


def test_both_libraries_write_the_same_cells_and_looks(tmp_path):
    first, second = (written(tmp_path, writer, *full_report()) for writer in WRITERS)

    for one, other in zip(first.worksheets, second.worksheets, strict=True):
        assert one.title == other.title
        assert (one.freeze_panes, one.auto_filter.ref) == (other.freeze_panes, other.auto_filter.ref)
        assert looks(one) == looks(other)
        assert widths(one) == widths(other)


def looks(sheet):
    return [
        (cell.coordinate, as_excel_shows(cell.value), cell.number_format, cell.font.b, cell.font.sz,
         cell.alignment.horizontal, cell.fill.fgColor.rgb)
        for row in sheet.iter_rows() for cell in row if cell.value is not None
    ]  # fmt: skip


def as_excel_shows(value):
    """Excel reads 15 digits of a number; xlsxwriter writes 16, rustpy-xlsxwriter all."""
    return f"{value:.15g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


def widths(sheet):
    return {letter: round(dimension.width) for letter, dimension in sheet.column_dimensions.items()}


def test_the_same_report_gives_the_same_cells_again(tmp_path, writer):
    path = tmp_path / f"{writer}.xlsx"
    parts = []
    for _ in range(2):
        write_workbook(path, full_report(), writer=writer)
        with zipfile.ZipFile(path) as archive:
            parts.append({name: archive.read(name) for name in archive.namelist() if name.startswith("xl/")})

    assert parts[0] == parts[1]


# --- any cell ---------------------------------------------------------------------------------------------------------


def test_text_that_looks_like_a_formula_is_text(tmp_path, writer):
    sheet = written(tmp_path, writer, table(Plain=DANGEROUS, Mixed=[*DANGEROUS[:-1], 1]))["Things"]

    assert [decoded(cell.value) for cell in sheet["A"][1:]] == DANGEROUS
    assert [decoded(cell.value) for cell in sheet["B"][1:]] == [*DANGEROUS[:-1], 1]
    assert {cell.data_type for cell in sheet["A"]} == {"s"} or {cell.data_type for cell in sheet["A"]} == {"inlineStr"}


def test_a_header_that_looks_like_a_formula_is_text(tmp_path, writer):
    sheet = written(tmp_path, writer, table(**{"=1+1": ["x"], "@y": [1]}))["Things"]

    assert [cell.value for cell in sheet[1]] == ["=1+1", "@y"]


def test_ids_keep_their_zeros_and_excel_is_told_that_it_is_meant(tmp_path, writer):
    sheet = written(tmp_path, writer, table(Id=["00121", "7"]))["Things"]

    assert [cell.value for cell in sheet["A"][1:]] == ["00121", "7"]
    with zipfile.ZipFile(tmp_path / f"{writer}.xlsx") as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert '<ignoredError sqref="A2:A3" numberStoredAsText="1"/>' in xml


def test_cells_of_several_types_in_one_column_keep_them(tmp_path, writer):
    numbers = ["text", 5, 2.5, True, None, CellError("#N/A"), Decimal("1.25")]
    dates = ["soon", date(2026, 1, 2), True, date(2026, 1, 3), None, CellError("#N/A"), "x"]
    moments = ["soon", date(2026, 1, 2), datetime.fromisoformat("2026-01-02T03:04"), None, "", None, None]

    sheet = written(tmp_path, writer, table(Numbers=numbers, Dates=dates, Moments=moments))["Things"]

    second, third = datetime.fromisoformat("2026-01-02"), datetime.fromisoformat("2026-01-03")
    assert [cell.value for cell in sheet["A"][1:]] == ["text", 5, 2.5, True, None, "#N/A", 1.25]
    assert [cell.value for cell in sheet["B"][1:]] == ["soon", second, True, third, None, "#N/A", "x"]
    assert [cell.value for cell in sheet["C"][1:4]] == ["soon", second, moments[2]]
    assert (sheet["B3"].number_format, sheet["C3"].number_format) == ("yyyy-mm-dd", "yyyy-mm-dd hh:mm")


def test_rows_of_several_types_keep_them_however_many_they_are(tmp_path, writer):
    mixed, texts = [1.5, "x", None, True] * 1300, ["a", None, "=1", ""] * 1300

    sheet = written(tmp_path, writer, table(Mixed=mixed, Text=texts, Number=[*map(float, range(5200))]))["Things"]

    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [*row, number] for number, row in enumerate(zip(mixed, ["a", None, "=1", None] * 1300, strict=True))
    ]


def test_numbers_among_dates_never_look_like_dates(tmp_path, writer):
    """Of the two, the dates become text."""
    sheet = written(tmp_path, writer, table(Any=[date(2026, 1, 2), 7, 45_000.5]))["Things"]

    assert [cell.value for cell in sheet["A"][1:]] == ["2026-01-02", 7, 45_000.5]


def test_a_column_of_moments_shows_the_time_of_day(tmp_path, writer):
    sheet = written(tmp_path, writer, table(At=[datetime.fromisoformat("2026-01-02T03:04"), None]))["Things"]

    assert sheet["A2"].number_format == "yyyy-mm-dd hh:mm"


def test_characters_that_xml_lacks_harm_nothing(tmp_path, writer):
    texts = ["a\x00b", "\x0b", "\x1f", "\ufffe", "_x0041_", "  outer  ", "line\nbreak", "😀", "é" * 32_767]

    sheet = written(tmp_path, writer, table(Text=texts))["Things"]

    assert [decoded(cell.value) for cell in sheet["A"][1:]] == texts


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates(), st.datetimes(), st.times(),
    st.timedeltas(), st.decimals(allow_nan=False), st.text(alphabet="=+-@\t\r" + string.printable, max_size=8),
    st.characters(categories=["Cs", "Cc"]).map(lambda text: f"x{text}y"),
)  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
@given(columns=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cell_whatever_it_holds_makes_a_file_that_runs_or_fails(tmp_path, writer, columns):
    workbook = written(tmp_path, writer, table(**{f"c{number}": cells for number, cells in enumerate(columns)}))

    for number, cells in enumerate(columns, 1):
        for row, cell in enumerate(cells, 2):
            if isinstance(cell, str) and cell.isascii() and cell.isprintable() and cell:
                assert decoded(workbook["Things"].cell(row, number).value) == decoded(cell)


# --- the file ---------------------------------------------------------------------------------------------------------


def test_a_table_without_rows_keeps_its_header(tmp_path, writer):
    tables = [each for each in full_report() if not each.is_sectioned]
    empty = [Table(each.name, each.columns, each.frame.iloc[:0], each.frozen) for each in tables]

    workbook = written(tmp_path, writer, *empty)

    for each in empty:
        assert [cell.value for cell in workbook[each.name][1]] == list(each.frame.columns)
        assert workbook[each.name].max_row == 1


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(tmp_path, writer):
    workbook = written(tmp_path, writer, table("Contacts", N=list(range(7))), table("Other", N=[1]), rows_per_sheet=3)

    assert workbook.sheetnames == ["Contacts", "Contacts (2)", "Contacts (3)", "Other"]
    assert [[cell.value for cell in sheet["A"]] for sheet in workbook.worksheets] == [
        ["N", 0, 1, 2], ["N", 3, 4, 5], ["N", 6], ["N", 1],
    ]  # fmt: skip


def test_without_a_choice_the_installed_library_writes(tmp_path):
    write_workbook(tmp_path / "analysis.xlsx", full_report())

    assert_sound(tmp_path / "analysis.xlsx")


def test_only_the_owner_may_read_it_and_nothing_else_is_left(tmp_path, writer):
    path = tmp_path / "analysis.xlsx"
    path.write_text("yesterday's")
    path.chmod(0o644)

    write_workbook(path, full_report(), writer=writer)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert_sound(path)


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path, writer):
    path = tmp_path / "analysis.xlsx"
    path.write_text("yesterday's")

    with pytest.raises(Exception, match=r"(?i)sheet"):
        write_workbook(path, [table("no:such[name]", A=[1])], writer=writer)

    assert path.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_told_as_such(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_workbook(tmp_path / "nowhere" / "analysis.xlsx", full_report())


FULL_DISK = """
import resource, sys
from pathlib import Path
import pandas as pd
import rustpy_xlsxwriter
from goldpan.report import Column, Table
from sync.archive.workbook import write_workbook

rows = pd.DataFrame({"A": ["x" * 50] * 20_000}, dtype="str")
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    write_workbook(Path(sys.argv[1]), [Table("T", (Column("A"),), rows)])
except OSError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limit there")
def test_a_disk_that_is_full_is_told_as_such_and_leaves_nothing(tmp_path):
    """The library panics then, with an exception that would end the service."""
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path / "a.xlsx"], capture_output=True, text=True, check=True
    )

    assert "is there room?" in said.stdout
    assert list(tmp_path.iterdir()) == []
