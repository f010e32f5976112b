"""What ran, for which day, and how it ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, delete, func, insert, select, update

from goldpan.errors import ConfigError
from goldpan.model import Portal
from sync.state import tables as t
from sync.state.database import writing
from sync.state.times import utc


def is_full() -> ColumnElement[bool]:
    """Runs that send what the exports say, whole or as a person approved it; others repair, take back, or try a few."""
    whole = t.runs.alias("whole")
    parents = select(whole.c.run_id).where(whole.c.kind == "run")
    return (t.runs.c.kind == "run") | ((t.runs.c.kind == "approve") & t.runs.c.parent_id.in_(parents))


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
    kind: str = "run"
    parent_id: str = ""
    config_id: str = ""
    fingerprint: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """What `goldpan runs --json` says of it."""
        return {
            "run_id": self.run_id,
            "kind": self.kind,
            "status": self.status,
            "as_of": self.as_of.isoformat(),
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "portal_id": self.portal_id,
            "contacts": self.record.get("contacts", {}),
            "archive": self.record.get("archive", ""),
            "problems": self.record.get("problems", []),
        }


class Runs:
    """The runs of one installation, by id; ids sort by start."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(
        self,
        run_id: str,
        *,
        destination: str,
        as_of: date,
        version: str,
        at: datetime,
        kind: str = "run",
        parent_id: str = "",
        config_id: str = "",
    ) -> None:
        """Put a run on record as `running`.

        Args:
            run_id: Sorts by start.
            destination: Where it writes.
            as_of: Its business date.
            version: Goldpan's.
            at: When it started.
            kind: ``run``, ``only`` (a canary), ``approve``, ``undo``, ``repair`` or ``retry``.
            parent_id: The run that it approves or undoes.
            config_id: The config that it plans with.
        """
        values = {
            "run_id": run_id,
            "destination": destination,
            "portal_id": "",
            "started_at": at,
            "status": "running",
            "as_of": as_of,
            "fingerprint": "",
            "goldpan_version": version,
            "kind": kind,
            "parent_id": parent_id,
            "config_id": config_id,
            "record": "{}",
        }
        with writing(self._engine) as connection:
            connection.execute(insert(t.runs).values(values))

    def reach(self, run_id: str, portal: Portal) -> None:
        """The run knows its portal now; also a run that is killed later was there."""
        with writing(self._engine) as connection:
            connection.execute(update(t.runs).where(t.runs.c.run_id == run_id).values(portal_id=portal.portal_id))

    def note_facts(self, run_id: str, facts: Mapping[str, Any]) -> None:
        """What the exports of a run amount to: kept before anything is sent, for the runs after it."""
        with writing(self._engine) as connection:
            connection.execute(update(t.runs).where(t.runs.c.run_id == run_id).values(facts=json.dumps(dict(facts))))

    def finish(
        self, run_id: str, *, status: str, portal_id: str, fingerprint: str, record: Mapping[str, Any], at: datetime
    ) -> None:
        """Close a run with its record (the object that `--json` prints)."""
        values = {
            "status": status,
            "portal_id": portal_id,
            "fingerprint": fingerprint,
            "record": json.dumps(record),
            "finished_at": at,
        }
        with writing(self._engine) as connection:
            connection.execute(update(t.runs).where(t.runs.c.run_id == run_id).values(values))

    def close_interrupted(self, at: datetime) -> int:
        """Runs that never finished (killed) are interrupted, and no change of any run is left half-way.

        What was sent without an answer is unknown: the next run reads it back. What never left is discarded: contacts
        that were not confirmed differ from the state, and are planned anew. Only for whoever holds the lock.
        """
        with writing(self._engine) as connection:
            connection.execute(
                update(t.changes).where(t.changes.c.verdict == "sent").values(verdict="unknown", reason="interrupted")
            )
            connection.execute(delete(t.changes).where(t.changes.c.verdict == "planned"))
            closed = connection.execute(
                update(t.runs).where(t.runs.c.status == "running").values(status="interrupted", finished_at=at)
            )
            return closed.rowcount

    def newest_id(self) -> str:
        """The id that sorts last; "" before the first run."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(t.runs.c.run_id))).scalar() or ""

    def latest(self, limit: int) -> list[StoredRun]:
        """The newest runs first."""
        query = select(t.runs).order_by(t.runs.c.run_id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [_stored_run(row) for row in connection.execute(query)]

    def get(self, run_id: str) -> StoredRun:
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
        if run_id != "latest" and len(found) > 1:
            raise ConfigError(f"Several runs begin with {run_id!r}; give more of the id. See: goldpan runs")
        return _stored_run(found[0])

    def of_portal(
        self, destination: str, portal: Portal, *where: ColumnElement[bool], limit: int | None = None
    ) -> list[StoredRun]:
        """The runs that reached this portal, the newest first."""
        here = t.runs.c.destination == destination, t.runs.c.portal_id == portal.portal_id
        return self.find(*here, *where, limit=limit)

    def find(self, *where: ColumnElement[bool], limit: int | None = None) -> list[StoredRun]:
        """The runs for which all of this holds, the newest first."""
        query = select(t.runs).where(*where).order_by(t.runs.c.run_id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [_stored_run(row) for row in connection.execute(query)]

    def last_accepted(self, destination: str, portal: Portal) -> StoredRun | None:
        """The run whose exports were accepted last for this portal."""
        accepted = select(t.run_inputs.c.run_id).where(t.run_inputs.c.is_accepted)
        found = self.of_portal(destination, portal, t.runs.c.run_id.in_(accepted), limit=1)
        return found[0] if found else None

    def undone_last(self, destination: str, portal: Portal) -> str | None:
        """The run that was taken back, if nothing that the exports say was sent since."""
        last = self._last_that_wrote(destination, portal, is_full() | (t.runs.c.kind == "undo"))
        return last.parent_id if last is not None and last.kind == "undo" else None

    def has_written(self, destination: str, portal: Portal) -> bool:
        """Whether anything was ever sent to this portal, or found to be there as the exports say."""
        is_accepted = self.last_accepted(destination, portal) is not None
        return is_accepted or self._last_that_wrote(destination, portal, t.runs.c.kind != "undo") is not None

    def _last_that_wrote(self, destination: str, portal: Portal, kinds: ColumnElement[bool]) -> StoredRun | None:
        wrote = select(t.changes.c.run_id).where(t.changes.c.verdict.in_(["sent", "applied", "unknown"]))
        found = self.of_portal(destination, portal, kinds, t.runs.c.run_id.in_(wrote), limit=1)
        return found[0] if found else None

    def keep_config(self, config_id: str, files: str) -> None:
        """Remember a config, so that what it meant can be worked out again."""
        with writing(self._engine) as connection:
            known = select(t.configs.c.config_id).where(t.configs.c.config_id == config_id)
            if connection.execute(known).first() is None:
                connection.execute(insert(t.configs).values(config_id=config_id, files=files))

    def config_files(self, config_id: str) -> str | None:
        """A config that was kept."""
        with self._engine.connect() as connection:
            return connection.execute(select(t.configs.c.files).where(t.configs.c.config_id == config_id)).scalar()

    def last_sent_as_of(self, destination: str, portal: Portal) -> date | None:
        """The business date that this portal shows: of the last run that sent something, or that needed nothing."""
        left = select(t.changes.c.run_id).where(t.changes.c.verdict.in_(["sent", "applied", "unknown"]))
        is_sent = t.runs.c.status.in_(["done", "partial"]) | t.runs.c.run_id.in_(left)
        found = self.of_portal(destination, portal, is_full(), is_sent, limit=1)
        return found[0].as_of if found else None


def _stored_run(row: Row[Any]) -> StoredRun:
    return StoredRun(
        run_id=row.run_id,
        destination=row.destination,
        portal_id=row.portal_id,
        started_at=utc(row.started_at),
        finished_at=utc(row.finished_at) if row.finished_at else None,
        status=row.status,
        as_of=row.as_of,
        record=json.loads(row.record),
        kind=row.kind,
        parent_id=row.parent_id,
        config_id=row.config_id,
        fingerprint=row.fingerprint,
        facts=json.loads(row.facts),
    )
