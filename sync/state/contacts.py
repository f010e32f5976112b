"""What HubSpot last confirmed of each contact, and what it refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Engine, Table, bindparam, delete, insert, select

from sync.state import tables as t
from sync.state.times import utc


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What HubSpot last confirmed of one contact: its record id and the values as canonical JSON."""

    record_id: str
    payload: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Values that HubSpot refused for one contact, why, and since when."""

    payload: str
    reason: str
    message: str
    first_at: datetime
    last_at: datetime


class ConfirmedContacts:
    """The contacts of one portal."""

    def __init__(self, engine: Engine, destination: str, portal_id: str) -> None:
        self._engine = engine
        self._destination, self._portal_id = destination, portal_id

    def confirmed(self) -> dict[str, Confirmed]:
        """What was confirmed last, by address."""
        query = select(t.contacts.c.email, t.contacts.c.record_id, t.contacts.c.payload).where(*self._mine(t.contacts))
        with self._engine.connect() as connection:
            return {email: Confirmed(record_id, payload) for email, record_id, payload in connection.execute(query)}

    def other_portals(self) -> list[str]:
        """Portals other than this one that contacts were confirmed for."""
        c = t.contacts.c
        query = select(c.portal_id).where(c.destination == self._destination, c.portal_id != self._portal_id).distinct()
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def confirm(self, contacts: Mapping[str, Confirmed], *, run_id: str, at: datetime) -> None:
        """HubSpot holds these values now: remember them, and forget earlier refusals."""
        if not contacts:
            return
        rows = [
            self._key(email)
            | {"record_id": held.record_id, "payload": held.payload, "confirmed_at": at, "run_id": run_id}
            for email, held in contacts.items()
        ]
        with self._engine.begin() as connection:
            for table in (t.contacts, t.refusals):
                connection.execute(_delete_one(table), self._keys(contacts))
            connection.execute(insert(t.contacts), rows)

    def unconfirm(self, emails: Iterable[str]) -> None:
        """Forget what was confirmed of these addresses: another contact speaks for their record now."""
        keys = self._keys(emails)
        if keys:
            with self._engine.begin() as connection:
                connection.execute(_delete_one(t.contacts), keys)

    def refusals(self) -> dict[str, Refusal]:
        """The contacts that HubSpot refuses, by address."""
        with self._engine.connect() as connection:
            return {
                row.email: Refusal(row.payload, row.reason, row.message, utc(row.first_at), utc(row.last_at))
                for row in connection.execute(select(t.refusals).where(*self._mine(t.refusals)))
            }

    def refuse(self, refused: Mapping[str, Refusal]) -> None:
        """HubSpot refused these values: remember them, so that they are not sent every night."""
        if not refused:
            return
        rows = [
            self._key(email)
            | {
                "payload": refusal.payload,
                "reason": refusal.reason[:80],
                "message": refusal.message,
                "first_at": refusal.first_at,
                "last_at": refusal.last_at,
            }
            for email, refusal in refused.items()
        ]
        with self._engine.begin() as connection:
            connection.execute(_delete_one(t.refusals), self._keys(refused))
            connection.execute(insert(t.refusals), rows)

    def _mine(self, table: Table) -> tuple[Any, Any]:
        return table.c.destination == self._destination, table.c.portal_id == self._portal_id

    def _key(self, email: str) -> dict[str, Any]:
        return {"destination": self._destination, "portal_id": self._portal_id, "email": email}

    def _keys(self, emails: Iterable[str]) -> list[dict[str, str]]:
        return [{"d": self._destination, "p": self._portal_id, "e": email} for email in emails]


def _delete_one(table: Table) -> Delete:
    return delete(table).where(
        table.c.destination == bindparam("d"), table.c.portal_id == bindparam("p"), table.c.email == bindparam("e")
    )
