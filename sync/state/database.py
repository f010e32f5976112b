"""Opening the state database: SQLite by default, PostgreSQL by URL, always at the newest version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from goldpan.errors import ConfigError
from sync.state.version import is_newest

BEGIN = "sqlite_begin"
"""The option of a connection to SQLite that says how its transactions begin."""

BACKENDS = ("sqlite", "postgresql")
CONNECT: dict[str, dict[str, Any]] = {
    "sqlite": {"timeout": 30},
    # A server or a network that went away is noticed within half a minute; by themselves, connections wait for hours.
    "postgresql": {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "application_name": "goldpan",
    },
}
"""What a connection is made with, where the URL says nothing else."""


def open_engine(url: str, *, is_alone: bool = False) -> Engine:
    """Connect, and bring the state to the newest version, after a copy of it.

    Args:
        url: A SQLAlchemy URL. A SQLite file and its folder are made when missing, private to the user (0600/0700).
        is_alone: Whether the caller holds the lock beside the SQLite file.

    Raises:
        ConfigError: A URL that means nothing, or a database that can't be reached.
        BusyError: The state is an older one, and a run of an older Goldpan is going on.
        FatalError: A state that a newer Goldpan has written, or whose copy could not be made.
    """
    engine = connect_engine(url)
    try:
        if not is_newest(engine):
            from sync.state.upgrade import bring_up  # noqa: PLC0415 - Alembic and what else only an upgrade needs

            bring_up(engine, is_alone=is_alone)
    except SQLAlchemyError as error:
        engine.dispose()
        raise unreachable(url, error) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def connect_engine(url: str) -> Engine:
    """Connect to the state as it is.

    Raises:
        ConfigError: A URL that means nothing.
    """
    parsed = checked_url(url)
    backend = parsed.get_backend_name()
    file = sqlite_file(url)
    if file is not None:
        _make_private_file(file)
    wanted = {key: value for key, value in CONNECT[backend].items() if key not in parsed.query}
    try:
        engine = create_engine(
            parsed,
            connect_args=wanted,
            hide_parameters=True,  # an error must not quote addresses
            pool_pre_ping=backend == "postgresql",  # a server that was restarted meanwhile is no failure
            **({"isolation_level": "READ COMMITTED"} if backend == "postgresql" else {}),
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(
            f"GOLDPAN_STATE_URL names a {backend} database, and its driver is not installed ({type(error).__name__}). "
            "For PostgreSQL: pip install 'goldpan[postgres]', and a URL that begins with postgresql+psycopg://"
        ) from error
    if backend == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; it commits at its end, or rolls back what it did.

    On SQLite it takes the right to write at once, and waits for it. One that first read and then asked for it would be
    refused when somebody else had written in between ("database is locked"), however long it waited.
    """
    with engine.connect().execution_options(**{BEGIN: "BEGIN IMMEDIATE"}) as connection, connection.begin():
        yield connection


def checked_url(url: str) -> URL:
    """The URL of the state, read.

    Raises:
        ConfigError: It is none, or that of a database that Goldpan doesn't know.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "GOLDPAN_STATE_URL is no database URL. For SQLite: sqlite:////path/to/goldpan.sqlite; for PostgreSQL: "
            "postgresql+psycopg://user:password@host/database."
        ) from error
    if parsed.get_backend_name() not in BACKENDS:
        raise ConfigError(
            f"GOLDPAN_STATE_URL names a {parsed.get_backend_name()} database. Goldpan keeps its state in SQLite "
            "(sqlite:////path/to/goldpan.sqlite) or PostgreSQL (postgresql+psycopg://user:password@host/database)."
        )
    return parsed


def sqlite_file(url: str) -> Path | None:
    """The file of a state in SQLite; ``None`` for one on a server, or in memory."""
    parsed = checked_url(url)
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:"
    return Path(str(parsed.database)) if is_file else None


def unreachable(url: str, error: SQLAlchemyError) -> ConfigError:
    """The error for a database that can't be opened; the password stays out of it."""
    place = make_url(url).render_as_string(hide_password=True)
    cause = str(getattr(error, "orig", None) or error).splitlines()[0]
    return ConfigError(f"The state database {place} can't be opened: {cause}")


def _make_private_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise ConfigError(
            f"The state file {path} can't be made: {error.strerror}. Check GOLDPAN_STATE_URL and GOLDPAN_HOME."
        ) from error


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    # Python's driver would commit before each CREATE TABLE: a migration cut short by a full disk would stay half made.
    connection.isolation_level = None
    # WAL: readers go on while a run writes. FULL: a change that was journalled before it left is still there after a
    # power cut; with NORMAL the last commits may be lost, and an undo would not know what was written. It costs a sync
    # of the disk per batch of 100.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(BEGIN, "BEGIN"))
