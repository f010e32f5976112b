"""Whether a file may hold a text at all: a quick look, so that few files have to be read."""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

_PIECE_BYTES = 1 << 20
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LONGEST = 512  # bytes of what is looked for; an address has at most 254


def pattern_of(texts: Iterable[str]) -> re.Pattern[bytes]:
    """Any of these texts, in any case, plain or as XML writes them."""
    forms = sorted({form for text in texts for form in (text, escape(text), escape(text, quote=False))})
    return re.compile("|".join(map(re.escape, forms)).encode(), re.IGNORECASE)


def may_hold(path: Path, pattern: re.Pattern[bytes]) -> bool:
    """Whether the pattern may be in a file, in a part of a zip file, or in UTF-16; yes if nobody can tell."""
    return holds(path, pattern) is not False


def holds(path: Path, pattern: re.Pattern[bytes]) -> bool | None:
    """The same; ``None`` where nobody can tell, because the file is damaged or encrypted."""
    try:
        return any(pattern.search(piece) for piece in _pieces(path))
    # What zipfile raises for a damaged part (the first two, cut off: EOFError, a wrong offset: ValueError), for one
    # that is encrypted (RuntimeError), and for a method of compression that it lacks (NotImplementedError).
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError):
        return None


def _pieces(path: Path) -> Iterator[bytes]:
    if not zipfile.is_zipfile(path):
        data = path.read_bytes()
        if data.startswith(b"PK") or _ENCRYPTED in data:
            raise zipfile.BadZipFile
        yield data
        yield data.replace(b"\x00", b"")  # UTF-16, as text files and .xls have it
        return
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as part:
                end = b""
                while piece := part.read(_PIECE_BYTES):
                    yield end + piece
                    end = piece[-_LONGEST:]
