"""Bringing a state to the newest version: alone, after a copy of it, whole or not at all."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from goldpan.errors import BusyError, FatalError
from sync.state.backup import back_up
from sync.state.database import BEGIN
from sync.state.file_lock import file_locked, lock_of
from sync.state.leases import Leases
from sync.state.version import VERSION, stored_version

POSTGRESQL_LOCK = 0x676F6C6470616E
"""The number of an advisory lock, "goldpan" in ASCII; runs of versions up to 0.1 hold it as long as they last."""


def bring_up(engine: Engine, *, is_alone: bool) -> None:
    """Make the tables, or bring them to the newest version after a copy.

    Args:
        engine: The state.
        is_alone: Whether the caller holds the lock beside the SQLite file.

    Raises:
        BusyError: An older Goldpan is at work with the older state.
        FatalError: The state is a newer Goldpan's, or the copy could not be made.
    """
    with engine.connect() as connection:
        found = _version(connection)
    if found == VERSION:
        return
    if found is not None and found > VERSION:
        raise FatalError(
            f"The state was written by a newer Goldpan (version {found}, this one knows {VERSION}). Upgrade Goldpan."
        )
    with _nobody_else(engine, found, is_alone=is_alone) as connection:
        found = _version(connection)  # another process may have been faster
        if found == VERSION:
            return
        where = back_up(connection, found) if found is not None else ""
        _migrate(connection)
    if found is not None:
        _log().warning("state.upgraded", found=found, version=VERSION, backup=where)


def _version(connection: Connection) -> str | None:
    return stored_version(connection) if inspect(connection).has_table("alembic_version") else None


def _log() -> structlog.typing.FilteringBoundLogger:
    """A command that only reads has set up no log, and its standard output is for its answer alone."""
    aside = structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger() if structlog.is_configured() else aside
    return log


@contextmanager
def _nobody_else(engine: Engine, found: str | None, *, is_alone: bool) -> Iterator[Connection]:
    """A transaction beside which nobody writes, and no run is under way."""
    busy = (
        f"The state is to be brought from version {found} to {VERSION}, and another Goldpan is at work with it. Wait "
        "for it, or stop it; then try again."
    )
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '30s'"))
            try:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": POSTGRESQL_LOCK})
            except OperationalError as error:
                raise BusyError(busy) from error
            if inspect(connection).has_table("leases") and (held := Leases(engine).current()) is not None:
                raise BusyError(f"{busy} At work is {held}.")
            yield connection
        return
    file = engine.url.database
    with engine.connect().execution_options(**{BEGIN: "BEGIN IMMEDIATE"}) as connection:
        if is_alone or found is None or not file:
            with connection.begin():
                yield connection
            return
        try:
            with file_locked(lock_of(Path(file))), connection.begin():
                yield connection
        except BusyError as error:
            raise BusyError(busy) from error


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
