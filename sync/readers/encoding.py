"""Turns the bytes of a text file into text: UTF-8, UTF-16 or cp1252, never with a guess that depends on the words."""

import codecs
from pathlib import Path

from sync.readers.opening import corrupt_file

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# cp1252 leaves 81, 8D, 8F, 90 and 9D undefined; they become the control characters of the same number, as in every
# browser (encoding.spec.whatwg.org, windows-1252, as known 2026-11), so that no byte is lost and none is refused.
_CP1252 = "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(256))


def tell_utf16(head: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` by the BOM, else by NULs in one half of the byte pairs and not the other."""
    for bom, encoding in _BOMS[1:]:
        if head.startswith(bom):
            return encoding
    pairs = len(head) // 2
    first, second = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if second * 5 >= pairs > first * 100:
        return "utf-16-le"
    return "utf-16-be" if first * 5 >= pairs > second * 100 else None


def decode_text(data: bytes, path: Path) -> str:
    """The text, without its BOM.

    Raises:
        DataError: ``corrupt_file`` if the file is UTF-16, or says by its BOM that it is UTF-8, and then is not.
    """
    encoding = tell_utf16(data[:8192])
    bom = next((bom for bom, _ in _BOMS if data.startswith(bom)), b"")
    try:
        return str(memoryview(data)[len(bom) :], encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding or bom:
            raise corrupt_file(path.name, f"byte {error.start + len(bom):,} is not {encoding or 'utf-8'}") from error
    return codecs.charmap_decode(data, "strict", _CP1252)[0]
