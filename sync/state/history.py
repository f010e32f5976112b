"""One contact in the journal: every change that was planned for it, and how it stands with HubSpot."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Row, Select, Table, select

from sync.state import tables as t
from sync.state.times import utc


@dataclass(frozen=True, slots=True)
class KnownContact:
    """An address in one portal."""

    destination: str
    portal_id: str
    email: str


@dataclass(frozen=True, slots=True)
class Write(KnownContact):
    """One change of one contact, and what became of it.

    Attributes:
        run_kind: What kind of run wanted it: ``run``, ``approve``, ``undo`` …; ``as_of`` is that run's date.
        at: When its outcome was known; without one, when its run started.
        cause: ``time`` or ``data``; "" where nobody asked.
        before: What HubSpot held, by property; ``after``: what was to be written.
    """

    run_id: str
    run_kind: str
    as_of: date
    at: datetime
    action: str
    verdict: str
    reason: str
    message: str
    cause: str
    record_id: str
    correlation_id: str
    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Confirmation(KnownContact):
    """What HubSpot last confirmed that it holds for an address."""

    record_id: str
    confirmed_at: datetime
    run_id: str
    first_run_id: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RefusedContact(KnownContact):
    """Why HubSpot refuses an address, since when, and when it was last tried."""

    reason: str
    message: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class AbsentContact(KnownContact):
    """An address that HubSpot does not have: ``gone`` (it had it once) or ``not_wanted``, and since when."""

    reason: str
    since_at: datetime
    checked_at: datetime


class History:
    """What the state knows of single contacts, in every portal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def writes(self, emails: Collection[str]) -> tuple[Write, ...]:
        """Every change that was planned for these addresses, the newest first."""
        c, r = t.changes.c, t.runs.c
        query = (
            select(t.changes, r.kind, r.destination, r.portal_id, r.as_of, r.started_at)
            .join(t.runs, r.run_id == c.run_id)
            .where(c.email.in_(emails))
            .order_by(c.change_id.desc())
        )
        return tuple(map(_write, self._rows(query)))

    def confirmations(self, emails: Collection[str]) -> tuple[Confirmation, ...]:
        """What was confirmed of these addresses, the newest first."""
        found = (
            Confirmation(
                **_who(row),
                record_id=row.record_id,
                confirmed_at=utc(row.confirmed_at),
                run_id=row.run_id,
                first_run_id=row.first_run_id,
                values=json.loads(row.payload),
            )
            for row in self._of(t.contacts, emails)
        )
        return tuple(sorted(found, key=lambda held: held.confirmed_at, reverse=True))

    def refusals(self, emails: Collection[str]) -> tuple[RefusedContact, ...]:
        """What HubSpot refuses of these addresses."""
        return tuple(
            RefusedContact(
                **_who(row),
                reason=row.reason,
                message=row.message,
                first_at=utc(row.first_at),
                last_at=utc(row.last_at),
            )
            for row in self._of(t.refusals, emails)
        )

    def absences(self, emails: Collection[str]) -> tuple[AbsentContact, ...]:
        """Which of these addresses HubSpot does not have."""
        return tuple(
            AbsentContact(**_who(row), reason=row.reason, since_at=utc(row.since_at), checked_at=utc(row.checked_at))
            for row in self._of(t.absences, emails)
        )

    def addresses_of(self, customer_key: str) -> tuple[str, ...]:
        """The addresses that a customer was written under, for customers who left the exports."""
        c = t.changes.c
        query = select(c.email).where(c.customer_key == customer_key).distinct().order_by(c.email)
        return tuple(row.email for row in self._rows(query)) if customer_key else ()

    def last_accepted_as_of(self) -> date | None:
        """The date of the newest run whose exports were accepted."""
        accepted = select(t.run_inputs.c.run_id).where(t.run_inputs.c.is_accepted)
        query = select(t.runs.c.as_of).where(t.runs.c.run_id.in_(accepted)).order_by(t.runs.c.run_id.desc()).limit(1)
        return next((row.as_of for row in self._rows(query)), None)

    def _of(self, table: Table, emails: Collection[str]) -> Sequence[Row[Any]]:
        return self._rows(select(table).where(table.c.email.in_(emails)))

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()


def _who(row: Row[Any]) -> dict[str, str]:
    return {"destination": row.destination, "portal_id": row.portal_id, "email": row.email}


def _write(row: Row[Any]) -> Write:
    return Write(
        **_who(row),
        run_id=row.run_id,
        run_kind=row.kind,
        as_of=row.as_of,
        at=utc(row.answered_at or row.started_at),
        action=row.action,
        verdict=row.verdict,
        reason=row.reason,
        message=row.message,
        cause=row.cause,
        record_id=row.record_id,
        correlation_id=row.correlation_id,
        before=json.loads(row.before),
        after=json.loads(row.after),
    )
