"""A folder for what memory can't hold."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from goldpan.errors import ConfigError
from sync.archive.files import make_folder

_PREFIX, _LOCK = "goldpan-duckdb-", ".lock"


@contextmanager
def temporary_folder(parent: Path | None) -> Iterator[Path]:
    """A folder of this run alone, gone afterwards; what killed runs have left goes as well: it holds rows of exports.

    Args:
        parent: Where; made if missing. `None` is the system's place.

    Raises:
        ConfigError: It can't be made.
    """
    place = parent or Path(tempfile.gettempdir())
    folder = place / f"{_PREFIX}{secrets.token_hex(8)}"
    lock = FileLock(f"{folder}{_LOCK}", timeout=0, mode=0o600)
    try:
        if parent is not None:
            make_folder(parent)
        _remove_left(place)
        lock.acquire()  # before the folder is there: whoever finds one without a holder removes it
        folder.mkdir(mode=0o700)
    except OSError as error:
        _unlock(lock)
        raise ConfigError(
            f"temp_folder {place} can't be used ({error.strerror}). Set another under [duckdb] in goldpan.toml."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _unlock(lock)


def _remove_left(place: Path) -> None:
    """Remove the folders whose processes are gone; others' are not ours to remove."""
    for folder in (path for path in place.glob(f"{_PREFIX}*") if path.suffix != _LOCK):
        lock = FileLock(f"{folder}{_LOCK}", timeout=0)
        with suppress(OSError, Timeout):
            lock.acquire()
            shutil.rmtree(folder, ignore_errors=True)
            _unlock(lock)


def _unlock(lock: FileLock) -> None:
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()
