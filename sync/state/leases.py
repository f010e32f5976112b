"""Who may send: a lease that one owner holds and renews. Only the database's clock counts, whatever hosts believe."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Float, insert, literal_column, or_, select, update
from sqlalchemy.exc import IntegrityError

from sync.state import tables as t
from sync.state.database import writing
from sync.state.times import utc

RUN = "run"
"""The lease of everything that writes to HubSpot."""
LONGEST_SECONDS = 3600.0
"""No lease lasts so long: one that claims to is from before the database's clock was set back."""
CLOCKS = {
    # now() would stand still in a transaction
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
"""Seconds since 1970, as each database says them."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease.

    Attributes:
        machine: Where its process id means something; "" if that is unknown.
        process: Its process id, and when it began.
        words: The same for people.
    """

    machine: str
    process: str
    words: str


@dataclass(frozen=True, slots=True)
class StoredLease:
    """A lease that somebody holds; ``owner`` is new with every taking."""

    owner: str
    holder: Holder
    taken_at: datetime

    def __str__(self) -> str:
        return f"{self.holder.words}, since {self.taken_at:%Y-%m-%d %H:%M} UTC"


class Leases:
    """The lease of one state."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._now: ColumnElement[float] = literal_column(CLOCKS[engine.dialect.name], Float)

    def take(
        self, owner: str, holder: Holder, *, seconds: float, is_dead: Callable[[Holder], bool]
    ) -> StoredLease | None:
        """Take the lease if it is free, has run out, or its holder is dead; of two at once one gets it.

        Args:
            owner: A word that nobody used before.
            holder: Who takes it.
            seconds: How long it lasts unless it is renewed.
            is_dead: Whether a holder has ended without giving it back.

        Returns:
            ``None`` if it was taken; else who holds it.
        """
        self._make_row()
        if self._take(owner, holder, seconds, dead=""):
            return None
        held = self.current()
        if (held is None or is_dead(held.holder)) and self._take(owner, holder, seconds, held.owner if held else ""):
            return None
        return self.current() or held

    def renew(self, owner: str, seconds: float) -> bool:
        """Hold it for so long from now on; not if another owner took it."""
        with writing(self._engine) as connection:
            return self.renew_in(connection, owner, seconds)

    def renew_in(self, connection: Connection, owner: str, seconds: float) -> bool:
        """The same in a transaction; until that ends, nobody else can take the lease."""
        return self._update(connection, t.leases.c.owner == owner, expires_at=self._now + seconds)

    def release(self, owner: str) -> None:
        """Give it back, if it is still this owner's."""
        with writing(self._engine) as connection:
            self._update(connection, t.leases.c.owner == owner, owner="", expires_at=0.0)

    def current(self) -> StoredLease | None:
        """Who holds it now."""
        c = t.leases.c
        with self._engine.connect() as connection:
            row = connection.execute(select(t.leases).where(c.name == RUN, ~self._is_over())).first()
        if row is None:
            return None
        return StoredLease(row.owner, Holder(row.machine, row.process, row.holder), utc(row.taken_at))

    def _make_row(self) -> None:
        with self._engine.connect() as connection:
            if connection.execute(select(t.leases.c.name).where(t.leases.c.name == RUN)).first() is not None:
                return
        with suppress(IntegrityError), writing(self._engine) as connection:  # another one made it meanwhile
            connection.execute(insert(t.leases).values(name=RUN, owner=""))

    def _take(self, owner: str, holder: Holder, seconds: float, dead: str) -> bool:
        # One statement takes it: a second one waits for the first, and then sees another owner.
        c = t.leases.c
        with writing(self._engine) as connection:
            at = connection.execute(select(self._now)).scalar_one()
            return self._update(
                connection,
                or_(self._is_over(), c.owner == dead),
                owner=owner,
                machine=holder.machine,
                process=holder.process,
                holder=holder.words,
                taken_at=datetime.fromtimestamp(at, UTC),
                expires_at=self._now + seconds,
            )

    def _is_over(self) -> ColumnElement[bool]:
        c = t.leases.c
        return or_(c.owner == "", c.expires_at <= self._now, c.expires_at > self._now + LONGEST_SECONDS)

    @staticmethod
    def _update(connection: Connection, where: ColumnElement[bool], **values: Any) -> bool:  # noqa: ANN401 - of any column
        done = connection.execute(update(t.leases).where(t.leases.c.name == RUN, where).values(**values))
        return done.rowcount == 1
