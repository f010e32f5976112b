"""What people were told of, by topic: how it stands, since when, and whether a message left."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from sync.state import tables as t
from sync.state.database import writing
from sync.state.times import utc


@dataclass(frozen=True, slots=True)
class AlertState:
    """One topic.

    Attributes:
        topic: What is watched, such as ``run``, ``export:orders`` or ``disk``.
        status: How it stands: ``ok``, or what is wrong.
        since_at: When it came to stand so.
        told_at: When somebody was told last; ``None`` until a message about this status left.
    """

    topic: str
    status: str
    since_at: datetime
    told_at: datetime | None


class Alerts:
    """The topics of one installation."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, topic: str) -> AlertState | None:
        """How a topic stands; ``None`` if it never was anything but fine."""
        with self._engine.connect() as connection:
            row = connection.execute(select(t.alerts).where(t.alerts.c.topic == topic)).first()
        return _state_of(row) if row else None

    def all(self) -> tuple[AlertState, ...]:
        """Every topic, by name."""
        with self._engine.connect() as connection:
            return tuple(map(_state_of, connection.execute(select(t.alerts).order_by(t.alerts.c.topic))))

    def change(self, topic: str, status: str, at: datetime) -> bool:
        """A topic stands differently from now on, and nobody was told of it yet.

        Returns:
            Whether it was this call that changed it; of two services at one state only one does.
        """
        values = {"status": status, "since_at": utc(at), "told_at": None}
        differs = update(t.alerts).where(t.alerts.c.topic == topic, t.alerts.c.status != status).values(values)
        try:
            with writing(self._engine) as connection:
                if connection.execute(differs).rowcount:
                    return True
                if connection.execute(select(t.alerts.c.topic).where(t.alerts.c.topic == topic)).first() is not None:
                    return False
                connection.execute(insert(t.alerts).values(topic=topic, **values))
        except IntegrityError:  # another service was first
            return False
        return True

    def mark_told(self, topic: str, status: str, at: datetime) -> None:
        """A message about this status of a topic left."""
        here = t.alerts.c.topic == topic, t.alerts.c.status == status
        with writing(self._engine) as connection:
            connection.execute(update(t.alerts).where(*here).values(told_at=utc(at)))


def _state_of(row: Row[tuple[object, ...]]) -> AlertState:
    told_at = utc(row.told_at) if row.told_at else None
    return AlertState(row.topic, row.status, utc(row.since_at), told_at)
