"""One person in the state: what is known of them, and how they leave it."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, select, text, update

from goldpan.person import Person
from sync.state import tables as t
from sync.state.database import writing

BY_ADDRESS = (t.contacts, t.changes, t.refusals, t.absences)
_BY_CUSTOMER = (t.contacts, t.changes)


class People:
    """Single people, in every portal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def customers_of(self, addresses: Collection[str]) -> set[str]:
        """The customer ids that these addresses were written for."""
        return self._distinct("customer_key", "email", addresses)

    def addresses_of(self, customer_keys: Collection[str]) -> set[str]:
        """The addresses that these customers were written under."""
        return self._distinct("email", "customer_key", customer_keys)

    def configs(self) -> list[dict[str, str]]:
        """Every config that was kept, name to text."""
        with self._engine.connect() as connection:
            return [json.loads(files) for files in connection.execute(select(t.configs.c.files)).scalars()]

    def count(self, person: Person) -> dict[str, int]:
        """How many rows of each table are about a person, without those that have none."""
        with self._engine.connect() as connection:
            counts = {
                table.name: connection.execute(
                    select(func.count()).select_from(table).where(_is_about(table, person))
                ).scalar_one()
                for table in BY_ADDRESS
            }
            counts["runs"] = len(self._records(connection, person))
        return {name: count for name, count in counts.items() if count}

    def remove(self, person: Person) -> None:
        """Remove every row about a person; SQLite overwrites what was there."""
        with writing(self._engine) as connection:
            is_sqlite = connection.dialect.name == "sqlite"
            if is_sqlite:
                connection.execute(text("PRAGMA secure_delete = ON"))
            for table in BY_ADDRESS:
                connection.execute(delete(table).where(_is_about(table, person)))
            for run_id, record in self._records(connection, person).items():
                connection.execute(update(t.runs).where(t.runs.c.run_id == run_id).values(record=record))
        if is_sqlite:
            with self._engine.connect() as connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def _distinct(self, wanted: str, by: str, values: Collection[str]) -> set[str]:
        found: set[str] = set()
        with self._engine.connect() as connection:
            for table in _BY_CUSTOMER:
                query = select(table.c[wanted]).where(table.c[by].in_(values)).distinct()
                found |= set(connection.execute(query).scalars())
        return found - {""}

    def _records(self, connection: Connection, person: Person) -> dict[str, str]:
        """Records of runs that name an address, as they should be: none does, unless a message quoted one."""
        r = t.runs.c
        changed: dict[str, str] = {}
        for address in person.addresses:
            query = select(r.run_id, r.record).where(r.record.icontains(address, autoescape=True))
            for run_id, record in connection.execute(query):
                clean = person.redact(record)
                if clean != record:
                    changed[run_id] = clean
        return changed


def _is_about(table: Table, person: Person) -> Any:  # noqa: ANN401 - an expression of SQLAlchemy's
    is_about = table.c.email.in_(person.addresses)
    return is_about | table.c.customer_key.in_(person.customer_keys) if table in _BY_CUSTOMER else is_about
