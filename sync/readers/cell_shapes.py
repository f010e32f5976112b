"""The cells of a worksheet's XML by their shape: what is left of each when every digit is a 0.

There are millions of cells and some dozens of shapes, so that looking at each shape tells of all cells.
"""

import re
from dataclasses import dataclass

_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_MOST = 2_000  # a sheet with its texts inside has about as many shapes as cells
_SHAPE = re.compile(rb'r="([A-Z]{1,2})0{5,6}"((?: [st]="\w+")*)(/?)>')
_ODD = re.compile(rb'<c[\s/>]|<row(?! r="0{5,6}")[\s/>]|:(?:c|row)[\s/>]')
_ROW_0 = b'00000"'


@dataclass(frozen=True)
class Cells:
    """What a piece of XML holds.

    Attributes:
        count: How many cells.
        typed: Column (letters) and attributes of those that hold something.
    """

    count: int
    typed: frozenset[tuple[bytes, bytes]]


def cells_of(xml: bytes) -> Cells | None:
    """The cells in a piece of XML, all in rows 10,000 to 999,999.

    Returns:
        `None` where some are in other rows or columns, or spelled in another way; those have to be looked at.
    """
    before, *cells = xml.translate(_DIGITS).split(b"<c ")
    shapes = set(cells)
    if len(shapes) > _MOST or _ROW_0 in xml or _ODD.search(b"\n".join([before, *shapes])):
        return None
    found = [*map(_SHAPE.match, shapes)]
    if not all(found):
        return None
    return Cells(len(cells), frozenset((cell[1], cell[2]) for cell in found if cell and not cell[3]))
