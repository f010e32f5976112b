"""A copy of the state before it is brought to a newer version: a file beside SQLite's, a schema in PostgreSQL."""

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import FatalError
from sync.archive.files import write_whole
from sync.state import tables as t
from sync.state.leases import CLOCKS

FILES_KEPT, SCHEMAS_KEPT = 5, 2
SCHEMA = "goldpan_backup_"


def back_up(connection: Connection, version: str) -> str:
    """Copy the state as the transaction sees it, and let the oldest copies go.

    Args:
        connection: In a transaction beside which nobody writes.
        version: Of the state.

    Returns:
        Where the copy is; "" for a state in memory.

    Raises:
        FatalError: It could not be written; nothing was changed.
    """
    seconds = connection.execute(text(f"SELECT {CLOCKS[connection.dialect.name]}")).scalar_one()
    stamp = f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%SZ}"
    if connection.dialect.name == "postgresql":
        return _copy_tables(connection, f"{SCHEMA}{version}_{stamp.lower()}")
    file = connection.engine.url.database
    return _copy_file(Path(file), f"goldpan-{version}-{stamp}.sqlite") if file else ""


def _copy_file(state: Path, name: str) -> str:
    folder = state.parent / "backups"
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        write_whole(folder / name, lambda path: _copy_database(state, path))
        copies = sorted(folder.glob("goldpan-*-*.sqlite"), key=lambda path: path.stem.rpartition("-")[2])
        for old in copies[:-FILES_KEPT]:
            old.unlink()
    except (OSError, sqlite3.Error) as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        free, size = shutil.disk_usage(state.parent).free, state.stat().st_size
        raise FatalError(
            f"The state {state} has to be brought to a newer version, and the copy that comes first could not be "
            f"written to {folder}: {cause}. Nothing was changed. Make room there (the state has {size / 1e6:,.0f} MB, "
            f"{free / 1e6:,.0f} MB are free) or set its permissions right, and try again."
        ) from error
    return str(folder / name)


def _copy_database(state: Path, copy: Path) -> None:
    """By SQLite's own means: what is still in the write-ahead log is in the copy too."""
    with closing(sqlite3.connect(state)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _copy_tables(connection: Connection, schema: str) -> str:
    inspector = inspect(connection)
    names = sorted({*t.metadata.tables, "alembic_version"} & {*inspector.get_table_names()})
    quote = connection.dialect.identifier_preparer.quote
    try:
        connection.execute(text(f"LOCK TABLE {', '.join(map(quote, names))} IN ACCESS EXCLUSIVE MODE"))
        connection.execute(text(f"CREATE SCHEMA {quote(schema)}"))
        for name in names:
            connection.execute(text(f"CREATE TABLE {quote(schema)}.{quote(name)} AS TABLE {quote(name)}"))
        copies = [name for name in inspector.get_schema_names() if re.fullmatch(rf"{SCHEMA}\w+_\w+", name)]
        for old in sorted({*copies, schema}, key=lambda name: name.rpartition("_")[2])[:-SCHEMAS_KEPT]:
            connection.execute(text(f"DROP SCHEMA {quote(old)} CASCADE"))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        database = connection.engine.url.database
        raise FatalError(
            "The state has to be brought to a newer version, and the copy that comes first could not be made in the "
            f"database {database} (schema {schema}): {cause}. Nothing was changed. Free space on the server, or let "
            f"Goldpan's user make schemas (GRANT CREATE ON DATABASE {database} TO that user), and try again."
        ) from error
    return f"schema {schema} in the database {connection.engine.url.database}"
