"""One run at a time: on this machine by a file, on several machines by the state database that they share."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import BusyError, ConfigError
from sync.settings import AppSettings
from sync.state.database import checked_url, unreachable

POSTGRESQL_LOCK = 0x676F6C6470616E
"""The number of the advisory lock: "goldpan" in ASCII."""


@contextmanager
def single_flight(settings: AppSettings) -> Iterator[None]:
    """One run at a time; the lock goes with the process, however it ends.

    Raises:
        BusyError: When another run is going on.
    """
    with ExitStack() as stack:
        stack.enter_context(_file_lock(_lock_file(settings)))
        if checked_url(settings.state_url).get_backend_name() == "postgresql":
            stack.enter_context(_database_lock(settings.state_url))
        yield


def _lock_file(settings: AppSettings) -> Path:
    """Beside the state file, so that two homes with one state share it; in the home for a state on a server."""
    url = settings.state_url
    if url.startswith("sqlite:///"):
        return Path(f"{url.removeprefix('sqlite:///')}.lock")
    return settings.home / "state" / "run.lock"


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(path, timeout=0, mode=0o600)
        lock.acquire()
    except Timeout as error:
        raise BusyError(
            f"Another run is going on (it holds {path}). Wait for it, or look at it: goldpan runs."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path} can't be made: {error.strerror}. Check GOLDPAN_STATE_URL and GOLDPAN_HOME."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _database_lock(url: str) -> Iterator[None]:
    """A lock of the server's that goes with its connection: a machine that dies holds it no longer."""
    engine = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
    try:
        try:
            connection = engine.connect()
            is_free = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": POSTGRESQL_LOCK}).scalar()
        except SQLAlchemyError as error:
            raise unreachable(url, error) from error
        with connection:
            if not is_free:
                raise BusyError(
                    "Another run is going on, here or on another machine with the same state database. Wait for it, or "
                    "look at it: goldpan runs."
                )
            yield
    finally:
        engine.dispose()
