"""The portal's SQLite: one file that survives kill -9, or memory when there is no path.

One connection, one lock: every request is one transaction. WAL with ``synchronous=NORMAL`` loses nothing when the
process is killed (only a power cut may take the last commits). One process at a time uses a file.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contacts (
    id INTEGER PRIMARY KEY, body TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0, merged_into INTEGER);
CREATE TABLE IF NOT EXISTS holders (
    property TEXT, value TEXT, contact_id INTEGER NOT NULL, PRIMARY KEY (property, value)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holders_by_contact ON holders (contact_id);
CREATE TABLE IF NOT EXISTS history (contact_id INTEGER NOT NULL, written_at TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS history_by_contact ON history (contact_id);
CREATE TABLE IF NOT EXISTS blocked (email TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS properties (name TEXT PRIMARY KEY, body TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS property_groups (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lists (id INTEGER PRIMARY KEY, name_key TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
"""
CONTENT = ("contacts", "holders", "history", "blocked", "properties", "property_groups", "lists")

Values = Sequence[str | int | None]


class Database:
    """The connection, shared by all threads behind one lock."""

    def __init__(self, path: Path | None = None) -> None:
        if path:
            path.touch(mode=0o600)  # it may hold real people
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None, timeout=10
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(TABLES)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, or nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, statement: str, values: Values = ()) -> list[tuple[object, ...]]:
        """All rows of a query."""
        return self._connection.execute(statement, values).fetchall()

    def run(self, statement: str, values: Iterable[Values] = ((),)) -> None:
        """One statement for each of the values."""
        self._connection.executemany(statement, values)

    def clear(self) -> None:
        """Forget all content; the portal's id stays."""
        for table in CONTENT:
            self.run(f"DELETE FROM {table}")  # noqa: S608 - our own table names

    def settle_portal_id(self, wanted: int | None, default: int) -> int:
        """The id that stays with this file: ``wanted`` if given, else the one kept, else ``default``."""
        kept = self.rows("SELECT value FROM meta WHERE name = 'portal_id'")
        portal_id = wanted or (int(str(kept[0][0])) if kept else default)
        self.run("INSERT OR REPLACE INTO meta VALUES ('portal_id', ?)", [(str(portal_id),)])
        return portal_id


def marks(values: Sequence[object]) -> str:
    """As many question marks as values, for ``IN (...)``."""
    return ",".join("?" * len(values))


def as_text(value: object) -> str:
    """A value as the JSON text that is stored."""
    return json.dumps(value, ensure_ascii=False)
