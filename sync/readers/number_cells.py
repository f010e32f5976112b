"""Which cells of a column are numbers and which are texts: where a reader of whole columns can't say, the XML does.

All parts are scanned before and written in the plain spelling (:mod:`sync.readers.sheet_scan`).
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from goldpan.tables import column_letters

_PIECE_BYTES = 2**20
TEXTS = frozenset({"s", "str", "inlineStr"})
"""The types of cells that hold text; ``n`` is a number."""
_NUMBER = rb'(?: s="\w+")?(?: t="n")?(?: s="\w+")?>'
_TEXT = rb'(?: s="\w+")? t="(?:s|str|inlineStr)"(?: s="\w+")?>'
_LONG = rb"<v>((?=[^<]*(?:\.[0-9]{10}|[Ee]))[^<]*)</v>"
"""A number with more decimals than fastexcel writes into a column of texts: it rounds to nine."""
_SAMPLE = 1_000
_NUMERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


def read_mixed(
    path: Path, part: str, columns: Mapping[int, pa.Array], header: int
) -> "dict[int, pd.Series[Any]] | None":
    """Columns that were read as texts, with the numbers among them as numbers again.

    Args:
        path: The workbook.
        part: Its sheet.
        columns: Their cells below the header, each a text, a number or empty, by position.
        header: The header's row as Excel counts it.

    Returns:
        The columns by position; `None` if one of the numbers is a date.
    """
    # The fewer cells are looked for, the quicker.
    are_numbers = {position: _seem_numbers(cells) for position, cells in columns.items()}
    found = _find(path, part, are_numbers, header)
    try:
        return {
            position: _with_numbers(cells, found[position], are_numbers=are_numbers[position])
            for position, cells in columns.items()
        }
    except pa.ArrowInvalid:
        return None


def _seem_numbers(cells: pa.Array) -> bool:
    """Whether most of the first ones are spelled like numbers that nobody means as texts."""
    sample = cells.drop_null()[:_SAMPLE].to_pylist()
    return sum(_NUMERAL.fullmatch(text) is not None for text in sample) > len(sample) / 2


def _find(path: Path, part: str, are_numbers: Mapping[int, bool], header: int) -> dict[int, dict[int, bytes]]:
    """The numbers of columns, or of those that have more numbers than texts the texts, and the long numbers as written.

    Returns:
        By position and place below the header; what is no long number is "".
    """
    letters = {column_letters(position).encode(): position for position in are_numbers}
    spelled = {True: rb"(?:%s|%s%s)" % (_TEXT, _NUMBER, _LONG), False: rb"%s(?:%s)?" % (_NUMBER, _LONG)}
    cells = (rb'(%s)(\d+)"%s' % (column, spelled[are_numbers[at]]) for column, at in letters.items())
    cell = re.compile(rb'<c r="(?:%s)' % b"|".join(cells))
    found: dict[int, dict[int, bytes]] = {position: {} for position in are_numbers}
    with zipfile.ZipFile(path) as archive:
        for text in _pieces(archive, part):
            for match in cell.finditer(text):
                column, row, *number = filter(None, match.groups())
                found[letters[column]][int(row) - header - 1] = number[0] if number else b""
    return {
        position: {place: number for place, number in each.items() if place >= 0} for position, each in found.items()
    }


def _with_numbers(cells: pa.Array, found: Mapping[int, bytes], *, are_numbers: bool) -> "pd.Series[Any]":
    column: npt.NDArray[np.object_] = cells.to_numpy(zero_copy_only=False)
    column[column == ""] = None
    is_number: npt.NDArray[np.bool_] = pd.notna(column) & are_numbers
    is_number[[place for place, number in found.items() if not (are_numbers and number)]] = not are_numbers
    column[is_number] = cells.filter(pa.array(is_number)).cast(pa.float64()).to_numpy()
    for place, number in found.items():
        if number:
            column[place] = float(number)
    return pd.Series(column)


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
