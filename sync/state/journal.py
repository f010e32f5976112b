"""The journal: every change before it is sent, and what became of it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, Update, bindparam, func, insert, select, update

from goldpan.model import Action, Cause, Change, Outcome, Portal
from sync.state import tables as t
from sync.state.database import writing

AT_ONCE = 1_000
"""Changes that are written or read at a time."""


class Journal:
    """Changes by run and address: planned → sent → applied, refused, unknown, gone or moved."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def plan(self, run_id: str, changes: Sequence[Change], *, verdict: str = "planned") -> None:
        """Write down every change before any of them is sent; ``held`` where a person has to approve them first."""
        if not changes:
            return
        rows = (
            {
                "run_id": run_id,
                "email": change.email,
                "action": str(change.action),
                "before": _as_json(change.before),
                "after": _as_json(change.after),
                "verdict": verdict,
                "reason": "",
                "message": "",
                "record_id": change.record_id or "",
                "correlation_id": "",
                "payload": change.payload,
                "customer_key": change.customer_key,
                "cause": str(change.cause or ""),
            }
            for change in changes
        )
        with writing(self._engine) as connection:  # all or none: half a plan is not what a person approves
            while some := [*islice(rows, AT_ONCE)]:
                connection.execute(insert(t.changes), some)

    def mark_sent(
        self, run_id: str, changes: Sequence[Change], *, unless: Callable[[Connection], None] = lambda _: None
    ) -> None:
        """These changes are about to leave: without an answer they are unknown from now on.

        Args:
            run_id: The run.
            changes: Of one batch.
            unless: Raises, in the same transaction, if they may not leave; then nothing is marked.
        """
        with writing(self._engine) as connection:
            unless(connection)
            connection.execute(_one().values(verdict="sent"), [{"r": run_id, "e": change.email} for change in changes])

    def record(self, run_id: str, outcomes: Sequence[Outcome], *, at: datetime) -> None:
        """What became of changes that were sent, and the record that HubSpot made for a new contact."""
        rows = [
            {
                "r": run_id,
                "e": outcome.email,
                "v": str(outcome.verdict),
                "why": outcome.reason[:80],
                "m": outcome.message,
                "c": outcome.correlation_id[:80],
                "at": at,
            }
            for outcome in outcomes
        ]
        records = [
            {"r": run_id, "e": outcome.email, "id": outcome.record_id} for outcome in outcomes if outcome.record_id
        ]
        statement = _one().values(
            verdict=bindparam("v"),
            reason=bindparam("why"),
            message=bindparam("m"),
            correlation_id=bindparam("c"),
            answered_at=bindparam("at"),
        )
        if rows:
            with writing(self._engine) as connection:
                connection.execute(statement, rows)
                if records:
                    connection.execute(_one().values(record_id=bindparam("id")), records)

    def told(self, run_id: str) -> dict[tuple[str, str], int]:
        """How many changes of a run there are, by action and verdict."""
        c = t.changes.c
        query = select(c.action, c.verdict, func.count()).where(c.run_id == run_id).group_by(c.action, c.verdict)
        with self._engine.connect() as connection:
            return {(action, verdict): count for action, verdict, count in connection.execute(query)}

    def unknown(self, destination: str, portal: Portal) -> list[tuple[str, Change]]:
        """What runs to this portal sent and have no proof of, the oldest first, with their runs."""
        query = select(t.changes).where(*_unknown(destination, portal)).order_by(t.changes.c.change_id)
        return [(row.run_id, _change(row)) for row in self._rows(query)]

    def discard_unknown(self, destination: str, portal: Portal) -> None:
        """What is still without proof after it was read back was not written; it is planned anew where it is wanted."""
        with writing(self._engine) as connection:
            connection.execute(
                update(t.changes).where(*_unknown(destination, portal)).values(verdict="unsent", reason="read_back")
            )

    def planned(self, run_id: str, *verdicts: str) -> tuple[Change, ...]:
        """The changes of a run as they were planned, all or those with one of these verdicts, by address."""
        return tuple(self.each_planned(run_id, *verdicts))

    def each_planned(self, run_id: str, *verdicts: str) -> Iterator[Change]:
        """The same one after the other, for whoever needs no more of them at once."""
        return map(_change, self.changes(run_id, *verdicts))

    def changes(self, run_id: str, *verdicts: str) -> Iterator[Row[Any]]:
        """The changes of a run, all or those with one of these verdicts, by address."""
        query = select(t.changes).where(t.changes.c.run_id == run_id).order_by(t.changes.c.email)
        return self._rows(query.where(t.changes.c.verdict.in_(verdicts)) if verdicts else query)

    def _rows(self, query: Select[Any]) -> Iterator[Row[Any]]:
        with self._engine.connect() as connection:
            yield from connection.execution_options(yield_per=AT_ONCE).execute(query)


def _unknown(destination: str, portal: Portal) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    runs = select(t.runs.c.run_id).where(t.runs.c.destination == destination, t.runs.c.portal_id == portal.portal_id)
    return t.changes.c.verdict == "unknown", t.changes.c.run_id.in_(runs)


def _change(row: Row[Any]) -> Change:
    return Change(
        email=row.email,
        action=Action(row.action),
        before=json.loads(row.before),
        after=json.loads(row.after),
        record_id=row.record_id or None,
        payload=row.payload,
        customer_key=row.customer_key,
        cause=Cause(row.cause) if row.cause else None,
    )


def _one() -> Update:
    return update(t.changes).where(t.changes.c.run_id == bindparam("r"), t.changes.c.email == bindparam("e"))


def _as_json(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
