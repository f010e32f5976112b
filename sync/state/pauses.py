"""A pause: until then nothing is written to HubSpot."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from sync.state import tables as t
from sync.state.database import writing
from sync.state.times import utc

WRITES = "writes"
"""What can be paused."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when, and until when; ``None`` is until somebody resumes."""

    since_at: datetime
    until_at: datetime | None


class Pauses:
    """The pause of one state; one that has run out counts as none."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, until_at: datetime | None, *, at: datetime) -> None:
        """Pause from now on; it takes the place of any other pause."""
        values = {"since_at": utc(at), "until_at": utc(until_at) if until_at else None}
        with writing(self._engine) as connection:
            if not connection.execute(update(t.pauses).where(t.pauses.c.name == WRITES).values(values)).rowcount:
                connection.execute(insert(t.pauses).values(name=WRITES, **values))

    def end(self) -> None:
        """Resume."""
        with writing(self._engine) as connection:
            connection.execute(delete(t.pauses).where(t.pauses.c.name == WRITES))

    def current(self, at: datetime) -> Pause | None:
        """The pause at that time."""
        with self._engine.connect() as connection:
            return self.current_in(connection, at)

    def current_in(self, connection: Connection, at: datetime) -> Pause | None:
        """The same, as a transaction sees it."""
        row = connection.execute(select(t.pauses).where(t.pauses.c.name == WRITES)).first()
        if row is None:
            return None
        pause = Pause(utc(row.since_at), utc(row.until_at) if row.until_at else None)
        return pause if pause.until_at is None or at < pause.until_at else None
