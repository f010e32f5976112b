"""What Goldpan remembers: runs, exports, what each contact last confirmed, and what became of each change."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, Row, bindparam, delete, func, insert, select, update

from goldpan.errors import ConfigError
from goldpan.model import Change, Outcome, Portal
from sync.state import tables as t
from sync.state.database import open_engine


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


@dataclass(frozen=True, slots=True)
class StoredInput:
    """An export that the archive keeps."""

    kind: str
    name: str
    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run on record; ``record`` is the object that `--json` printed."""

    run_id: str
    destination: str
    portal_id: str
    started_at: datetime
    finished_at: datetime | None
    status: str
    as_of: date
    record: Mapping[str, Any]

    def summary(self) -> dict[str, Any]:
        """What `goldpan runs --json` says of it."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "as_of": self.as_of.isoformat(),
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "portal_id": self.portal_id,
            "contacts": self.record.get("contacts", {}),
            "archive": self.record.get("archive", ""),
            "problems": self.record.get("problems", []),
        }


class State:
    """The state database of one installation. Times are given, never read from the clock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database behind a SQLAlchemy URL, made or migrated where needed."""
        return cls(open_engine(url))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- runs ---------------------------------------------------------------------------------------------------------

    def start_run(
        self, run_id: str, *, destination: str, portal: Portal, as_of: date, version: str, at: datetime
    ) -> None:
        """Put a run on record as `running`."""
        with self._engine.begin() as connection:
            connection.execute(
                insert(t.runs).values(
                    run_id=run_id,
                    destination=destination,
                    portal_id=portal.portal_id,
                    started_at=at,
                    status="running",
                    as_of=as_of,
                    fingerprint="",
                    goldpan_version=version,
                    record="{}",
                )
            )

    def finish_run(
        self, run_id: str, *, status: str, portal_id: str, fingerprint: str, record: Mapping[str, Any], at: datetime
    ) -> None:
        """Close a run with its record (the object that `--json` prints)."""
        with self._engine.begin() as connection:
            connection.execute(
                update(t.runs)
                .where(t.runs.c.run_id == run_id)
                .values(
                    status=status,
                    portal_id=portal_id,
                    fingerprint=fingerprint,
                    record=json.dumps(record),
                    finished_at=at,
                )
            )

    def close_interrupted_runs(self, at: datetime) -> int:
        """Runs that never finished (killed) are failed; their unanswered changes are unknown, the others discarded.

        Nothing is lost: contacts that were not confirmed differ from the state, so the next run reads and settles them.
        """
        interrupted = select(t.runs.c.run_id).where(t.runs.c.status == "running")
        with self._engine.begin() as connection:
            connection.execute(
                update(t.changes)
                .where(t.changes.c.run_id.in_(interrupted), t.changes.c.verdict == "sent")
                .values(verdict="unknown", reason="interrupted")
            )
            connection.execute(
                delete(t.changes).where(t.changes.c.run_id.in_(interrupted), t.changes.c.verdict == "planned")
            )
            closed = connection.execute(
                update(t.runs).where(t.runs.c.status == "running").values(status="interrupted", finished_at=at)
            )
            return closed.rowcount

    def runs(self, limit: int) -> list[StoredRun]:
        """The newest runs first."""
        query = select(t.runs).order_by(t.runs.c.run_id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [_stored_run(row) for row in connection.execute(query)]

    def get_run(self, run_id: str) -> StoredRun:
        """One run; a unique beginning of its id will do, and `latest` means the newest.

        Raises:
            ConfigError: When there is no such run, or several.
        """
        query = select(t.runs).order_by(t.runs.c.run_id.desc()).limit(2)
        if run_id != "latest":
            query = query.where(t.runs.c.run_id.startswith(run_id, autoescape=True))
        with self._engine.connect() as connection:
            found = connection.execute(query).all()
        if not found:
            raise ConfigError("There is no run yet." if run_id == "latest" else f"No run {run_id!r}. See: goldpan runs")
        if run_id != "latest" and len(found) > 1 and found[0].run_id != run_id:
            raise ConfigError(f"Several runs begin with {run_id!r}; give more of the id. See: goldpan runs")
        return _stored_run(found[0])

    def last_sent_as_of(self, destination: str, portal: Portal) -> date | None:
        """The latest business date that this portal was brought to."""
        query = select(func.max(t.runs.c.as_of)).where(
            t.runs.c.destination == destination,
            t.runs.c.portal_id == portal.portal_id,
            t.runs.c.status.in_(["done", "partial"]),
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    # --- inputs -------------------------------------------------------------------------------------------------------

    def add_input(self, run_id: str, stored: StoredInput, *, rows: int) -> None:
        """Put on record that a run uses an export, and where the archive keeps it."""
        known = select(t.inputs.c.sha256).where(t.inputs.c.sha256 == stored.sha256, t.inputs.c.kind == stored.kind)
        with self._engine.begin() as connection:
            if connection.execute(known).first() is None:
                connection.execute(
                    insert(t.inputs).values(
                        sha256=stored.sha256,
                        kind=stored.kind,
                        name=stored.name,
                        size_bytes=stored.path.stat().st_size,
                        path=str(stored.path),
                    )
                )
            connection.execute(
                insert(t.run_inputs).values(
                    run_id=run_id,
                    kind=stored.kind,
                    sha256=stored.sha256,
                    name=stored.name,
                    rows=rows,
                    is_accepted=False,
                )
            )

    def accept_inputs(self, run_id: str) -> None:
        """A run planned from these exports was sent, or had nothing to send."""
        with self._engine.begin() as connection:
            connection.execute(update(t.run_inputs).where(t.run_inputs.c.run_id == run_id).values(is_accepted=True))

    def last_accepted(self, kind: str) -> StoredInput | None:
        """The export of this kind that was accepted last."""
        query = (
            select(t.run_inputs.c.name, t.run_inputs.c.sha256, t.inputs.c.path)
            .join(t.inputs, (t.inputs.c.sha256 == t.run_inputs.c.sha256) & (t.inputs.c.kind == t.run_inputs.c.kind))
            .where(t.run_inputs.c.kind == kind, t.run_inputs.c.is_accepted)
            .order_by(t.run_inputs.c.run_id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return StoredInput(kind, row.name, row.sha256, Path(row.path)) if row else None

    # --- confirmed contacts and refusals ------------------------------------------------------------------------------

    def confirmed(self, destination: str, portal: Portal) -> dict[str, Confirmed]:
        """What this portal last confirmed, by address."""
        c = t.contacts.c
        query = select(c.email, c.record_id, c.payload).where(
            c.destination == destination, c.portal_id == portal.portal_id
        )
        with self._engine.connect() as connection:
            return {email: Confirmed(record_id, payload) for email, record_id, payload in connection.execute(query)}

    def other_portals(self, destination: str, portal: Portal) -> list[str]:
        """Portals other than this one that contacts were confirmed for."""
        c = t.contacts.c
        query = select(c.portal_id).where(c.destination == destination, c.portal_id != portal.portal_id).distinct()
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def confirm(
        self, destination: str, portal: Portal, contacts: Mapping[str, Confirmed], *, run_id: str, at: datetime
    ) -> None:
        """HubSpot holds these values now: remember them, and forget earlier refusals."""
        if not contacts:
            return
        rows = [
            {
                "destination": destination,
                "portal_id": portal.portal_id,
                "email": email,
                "record_id": confirmed.record_id,
                "payload": confirmed.payload,
                "confirmed_at": at,
                "run_id": run_id,
            }
            for email, confirmed in contacts.items()
        ]
        keys = [{"d": destination, "p": portal.portal_id, "e": email} for email in contacts]
        with self._engine.begin() as connection:
            for table in (t.contacts, t.refusals):
                connection.execute(_delete_one(table), keys)
            connection.execute(insert(t.contacts), rows)

    def unconfirm(self, destination: str, portal: Portal, emails: Iterable[str]) -> None:
        """Forget what was confirmed of these addresses: another contact speaks for their record now."""
        keys = [{"d": destination, "p": portal.portal_id, "e": email} for email in emails]
        if keys:
            with self._engine.begin() as connection:
                connection.execute(_delete_one(t.contacts), keys)

    def refusals(self, destination: str, portal: Portal) -> dict[str, Refusal]:
        """The contacts that HubSpot refuses, by address."""
        c = t.refusals.c
        query = select(c.email, c.payload, c.reason, c.message, c.first_at, c.last_at).where(
            c.destination == destination, c.portal_id == portal.portal_id
        )
        with self._engine.connect() as connection:
            return {
                row.email: Refusal(row.payload, row.reason, row.message, _utc(row.first_at), _utc(row.last_at))
                for row in connection.execute(query)
            }

    def refuse(self, destination: str, portal: Portal, refused: Mapping[str, Refusal]) -> None:
        """HubSpot refused these values: remember them, so that they are not sent every night."""
        if not refused:
            return
        keys = [{"d": destination, "p": portal.portal_id, "e": email} for email in refused]
        rows = [
            {
                "destination": destination,
                "portal_id": portal.portal_id,
                "email": email,
                "payload": refusal.payload,
                "reason": refusal.reason[:80],
                "message": refusal.message,
                "first_at": refusal.first_at,
                "last_at": refusal.last_at,
            }
            for email, refusal in refused.items()
        ]
        with self._engine.begin() as connection:
            connection.execute(_delete_one(t.refusals), keys)
            connection.execute(insert(t.refusals), rows)

    # --- changes ------------------------------------------------------------------------------------------------------

    def plan_changes(self, run_id: str, changes: Sequence[Change]) -> None:
        """Write down every change before any of them is sent."""
        rows = [
            {
                "run_id": run_id,
                "email": change.email,
                "action": str(change.action),
                "before": _as_json(change.before),
                "after": _as_json(change.after),
                "verdict": "planned",
                "reason": "",
                "message": "",
                "record_id": change.record_id or "",
                "correlation_id": "",
            }
            for change in changes
        ]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(insert(t.changes), rows)

    def mark_sent(self, run_id: str, changes: Sequence[Change]) -> None:
        """These changes are about to leave: without an answer they are unknown from now on."""
        statement = (
            update(t.changes)
            .where(t.changes.c.run_id == bindparam("r"), t.changes.c.email == bindparam("e"))
            .values(verdict="sent")
        )
        with self._engine.begin() as connection:
            connection.execute(statement, [{"r": run_id, "e": change.email} for change in changes])

    def record_outcomes(self, run_id: str, outcomes: Sequence[Outcome]) -> None:
        """What became of changes that were sent."""
        statement = (
            update(t.changes)
            .where(t.changes.c.run_id == bindparam("r"), t.changes.c.email == bindparam("e"))
            .values(
                verdict=bindparam("v"), reason=bindparam("why"), message=bindparam("m"), correlation_id=bindparam("c")
            )
        )
        rows = [
            {
                "r": run_id,
                "e": outcome.email,
                "v": str(outcome.verdict),
                "why": outcome.reason[:80],
                "m": outcome.message,
                "c": outcome.correlation_id[:80],
            }
            for outcome in outcomes
        ]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(statement, rows)

    def changes(self, run_id: str, *verdicts: str) -> Iterator[Row[Any]]:
        """The changes of a run, all or those with one of these verdicts, by address."""
        query = select(t.changes).where(t.changes.c.run_id == run_id).order_by(t.changes.c.email)
        if verdicts:
            query = query.where(t.changes.c.verdict.in_(verdicts))
        with self._engine.connect() as connection:
            yield from connection.execute(query)


def _delete_one(table: Any) -> Any:  # noqa: ANN401 - a table with the key (destination, portal_id, email)
    return delete(table).where(
        table.c.destination == bindparam("d"), table.c.portal_id == bindparam("p"), table.c.email == bindparam("e")
    )


def _as_json(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _stored_run(row: Row[Any]) -> StoredRun:
    return StoredRun(
        run_id=row.run_id,
        destination=row.destination,
        portal_id=row.portal_id,
        started_at=_utc(row.started_at),
        finished_at=_utc(row.finished_at) if row.finished_at else None,
        status=row.status,
        as_of=row.as_of,
        record=json.loads(row.record),
    )


def _utc(at: datetime) -> datetime:
    """SQLite keeps no zone; everything was written in UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
