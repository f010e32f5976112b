"""Whatever the bytes: sheets come out, or a DataError; nothing else, and never a hang."""

import io
from pathlib import Path

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldpan.errors import DataError
from sync.readers import ReadLimits, read_sheets
from sync.readers.text import DELIMITERS
from tests.readers.builders import moment, rows_of, workbook_bytes, workbook_parts, zip_of

LIMITS = ReadLimits(max_file_bytes=2**22, max_unpacked_bytes=2**24, max_cells=200_000)
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    for row in range(30):
        book.active.append([f"{row:05d}", row / 7, moment(2025, 3, 14), "=1/0", None, "x@example.com"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Orders")
    for row in range(30):
        for column, value in enumerate((f"{row:05d}", row / 7, moment(2025, 3, 14), True)):
            sheet.write(row, column, value)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


SAMPLES = {
    "xlsx": _xlsx(),
    "xls": _xls(),
    "csv": b'SAP ID;Total Value\n00121;"1,5"\n2;"x\ny"\n' * 5,
    "utf-16": "SAP ID,Name\n00121,Jürgen\n".encode("utf-16"),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "export.bin"


def read_or_refuse(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        sheets = list(read_sheets(path, known_headers=frozenset({"sap id"}), limits=LIMITS))
    except DataError as error:
        message = str(error)
    else:
        message = ", ".join(f"{path.name}: {len(sheet.rows)} rows" for sheet in sheets)
    assert path.name in message


@FEW
@given(
    data=st.binary(max_size=600),
    start=st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x09\x04\x06\x00"]),
)
def test_any_bytes_are_read_or_refused(path, data, start):
    read_or_refuse(path, start + data)


@FEW
@given(kind=st.sampled_from(sorted(SAMPLES)), share=st.floats(0, 1))
def test_any_truncation_is_read_or_refused(path, kind, share):
    data = SAMPLES[kind]
    read_or_refuse(path, data[: int(len(data) * share)])


@settings(FEW, max_examples=400)
@given(
    kind=st.sampled_from(sorted(SAMPLES)),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), min_size=1, max_size=8),
)
def test_any_flipped_bits_are_read_or_refused(path, kind, flips):
    data = bytearray(SAMPLES[kind])
    for share, bit in flips:
        data[int((len(data) - 1) * share)] ^= 1 << bit
    read_or_refuse(path, bytes(data))


@settings(FEW, max_examples=300)
@given(
    part=st.sampled_from(sorted(workbook_parts(""))),
    cut=st.floats(0, 1),
    insert=st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [
                b"<c r='XFD1048576'>",
                b"<row r='1048576'/>",
                b't="e"',
                b"<c t='e'><v>#N/A</v></c>",
                b"<v>1e999</v>",
                b">",
                b'"',
            ]
        ),
    ),
)
def test_any_damage_inside_a_part_is_read_or_refused(path, part, cut, insert):
    """The zip itself is sound here, so the damage reaches the XML readers."""
    parts = {
        name: text.encode()
        for name, text in workbook_parts(
            '<row r="1"><c r="A1" s="1"><v>45000</v></c><c r="B1" t="e"><v>#N/A</v></c></row>'
            '<row r="2"><c r="A2"><v>1</v></c></row>'
        ).items()
    }
    at = int(len(parts[part]) * cut)
    read_or_refuse(path, zip_of({**parts, part: parts[part][:at] + insert + parts[part][at:]}))


CELLS = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\r\n\t"), max_size=8)


@FEW
@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=6),
    delimiter=st.sampled_from(DELIMITERS),
)
def test_quoted_text_comes_back_as_it_was_written(path, rows, delimiter):
    lines = [["sap id", "name"], *rows]
    text = "\r\n".join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in lines)
    path.write_bytes(text.encode())

    got = rows_of(path, known_headers=frozenset({"sap id", "name"}))

    assert got == [[cell or None for cell in row] for row in lines]


@FEW
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 40), st.integers(1, 60)), st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=12
    )
)
def test_every_cell_of_a_sparse_sheet_lies_where_excel_shows_it(path, cells):
    letters = openpyxl.utils.get_column_letter
    rows = "".join(
        f'<row r="{row}"><c r="{letters(column)}{row}"><v>{value!r}</v></c></row>'
        for (row, column), value in cells.items()
    )
    path.write_bytes(workbook_bytes(rows))

    got = rows_of(path)

    assert {(r, c): v for r, row in enumerate(got, 1) for c, v in enumerate(row, 1) if v is not None} == cells
