"""The lock of the operating system beside a SQLite state: exact, and gone with its process, however that ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from goldpan.errors import BusyError, ConfigError


@contextmanager
def file_locked(path: Path) -> Iterator[None]:
    """Hold the lock.

    Raises:
        BusyError: Another process holds it.
        ConfigError: It can't be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(path, timeout=0, mode=0o600)
        lock.acquire()
    except Timeout as error:
        raise BusyError(f"it holds {path}") from error
    except OSError as error:
        raise ConfigError(
            f"{path} can't be made: {error.strerror}. Check GOLDPAN_STATE_URL and GOLDPAN_HOME."
        ) from error
    try:
        yield
    finally:
        lock.release()


def lock_of(state: Path) -> Path:
    """Beside the state's file, so that two homes with one state share it."""
    return state.with_name(f"{state.name}.lock")
