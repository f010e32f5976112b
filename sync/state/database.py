"""Opening the state database: SQLite by default, any SQLAlchemy URL else, always at the newest version."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from goldpan.errors import ConfigError, FatalError

VERSION = "0003"
"""The newest migration in `migrations/versions/`; a test checks that it is."""


def open_engine(url: str) -> Engine:
    """Connect, and bring the state to the newest version.

    Args:
        url: A SQLAlchemy URL. A SQLite file and its folder are made when missing, private to the user (0600/0700).

    Raises:
        ConfigError: A URL that means nothing, or a database that can't be reached.
        FatalError: A state that a newer Goldpan has written.
    """
    parsed = checked_url(url)
    try:
        is_sqlite = parsed.get_backend_name() == "sqlite"
        if is_sqlite and parsed.database and parsed.database != ":memory:":
            _make_private_file(Path(parsed.database))
        engine = create_engine(
            parsed,
            connect_args={"timeout": 30} if is_sqlite else {},
            hide_parameters=True,  # an error must not quote addresses
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(
            f"GOLDPAN_STATE_URL names a {parsed.get_backend_name()} database, and its driver is not installed "
            f"({type(error).__name__}). For PostgreSQL: pip install 'goldpan[postgres]', and a URL that begins with "
            "postgresql+psycopg://"
        ) from error
    if is_sqlite:
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            _migrate(connection)
    except SQLAlchemyError as error:
        engine.dispose()
        raise unreachable(url, error) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def checked_url(url: str) -> URL:
    """The URL of the state, read.

    Raises:
        ConfigError: It is none.
    """
    try:
        return make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "GOLDPAN_STATE_URL is no database URL. For SQLite: sqlite:////path/to/goldpan.sqlite; for PostgreSQL: "
            "postgresql+psycopg://user:password@host/database."
        ) from error


def unreachable(url: str, error: SQLAlchemyError) -> ConfigError:
    """The error for a database that can't be opened; the password stays out of it."""
    place = make_url(url).render_as_string(hide_password=True)
    return ConfigError(f"The state database {place} can't be opened: {_cause(error)}")


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
    connection.exec_driver_sql("BEGIN")


def _migrate(connection: Connection) -> None:
    found = None
    if inspect(connection).has_table("alembic_version"):
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found == VERSION:
        return
    if found is not None and found > VERSION:
        raise FatalError(
            f"The state was written by a newer Goldpan (version {found}, this one knows {VERSION}). Upgrade Goldpan."
        )
    from alembic import command  # noqa: PLC0415 - a quarter of a second that only a migration needs
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _cause(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
