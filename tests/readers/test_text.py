"""Text tables (.csv): delimiters, encodings, quotes and row numbers."""

import pytest

from sync.readers import ReadLimits
from tests.readers.builders import refusal, rows_of, sheets_of

HEADERS = frozenset({"sap id", "total value", "customer name"})


@pytest.fixture
def export(tmp_path):
    return tmp_path / "orders.csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_told_by_the_headers(export, delimiter):
    export.write_text(f"SAP ID{delimiter}\u00a0total  value\n00121{delimiter}a b", encoding="utf-8")

    assert rows_of(export, known_headers=HEADERS) == [["SAP ID", "\u00a0total  value"], ["00121", "a b"]]


def test_headers_count_more_than_the_number_of_fields(export):
    export.write_text("SAP ID;Total Value;Notes\n1;1,5;a,b,c,d,e\n2;2,5;f,g,h,i,j\n", encoding="utf-8")

    assert rows_of(export, known_headers=HEADERS)[1] == ["1", "1,5", "a,b,c,d,e"]


def test_without_known_headers_most_fields_win(export):
    export.write_text("a;b;c\n1;2;3\n", encoding="utf-8")

    assert rows_of(export) == [["a", "b", "c"], ["1", "2", "3"]]


def test_the_headers_may_stand_below_a_title(export):
    export.write_text("Orders, all, of, them, until, today\n\nSAP ID;Total Value\n1;2\n", encoding="utf-8")

    assert rows_of(export, known_headers=HEADERS)[2:] == [["SAP ID", "Total Value"], ["1", "2"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_usual_encoding_is_told_by_the_bytes(export, encoding):
    export.write_bytes("Name,Ort\nJürgen,Zürich €\n".encode(encoding))

    assert rows_of(export) == [["Name", "Ort"], ["Jürgen", "Zürich €"]]


def test_utf_16_of_the_big_end_first_is_told_by_its_mark(export):
    export.write_bytes(b"\xfe\xff" + "é,b".encode("utf-16-be"))

    assert rows_of(export) == [["é", "b"]]


def test_bytes_that_cp1252_does_not_define_are_kept_as_control_characters(export):
    export.write_bytes(b"a,\x81\x8d\x8f\x90\x9d\xe9\n")

    assert rows_of(export) == [["a", "\x81\x8d\x8f\x90\x9dé"]]


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbfa,\xe9\n", "a,b\n".encode("utf-16-le") + b"\x00", "a,b".encode("utf-16") + b"\x00\xd8"]
)
def test_text_that_breaks_its_own_encoding_is_damaged(export, data):
    export.write_bytes(data)

    assert refusal(export).reason == "corrupt_file"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_ends_a_row_and_blank_lines_count(export, end):
    export.write_bytes(end.join(["a,b", "", "1,", "\u2028x,2"]).encode())

    assert rows_of(export) == [["a", "b"], [], ["1", None], ["\u2028x", "2"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_break_inside_quotes_stays_in_its_cell(export, end):
    export.write_bytes(f'a,"x{end}y ""z"""{end}1,2{end}'.encode())

    assert rows_of(export) == [["a", f'x{end}y "z"'], ["1", "2"]]


def test_sloppy_quotes_on_one_line_cost_nothing(export):
    export.write_text('a,"Bob" Smith,6" pipe\n1,"",2\n', encoding="utf-8")

    assert rows_of(export) == [["a", "Bob Smith", '6" pipe'], ["1", None, "2"]]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('a,b\n1,2\n3,"open\n4,5\n', 3),
        ('a,b\n3,"open', 2),
        ('a,b\n\n"x\ny",1\n3,"open\n4,"Bob"\n', 4),
        ('a,b\n3,"open\n' + "4,5\n" * 50_000, 2),
    ],
    ids=["to the end", "in the last line", "up to the next quote", "beyond the longest cell"],
)
def test_a_quote_that_is_never_closed_swallows_nothing(export, text, row):
    export.write_text(text, encoding="utf-8")

    error = refusal(export)

    assert error.reason == "unclosed_quote"
    assert f"orders.csv, row {row}:" in str(error)


def test_the_hint_of_excel_names_the_delimiter_and_is_no_row(export):
    export.write_text("sep=|\r\na,b|c\r\n", encoding="utf-8-sig")

    assert rows_of(export) == [["a,b", "c"]]


def test_nul_characters_stay_where_they_are(export):
    export.write_bytes(b"name,note\nJane,a\x00b\n")

    assert rows_of(export)[1] == ["Jane", "a\x00b"]


def test_a_text_file_is_one_sheet_without_a_name_whatever_sheet_is_configured(export):
    export.write_text("a,b\n", encoding="utf-8")

    (sheet,) = sheets_of(export, sheet="Members")

    assert (sheet.file, sheet.name, sheet.epoch_1904) == ("orders.csv", "", False)


def test_an_endless_cell_is_too_large(export):
    export.write_text(f"a,b\n1,{'x' * 200_000}\n", encoding="utf-8")

    error = refusal(export)

    assert error.reason == "too_large"
    assert "orders.csv, row 2: a cell has more than 131,072 characters" in str(error)


@pytest.mark.parametrize("text", [",,,,,\n" * 4, "\n" * 30 + "a", "," * 30])
def test_too_many_cells_name_the_setting(export, text):
    export.write_text(text, encoding="utf-8")

    error = refusal(export, limits=ReadLimits(max_cells=20))

    assert error.reason == "too_large"
    assert "[limits] max_cells in goldpan.toml" in str(error)
