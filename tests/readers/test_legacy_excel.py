"""Old workbooks (.xls)."""

import io
from datetime import date, time

import pytest
import xlwt

from goldpan.model import CellError
from sync.readers import ReadLimits
from tests.readers.builders import legacy_bytes, moment, refusal, rename_stream, rows_of, sheets_of

NOT_AVAILABLE = 0x2A


@pytest.fixture
def export(tmp_path):
    return tmp_path / "orders.xls"


def test_cells_come_with_the_types_they_have_in_excel(export):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Orders")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm")
    for column, value in enumerate(("00121", 12.5, True, "", "ü")):
        sheet.write(2, column + 1, value)
    for column, value in enumerate((moment(2025, 3, 14), moment(2025, 3, 14, 9, 30), 0.25, -5, 1e9)):
        sheet.write(3, column, value, day)
    sheet.row(4).set_cell_error(0, NOT_AVAILABLE)
    sheet.write(4, 1, "#N/A")
    book.save(str(export))

    rows = rows_of(export)

    assert rows == [
        [],
        [],
        [None, "00121", 12.5, True, None, "ü"],
        [date(2025, 3, 14), moment(2025, 3, 14, 9, 30), time(6), -5.0, 1e9],
        ["#N/A", "#N/A"],
    ]
    assert [type(cell) for cell in rows[4]] == [CellError, str]


def test_the_1904_epoch_is_followed_and_stated(export):
    book = xlwt.Workbook()
    book.dates_1904 = True
    book.add_sheet("Orders").write(0, 0, 44000, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    book.save(str(export))

    (sheet,) = sheets_of(export)

    assert sheet.epoch_1904
    assert sheet.rows == [[date(2024, 6, 19)]]


def test_hidden_sheets_are_read_in_order(export):
    book = xlwt.Workbook()
    for name in ("First", "Second"):
        book.add_sheet(name).write(0, 0, name)
    book.get_sheet(0).visibility = 1
    book.save(str(export))

    assert [(sheet.name, sheet.rows) for sheet in sheets_of(export)] == [
        ("First", [["First"]]),
        ("Second", [["Second"]]),
    ]
    assert [sheet.name for sheet in sheets_of(export, sheet="second")] == ["Second"]
    assert refusal(export, sheet="Third").reason == "missing_sheet"


def test_the_name_of_an_old_workbook_says_nothing(tmp_path):
    path = tmp_path / "export.xlsx"
    path.write_bytes(legacy_bytes(("x",)))

    assert rows_of(path) == [["x"]]


def test_a_workbook_of_excel_4_needs_no_container(export):
    cell = b"\x04\x02\x0b\x00" + b"\x00\x00\x00\x00\x00\x00\x03\x00abc"  # LABEL: row, column, format, length, text
    export.write_bytes(b"\x09\x04\x06\x00\x00\x00\x10\x00\x00\x00" + cell + b"\x0a\x00\x00\x00")

    assert rows_of(export) == [["abc"]]


def test_an_encrypted_old_workbook_is_called_password_protected(export):
    plain = legacy_bytes(("x",))
    after_bof = 512 + 4 + 16
    export.write_bytes(plain[:after_bof] + b"\x2f\x00" + plain[after_bof + 2 :])  # FILEPASS

    error = refusal(export)

    assert error.reason == "password_protected"
    assert "password-protected" in str(error)


def test_an_encrypted_new_workbook_is_called_password_protected(tmp_path):
    path = tmp_path / "memberships.xlsx"
    path.write_bytes(rename_stream(legacy_bytes(("x",)), "Workbook", "EncryptedPackage"))

    assert refusal(path).reason == "password_protected"


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        ("WordDocument", "a Word document"),
        ("PowerPoint Document", "a PowerPoint"),
        ("Other", "an Office file of another"),
    ],
)
def test_another_office_file_is_called_what_it_is(export, stream, name):
    export.write_bytes(rename_stream(legacy_bytes(("x",)), "Workbook", stream))

    error = refusal(export)

    assert error.reason == "wrong_format"
    assert name in str(error)


def test_too_many_cells_name_the_setting(export):
    export.write_bytes(legacy_bytes(*[tuple("abcdef")] * 5))

    error = refusal(export, limits=ReadLimits(max_cells=29))

    assert error.reason == "too_large"
    assert "[limits] max_cells in goldpan.toml" in str(error)


def test_a_truncated_old_workbook_is_called_damaged(export):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Orders")
    for row in range(500):
        sheet.write(row, 0, f"customer {row}")
    file = io.BytesIO()
    book.save(file)
    export.write_bytes(file.getvalue()[:3000])

    assert refusal(export).reason == "corrupt_file"
