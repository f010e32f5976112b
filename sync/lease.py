"""The right to send: held by one run, renewed while it goes on, and lost for good once it may be another's."""

import threading
from collections.abc import Callable

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import FatalError
from sync.state.leases import Leases
from sync.stopping import Stop

MARGIN_SECONDS = 10.0
"""An owner that could not renew its lease gives it up so long before another one may take it."""

log = structlog.get_logger()


class LeaseLostError(FatalError):
    """Another run may have begun: this one sends nothing more."""


class Lease:
    """The right to send, for as long as it is renewed.

    Args:
        leases: Where it stands.
        owner: Its owner's word.
        seconds: How long it lasts.
        runs_out: Whether another one may take it when it was not renewed; not where a lock on the file keeps it.
        clock: A monotonic clock.
    """

    def __init__(
        self, leases: Leases, owner: str, *, seconds: float, runs_out: bool, clock: Callable[[], float]
    ) -> None:
        self._leases, self._owner, self._clock = leases, owner, clock
        self._seconds, self._runs_out = seconds, runs_out
        self._renewed_at = clock()
        self._lost = threading.Event()

    @property
    def is_lost(self) -> bool:
        """Whether another run took over, or may have; once lost it stays so."""
        unrenewed = self._clock() - self._renewed_at
        if self._runs_out and unrenewed > self._seconds - min(MARGIN_SECONDS, self._seconds / 2):
            self._lost.set()
        return self._lost.is_set()

    def check(self) -> None:
        """Go on, or not.

        Raises:
            LeaseLostError: It is lost.
        """
        if self.is_lost:
            raise LeaseLostError(self._in_words())

    def fence(self, connection: Connection) -> None:
        """Make sure that it is still held until this transaction ends: nobody can take it before.

        Raises:
            LeaseLostError: It is lost.
        """
        self.check()
        if not self._leases.renew_in(connection, self._owner, self._seconds):
            self._lost.set()
            self.check()

    def stop(self, whole: Stop | None = None) -> Stop:
        """What ends the work once the lease is lost, or once a larger work is to end."""
        return _WhileHeld(self, whole)

    def renew(self) -> None:
        """Hold it from now on for as long as it lasts; a database that can't be reached is asked again later."""
        began = self._clock()
        try:
            if not self._leases.renew(self._owner, self._seconds):
                self._lost.set()
        except SQLAlchemyError as error:
            log.warning("lease.unrenewed", error=type(error).__name__)
        else:
            self._renewed_at = began

    def release(self) -> None:
        """Give it back; if the database can't be reached, it runs out by itself."""
        try:
            self._leases.release(self._owner)
        except SQLAlchemyError as error:
            log.warning("lease.unreleased", error=type(error).__name__)

    def _in_words(self) -> str:
        try:
            held = self._leases.current()
        except SQLAlchemyError:
            held = None
        why = (
            f"Another run took over this state ({held})"
            if held is not None and held.owner != self._owner
            else "The state database could not be reached for so long that another run may have begun"
        )
        return f"{why}, so this one sends nothing more. The next run settles what was under way."


class _WhileHeld(Stop):
    """Set once the lease is lost, too."""

    def __init__(self, lease: Lease, whole: Stop | None) -> None:
        super().__init__(whole)
        self._lease = lease

    def is_set(self) -> bool:
        return self._lease.is_lost or super().is_set()

    def check(self) -> None:
        self._lease.check()
        super().check()
