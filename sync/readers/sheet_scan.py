"""A fast look through the XML of a worksheet before any library loads it.

calamine allocates the whole rectangle that a sheet's cells span, and aborts the process when that fails; and it
shows an error cell as a blank. So the extent is bounded here first, and error cells are noticed. Nearly all of a
usual file is written in one plain spelling, which two regular expressions recognise; whatever is spelled
differently is walked tag by tag.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from goldpan.errors import DataError
from sync.readers.cell_shapes import Cells, cells_of
from sync.readers.limits import ReadLimits, too_large
from sync.readers.opening import corrupt_file

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
"""Where a worksheet ends (support.microsoft.com, "Excel specifications and limits", as known 2026-11)."""
_MAX_TAG_BYTES = 2**20
HEADER_ROWS = 20  # RULES.md section 1: the header is in one of the first 20 rows
_BELOW_HEAD = re.compile(rb'<row r="(?:2[1-9]|[3-9]\d|[1-9]\d\d+)"')

# The plain spelling: <c r="AB12" s="3" t="s"> inside <row r="12" …>, up to column ZZ and row 1,049,999.
_PLAIN_ROW = rb"(?:[1-9]\d{0,5}|10[0-4]\d{4})"
_PLAIN_ROWS = 1_049_999
_ODD_CELL = re.compile(rb'<c(?! r="[A-Z]{1,2}' + _PLAIN_ROW + rb'"(?: [st]="\w+")*/?>)[\s/>]')
_ODD_ROW = re.compile(rb'<row(?! r="' + _PLAIN_ROW + rb'")[\s/>]')
_PREFIXED = re.compile(rb":(?:c|row)[\s/>]")
_PLAIN_ROW_TAG = re.compile(rb'<row r="(\d+)')
_WIDE_COLUMN = re.compile(rb'<c r="([A-Z]{2})\d+"[^</>]*>')  # not "/>": calamine makes no room for a mere style
_PLAIN_PLACE = re.compile(rb'<c r="([A-Z]+)(\d+)"[^</>]*>')
TYPED_CELL = re.compile(rb'<c r="([A-Z]+)\d+"((?: [st]="\w+")*)>')
_TYPE = re.compile(rb't="(\w+)"')
_PLAIN_ERROR = re.compile(rb'<c r="\w+"(?: s="\w+")? t="e"')

# Any other spelling that an XML reader accepts.
_TAG = re.compile(rb"<(?:[^\s<>/]*:)?(c|row)(?=[\s/>])([^<>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^<>\"']*)*)>")
_ATTRIBUTE = re.compile(rb"(?<![^\s\"'])(r|t)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE = re.compile(rb"([A-Za-z]{1,3})([1-9][0-9]{0,6})")
_EPOCH_1904 = re.compile(rb"\bdate1904\s*=\s*[\"'](?:1|true)[\"']")


@dataclass
class WorkbookFacts:
    """What the scan of all parts tells about a workbook.

    Attributes:
        cells: Cell elements in all sheets, empty ones included.
        error_parts: The parts in which some cell holds an Excel error value.
        has_cdata: Whether some part holds a CDATA section, which calamine drops.
        is_epoch_1904: Whether days count from 1904.
        heads: Of each part with cells in the plain spelling alone, its beginning: the first 20 rows.
        types: Of the same parts, which types of cells hold something in the rows below, by column (letters); ``n`` is a
            number, ``s`` a shared text.
    """

    cells: int = 0
    error_parts: set[str] = field(default_factory=set)
    has_cdata: bool = False
    is_epoch_1904: bool = False
    heads: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, dict[str, set[str]]] = field(default_factory=dict)


class PartScan:
    """Looks through one XML part of a workbook, fed piece by piece.

    A loose scan takes plain rows to reach the sheet's end and plain columns to reach Z: quick, and enough for most
    sheets. An exact one reads each cell's place.
    """

    def __init__(self, file: str, part: str, facts: WorkbookFacts, limits: ReadLimits, *, is_exact: bool) -> None:
        self._file, self._part, self._facts, self._limits, self._is_exact = file, part, facts, limits, is_exact
        self._cells = 0
        self._head: bytes | None = None
        self._is_plain, self._has_shapes = True, not is_exact
        self._typed: set[tuple[bytes, bytes]] = set()
        self._row = self._column = 0  # the cell before one that states no place of its own
        self._max_row = self._max_column = 0

    def scan(self, pieces: Iterator[bytes]) -> bool:
        """Look through the whole part; no tag is ever split between two looks.

        Returns:
            Whether the part fits the limits; a loose scan gives up with ``False`` where only an exact one can tell.

        Raises:
            DataError: ``too_large`` or ``corrupt_file``.
        """
        if not all(self._fits(text) for text in self._whole_tags(pieces)):
            return False
        self._facts.cells += self._cells
        if self._cells and self._is_plain:
            self._facts.heads[self._part] = self._head or b""
            self._facts.types[self._part] = types_by_column(self._typed)
        return True

    def _whole_tags(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        carry = b""
        for piece in pieces:
            text = carry + piece
            cut = text.rfind(b"<")
            if cut < 0 or len(text) - cut > _MAX_TAG_BYTES:
                if cut >= 0 and b">" not in text[cut:]:
                    raise self._corrupt(f"has a tag of more than {_MAX_TAG_BYTES:,} bytes")
                cut = len(text)  # a long text, not a tag
            carry = text[cut:]
            yield text[:cut]
        yield carry

    def _fits(self, text: bytes) -> bool:
        self._look_around(text)
        if self._has_shapes and self._head is not None and (cells := cells_of(text)):
            self._take_shapes(cells)
            self._remember_row(text)
        elif _ODD_CELL.search(text) or _ODD_ROW.search(text) or _PREFIXED.search(text):
            self._walk(text)
        else:
            self._take_plain(text)
            self._remember_row(text)
        limit = self._limits.max_cells
        if self._facts.cells + self._cells > limit:
            raise too_large(self._file, f"the workbook has more than {limit:,} cells", f"{limit:,} cells", "max_cells")
        if self._max_row * self._max_column <= limit:
            return True
        if not self._is_exact:
            return False
        found = f"its {self._part} spans {self._max_row:,} rows × {self._max_column:,} columns"
        raise too_large(self._file, found, f"{limit:,} cells", "max_cells")

    def _look_around(self, text: bytes) -> None:
        if b"\x00" in text:
            raise self._corrupt("is not UTF-8")
        if b"!" in text:
            if b"<!DOCTYPE" in text:  # the way to entities that grow without end; Excel never writes one
                raise self._corrupt("declares a document type")
            self._facts.has_cdata |= b"<![CDATA[" in text
        if self._part.startswith("xl/workbook") and _EPOCH_1904.search(text):
            self._facts.is_epoch_1904 = True

    def _take_plain(self, text: bytes) -> None:
        if cells := text.count(b"<c "):
            self._cells += cells
            self._typed.update(TYPED_CELL.findall(text, self._below_head(text)))
            if self._is_exact:
                places = _PLAIN_PLACE.findall(text)
                columns, rows = {column for column, _ in places}, {row for _, row in places}
                self._reach(max(map(int, rows), default=0), max(map(column_number, columns), default=0))
            else:
                self._reach(_PLAIN_ROWS, max(map(column_number, set(_WIDE_COLUMN.findall(text))), default=26))
            if b't="e"' in text and _PLAIN_ERROR.search(text):
                self._facts.error_parts.add(self._part)

    def _take_shapes(self, cells: Cells) -> None:
        self._cells += cells.count
        self._typed |= cells.typed
        self._reach(_PLAIN_ROWS, max([26, *(column_number(column) for column, _ in cells.typed)]))
        if any(b't="e"' in attributes for _, attributes in cells.typed):
            self._facts.error_parts.add(self._part)

    def _remember_row(self, text: bytes) -> None:
        if (last := text.rfind(b"<row ")) >= 0 and (tag := _PLAIN_ROW_TAG.match(text, last)):
            self._row = int(tag[1])
        self._column = self._max_column

    def _below_head(self, text: bytes) -> int:
        """Where the rows below the first ones begin; the first piece with cells has those."""
        if self._head is not None:
            return 0
        below = _BELOW_HEAD.search(text)
        end = below.start() if below else len(text)
        self._head = text[:end]
        return end

    def _walk(self, text: bytes) -> None:
        self._is_plain = False
        for name, attributes in _TAG.findall(text):
            found: dict[bytes, bytes] = {}
            for key, double, single in _ATTRIBUTE.findall(attributes):
                if key in found:
                    raise self._corrupt(f"has a tag that states {key.decode()} twice")
                found[key] = double or single
            if name == b"row":
                self._take_row(found.get(b"r"))
            else:
                self._take_cell(found, is_empty=attributes.endswith(b"/"))

    def _take_row(self, stated: bytes | None) -> None:
        if stated is not None and not (stated.isdigit() and len(stated) <= 7):
            raise self._corrupt("has a row without a readable number")
        self._move_to(self._row + 1 if stated is None else int(stated), 0)

    def _take_cell(self, attributes: dict[bytes, bytes], *, is_empty: bool) -> None:
        self._cells += 1
        if (reference := attributes.get(b"r")) is None:
            self._move_to(max(self._row, 1), self._column + 1)
        elif place := _REFERENCE.fullmatch(reference):
            self._move_to(int(place[2]), column_number(place[1]))
        else:
            raise self._corrupt("has a cell without a readable place")
        if not is_empty:
            self._reach(self._row, self._column)
        if attributes.get(b"t") == b"e":
            self._facts.error_parts.add(self._part)

    def _move_to(self, row: int, column: int) -> None:
        if not 0 < row <= MAX_ROWS or column > MAX_COLUMNS:
            raise self._corrupt(f"has a cell in row {row:,}, column {column:,}; a worksheet ends at XFD1048576")
        self._row, self._column = row, column

    def _reach(self, row: int, column: int) -> None:
        self._max_row, self._max_column = max(self._max_row, row), max(self._max_column, column)

    def _corrupt(self, detail: str) -> DataError:
        return corrupt_file(self._file, f"its part {self._part} {detail}")


def types_by_column(cells: Iterable[tuple[bytes, bytes]]) -> dict[str, set[str]]:
    """Which types the cells of each column have, by its letters; no type is a number."""
    types: dict[str, set[str]] = {}
    for column, attributes in cells:
        found = _TYPE.search(attributes)
        types.setdefault(column.decode(), set()).add(found[1].decode() if found else "n")
    return types


def column_number(letters: bytes) -> int:
    """``A`` is 1, ``XFD`` is 16,384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
