"""Which cells of a column are numbers and which are texts: where a reader of whole columns can't say, the XML does.

All parts are scanned before and written in the plain spelling (:mod:`sync.readers.sheet_scan`).
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_PIECE_BYTES = 2**20
_TEXTS = (b"s", b"str", b"inlineStr")
_TYPE = re.compile(rb't="(\w+)"')


def rows_of_numbers(path: Path, part: str, column: str) -> list[int] | None:
    """The rows, as Excel counts them, in which a column holds a number.

    Args:
        path: The workbook.
        part: Its sheet.
        column: The column's letters.

    Returns:
        The rows; `None` if some cell of the column is neither a number nor text.
    """
    cell = re.compile(rb'<c r="' + column.encode() + rb'(\d+)"((?: [st]="\w+")*)>')
    rows: list[int] = []
    with zipfile.ZipFile(path) as archive:
        for text in _pieces(archive, part):
            for row, attributes in cell.findall(text):
                type_ = _TYPE.search(attributes)
                if type_ is None or type_[1] == b"n":
                    rows.append(int(row))
                elif type_[1] not in _TEXTS:
                    return None
    return rows


def has_texts(path: Path, part: str, columns: Iterable[str], *, below: int) -> bool:
    """Whether some cell of these columns holds text, in a row below that one."""
    letters = "|".join(columns).encode()
    cell = re.compile(rb'<c r="(?:' + letters + rb')(\d+)"(?: s="\w+")? t="(?:s|str|inlineStr)"')
    with zipfile.ZipFile(path) as archive:
        return any(int(row) > below for text in _pieces(archive, part) for row in cell.findall(text))


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The XML in pieces that no tag is split between."""
    carry = b""
    with archive.open(part) as xml:
        while piece := xml.read(_PIECE_BYTES):
            text = carry + piece
            cut = text.rfind(b"<")
            carry = text[cut:]
            yield text[:cut]
    yield carry
