"""The state of one installation: what it remembers, a room for each kind of thing."""

from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from goldpan.model import Portal
from sync.state.contacts import ConfirmedContacts
from sync.state.database import connect_engine, open_engine
from sync.state.inputs import Inputs
from sync.state.journal import Journal
from sync.state.leases import Leases
from sync.state.options import OwnedOptions
from sync.state.pauses import Pauses
from sync.state.runs import Runs
from sync.state.tables import metadata


class State:
    """The state database. Times are given, never read from the clock.

    Attributes:
        runs: What ran, and how it ended.
        inputs: The exports that runs used, and which were accepted.
        journal: Every change that was planned, and what became of it.
        options: The options that Goldpan has ever owned.
        leases: Which run may send.
        pauses: Until when none may.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.runs = Runs(engine)
        self.inputs = Inputs(engine)
        self.journal = Journal(engine)
        self.options = OwnedOptions(engine)
        self.leases = Leases(engine)
        self.pauses = Pauses(engine)

    @property
    def engine(self) -> Engine:
        """The connections, for rooms that only some commands need."""
        return self._engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database behind a SQLAlchemy URL, made or migrated where needed."""
        return cls(open_engine(url))

    @classmethod
    def empty(cls) -> Self:
        """A state in memory that remembers nothing yet, for whoever only looks."""
        engine = connect_engine("sqlite://")
        metadata.create_all(engine)
        return cls(engine)

    def contacts_of(self, destination: str, portal: Portal) -> ConfirmedContacts:
        """What this portal last confirmed; another portal has its own."""
        return ConfirmedContacts(self._engine, destination, portal.portal_id)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
