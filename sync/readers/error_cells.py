"""Finds the cells of a workbook that hold an Excel error value, which calamine shows as blanks.

openpyxl would show them too, but takes five times as long as calamine for the whole file, and refuses stylesheets
that Excel and calamine accept. So calamine reads the values, and only the error cells are looked up here.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO
from xml.parsers import expat

from goldpan.model import CellError

_PIECE_BYTES = 2**20
_MAX_ROW_BYTES = 2**22
_ERROR = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
_NUMBERED_ROW = re.compile(rb"<row\s[^<>]*\br\s*=")
_REFERENCE = re.compile(r"([A-Za-z]+)([0-9]+)")

Place = tuple[int, int]
"""Row and column of a cell, both counted from 0."""


def find_error_cells(part: BinaryIO) -> list[tuple[Place, CellError]]:
    """Each error cell of one worksheet part.

    Of a usual sheet only the rows with an error are parsed (a tenth of the time when they are few); a sheet whose
    rows have no numbers, or another spelling, is parsed whole.
    """
    try:
        return _parse(chain([b"<rows>"], _rows_with_errors(part), [b"</rows>"]))
    except (_UnusualRowsError, expat.ExpatError):
        part.seek(0)
        return _parse(_pieces(part))


def _parse(pieces: Iterable[bytes]) -> list[tuple[Place, CellError]]:
    reader = _ErrorCellReader()
    for piece in pieces:
        reader.parser.Parse(piece)
    reader.parser.Parse(b"", True)
    return reader.found


def _pieces(part: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: part.read(_PIECE_BYTES), b"")


def _rows_with_errors(part: BinaryIO) -> Iterator[bytes]:
    carry = b""
    for piece in _pieces(part):
        *rows, carry = (carry + piece).split(b"</row>")
        if len(carry) > _MAX_ROW_BYTES:
            raise _UnusualRowsError
        for row in rows:
            if _ERROR.search(row):
                if not _NUMBERED_ROW.match(row, max(row.rfind(b"<row"), 0)):
                    raise _UnusualRowsError
                yield row[row.index(b"<row") :] + b"</row>"
    if _ERROR.search(carry):
        raise _UnusualRowsError


class _UnusualRowsError(Exception):
    """The rows of this sheet cannot be told apart without parsing all of it."""


class _ErrorCellReader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.found: list[tuple[Place, CellError]] = []
        self._row = self._column = -1
        self._text: list[str] = []

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            if match := _REFERENCE.fullmatch(attributes.get("r", "")):
                self._row, self._column = int(match[2]) - 1, _column_index(match[1])
            else:
                self._column += 1
            if attributes.get("t") == "e":
                self.parser.EndElementHandler = self._end
        elif name == "row":
            self._row, self._column = int(attributes.get("r", self._row + 2)) - 1, -1
        elif name == "v" and self.parser.EndElementHandler:
            self.parser.CharacterDataHandler = self._text.append

    def _end(self, tag: str) -> None:
        """Only called inside an error cell."""
        name = tag.rpartition(":")[2]
        if name == "v":
            self.parser.CharacterDataHandler = None
        elif name == "c":
            if text := "".join(self._text).strip():
                self.found.append(((self._row, self._column), CellError(text)))
            self._text.clear()
            self.parser.EndElementHandler = None


def _column_index(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
