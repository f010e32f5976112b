"""The first rows of a worksheet without loading it: where its header is."""

import re
import zipfile
from xml.etree import ElementTree as ET  # the scan has refused document types and their entities before

from sync.readers.sheet_scan import column_number

_ROW = re.compile(rb'<row r="(\d+)"[^>]*?(?:/>|>(.*?)</row>)', re.DOTALL)
_CELL = re.compile(rb'<c r="([A-Z]+)\d+"((?: [st]="\w+")*)(?:/>|>(.*?)</c>)', re.DOTALL)
_TYPE = re.compile(rb't="(\w+)"')
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_SHARED = re.compile(rb"<si\b[^>]*?(?:/>|>.*?</si>)", re.DOTALL)
_SHARED_PART = "xl/sharedstrings.xml"
_BYTES = 2**18
"""Of the shared texts; those of the first rows stand first, or are not worth a search."""


def first_rows(archive: zipfile.ZipFile, head: bytes) -> list[list[str]] | None:
    """The first rows as texts, each as wide as it is; "" for an empty cell.

    Args:
        archive: The workbook.
        head: The sheet's XML, these rows whole, in the plain spelling (:mod:`sync.readers.sheet_scan`).

    Returns:
        `None` where some text stands too far behind to be found soon.
    """
    shared = _first_shared(archive)
    rows: list[list[str]] = []
    for row in _ROW.finditer(head):
        rows.extend([] for _ in range(len(rows), int(row[1])))
        for cell in _CELL.finditer(row[2] or b""):
            text = _text_of(cell, shared)
            if text is None:
                return None
            rows[-1].extend([""] * (column_number(cell[1]) - len(rows[-1])))
            rows[-1][-1] = text
    return rows


def _text_of(cell: "re.Match[bytes]", shared: list[bytes]) -> str | None:
    type_ = _TYPE.search(cell[2])
    if type_ and type_[1] == b"inlineStr":
        return _joined(cell[3])
    if (value := _VALUE.search(cell[3] or b"")) is None:
        return ""
    if not type_ or type_[1] != b"s":
        return _joined(value[0])
    number = int(value[1])
    return _joined(shared[number]) if number < len(shared) else None


def _joined(xml: bytes) -> str:
    """The text of a cell, of which pieces may have formats of their own; not how it is pronounced."""
    root = ET.fromstring(b"<x>%s</x>" % re.sub(rb"<rPh\b.*?</rPh>", b"", xml, flags=re.DOTALL))  # noqa: S314 - see the import
    return "".join(each.text or "" for each in root.iter() if each.tag in ("t", "v"))


def _first_shared(archive: zipfile.ZipFile) -> list[bytes]:
    part = next((name for name in archive.namelist() if name.lower() == _SHARED_PART), None)
    if part is None:
        return []
    with archive.open(part) as file:
        return _SHARED.findall(file.read(_BYTES))
