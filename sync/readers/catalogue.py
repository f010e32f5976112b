"""What a workbook says it consists of: its sheets, and the part of the zip file that each is in."""

import re
import zipfile
from collections.abc import Iterable
from posixpath import basename, join, normpath
from xml.etree import ElementTree as ET  # the scan has refused document types and their entities before

_MAX_BYTES = 16 * 2**20
_WORKBOOK_PART = re.compile(r"xl/workbook\d*\.xml")  # Excel for the web numbers it at times


def part_key(part: str) -> str:
    """A part's name as readers compare it: case and the kind of slash do not matter."""
    return part.replace("\\", "/").lower()


def workbook_key(part_keys: Iterable[str]) -> str | None:
    """The part that lists the sheets, ``xl/workbook.xml`` as a rule; ``None`` if this is no workbook."""
    return min(filter(_WORKBOOK_PART.fullmatch, part_keys), key=len, default=None)


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part that each listed sheet is in, by the sheet's name, in workbook order; ``""`` if there is none."""
    parts = {part_key(part): part for part in archive.namelist()}
    workbook = workbook_key(parts) or ""
    targets = {
        relation.get("Id"): parts.get(_target_key(relation.get("Target", "")), "")
        for relation in _read(archive, parts[f"xl/_rels/{basename(workbook)}.rels"]).findall(".//{*}Relationship")
    }
    sheets: dict[str, str] = {}
    for sheet in _read(archive, parts[workbook]).findall(".//{*}sheet"):
        relation = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        sheets.setdefault(sheet.get("name", ""), targets.get(relation, ""))
    return sheets


def _target_key(target: str) -> str:
    """Targets count from xl/; some writers begin them with it all the same, and calamine forgives that."""
    key = part_key(target)
    return key if key.startswith("xl/") else normpath(join("/xl", key)).lstrip("/")


def _read(archive: zipfile.ZipFile, part: str) -> ET.Element:
    if archive.getinfo(part).file_size > _MAX_BYTES:
        raise ValueError(f"{part} is larger than any list of sheets")
    return ET.fromstring(archive.read(part))  # noqa: S314 - no document type, no entities: see the import
