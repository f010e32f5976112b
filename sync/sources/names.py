"""Which names are those of exports, and which of files that somebody still writes or has open."""

from fnmatch import fnmatch
from pathlib import PurePosixPath

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".csv", ".parquet")
UNFINISHED = ("~$*", ".*", "*.part", "*.tmp", "*.crdownload")
"""Names of files that somebody still writes or has open."""
LONGEST_BYTES = 200
"""File systems take 255; a date and `.txt` are added where a file is set aside."""


def is_export(name: str) -> bool:
    """Whether a file of this name is to be taken."""
    is_finished = not any(fnmatch(name.lower(), pattern) for pattern in UNFINISHED)
    return is_finished and PurePosixPath(name).suffix.lower() in SUFFIXES


def lock_names(name: str) -> tuple[str, str]:
    """What lies beside a file that an office program has open: Excel's file, and LibreOffice's."""
    return f"~${name}", f".~lock.{name}#"


def problem_of(name: str) -> str | None:
    """Why a file of this name can't be taken, in words."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8 text. Rename it."
    return f"its name is longer than {LONGEST_BYTES} bytes. Shorten it." if size > LONGEST_BYTES else None


def printable(name: str) -> str:
    """The name as text that every database and log takes."""
    return name.encode(errors="backslashreplace").decode()
