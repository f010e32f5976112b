"""Files that are refused: each with its reason, and a message that says what, where and what to do."""

import errno
import io
import os
import struct
import zipfile

import pytest

from goldpan.errors import DataError
from sync.readers import ReadLimits
from sync.readers.opening import file_access, library_errors
from tests.readers.builders import refusal, rows_of, workbook_bytes, workbook_parts, zip_of

ONE_CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'
MB = 2**20


@pytest.fixture
def export(tmp_path):
    return tmp_path / "memberships.xlsx"


def test_a_missing_file_is_named_with_its_folder(export):
    error = refusal(export)

    assert error.reason == "missing_file"
    assert str(export.parent) in str(error)


def test_a_folder_a_pipe_and_a_device_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    (tmp_path / "folder.csv").mkdir()

    found = [refusal(tmp_path / name) for name in ("pipe.csv", "zero.csv", "folder.csv")]

    assert {error.reason for error in found} == {"unreadable_file"}
    assert [str(error).split(", expected")[0] for error in found] == [
        "pipe.csv: this is a pipe",
        "zero.csv: this is a device",
        "folder.csv: this is a folder",
    ]


def test_a_file_without_permission_says_who_needs_it(export):
    with pytest.raises(DataError) as caught, file_access(export):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))  # root, who may run this, can read everything

    assert caught.value.reason == "unreadable_file"
    assert "memberships.xlsx: the file in" in str(caught.value)
    assert "Permission denied" in str(caught.value)


def test_stopping_the_program_is_no_damage_of_the_file(export):
    with pytest.raises(KeyboardInterrupt), library_errors(export):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "data", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b"\xff\xfe", b"\xff\xfe \x00\n\x00"]
)
def test_a_file_of_nothing_is_an_empty_export(export, data):
    export.write_bytes(data)

    assert refusal(export).reason == "empty_export"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7\n1 0 obj", "a PDF document"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\r\n<!DOCTYPE html>\n<html><table>", "a web page (HTML)"),
        ("<html><body>".encode("utf-16"), "a web page (HTML)"),
        (b"<!-- made by SAP --><table><tr>", "a web page (HTML)"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "an XML file"),
        (b'{"status":"error"}', "JSON"),
        (b"{\\rtf1\\ansi", "a rich text (RTF) document"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"7z\xbc\xaf\x27\x1c\x00", "a 7-Zip archive"),
        (b"PARE\x15\x04", "an encrypted Parquet file"),
        (bytes(range(32)) * 40, "binary data"),
        (zip_of({"word/document.xml": "<w/>"}), "a Word document"),
        (zip_of({"ppt/presentation.xml": "<p/>"}), "a PowerPoint presentation"),
        (zip_of({"xl/workbook.bin": b"\x83"}), "a binary Excel workbook (.xlsb)"),
        (zip_of({"mimetype": "x", "content.xml": "<o/>"}), "an OpenDocument file (such as .ods)"),
        (zip_of({"Index/Document.iwa": b"x"}), "an Apple iWork file"),
        (zip_of({"orders.xlsx": workbook_bytes(ONE_CELL)}), "a zip archive of other files"),
        (zip_of({}), "a zip archive of other files"),
    ],
)
def test_another_format_under_a_right_name_is_called_what_it_is(export, data, name):
    export.write_bytes(data)

    error = refusal(export)

    assert error.reason == "wrong_format"
    assert f"memberships.xlsx: this looks like {name}" in str(error)
    assert "expected an Excel workbook (.xlsx, .xlsm, .xls), a text table (.csv) or a Parquet table (.parquet)" in str(
        error
    )


def test_a_file_beyond_the_size_limit_names_the_setting(export):
    export.write_bytes(b"a" * (2 * MB + 1))

    error = refusal(export, limits=ReadLimits(max_file_bytes=2 * MB))

    assert error.reason == "too_large"
    assert "the limit is 2.0 MB" in str(error)
    assert "[limits] max_file_mb in goldpan.toml" in str(error)


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/media/image1.png", "xl/worksheets/sheet1.xml"])
def test_a_zip_bomb_is_stopped_while_it_unpacks(export, part):
    bomb = b"<a>" + b" " * (40 * MB) + b"</a>" if part.endswith("xml") else b"\x00" * (40 * MB)
    export.write_bytes(zip_of({**workbook_parts(ONE_CELL), part: bomb}))
    assert export.stat().st_size < MB

    error = refusal(export, limits=ReadLimits(max_unpacked_bytes=16 * MB))

    assert error.reason == "too_large"
    assert "unpacks to more than 16 MB" in str(error)
    assert "[limits] max_unpacked_mb in goldpan.toml" in str(error)


def test_a_zip_bomb_that_states_a_small_size_is_not_believed(export):
    data = zip_of({**workbook_parts(ONE_CELL), "xl/sharedStrings.xml": b"<a>" + b" " * (20 * MB) + b"</a>"})
    export.write_bytes(data.replace(struct.pack("<L", 20 * MB + 7), struct.pack("<L", 100)))

    assert refusal(export).reason == "corrupt_file"
    assert refusal(export, limits=ReadLimits(max_unpacked_bytes=4 * MB)).reason == "too_large"


