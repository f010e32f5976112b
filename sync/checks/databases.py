"""Databases that give exports: reached, asked, and with the columns that are needed."""

from collections.abc import Iterator

from goldpan.errors import ConfigError, DataError
from goldpan.model import Sheet
from goldpan.tables import tables_of
from sync.app import now
from sync.intake.kinds import spec_of
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.source_settings import SourceSettings
from sync.sources.sql import SqlSource
from sync.sql_settings import is_table


def look_at(source: SourceSettings, settings: AppSettings) -> str:
    """What a database gives, without a row of it.

    Raises:
        GoldpanError: Everything that is wrong with it.
    """
    database = SqlSource.open(source, settings, now)
    place = database.place()
    problems = [refusal.reason for refusal in database.list_files().refused]
    found = []
    for kind in filter(source.query_of, KINDS):
        try:
            names = database.columns(kind)
            next(tables_of([Sheet(file=f"{kind}_query", name="", rows=[[*names]])], spec_of(kind, settings.config)))
        except DataError as error:
            problems.append(str(error))
        else:
            found.append(f"{kind}: {', '.join([f'{len(names)} columns', *_remarks(kind, source)])}")
    if problems:
        raise ConfigError.of([*dict.fromkeys(problems)])
    return f"{place} ({'; '.join(found)})"


def _remarks(kind: str, source: SourceSettings) -> Iterator[str]:
    if not source.mark_of(kind):
        yield f"without a mark, so all rows are read every {source.every_minutes} minutes"
    query = source.query_of(kind)
    if not is_table(query) and "order by" not in " ".join(query.lower().split()):
        yield "without ORDER BY, so the same rows in another order count as new"
