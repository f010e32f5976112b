"""Every file that the service found in a source, and what became of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, delete, func, insert, select, update

from sync.state import tables as t
from sync.state.database import writing
from sync.state.inputs import StoredInput
from sync.state.times import utc

ARRIVED = ("waiting", "accepted", "superseded", "duplicate")
"""Statuses of files that could be used; the others are ``claimed`` (under way) and ``refused``."""

_d = t.deliveries.c


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A file on record; the columns are explained in :mod:`sync.state.tables`."""

    delivery_id: int
    source: str
    key: str
    fingerprint: str
    name: str
    kind: str
    sha256: str
    size_bytes: int
    modified_at: datetime
    claimed_at: datetime
    status: str
    reason: str
    path: str
    run_id: str
    finished_at: datetime | None

    @property
    def as_input(self) -> StoredInput:
        """As runs take it; its age is that of the file."""
        return StoredInput(self.kind, self.name, self.sha256, Path(self.path), self.source, self.modified_at)


class Deliveries:
    """Deliveries, by id; ids follow the order of arrival."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        *,
        source: str,
        key: str,
        fingerprint: str,
        name: str,
        size_bytes: int,
        modified_at: datetime,
        at: datetime,
        reason: str = "",
    ) -> StoredDelivery:
        """Put a file on record as `claimed`, before it is touched."""
        values = {
            "source": source,
            "key": key,
            "fingerprint": fingerprint,
            "name": name,
            "kind": "",
            "sha256": "",
            "size_bytes": size_bytes,
            "modified_at": modified_at,
            "claimed_at": at,
            "status": "claimed",
            "reason": reason,
        }
        with writing(self._engine) as connection:
            (delivery_id,) = connection.execute(insert(t.deliveries).values(values)).inserted_primary_key or (0,)
        return self.get(delivery_id)

    def drop(self, delivery_id: int) -> None:
        """Forget a claim that came to nothing: the file still lies in its source."""
        with writing(self._engine) as connection:
            connection.execute(delete(t.deliveries).where(_d.delivery_id == delivery_id))

    def mark(self, delivery_id: int, *, supersedes: Iterable["StoredDelivery"] = (), **values: Any) -> StoredDelivery:  # noqa: ANN401 - columns
        """Change a delivery, and in the same moment those that it supersedes.

        Args:
            delivery_id: Which.
            supersedes: They waited, and are superseded by it.
            values: Columns.
        """
        with writing(self._engine) as connection:
            connection.execute(update(t.deliveries).where(_d.delivery_id == delivery_id).values(values))
            new = connection.execute(select(t.deliveries).where(_d.delivery_id == delivery_id)).one()
            for old in supersedes:
                connection.execute(
                    update(t.deliveries)
                    .where(_d.delivery_id == old.delivery_id, _d.status == "waiting")
                    .values(
                        status="superseded", reason=f"{new.name} came instead.", finished_at=values.get("finished_at")
                    )
                )
        return _stored(new)

    def get(self, delivery_id: int) -> StoredDelivery:
        """One delivery."""
        return self.find(_d.delivery_id == delivery_id)[0]

    def find(self, *where: ColumnElement[bool]) -> list[StoredDelivery]:
        """The deliveries for which all of this holds, in the order of their arrival."""
        query = select(t.deliveries).where(*where).order_by(_d.delivery_id)
        with self._engine.connect() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def claimed(self) -> list[StoredDelivery]:
        """Those under way: being taken in now, or when the service was killed."""
        return self.find(_d.status == "claimed")

    def waiting(self) -> list[StoredDelivery]:
        """What waits for a run: the newest of each source and kind."""
        newest = {(each.source, each.kind): each for each in self.find(_d.status == "waiting")}
        return [*newest.values()]

    def latest(self, source: str) -> dict[str, StoredDelivery]:
        """What is on record of the file that lay last under each key of a source."""
        newest = select(func.max(_d.delivery_id)).where(_d.source == source).group_by(_d.key)
        return {each.key: each for each in self.find(_d.delivery_id.in_(newest))}

    def versions(self, source: str, kind: str) -> list[StoredDelivery]:
        """What arrived of a kind from a source."""
        return self.find(_d.source == source, _d.kind == kind, _d.status.in_(ARRIVED))

    def use(self, run_id: str, sha256s: Collection[str]) -> None:
        """A run had these, and did not accept them: they wait on, and start no other run by themselves.

        What it accepted, it accepted itself: :meth:`sync.state.inputs.Inputs.accept`.
        """
        waiting = update(t.deliveries).where(_d.status == "waiting", _d.sha256.in_([*sha256s]))
        with writing(self._engine) as connection:
            connection.execute(waiting.values(run_id=run_id))

    def arrivals_by_source(self) -> dict[tuple[str, str], datetime]:
        """When an export came last, also one that was known already, by source and kind."""
        arrived = _d.status.in_(ARRIVED)
        query = select(_d.source, _d.kind, func.max(_d.claimed_at)).where(arrived).group_by(_d.source, _d.kind)
        with self._engine.connect() as connection:
            return {(source, kind): utc(at) for source, kind, at in connection.execute(query)}

    def came_again(self) -> dict[str, datetime]:
        """When content that was known already came last, by kind."""
        query = select(_d.kind, func.max(_d.claimed_at)).where(_d.status == "duplicate").group_by(_d.kind)
        with self._engine.connect() as connection:
            return {kind: utc(at) for kind, at in connection.execute(query)}

    def was_read(self, sha256: str) -> bool:
        """Whether a run could use this content."""
        query = select(t.run_inputs.c.run_id).where(t.run_inputs.c.sha256 == sha256).limit(1)
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def arrived_at(self, sha256: str) -> datetime | None:
        """When this content came last; for what no source gave, when a run used it first."""
        came = select(func.max(_d.claimed_at)).where(_d.sha256 == sha256, _d.status.in_(ARRIVED))
        used = (
            select(func.min(t.runs.c.started_at))
            .join(t.run_inputs, t.run_inputs.c.run_id == t.runs.c.run_id)
            .where(t.run_inputs.c.sha256 == sha256)
        )
        with self._engine.connect() as connection:
            at = connection.execute(came).scalar() or connection.execute(used).scalar()
        return utc(at) if at else None


def _stored(row: Any) -> StoredDelivery:  # noqa: ANN401 - a row of any query over the whole table
    values = row._asdict() | {"modified_at": utc(row.modified_at), "claimed_at": utc(row.claimed_at)}
    return StoredDelivery(**values | {"finished_at": utc(row.finished_at) if row.finished_at else None})
