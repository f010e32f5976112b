"""Tables that are keyed by destination, portal and address: the rows of one portal."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Engine,
    FromClause,
    Row,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    literal_column,
    select,
)

AT_ONCE = 500
"""Values in one query: well below the number of parameters that SQLite takes."""

_FEW = 10_000
"""So many are asked for without counting the table first."""

_DEARER = 4
"""Asking for a row by its key takes about as long as reading four in a row (1,000,000 contacts, SQLite)."""


class PortalRows:
    """What a state knows of the contacts of one portal."""

    def __init__(self, engine: Engine, destination: str, portal_id: str) -> None:
        self._engine = engine
        self._destination, self._portal_id = destination, portal_id

    def _some(self, query: Select[Any], column: Column[str], values: Collection[str]) -> Iterator[Row[Any]]:
        """The rows with one of these values in a column, which the query reads; nobody may write meanwhile."""
        table = column.table
        with self._engine.connect() as connection:
            if len(values) > _FEW and len(values) * _DEARER > self._count(connection, table):
                wanted = frozenset(values)
                rows = connection.execution_options(yield_per=AT_ONCE).execute(query.where(*self._all_of_mine(table)))
                yield from (row for row in rows if getattr(row, column.name) in wanted)
                return
            # By any other index than that of the key, which SQLite would go through from end to end.
            mine = self._mine(table) if column.primary_key else self._all_of_mine(table)
            for some in chunks(values, AT_ONCE):
                yield from connection.execute(query.where(*mine, column.in_(some)))

    def _count(self, connection: Connection, table: FromClause) -> int:
        return connection.execute(select(func.count()).select_from(table).where(*self._mine(table))).scalar_one()

    def _mine(self, table: FromClause) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return table.c.destination == self._destination, table.c.portal_id == self._portal_id

    def _all_of_mine(self, table: FromClause) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The same without the index of the key.

        Where all rows are wanted, SQLite would go through it and look up each row: three times as long where contacts
        were not confirmed in the order of their addresses.
        """
        if self._engine.dialect.name != "sqlite":
            return self._mine(table)
        # A term with a sign before it is none that an index serves, https://sqlite.org/optoverview.html
        columns = table.c.destination, table.c.portal_id
        destination, portal_id = (literal_column(f"+{column.table}.{column.name}", String) for column in columns)
        return destination == self._destination, portal_id == self._portal_id

    def _key(self, email: str) -> dict[str, Any]:
        return {"destination": self._destination, "portal_id": self._portal_id, "email": email}

    def _keys(self, emails: Iterable[str]) -> list[dict[str, str]]:
        return [{"d": self._destination, "p": self._portal_id, "e": email} for email in emails]


def chunks(values: Iterable[str], size: int = AT_ONCE) -> Iterator[tuple[str, ...]]:
    """The values, so many at a time."""
    rest = iter(values)
    return iter(lambda: tuple(islice(rest, size)), ())


def delete_one(table: Table) -> Delete:
    """The statement for one address, with parameters as :meth:`PortalRows._keys` makes them."""
    return delete(table).where(
        table.c.destination == bindparam("d"), table.c.portal_id == bindparam("p"), table.c.email == bindparam("e")
    )
