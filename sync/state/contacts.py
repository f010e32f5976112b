"""What HubSpot last confirmed of each contact, what it refused, and who is not there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Delete, Engine, Table, bindparam, delete, insert, select

from goldpan.desired import FILLS
from goldpan.model import Confirmed
from sync.state import tables as t
from sync.state.times import utc

AT_ONCE = 500
"""Addresses in one query: well below the number of parameters that SQLite takes."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Values that HubSpot refused for one contact, why, since when, and under which circumstances.

    ``circumstances`` is a digest of what besides the values decides: the portal's properties and Goldpan's version.
    """

    payload: str
    reason: str
    message: str
    first_at: datetime
    last_at: datetime
    circumstances: str = ""


@dataclass(frozen=True, slots=True)
class Absence:
    """A contact that HubSpot does not have for itself, and since when.

    ``reason`` is ``gone`` (it had it once), ``not_wanted``, or ``same_record``: it had it once, and since then another
    contact speaks for that record, ``record_id``.
    """

    reason: str
    payload: str
    since_at: datetime
    checked_at: datetime
    record_id: str = ""


class ConfirmedContacts:
    """The contacts of one portal."""

    def __init__(self, engine: Engine, destination: str, portal_id: str) -> None:
        self._engine = engine
        self._destination, self._portal_id = destination, portal_id

    def known(self) -> dict[str, Confirmed]:
        """What was confirmed last, by address."""
        c = t.contacts.c
        query = select(c.email, c.record_id, c.payload, c.customer_key, c.first_run_id, c.run_id).where(
            *self._mine(t.contacts)
        )
        with self._engine.connect() as connection:
            return {email: Confirmed(*rest) for email, *rest in connection.execute(query)}

    def owners_of(self, record_ids: Iterable[str]) -> dict[str, str]:
        """The address that was confirmed for each of these records, where one was."""
        c = t.contacts.c
        owners: dict[str, str] = {}
        with self._engine.connect() as connection:
            for some in _chunks(record_ids):
                query = select(c.record_id, c.email).where(*self._mine(t.contacts), c.record_id.in_(some))
                owners |= {row.record_id: row.email for row in connection.execute(query)}
        return owners

    def other_portals(self) -> list[str]:
        """Portals other than this one that contacts were confirmed for."""
        c = t.contacts.c
        query = select(c.portal_id).where(c.destination == self._destination, c.portal_id != self._portal_id).distinct()
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def confirm(self, contacts: Mapping[str, Confirmed], *, run_id: str, at: datetime) -> None:
        """HubSpot holds these values now: remember them, and forget earlier refusals and absences.

        Args:
            contacts: By address; their ``run_id`` and, for contacts known before, ``first_run_id`` don't matter.
            run_id: The run that has the proof.
            at: When.
        """
        if not contacts:
            return
        with self._engine.begin() as connection:
            first = self._first_runs(connection, contacts)
            rows = [
                self._key(email)
                | {
                    "record_id": held.record_id,
                    "payload": held.payload,
                    "customer_key": held.customer_key,
                    "confirmed_at": at,
                    "first_run_id": first.get(email, run_id),
                    "run_id": run_id,
                }
                for email, held in contacts.items()
            ]
            for table in (t.contacts, t.refusals, t.absences):
                connection.execute(_delete_one(table), self._keys(contacts))
            connection.execute(insert(t.contacts), rows)

    def unconfirm(self, emails: Iterable[str]) -> None:
        """Forget what was confirmed of these addresses: another contact speaks for their record now."""
        keys = self._keys(emails)
        if keys:
            with self._engine.begin() as connection:
                connection.execute(_delete_one(t.contacts), keys)

    def absences(self) -> dict[str, Absence]:
        """The contacts that HubSpot does not have, by address."""
        with self._engine.connect() as connection:
            return {
                row.email: Absence(row.reason, row.payload, utc(row.since_at), utc(row.checked_at), row.record_id)
                for row in connection.execute(select(t.absences).where(*self._mine(t.absences)))
            }

    def mark_absent(
        self, reason: str, payloads: Mapping[str, str], *, at: datetime, record_ids: Mapping[str, str] | None = None
    ) -> None:
        """HubSpot does not have these contacts; what was confirmed of them is over.

        Args:
            reason: ``gone``, ``not_wanted`` or ``same_record``.
            payloads: What they were looked for with, by address.
            at: When.
            record_ids: The records that other contacts speak for.
        """
        if not payloads:
            return
        before = self.absences()
        rows = []
        for email, payload in payloads.items():
            known = before.get(email)
            since_at = known.since_at if known is not None and known.reason == reason else at
            rows.append(
                self._key(email)
                | {
                    "reason": reason,
                    "payload": payload,
                    "record_id": (record_ids or {}).get(email, ""),
                    "since_at": since_at,
                    "checked_at": at,
                }
            )
        with self._engine.begin() as connection:
            for table in (t.contacts, t.absences):
                connection.execute(_delete_one(table), self._keys(payloads))
            connection.execute(insert(t.absences), rows)

    def refusals(self) -> dict[str, Refusal]:
        """The contacts that HubSpot refuses, by address."""
        with self._engine.connect() as connection:
            return {
                row.email: Refusal(
                    row.payload, row.reason, row.message, utc(row.first_at), utc(row.last_at), row.circumstances
                )
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
                "circumstances": refusal.circumstances,
            }
            for email, refusal in refused.items()
        ]
        with self._engine.begin() as connection:
            connection.execute(_delete_one(t.refusals), self._keys(refused))
            connection.execute(insert(t.refusals), rows)

    def _first_runs(self, connection: Connection, emails: Iterable[str]) -> dict[str, str]:
        """The run that confirmed each of these contacts first; one that was emptied since begins anew."""
        c = t.contacts.c
        first: dict[str, str] = {}
        for some in _chunks(emails):
            query = select(c.email, c.first_run_id, c.payload).where(*self._mine(t.contacts), c.email.in_(some))
            rows = connection.execute(query)
            first |= {row.email: row.first_run_id for row in rows if _holds_values(row.payload)}
        return first

    def _mine(self, table: Table) -> tuple[Any, Any]:
        return table.c.destination == self._destination, table.c.portal_id == self._portal_id

    def _key(self, email: str) -> dict[str, Any]:
        return {"destination": self._destination, "portal_id": self._portal_id, "email": email}

    def _keys(self, emails: Iterable[str]) -> list[dict[str, str]]:
        return [{"d": self._destination, "p": self._portal_id, "e": email} for email in emails]


def _chunks(emails: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(emails)
    return iter(lambda: tuple(islice(rest, AT_ONCE)), ())


def _holds_values(payload: str) -> bool:
    """Whether anything that Goldpan owns is left; values that only fill blanks stay when a contact is emptied."""
    return any(value for name, value in json.loads(payload).items() if not name.startswith(FILLS))


def _delete_one(table: Table) -> Delete:
    return delete(table).where(
        table.c.destination == bindparam("d"), table.c.portal_id == bindparam("p"), table.c.email == bindparam("e")
    )
