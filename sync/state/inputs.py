"""The exports that runs used, where the archive keeps them, and which were accepted."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, insert, select, update

from sync.state import tables as t
from sync.state.times import utc


@dataclass(frozen=True, slots=True)
class StoredInput:
    """An export that the archive keeps.

    Attributes:
        arrived_at: The time of the file that held this content last, where the service took it in; else when the first
            run took it.
    """

    kind: str
    name: str
    sha256: str
    path: Path
    source: str = ""
    arrived_at: datetime | None = None


class Inputs:
    """Exports, by content."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, run_id: str, stored: StoredInput, *, rows: int, position: int = 0) -> None:
        """Put on record that a run uses an export, and where the archive keeps it.

        Args:
            run_id: The run.
            stored: The export.
            rows: How many it has.
            position: Its place among those of its kind.
        """
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
                    source=stored.source,
                    position=position,
                    sha256=stored.sha256,
                    name=stored.name,
                    rows=rows,
                    is_accepted=False,
                )
            )

    def accept(self, run_id: str) -> None:
        """A run planned from these exports was sent, or had nothing to send.

        Of what was delivered and waited, its own is accepted too; where a person named an export, what waits of its
        kind is superseded by that.
        """
        d, r = t.deliveries.c, t.run_inputs.c
        used = select(r.sha256).where(r.run_id == run_id, r.kind == d.kind)
        named = select(r.kind).where(r.run_id == run_id, r.source == "")
        waiting = update(t.deliveries).where(d.status == "waiting")
        with self._engine.begin() as connection:
            connection.execute(update(t.run_inputs).where(r.run_id == run_id).values(is_accepted=True))
            connection.execute(waiting.where(d.sha256.in_(used)).values(status="accepted", run_id=run_id))
            connection.execute(waiting.where(d.kind.in_(named)).values(status="superseded", run_id=run_id))

    def of_run(self, run_id: str, kind: str) -> list[StoredInput]:
        """The exports of this kind that a run used, as it united them."""
        r, d, other = t.run_inputs.c, t.deliveries.c, t.run_inputs.alias("other")
        came = select(func.max(d.modified_at)).where(d.sha256 == r.sha256, d.source == r.source, d.status != "refused")
        used = (
            select(func.min(t.runs.c.started_at))
            .join(other, other.c.run_id == t.runs.c.run_id)
            .where(other.c.sha256 == r.sha256)
        )
        arrived_at = func.coalesce(came.scalar_subquery(), used.scalar_subquery(), type_=t.runs.c.started_at.type)
        query = (
            select(r.kind, r.name, r.sha256, r.source, t.inputs.c.path, arrived_at.label("arrived_at"))
            .join(t.inputs, (t.inputs.c.sha256 == r.sha256) & (t.inputs.c.kind == r.kind))
            .where(r.run_id == run_id, r.kind == kind)
            .order_by(r.position, r.source)
        )
        with self._engine.connect() as connection:
            return [
                StoredInput(row.kind, row.name, row.sha256, Path(row.path), row.source, utc(row.arrived_at))
                for row in connection.execute(query)
            ]

    def last_accepted(self, kind: str) -> list[StoredInput]:
        """The exports of this kind that were accepted last; empty if none was."""
        r = t.run_inputs.c
        query = select(func.max(r.run_id)).where(r.kind == kind, r.is_accepted)
        with self._engine.connect() as connection:
            run_id = connection.execute(query).scalar()
        return self.of_run(run_id, kind) if run_id else []
