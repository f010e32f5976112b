"""What a file really is, told by its content; its name may say anything."""

import re
from enum import Enum
from pathlib import Path

from goldpan.errors import DataError
from sync.readers.opening import EXPECTED

HEAD_BYTES = 8192
"""How much of a file is looked at to tell its kind."""


class Kind(Enum):
    """The kinds of file that a reader exists for."""

    ZIP = "zip"
    COMPOUND = "compound"
    BIFF = "biff"
    TEXT = "text"
    PARQUET = "parquet"


_BIFF_STARTS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
_KIND_STARTS: tuple[tuple[Kind, tuple[bytes, ...]], ...] = (
    (Kind.ZIP, (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")),
    (Kind.COMPOUND, (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),  # OLE2: .xls, but also .doc and encrypted .xlsx
    (Kind.PARQUET, (b"PAR1",)),
    (Kind.BIFF, _BIFF_STARTS),  # .xls of Excel 2 to 5, without a container
)
_OTHER_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"{\\rtf", "a rich text (RTF) document"),
    (b'{"', "JSON"),
    (b"[{", "JSON"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf'\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"PARE", "an encrypted Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
)
_HTML = re.compile(rb"(?is)(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|table|style|div|script)\b")
_MARKUP_NOISE = b"\xef\xbb\xbf\xff\xfe \t\r\n"
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))

_ZIP_PARTS: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("index/document.iwa", "an Apple iWork file (Numbers, Pages or Keynote)"),
    ("content.xml", "an OpenDocument file (such as .ods)"),
)
_COMPOUND_STREAMS: tuple[tuple[str, str], ...] = (
    ("WordDocument", "a Word document"),
    ("PowerPoint Document", "a PowerPoint presentation"),
    ("__properties_version1.0", "an Outlook message"),
)


def tell_kind(head: bytes, path: Path) -> Kind:
    """The kind of a file by its first ``HEAD_BYTES`` bytes.

    Raises:
        DataError: ``wrong_format`` for what is known to be something else, or is no text at all.
    """
    for kind, starts in _KIND_STARTS:
        if head.startswith(starts):
            return kind
    if other := _name_other(head):
        raise wrong_format(path, other)
    return Kind.TEXT


def check_is_text(head: bytes, path: Path) -> None:
    """Refuse bytes of which more than one in twenty is a control character: no text looks like that."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > 8 and controls * 20 > len(head):
        raise wrong_format(path, "binary data")


def name_zip(parts: set[str]) -> str:
    """What a zip file without a workbook looks like, by the lower-case names of its parts."""
    return next((name for part, name in _ZIP_PARTS if part in parts), "a zip archive of other files")


def name_compound(streams: set[str]) -> str:
    """What an OLE2 container without a workbook looks like, by the names of its streams."""
    return next((name for stream, name in _COMPOUND_STREAMS if stream in streams), "an Office file of another kind")


def wrong_format(path: Path, found: str) -> DataError:
    """The refusal of a file of another kind."""
    return DataError(
        "wrong_format",
        f"{path.name}: this looks like {found}, whatever its name says; expected {EXPECTED}. "
        "Export it again in one of these formats (renaming the file does not convert it).",
    )


def password_protected(path: Path) -> DataError:
    """The refusal of a workbook that opens only with a password."""
    return DataError(
        "password_protected",
        f"{path.name}: the workbook is password-protected, so it cannot be read; expected one without a password. "
        "Remove it in Excel (File > Info > Protect Workbook > Encrypt with Password) or export it again without.",
    )


def _name_other(head: bytes) -> str | None:
    for start, name in _OTHER_STARTS:
        if head.startswith(start):
            return name
    markup = head.replace(b"\x00", b"").lstrip(_MARKUP_NOISE)  # NULs out: it may be UTF-16
    if _HTML.match(markup):
        return "a web page (HTML)"
    return "an XML file" if markup.startswith(b"<?xml") else None
