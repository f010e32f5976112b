"""What the archive must keep because the state still needs it, and what the state itself need not keep."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time

from sqlalchemy import ColumnElement, Engine, delete, func, select

from sync.state import tables as t
from sync.state.database import writing

UNFINISHED = ("claimed", "waiting")
"""Deliveries that a run has yet to use."""


class KeptByState:
    """The exports that runs to come, or a person who approves, will ask for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def inputs(self) -> set[str]:
        """The digests of exports that are accepted or waiting, or that a plan which waits was made of."""
        runs = self._last_accepted() | self.waiting_plans() | self._running()
        return self._used_by(t.run_inputs.c.run_id.in_(runs)) | self._undelivered()

    def inputs_of(self, run_ids: Iterable[str]) -> dict[str, set[str]]:
        """The digests of the exports that runs used, or tried to read, by run; only runs on record are there."""
        r = t.runs.c
        wanted = set(run_ids)
        used: dict[str, set[str]] = {}
        with self._engine.connect() as connection:
            for run_id, record in connection.execute(select(r.run_id, r.record)):
                if run_id in wanted:
                    used[run_id] = _named_in(json.loads(record))
            for run_id, sha256 in connection.execute(select(t.run_inputs.c.run_id, t.run_inputs.c.sha256)):
                if run_id in wanted:
                    used[run_id].add(sha256)
        return used

    def runs_since(self, day: date) -> set[str]:
        """The runs of a day (in UTC) and later."""
        with self._engine.connect() as connection:
            query = select(t.runs.c.run_id).where(t.runs.c.run_id >= f"{day:%Y%m%d}")
            return set(connection.execute(query).scalars())

    def delivered_since(self, day: date) -> set[str]:
        """The digests of what came in on a day (in UTC) or later, also where a newer version took its place."""
        at = datetime.combine(day, time(), UTC)
        with self._engine.connect() as connection:
            query = select(t.deliveries.c.sha256).where(t.deliveries.c.claimed_at >= at)
            return set(connection.execute(query).scalars())

    def waiting_plans(self) -> set[str]:
        """The held runs that a person may still approve: of each portal and kind of run the newest."""
        r = t.runs.c
        query = (
            select(func.max(r.run_id)).where(r.status == "held").group_by(r.destination, r.portal_id, r.kind)
        )  # fmt: skip
        with self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def discard_held(self, before: date) -> int:
        """Forget what plans wanted that nobody can approve any more: held before a day, and planned anew since."""
        r = t.runs.c
        old = select(r.run_id).where(r.run_id < f"{before:%Y%m%d}", r.run_id.not_in(self.waiting_plans()))
        with writing(self._engine) as connection:
            gone = connection.execute(
                delete(t.changes).where(t.changes.c.verdict == "held", t.changes.c.run_id.in_(old))
            )
            return gone.rowcount

    def _last_accepted(self) -> set[str]:
        """Of each kind and source, and of each portal, the run whose exports were accepted last."""
        i, r = t.run_inputs.c, t.runs.c
        by_source = select(func.max(i.run_id)).where(i.is_accepted).group_by(i.kind, i.source)
        by_portal = (
            select(func.max(i.run_id))
            .join(t.runs, r.run_id == i.run_id)
            .where(i.is_accepted)
            .group_by(r.destination, r.portal_id)
        )
        with self._engine.connect() as connection:
            return {run_id for query in (by_source, by_portal) for run_id in connection.execute(query).scalars()}

    def _running(self) -> set[str]:
        with self._engine.connect() as connection:
            return set(connection.execute(select(t.runs.c.run_id).where(t.runs.c.status == "running")).scalars())

    def _used_by(self, *where: ColumnElement[bool]) -> set[str]:
        with self._engine.connect() as connection:
            return set(connection.execute(select(t.run_inputs.c.sha256).where(*where)).scalars())

    def _undelivered(self) -> set[str]:
        query = select(t.deliveries.c.sha256).where(t.deliveries.c.status.in_(UNFINISHED))
        with self._engine.connect() as connection:
            return set(connection.execute(query).scalars())


def _named_in(record: Mapping[str, list[Mapping[str, str]]]) -> set[str]:
    return {used["sha256"] for used in record.get("inputs", [])}
