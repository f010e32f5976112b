"""How the service's loop is, for whoever watches over it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sync.stopping import Stop

LATE_SECONDS = 300.0
"""A turn takes a moment; one that is not over after so long hangs, unless it is busy."""
BUSY_SECONDS = 6 * 3600.0
"""A run of the largest installation takes an hour, and HubSpot may be slow."""


class Liveness:
    """Told by the loop, asked by other threads.

    Args:
        stop: Ends the loop.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self._stop, self._clock = stop, clock
        self._turned_at = clock()
        self._busy_with = ""

    def turn(self) -> None:
        """The loop turns."""
        self._turned_at = self._clock()

    @contextmanager
    def busy(self, job: str) -> Iterator[None]:
        """The loop does something that may take long."""
        self.turn()
        self._busy_with = job
        try:
            yield
        finally:
            self._busy_with = ""
            self.turn()

    @property
    def age_seconds(self) -> float:
        """Since it last turned."""
        return self._clock() - self._turned_at

    @property
    def trouble(self) -> str:
        """Why it seems to hang; "" while it turns, or is busy with what may take long."""
        job = self._busy_with
        if self.age_seconds <= (BUSY_SECONDS if job else LATE_SECONDS):
            return ""
        what = f"the job {job}" if job else "a turn"
        return f"The service has been at {what} for {self.age_seconds:.0f} seconds. Look at its log; restart it."

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stop.is_set()
