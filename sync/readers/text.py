"""Reads text tables (.csv): separated by commas, semicolons or tabs."""

import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from goldpan.errors import DataError
from goldpan.model import Cell, Sheet
from sync.readers.encoding import decode_text, tell_utf16
from sync.readers.kinds import HEAD_BYTES, check_is_text
from sync.readers.limits import ReadLimits, too_large
from sync.readers.opening import empty_file, read_bytes

DELIMITERS = (",", ";", "\t")
SAMPLE_RECORDS = 20  # RULES.md section 1: the header is in one of the first 20 rows
LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")  # str.splitlines would split at U+2028 and its like too
SEPARATOR_HINT = re.compile(r'"?sep=([^\w\s"]|\t)"?(?:\r\n?|\n|\Z)', re.IGNORECASE)
_BLANKS = " \t\r\n\v\f\x00\x1a\xa0\u200b\ufeff"
_SENTINEL = "\ue000after the last record\ue000"  # a private-use character: no export holds this line


def read_text(path: Path, *, known_headers: frozenset[str], limits: ReadLimits) -> Sheet:
    r"""The one table of a text file; every cell is ``str``, an empty one ``None``.

    Rows are numbered as Excel shows them: blank lines count, a line break inside quotes does not begin a row, and
    Excel's hint line ``sep=;`` is obeyed and, as in Excel, is no row at all.

    Raises:
        DataError: Any of the refusals in :func:`sync.readers.read_sheets`.
    """
    data = read_bytes(path, limits)
    if not tell_utf16(data[:HEAD_BYTES]):
        check_is_text(data[:HEAD_BYTES], path)
    text = decode_text(data, path)
    if not text.strip(_BLANKS):
        raise empty_file(path)
    delimiter = None
    if hint := SEPARATOR_HINT.match(text):
        delimiter, text = hint[1], text[hint.end() :]
    lines: list[str] = LINE.findall(text)
    delimiter = delimiter or choose_delimiter(lines, known_headers)
    if text.count(delimiter) + len(lines) > limits.max_cells:
        found = f"the file has more than {limits.max_cells:,} cells"
        raise too_large(path.name, found, f"{limits.max_cells:,} cells", "max_cells")
    return Sheet(file=path.name, name="", rows=_read_records(lines, delimiter, path))


def choose_delimiter(lines: Sequence[str], known_headers: frozenset[str]) -> str:
    """The delimiter under which most of the first cells are known headers; else the one that makes the widest rows."""

    def score(delimiter: str) -> tuple[int, float]:
        records = _sample_records(lines, delimiter)
        known = sum(_as_header(cell) in known_headers for record in records for cell in record)
        return known, sum(map(len, records)) / max(len(records), 1)

    return max(DELIMITERS, key=score)


def _sample_records(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    with suppress(csv.Error):  # an endless quoted cell; reading it for good will say so
        records.extend(islice(csv.reader(lines, delimiter=delimiter), SAMPLE_RECORDS))
    return records


def _as_header(cell: str) -> str:
    return " ".join(cell.replace("\ufeff", "").split()).casefold()


def _read_records(lines: list[str], delimiter: str, path: Path) -> list[list[Cell]]:
    """All records. A sentinel after the last line is a record of its own unless some quote is still open."""
    lines.append(_SENTINEL)
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[list[Cell]] = []
    first_line = 0
    try:
        for record in reader:
            if reader.line_num - first_line > 1:
                _check_quotes(lines[first_line : reader.line_num], delimiter, row=len(rows) + 1, path=path)
            first_line = reader.line_num
            rows.append([cell or None for cell in record])
    except csv.Error as error:
        if reader.line_num - first_line > 1:
            raise _unclosed_quote(len(rows) + 1, path) from error
        raise _cell_too_long(len(rows) + 1, path) from error
    return rows[:-1]


def _check_quotes(lines: Sequence[str], delimiter: str, *, row: int, path: Path) -> None:
    """Refuse a record of several lines whose quotes don't hold strictly.

    A stray quote swallows all text up to the next one, which then has something else than a delimiter after it.
    """
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        raise _unclosed_quote(row, path) from error


def _unclosed_quote(row: int, path: Path) -> DataError:
    return DataError(
        "unclosed_quote",
        f'{path.name}, row {row}: a cell begins with a quote (") that is never closed, so the rows after it would '
        'become part of that cell. Expected a closing quote; a quote inside a cell is written twice (""). '
        "Correct that row, or export again as .xlsx.",
    )


def _cell_too_long(row: int, path: Path) -> DataError:
    return DataError(
        "too_large",
        f"{path.name}, row {row}: a cell has more than {csv.field_size_limit():,} characters; Excel stops at 32,767 "
        "(there is no setting for this). Check that row: its line breaks or delimiters were probably lost.",
    )
