"""What HubSpot last confirmed of each contact, what it refused, and who is not there."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, and_, insert, not_, or_, select

from goldpan.model import Confirmed
from goldpan.stored import FILLS
from sync.state import tables as t
from sync.state.columns import text_batches
from sync.state.database import writing
from sync.state.portal_rows import PortalRows, chunks, delete_one
from sync.state.times import utc

if TYPE_CHECKING:
    from goldpan.payloads import Texts

WRITTEN = 10_000
"""Contacts in one transaction: what is proven of each stands for itself."""


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


class ConfirmedContacts(PortalRows):
    """The contacts of one portal."""

    def known(self) -> dict[str, Confirmed]:
        """What was confirmed last, by address: everybody, so only for runs that look at everybody."""
        query = _CONFIRMED.where(*self._mine(t.contacts))
        with self._engine.connect() as connection:
            return _by_address(connection.execute(query))

    def known_of(self, emails: Collection[str]) -> dict[str, Confirmed]:
        """What was confirmed last of these addresses."""
        return _by_address(self._some(_CONFIRMED, t.contacts.c.email, emails))

    def batches(self, rows: int = 50_000) -> "Iterator[tuple[Texts, ...]]":
        """Everybody who is confirmed: addresses, payloads and customer ids, about so many rows at a time."""
        c = t.contacts.c
        query = select(c.email, c.payload, c.customer_key).where(*self._all_of_mine(t.contacts))
        return text_batches(self._engine, query, rows)

    def confirmed_on(self, record_ids: Collection[str]) -> dict[str, str]:
        """The record of every contact that was confirmed for one of these records, by address."""
        c = t.contacts.c
        return {row.email: row.record_id for row in self._some(select(c.email, c.record_id), c.record_id, record_ids)}

    def owners_of(self, record_ids: Collection[str]) -> dict[str, str]:
        """The address that was confirmed for each of these records, where one was."""
        return {record_id: email for email, record_id in self.confirmed_on(record_ids).items()}

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
        for emails in chunks(contacts, WRITTEN):
            with writing(self._engine) as connection:
                first = self._first_runs(connection, emails)
                rows = [
                    self._key(email)
                    | {
                        "record_id": contacts[email].record_id,
                        "payload": contacts[email].payload,
                        "customer_key": contacts[email].customer_key,
                        "confirmed_at": at,
                        "first_run_id": first.get(email, run_id),
                        "run_id": run_id,
                    }
                    for email in emails
                ]
                for table in (t.contacts, t.refusals, t.absences):
                    connection.execute(delete_one(table), self._keys(emails))
                connection.execute(insert(t.contacts), rows)

    def unconfirm(self, emails: Iterable[str]) -> None:
        """Forget what was confirmed of these addresses: another contact speaks for their record now."""
        keys = self._keys(emails)
        if keys:
            with writing(self._engine) as connection:
                connection.execute(delete_one(t.contacts), keys)

    def absences_of(self, emails: Collection[str]) -> dict[str, Absence]:
        """Those of these contacts that HubSpot does not have, by address."""
        return {
            row.email: Absence(row.reason, row.payload, utc(row.since_at), utc(row.checked_at), row.record_id)
            for row in self._some(select(t.absences), t.absences.c.email, emails)
        }

    def fresh_absences(
        self, now: datetime, rows: int, *, good_for: timedelta, new_good_for: timedelta
    ) -> "Iterator[tuple[Texts, ...]]":
        """Contacts that HubSpot lacked not long ago: addresses, payloads and reasons, about so many at a time.

        Args:
            now: The time.
            rows: See :meth:`batches`.
            good_for: So long after it was checked.
            new_good_for: The same for one that was found gone for the first time.
        """
        c, now = t.absences.c, now.astimezone(UTC)
        is_new = and_(c.reason == "gone", c.checked_at == c.since_at)
        is_fresh = or_(
            and_(is_new, c.checked_at > now - new_good_for), and_(not_(is_new), c.checked_at > now - good_for)
        )  # fmt: skip
        query = select(c.email, c.payload, c.reason).where(*self._all_of_mine(t.absences), is_fresh)
        return text_batches(self._engine, query, rows)

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
        for emails in chunks(payloads, WRITTEN):
            before = self.absences_of(emails)
            rows = []
            for email in emails:
                known = before.get(email)
                since_at = known.since_at if known is not None and known.reason == reason else at
                rows.append(
                    self._key(email)
                    | {
                        "reason": reason,
                        "payload": payloads[email],
                        "record_id": (record_ids or {}).get(email, ""),
                        "since_at": since_at,
                        "checked_at": at,
                    }
                )
            with writing(self._engine) as connection:
                for table in (t.contacts, t.absences):
                    connection.execute(delete_one(table), self._keys(emails))
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
        with writing(self._engine) as connection:
            connection.execute(delete_one(t.refusals), self._keys(refused))
            connection.execute(insert(t.refusals), rows)

    def _first_runs(self, connection: Connection, emails: Iterable[str]) -> dict[str, str]:
        """The run that confirmed each of these contacts first; one that was emptied since begins anew."""
        c = t.contacts.c
        first: dict[str, str] = {}
        for some in chunks(emails):
            query = select(c.email, c.first_run_id, c.payload).where(*self._mine(t.contacts), c.email.in_(some))
            rows = connection.execute(query)
            first |= {row.email: row.first_run_id for row in rows if _holds_values(row.payload)}
        return first


_CONFIRMED = select(
    *(t.contacts.c[name] for name in ("email", "record_id", "payload", "customer_key", "first_run_id", "run_id"))
)


def _by_address(rows: Iterable[Row[Any]]) -> dict[str, Confirmed]:
    return {
        row.email: Confirmed(row.record_id, row.payload, row.customer_key, row.first_run_id, row.run_id)
        for row in rows
    }  # fmt: skip


def _holds_values(payload: str) -> bool:
    """Whether anything that Goldpan owns is left; values that only fill blanks stay when a contact is emptied."""
    return any(value for name, value in json.loads(payload).items() if not name.startswith(FILLS))
