"""The first touch of an export: is it there, a plain file, readable, and not too big?"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goldpan.errors import DataError, GoldpanError
from sync.readers.limits import ReadLimits, as_mb, too_large

EXPECTED = "an Excel workbook (.xlsx, .xlsm, .xls), a text table (.csv) or a Parquet table (.parquet)"
_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))


def check_file(path: Path, limits: ReadLimits) -> None:
    """Refuse what cannot be read as a file at all, before anything opens it (a pipe would wait forever).

    Raises:
        DataError: ``missing_file``, ``unreadable_file``, ``too_large`` or ``empty_export``.
    """
    with file_access(path):
        status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        found = next((name for is_kind, name in _KINDS if is_kind(status.st_mode)), "a device")
        raise DataError(
            "unreadable_file", f"{path.name}: this is {found}, expected {EXPECTED}. Give the path of the file itself."
        )
    if status.st_size > limits.max_file_bytes:
        raise _file_too_large(path, status.st_size, limits)
    if not status.st_size:
        raise empty_file(path)


def read_head(path: Path, size_bytes: int) -> bytes:
    """The first bytes of the file, enough to tell what it is."""
    with file_access(path), path.open("rb") as file:
        return file.read(size_bytes)


def read_bytes(path: Path, limits: ReadLimits) -> bytes:
    """The whole file, refused if it has grown past the limit since it was looked at."""
    with file_access(path), path.open("rb") as file:
        data = file.read(limits.max_file_bytes + 1)
    if len(data) > limits.max_file_bytes:
        raise _file_too_large(path, len(data), limits)
    return data


def empty_file(path: Path) -> DataError:
    """The refusal of a file without any content."""
    return DataError(
        "empty_export",
        f"{path.name}: the file is empty (no cell at all), expected {EXPECTED}. "
        "The export or its transfer was probably cut short: export it again.",
    )


def corrupt_file(file: str, detail: str) -> DataError:
    """The refusal of a file that starts right and then cannot be read."""
    return DataError(
        "corrupt_file",
        f"{file}: the file is damaged, incomplete or written in an unusual way ({detail}), so it cannot be read whole. "
        "Export or copy it again; if it opens in Excel, save it there under a new name.",
    )


@contextmanager
def file_access(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a path into Goldpan's words."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise DataError(
            "missing_file",
            f"{path.name}: no such file in {path.parent}. Expected {EXPECTED}: check the path or put it there.",
        ) from error
    except OSError as error:
        raise DataError(
            "unreadable_file",
            f"{path.name}: the file in {path.parent} cannot be read ({error.strerror or error}). "
            "Give the account that runs Goldpan the right to read it.",
        ) from error


@contextmanager
def library_errors(path: Path) -> Iterator[None]:
    """Turn whatever a reading library raises, a Rust panic included, into ``corrupt_file``.

    These libraries meet bytes from outside; for damaged ones they raise whatever went wrong inside them
    (``struct.error``, ``KeyError``, ``AssertionError`` …), so every exception here means the same.
    """
    try:
        yield
    except GoldpanError:
        raise
    except MemoryError as error:
        raise corrupt_file(path.name, "it asks for more memory than there is") from error
    except Exception as error:
        raise corrupt_file(path.name, _detail_of(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # pyo3's, which cannot be imported
            raise
        raise corrupt_file(path.name, _detail_of(error)) from error


def _detail_of(error: BaseException) -> str:
    first_line = str(error).partition("\n")[0].strip()
    return first_line[:120] or type(error).__name__


def _file_too_large(path: Path, size_bytes: int, limits: ReadLimits) -> DataError:
    found = f"the file has {as_mb(size_bytes)}"
    return too_large(path.name, found, as_mb(limits.max_file_bytes), "max_file_mb")
