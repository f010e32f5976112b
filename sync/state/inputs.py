"""The exports that runs used, where the archive keeps them, and which were accepted."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, insert, select, update

from sync.state import tables as t
from sync.state.database import writing
from sync.state.times import utc


@dataclass(frozen=True, slots=True)
class StoredInput:
    """An export that the archive keeps.

    Attributes:
        arrived_at: The time of the file that held this content last, where the service took it in; else when the first
            run took it.
        latest_name: What that file was called.
    """

    kind: str
    name: str
    sha256: str
    path: Path
    source: str = ""
    arrived_at: datetime | None = None
    latest_name: str = ""


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
        with writing(self._engine) as connection:
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
        with writing(self._engine) as connection:
            connection.execute(update(t.run_inputs).where(r.run_id == run_id).values(is_accepted=True))
            connection.execute(waiting.where(d.sha256.in_(used)).values(status="accepted", run_id=run_id))
            connection.execute(waiting.where(d.kind.in_(named)).values(status="superseded", run_id=run_id))

    def of_run(self, run_id: str, kind: str) -> list[StoredInput]:
        """The exports of this kind that a run used, as it united them."""
        r, d, other = t.run_inputs.c, t.deliveries.c, t.run_inputs.alias("other")
        came = select(t.deliveries).where(d.sha256 == r.sha256, d.source == r.source, d.status != "refused")
        latest = came.order_by(d.modified_at.desc(), d.delivery_id.desc()).limit(1)
        used = (
            select(func.min(t.runs.c.started_at))
            .join(other, other.c.run_id == t.runs.c.run_id)
            .where(other.c.sha256 == r.sha256)
        )
        came_at = latest.with_only_columns(d.modified_at).scalar_subquery()
        came_as = latest.with_only_columns(d.name).scalar_subquery()
        arrived_at = func.coalesce(came_at, used.scalar_subquery(), type_=t.runs.c.started_at.type)
        columns = r.kind, r.name, r.sha256, r.source, t.inputs.c.path
        query = (
            select(*columns, arrived_at.label("arrived_at"), func.coalesce(came_as, "").label("latest_name"))
            .join(t.inputs, (t.inputs.c.sha256 == r.sha256) & (t.inputs.c.kind == r.kind))
            .where(r.run_id == run_id, r.kind == kind)
            .order_by(r.position, r.source)
        )
        with self._engine.connect() as connection:
            return [
                StoredInput(
                    row.kind, row.name, row.sha256, Path(row.path), row.source, utc(row.arrived_at), row.latest_name
                )
                for row in connection.execute(query)
            ]

    def last_accepted(self, kind: str) -> list[StoredInput]:
        """The exports of this kind that were accepted last; empty if none was."""
        r = t.run_inputs.c
        query = select(func.max(r.run_id)).where(r.kind == kind, r.is_accepted)
        with self._engine.connect() as connection:
            run_id = connection.execute(query).scalar()
        return self.of_run(run_id, kind) if run_id else []

    def last_of_sources(self, kind: str) -> dict[str, StoredInput]:
        """The export of this kind that was accepted last of each source; "" for named files."""
        r = t.run_inputs.c
        query = select(r.source, func.max(r.run_id)).where(r.kind == kind, r.is_accepted).group_by(r.source)
        with self._engine.connect() as connection:
            newest = [tuple(row) for row in connection.execute(query)]
        found = (each for source, run_id in newest for each in self.of_run(run_id, kind) if each.source == source)
        return {each.source: each for each in found}
