"""Databases that give exports: only read, in one transaction, and their errors in Goldpan's words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    NullPool,
    column,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    table,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from goldpan.errors import ConfigError, DataError, TransientError
from sync.sql_settings import is_table
from sync.state.database import CONNECT

STATEMENT_MINUTES = 30
"""So long PostgreSQL may take for one step of a query; then it ends it."""
FETCHED_ROWS = 10_000
"""Rows in memory at once."""

_DRIVERS = ("psycopg", "psycopg2", "pysqlite")
"""Those that take the arguments in ``CONNECT``."""
_SPOKEN = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
"""What others write, and what Goldpan has the driver for."""
_PASSING = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that a later attempt may mend, <https://www.postgresql.org/docs/current/errcodes-appendix.html>."""
_SQLITE_FAULTS = ("SQLITE_ERROR", "SQLITE_AUTH", "SQLITE_READONLY", "SQLITE_TOOBIG", "SQLITE_MISMATCH")


class Database:
    """A database by its URL; it is connected to for each transaction.

    Args:
        url: SQLAlchemy's.
        variable: Where the URL stands, for errors.

    Raises:
        ConfigError: It is none, or its driver is not installed.
    """

    def __init__(self, url: str, variable: str) -> None:
        self._variable = variable
        self._url = _read(url, variable)
        self.place = f"{self._url.get_backend_name()} {_where(self._url)}"
        self._engine = self._make_engine()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that changes nothing and, where the database can, sees one moment.

        Raises:
            TransientError: It can't be reached.
        """
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise TransientError(
                f"{self.place} can't be reached: {self._said(error)}. Check that it runs, and host, user and password "
                f"in {self._variable}. It is tried again."
            ) from None  # drivers may quote what they were given
        with connection:
            if self._url.get_backend_name() == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_MINUTES}min'")
            yield connection

    @contextmanager
    def answers(self, what: str) -> Iterator[None]:
        """Say in Goldpan's words why a query failed.

        Args:
            what: What was asked, for errors.

        Raises:
            DataError: ``query_failed``: the query does not fit the database.
            TransientError: Try again later.
        """
        try:
            yield
        except SQLAlchemyError as error:
            said = self._said(error)
            if isinstance(error, DBAPIError) and _is_fault(error):
                raise DataError(
                    "query_failed", f"{self.place} refuses {what}: {said}. Correct it in goldpan.toml."
                ) from None
            raise TransientError(f"{self.place} did not answer {what}: {said}. It is tried again.") from None

    def ask(self, connection: Connection, query: str) -> CursorResult[Any]:
        """Send a query, or ask for a whole table in the order of its key; the rows are streamed.

        Queries go as they are: neither `:name` nor `%` means anything to anybody but the database.
        """
        options = {"stream_results": True, "yield_per": FETCHED_ROWS, "no_parameters": True}
        if not is_table(query):
            return connection.exec_driver_sql(query.strip().rstrip(";"), execution_options=options)
        schema, _, name = query.strip().rpartition(".")
        keys: Sequence[str] = ()
        with suppress(NoSuchTableError, NotImplementedError):  # the database itself says it better
            keys = inspect(connection).get_pk_constraint(name, schema or None).get("constrained_columns", ())
        rows = select(text("*")).select_from(table(name, schema=schema or None)).order_by(*map(column, keys))
        return connection.execute(rows, execution_options=options | {"no_parameters": False})

    def close(self) -> None:
        """Nothing stays open."""
        self._engine.dispose()

    def _make_engine(self) -> Engine:
        backend, url = self._url.get_backend_name(), self._url
        known = CONNECT.get(backend, {}) if (url.drivername.partition("+")[2] or "pysqlite") in _DRIVERS else {}
        try:
            engine = create_engine(
                _read_only(url),
                connect_args={key: value for key, value in known.items() if key not in url.query},
                hide_parameters=True,
                poolclass=NullPool,
            )
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigError(_how_to_install(url, self._variable, error)) from None
        if backend == "sqlite":
            event.listen(engine, "connect", _leave_transactions_alone)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine

    def _said(self, error: SQLAlchemyError) -> str:
        """The first line of the driver's words, without the password; what may quote a row is named by its code."""
        cause = getattr(error, "orig", None) or error
        code = _code(error)
        if code.startswith("22"):
            return f"a value could not be read or computed ({type(cause).__name__}, SQLSTATE {code})"
        lines = str(cause).strip().splitlines()
        said = (lines[0] if lines else type(cause).__name__).removesuffix(".")
        password = str(self._url.password or "")
        return said.replace(password, "***") if password else said


def names_of(result: CursorResult[Any]) -> Sequence[str]:
    """The columns' names as the database says them."""
    return [str(each[0]) for each in result.cursor.description]


def _read(url: str, variable: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            f"{variable} holds no database URL. For PostgreSQL: postgresql+psycopg://user:password@host/database; for "
            "others see SQLAlchemy's documentation (Database URLs)."
        ) from None  # with the URL comes its password
    if "@" in (parsed.host or ""):
        raise ConfigError(f"{variable}: the password in the URL holds an @. Write it as %40, and a / as %2F.")
    return parsed.set(drivername=_SPOKEN.get(parsed.drivername, parsed.drivername))


def _where(url: URL) -> str:
    """Host and database: neither user nor options, which may hold secrets."""
    host = f"{url.host}{f':{url.port}' if url.port else ''}/" if url.host else ""
    return f"{host}{url.database or ''}"


def _read_only(url: URL) -> URL:
    """A file of SQLite is opened for reading: else a missing one would be made."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith((":memory:", "file:")):
        return url
    return url.set(database=f"file:{quote(url.database)}", query={"mode": "ro", "uri": "true", **url.query})


def _leave_transactions_alone(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    """Python's driver begins none for a SELECT, so that two reads would see two moments."""
    connection.isolation_level = None


def _how_to_install(url: URL, variable: str, error: Exception) -> str:
    if url.get_backend_name() == "postgresql":
        what = "pip install 'goldpan[postgres]'"
    elif isinstance(error, ModuleNotFoundError):
        what = f"install the package that brings the Python module {error.name}"
    else:
        what = "install the package that SQLAlchemy's documentation names for it (Dialects), or correct the URL"
    return f"{variable}: the driver for {url.drivername} is not installed: {what}."


def _is_fault(error: DBAPIError) -> bool:
    """Whether the query will fail again however often it is sent."""
    if error.connection_invalidated:
        return False
    if sqlite := getattr(error.orig, "sqlite_errorname", ""):
        return str(sqlite).startswith(_SQLITE_FAULTS)
    if code := _code(error):
        return not code.startswith(_PASSING)
    return type(error).__name__ in ("ProgrammingError", "DataError", "NotSupportedError", "IntegrityError")


def _code(error: SQLAlchemyError) -> str:
    """SQLSTATE, as drivers of PostgreSQL say it."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
