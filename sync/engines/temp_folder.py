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
    lock = FileLock(f"{folder}{_LOCK}", mode=0o600)
    try:
        if parent is not None:
            make_folder(parent)
        _remove_left(place)
        lock.acquire()  # before the folder is there: whoever finds one without a holder removes it
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"temp_folder {place} can't be used ({error.strerror}). Set another under [duckdb] in goldpan.toml."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _remove_left(place: Path) -> None:
    """Remove the folders whose processes are gone; others' are not ours to remove."""
    for folder in place.glob(f"{_PREFIX}*"):
        if folder.suffix != _LOCK:
            with suppress(OSError, Timeout), FileLock(f"{folder}{_LOCK}", timeout=0) as lock:
                shutil.rmtree(folder)
                Path(lock.lock_file).unlink()
