"""Reads usual text tables by whole columns: pyarrow's reader where it reads as :mod:`sync.readers.text` would.

Usual is: UTF-8, one delimiter, as many cells in each row as in the header, and quotes only around whole cells. Anything
else is left to the other reader, which is slower and forgiving, and says what is wrong.
"""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from goldpan.sheets import ColumnSheet
from sync.readers.encoding import tell_utf16
from sync.readers.header import header_among
from sync.readers.kinds import HEAD_BYTES
from sync.readers.limits import ReadLimits
from sync.readers.opening import read_bytes
from sync.readers.text import LINE, SAMPLE_RECORDS, SEPARATOR_HINT, choose_delimiter, read_text

_SAMPLE_BYTES = 2**16
_BOM = b"\xef\xbb\xbf"
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
_BLOCK_BYTES = 2**30  # whole files: of several blocks, those with quotes would be looked through one after the other


def read_text_columns(path: Path, *, known_headers: frozenset[str], limits: ReadLimits) -> ColumnSheet | None:
    """The one table of a text file, all cells ``str``; `None` where the file is not a usual one.

    Raises:
        DataError: The file can't be read at all.
    """
    data = read_bytes(path, limits).removeprefix(_BOM)
    head = _head(data)
    if head is None or SEPARATOR_HINT.match(head):
        return None
    lines = LINE.findall(head)
    delimiter = choose_delimiter(lines, known_headers)
    rows = _rows(lines, delimiter)
    header = header_among(rows, known_headers)
    if header is None or len(rows[header]) < 2:
        return None
    below = memoryview(data)[len("".join(lines[: header + 1]).encode()) :]
    columns = _columns(below, delimiter, len(rows[header]), limits)
    if columns is None:
        return None
    return ColumnSheet(
        file=path.name,
        name="",
        rows=[[cell or None for cell in row] for row in rows[: header + 1]],
        columns=columns,
        whole=lambda: read_text(path, known_headers=known_headers, limits=limits),
    )


def _head(data: bytes) -> str | None:
    """The first lines; `None` if they are not the UTF-8 of a text in lines as Windows or Unix end them."""
    if tell_utf16(data[:HEAD_BYTES]) or b"\x00" in data or _has_lone_return(data):
        return None
    sample = data[:_SAMPLE_BYTES]
    if len(sample) < len(data):
        sample = sample[: sample.rfind(b"\n") + 1]
    try:
        return sample.decode() or None
    except UnicodeDecodeError:
        return None


def _has_lone_return(data: bytes) -> bool:
    return b"\r" in data and data.count(b"\r") != data.count(b"\r\n")


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The first rows, as long as each of them is one line."""
    rows: list[list[str]] = []
    reader = csv.reader(StringIO("".join(lines[:SAMPLE_RECORDS])), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if reader.line_num != len(rows) + 1:
                break
            rows.append(row)
    except csv.Error:
        pass
    return rows


def _columns(data: memoryview, delimiter: str, width: int, limits: ReadLimits) -> "list[pd.Series[str]] | None":
    end = len(data)
    while end and data[end - 1] in (_NEWLINE, _RETURN):
        end -= 1
    has_quotes = _quotes(data[:end], ord(delimiter))
    if not end or has_quotes is None or not _is_utf8(data[:end]):
        return None
    names = [str(number) for number in range(width)]
    try:
        table = pyarrow.csv.read_csv(
            pa.py_buffer(data[:end]),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=min(_BLOCK_BYTES, end + 1)),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if has_quotes else False,
                newlines_in_values=has_quotes,
                ignore_empty_lines=False,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                check_utf8=False, column_types=dict.fromkeys(names, pa.large_string())
            ),
        )
    except pa.ArrowInvalid:  # a row of another length, a blank line
        return None
    if table.num_rows * width > limits.max_cells:
        return None
    [rows] = table.combine_chunks().to_batches()
    columns = [texts for column in rows.columns if (texts := _without_empty(column)) is not None]
    return [pd.Series(pd.array(texts, dtype="str")) for texts in columns] if len(columns) == width else None


def _is_utf8(data: memoryview) -> bool:
    """Whether all of it is, as one text: quicker than cell by cell."""
    ends = pa.array([0, len(data)], pa.int64())
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, ends.buffers()[1], pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _without_empty(texts: pa.Array) -> pa.Array | None:
    """The texts, empty ones missing; `None` if one is longer than the other reader allows.

    All lengths at once: for the parser to look at each cell takes a third of its time.
    """
    _, ends, data = texts.buffers()
    lengths = np.diff(np.frombuffer(ends, dtype=np.int64)[: texts.offset + len(texts) + 1])
    if lengths.max(initial=0) > csv.field_size_limit():
        return None
    if lengths.all():
        return texts
    is_there = pa.py_buffer(np.packbits(lengths > 0, bitorder="little"))
    return pa.Array.from_buffers(texts.type, len(texts), [is_there, ends, data], offset=texts.offset)


def _quotes(data: memoryview, delimiter: int) -> bool | None:
    """Whether there are quotes; `None` if one stands anywhere but around a whole cell or twice inside of one."""
    text: npt.NDArray[np.uint8] = np.frombuffer(data, dtype=np.uint8)
    places = np.flatnonzero(text == _QUOTE)
    if not len(places):
        return False
    if len(places) % 2:
        return None
    opening, closing = places[::2], places[1::2]
    before = text[opening - 1]
    after = text[np.minimum(closing + 1, len(text) - 1)]
    begins = np.isin(before, (delimiter, _NEWLINE)) | (opening == 0)
    begins[1:] |= opening[1:] == closing[:-1] + 1
    ends = np.isin(after, (delimiter, _NEWLINE, _RETURN)) | (closing == len(text) - 1)
    ends[:-1] |= opening[1:] == closing[:-1] + 1
    return True if begins.all() and ends.all() else None