@pytest.mark.parametrize(
    "rows",
    [
        ONE_CELL + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        ONE_CELL + '<row r="1048576"><c r="ZZ1048576"><v>1</v></c></row>',
        '<row r="1"><c r="XFD1"><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>',
        "<row r='1048576'><c r = 'xfd1048576'><v>1</v></c></row><row r='1'><c r='A1'><v>1</v></c></row>",
        '<x:row xmlns:x="u" r="1048576"><x:c x=">" r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
    ],
    ids=["stray", "stray in plain columns", "row by its tag", "other spelling", "other prefix"],
)
def test_a_stray_cell_at_the_end_of_the_sheet_is_stopped_before_it_takes_the_memory(export, rows):
    export.write_bytes(workbook_bytes(rows))

    error = refusal(export)

    assert error.reason == "too_large"
    assert "1,048,576 rows × " in str(error)
    assert "[limits] max_cells in goldpan.toml" in str(error)


@pytest.mark.parametrize(
    "rows",
    [
        "<row r='1'><c r='AAAAAAAAAAAAAAAAAAAAA1'><v>1</v></c></row>",
        "<row r='1'><c r='XFE1'><v>1</v></c></row>",
        "<row r='1'><c r='A1048577'><v>1</v></c></row>",
        '<row r="1"><c r="A1049999"><v>1</v></c></row>' + '<row r="1"><c r="A9999999"><v>1</v></c></row>',
        "<row r='99999999999'><c><v>1</v></c></row>",
        '<row r="1"><c r="A1" r="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c r="$A$1"><v>1</v></c></row>',
        '<row r="1"><c r="A0"><v>1</v></c></row>',
        '<row r="0"><c r="A1"><v>1</v></c></row>',
        "<row r='1'>" + "<c/>" * 16_385 + "</row>",
    ],
)
def test_a_cell_outside_of_every_worksheet_is_damage(export, rows):
    export.write_bytes(workbook_bytes(rows))

    assert refusal(export).reason == "corrupt_file"


@pytest.mark.parametrize("place", ["A00000", "A9999999", "XFE20000", "$A$20000"])
def test_a_cell_outside_of_every_worksheet_is_damage_late_in_a_long_sheet_too(export, place):
    rows = [f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in range(1, 40_000)]
    rows[35_000] = f'<row r="35001"><c r="{place}"><v>1</v></c></row>'
    export.write_bytes(workbook_bytes("".join(rows)))

    assert refusal(export).reason == "corrupt_file"


def test_more_cells_than_the_limit_are_refused_even_in_one_place(export):
    export.write_bytes(workbook_bytes('<row r="1">' + '<c r="A1"><v>1</v></c>' * 31 + "</row>"))

    assert refusal(export, limits=ReadLimits(max_cells=30)).reason == "too_large"
    assert rows_of(export, limits=ReadLimits(max_cells=31))


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"]
)
def test_a_document_type_is_refused_in_any_part(export, part):
    laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    parts = workbook_parts(ONE_CELL)
    export.write_bytes(zip_of({**parts, part: laughs + parts.get(part, "<sst/>")}))

    error = refusal(export)

    assert error.reason == "corrupt_file"
    assert "declares a document type" in str(error)


def test_a_part_in_utf_16_cannot_hide_anything(export):
    hidden = workbook_parts('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')["xl/worksheets/sheet1.xml"]
    export.write_bytes(zip_of({**workbook_parts(ONE_CELL), "xl/worksheets/sheet1.xml": hidden.encode("utf-16")}))

    assert refusal(export).reason == "corrupt_file"


def test_a_tag_without_an_end_does_not_fill_the_memory(export):
    endless = b"<worksheet " + b"x" * (3 * MB)
    export.write_bytes(zip_of({**workbook_parts(ONE_CELL), "xl/worksheets/sheet1.xml": endless}))

    assert refusal(export).reason == "corrupt_file"


def test_a_long_text_is_no_endless_tag(export):
    export.write_bytes(workbook_bytes(f'<row r="1"><c r="A1" t="str"><v>{"x" * (3 * MB)}</v></c></row>'))

    assert rows_of(export) == [["x" * (3 * MB)]]


def test_a_truncated_workbook_is_called_damaged(export):
    data = workbook_bytes(ONE_CELL)
    export.write_bytes(data[: len(data) // 2])

    error = refusal(export)

    assert error.reason == "corrupt_file"
    assert "Export or copy it again" in str(error)


def test_a_workbook_whose_parts_are_encrypted_is_password_protected(export):
    data = bytearray(workbook_bytes(ONE_CELL))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.start_dir
    data[start + 8] |= 1  # the first part's general purpose flag

    export.write_bytes(data)

    assert refusal(export).reason == "password_protected"


def test_parts_packed_in_another_way_are_refused(export):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in workbook_parts(ONE_CELL).items():
            archive.writestr(name, content)
    export.write_bytes(file.getvalue())

    assert refusal(export).reason == "corrupt_file"


def test_stored_parts_read_like_packed_ones(export):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in workbook_parts(ONE_CELL).items():
            archive.writestr(name, content)
    export.write_bytes(file.getvalue())

    assert rows_of(export) == [[1.0]]


def test_a_workbook_without_worksheets_is_an_empty_export(export):
    parts = workbook_parts(ONE_CELL)
    workbook = parts["xl/workbook.xml"]
    parts["xl/workbook.xml"] = workbook[: workbook.index("<sheets>")] + "<sheets/></workbook>"
    export.write_bytes(zip_of(parts))

    assert refusal(export).reason == "empty_export"


def test_a_sheet_that_the_workbook_lists_and_does_not_have_is_damage(export):
    parts = workbook_parts(ONE_CELL)
    del parts["xl/worksheets/sheet1.xml"]
    export.write_bytes(zip_of(parts))

    error = refusal(export)

    assert error.reason == "corrupt_file"
    assert "it lists the sheet 'Members' and does not hold it" in str(error)
