"""The journal: every change before it is sent, and what became of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, Row, Update, bindparam, insert, select, update

from goldpan.model import Change, Outcome
from sync.state import tables as t


class Journal:
    """Changes by run and address: planned → sent → applied, refused or unknown."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def plan(self, run_id: str, changes: Sequence[Change]) -> None:
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
        with self._engine.begin() as connection:
            connection.execute(_one().values(verdict="sent"), [{"r": run_id, "e": change.email} for change in changes])

    def record(self, run_id: str, outcomes: Sequence[Outcome]) -> None:
        """What became of changes that were sent."""
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
        statement = _one().values(
            verdict=bindparam("v"), reason=bindparam("why"), message=bindparam("m"), correlation_id=bindparam("c")
        )
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


def _one() -> Update:
    return update(t.changes).where(t.changes.c.run_id == bindparam("r"), t.changes.c.email == bindparam("e"))


def _as_json(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
