"""Takes rows out of a workbook, and leaves everything else in it as it is.

openpyxl would take a minute and gigabytes for the analysis of 100,000 contacts, and lose the cached values of formulas,
data bars and more. So the XML is edited as text: the cells of the rows go, the rows stay as blank ones (all others keep
their numbers), and shared strings that nothing else uses are blanked. The caller reads the result back and compares.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from sync.readers.catalogue import part_key, sheet_parts

_ROW = re.compile(rb"<((?:\w+:)?row)\b([^>]*?)(?:/>|>(.*?)</\1>)", re.DOTALL)
_NUMBER = re.compile(rb"\br\s*=\s*[\"'](\d+)[\"']")
_STRING_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*\bt=[\"']s[\"'][^>]*>\s*<((?:\w+:)?v)>\s*(\d+)\s*</\1>")
_STRING = re.compile(rb"<((?:\w+:)?)si\b[^>]*?(?:/>|>.*?</\1si>)", re.DOTALL)
_LINK = re.compile(rb"<(?:\w+:)?hyperlink\b[^>]*\bref=[\"'][A-Z]+(\d+)[\"'][^>]*/>")
_NO_LINKS = re.compile(rb"<((?:\w+:)?hyperlinks)>\s*</\1>")
_CALC_CHAIN = re.compile(rb"<(?:\w+:)?(?:Override|Relationship)\b[^>]*calcChain[^>]*/>")
_COPIES = re.compile(r"xl/(?:pivotcache|comments|threadedcomments|persons|querytables|externallinks|drawings)")
"""Parts that may hold the content of cells once more."""
_TEXT_PARTS = (".xml", ".rels", ".vml")


class UnusualWorkbookError(Exception):
    """What is to go can't be told from what is to stay; the message says why, in a few words."""


def rewrite_workbook(
    source: Path,
    target: Path,
    rows: Mapping[str, AbstractSet[int]],
    redact: Callable[[bytes], bytes],
    gone: re.Pattern[bytes] | None = None,
) -> None:
    """Write a workbook again without some of its rows.

    Args:
        source: The workbook.
        target: Where to.
        rows: The rows that become blank, by sheet, as Excel numbers them.
        redact: Takes out of any text what is nowhere to be found afterwards.
        gone: What stands only in these rows.

    Raises:
        UnusualWorkbookError: It holds that in a part that can't be rewritten.
    """
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        edited = _edited_sheets(old, {part: rows[name] for name, part in sheet_parts(old).items() if rows.get(name)})
        drop_chain = bool(edited)  # Excel makes the order of calculation anew, and calls a wrong one damaged
        for info in old.infolist():
            key = part_key(info.filename)
            if drop_chain and key == "xl/calcchain.xml":
                continue
            data = edited.get(info.filename) or old.read(info)
            if drop_chain and (key == "[content_types].xml" or key.endswith("workbook.xml.rels")):
                data = _CALC_CHAIN.sub(b"", data)
            if gone is not None and _COPIES.match(key) and gone.search(data):
                raise UnusualWorkbookError(f"its part {info.filename} holds copies of the cells")
            clean = redact(data)
            if clean != data and not key.endswith(_TEXT_PARTS):
                raise UnusualWorkbookError(f"its part {info.filename} is no text")
            new.writestr(info, clean, zipfile.ZIP_DEFLATED)


def _edited_sheets(archive: zipfile.ZipFile, rows: Mapping[str, AbstractSet[int]]) -> dict[str, bytes]:
    """The parts that change: the sheets with such rows, and the shared strings that nothing else uses."""
    edited: dict[str, bytes] = {}
    freed: set[bytes] = set()
    for part, numbers in rows.items():
        edited[part], strings = _without_rows(archive.read(part), numbers)
        freed |= strings
    shared = next((name for name in archive.namelist() if part_key(name) == "xl/sharedstrings.xml"), None)
    if shared is not None and freed:
        sheets = (name for name in archive.namelist() if part_key(name).startswith("xl/worksheets/sheet"))
        freed -= _still_used(edited.get(name) or archive.read(name) for name in sheets)
        edited[shared] = _blank_strings(archive.read(shared), set(map(int, freed)))
    return edited


def _without_rows(sheet: bytes, numbers: AbstractSet[int]) -> tuple[bytes, set[bytes]]:
    """The sheet with these rows blank, and the shared strings that stood in them."""
    pieces: list[bytes] = []
    freed: set[bytes] = set()
    done = last = 0
    for row in _ROW.finditer(sheet):
        stated = _NUMBER.search(row[2])
        last = int(stated[1]) if stated else last + 1
        if last in numbers and row[3]:
            freed |= {cell[2] for cell in _STRING_CELL.finditer(row[3])}
            pieces += [sheet[done : row.start()], b"<%b%b/>" % (row[1], row[2])]
            done = row.end()
    rest = _LINK.sub(
        lambda link: b"" if int(link[1]) in numbers else link[0], sheet[done:]
    )  # they stand behind the rows
    return b"".join([*pieces, _NO_LINKS.sub(b"", rest)]), freed


def _still_used(sheets: Iterable[bytes]) -> set[bytes]:
    return {cell[2] for sheet in sheets for cell in _STRING_CELL.finditer(sheet)}


def _blank_strings(strings: bytes, numbers: AbstractSet[int]) -> bytes:
    pieces: list[bytes] = []
    done = 0
    for number, string in enumerate(_STRING.finditer(strings)):
        if number in numbers:
            pieces += [strings[done : string.start()], b"<%bsi><%bt/></%bsi>" % ((string[1],) * 3)]
            done = string.end()
    return b"".join([*pieces, strings[done:]])
