"""Queries and tables of a database as exports: a snapshot whenever they have changed."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from goldpan.errors import ConfigError, DataError, TransientError
from sync.archive.files import write_whole
from sync.environment import Environment
from sync.readers.limits import ReadLimits
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.source_settings import SourceSettings
from sync.sources.database import FETCHED_ROWS, Database, names_of
from sync.sources.found import ChangedError, Found, Listing, Refusal, in_nanoseconds
from sync.sources.limits import read_limits
from sync.sources.sql_columns import as_text
from sync.sources.sql_file import RowsFile

_AGAIN = timedelta(minutes=1)
"""A database that failed is left alone for so long: too many wrong passwords lock an account."""


class SqlSource:
    """A database as a source. Nothing is ever written into it.

    Args:
        settings: Its name, and what is asked.
        environment: Holds the URL, read afresh each time, so that a new password needs no restart.
        limits: Larger exports are refused.
        zone: By whose clock moments are told.
        clock: The time.
    """

    is_exact = True  # the mark, or the time at which all was fetched
    is_snapshot = True
    settles = False  # all of one moment
    takes_away = False

    def __init__(
        self,
        settings: SourceSettings,
        environment: Environment,
        limits: ReadLimits,
        *,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
    ) -> None:
        self.settings, self._environment, self._limits, self._zone = settings, environment, limits, zone
        self._clock = clock
        self._listed: tuple[int, Listing] = (-1, Listing())
        self._failed: tuple[datetime, str] | None = None

    @classmethod
    def open(cls, source: SourceSettings, settings: AppSettings, clock: Callable[[], datetime]) -> "SqlSource":
        """As the config describes it; nothing is asked yet."""
        return cls(source, settings.environment, read_limits(settings), zone=settings.zone, clock=clock)

    def list_files(self) -> Listing:
        """An export of each kind that is asked for; the database is asked for the marks, and only now and then."""
        now = self._clock()
        turn = int(now.timestamp()) // (self.settings.every_minutes * 60)
        if self._listed[0] != turn:
            with self._asking() as database:
                self._listed = (turn, self._look(database, now, turn))
        return self._listed[1]

    def fetch(self, found: Found, target: Path) -> bool:
        """Write what the query gives now, all of one moment, into a Parquet file."""
        if not target.exists():
            kind = Path(found.key).stem
            if not (kind in KINDS and self.settings.query_of(kind)):
                raise ChangedError(f"{found.name}: source {self.settings.name} has no query for it any more.")
            with self._asking() as database:
                write_whole(target, lambda temporary: self._write(database, kind, found, temporary))
        return False

    def remove(self, found: Found) -> None:
        """Nothing: rows stay where they are."""

    def columns(self, kind: str) -> list[str]:
        """The names of the columns that a query gives; no row is read.

        Raises:
            GoldpanError: As for :meth:`fetch`.
        """
        with (
            self._asking() as database,
            database.reading() as connection,
            database.answers(f"{kind}_query of source {self.settings.name}"),
            database.ask(connection, self.settings.query_of(kind)) as result,
        ):
            return [*names_of(result)]

    def place(self) -> str:
        """Which database, without user and password.

        Raises:
            ConfigError: There is no URL, or it means nothing.
        """
        with self._asking() as database:
            return database.place

    @contextmanager
    def _asking(self) -> Iterator[Database]:
        now = self._clock()
        if self._failed and timedelta(0) <= now - self._failed[0] < _AGAIN:
            raise TransientError(self._failed[1])
        database = self._database()
        try:
            yield database
        except TransientError as error:
            self._failed = (now, str(error))
            raise
        else:
            self._failed = None
        finally:
            database.close()

    def _database(self) -> Database:

        variable = self.settings.sql
        url = self._environment.named(variable)
        if not url:
            raise ConfigError(
                f"Source {self.settings.name} has no database: neither {variable} nor {variable}_FILE is set in the "
                "environment or in .env. Put the database's URL there, or correct sql in goldpan.toml."
            )
        return Database(url, variable)

    def _look(self, database: Database, now: datetime, turn: int) -> Listing:
        files, refused = [], []
        for kind in filter(self.settings.query_of, KINDS):
            query, mark = self.settings.query_of(kind), self.settings.mark_of(kind)
            name, source = f"{kind}.parquet", self.settings.name
            try:
                what = self._mark(database, kind) if mark else f"turn {turn}"
            except DataError as error:
                fingerprint = f"refused {error.reason} {_digest(query, mark, str(error))}"
                refused.append(Refusal(Found(source, name, name, 0, now, fingerprint), error.reason, str(error)))
            else:
                files.append(Found(source, name, name, 0, now, _digest(database.place, query, mark, what)))
        return Listing(tuple(files), tuple(refused))

    def _mark(self, database: Database, kind: str) -> str:
        asked = f"{kind}_mark of source {self.settings.name}"
        with (
            database.reading() as connection,
            database.answers(asked),
            database.ask(connection, self.settings.mark_of(kind)) as result,
        ):
            rows = result.fetchmany(2)
        if len(rows) != 1:
            raise DataError(
                "query_failed",
                f"{asked}: {'several rows' if rows else 'no row'} came. It must give one, whose values change "
                "whenever the data does, such as max(updated_at) and count(*). Correct it in goldpan.toml.",
            )
        values = (each.astimezone(UTC) if isinstance(each, datetime) and each.tzinfo else each for each in rows[0])
        return _digest(*(None if each is None else as_text(each) for each in values))

    def _write(self, database: Database, kind: str, found: Found, temporary: Path) -> None:
        asked = f"{kind}_query of source {self.settings.name}"
        with (
            TemporaryDirectory(prefix=".rows-", dir=temporary.parent) as folder,
            database.reading() as connection,
            database.answers(asked),
            database.ask(connection, self.settings.query_of(kind)) as result,
        ):
            file = RowsFile(Path(folder), names_of(result), self._limits, file=found.name, zone=self._zone)
            try:
                for rows in result.partitions(FETCHED_ROWS):
                    file.add(rows)
                file.finish(temporary)
            finally:
                file.close()
        at = in_nanoseconds(found.modified_at)
        os.utime(temporary, ns=(at, at))


def _digest(*texts: str | None) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()
