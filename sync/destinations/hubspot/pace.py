"""The burst limit: at most N requests in any ten seconds, for all threads together, learnt from HubSpot's answers."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync.destinations.hubspot.allowance import Allowance, Place

__all__ = ["LOOK_UP_SECONDS", "Pace", "Place", "Waits"]

SMALLEST_SLEEP_SECONDS = 0.001  # below the clock's resolution a sleep would not move it
LONGEST_SLEEP_SECONDS = 1.0  # who waits looks up this often, to see a stop or an answer that changed the pace
LOOK_UP_SECONDS = 0.1  # likewise, where an answer is waited for


@dataclass(frozen=True, slots=True)
class Waits:
    """How time passes: a monotonic clock, and a sleep that can be broken off."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def until(self, at: float, is_over: Callable[[], bool]) -> None:
        """Return at that moment, or soon after there is nothing to wait for."""
        while not is_over() and (seconds := at - self.clock()) > 0:
            self.nap(seconds)

    def nap(self, seconds: float) -> None:
        """Sleep that long, but not longer than until it's time to look up."""
        self.sleep(min(max(seconds, SMALLEST_SLEEP_SECONDS), LONGEST_SLEEP_SECONDS))


class Pace:
    """Gives each request its moment, for all threads on one token; see :class:`Allowance` for the law."""

    def __init__(
        self,
        limit: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if limit < 1:
            raise ValueError(f"a burst limit of {limit} lets nothing through")
        self.waits = Waits(clock, sleep)
        self._allowance = Allowance(limit)
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    def take(self, stop: threading.Event) -> Place | None:
        """Return when one more request may leave; it counts as left at that moment. None once ``stop`` is set."""
        with self._turn:  # one thread waits for the moment, the others for their turn
            while not stop.is_set():
                with self._changed:
                    now = self.waits.clock()
                    at = self._allowance.ready_at(now)
                    if at is None:
                        self._changed.wait(LOOK_UP_SECONDS)
                        continue
                    if at <= now:
                        return self._allowance.take(now)
                self.waits.nap(at - now)
        return None

    def give_back(self) -> None:
        """A request that had a place didn't leave after all."""
        with self._changed:
            self._allowance.give_back()
            self._changed.notify_all()

    def answered(self, place: Place, headers: Mapping[str, str]) -> None:
        """To be told of each answer, and of each request that has none; ``headers`` have lower-case names."""
        with self._changed:
            self._allowance.answered(place, headers, self.waits.clock())
            self._changed.notify_all()

    def throttled(self, place: Place, seconds: float) -> None:
        """Nobody sends for that long, and then everybody less often, until HubSpot bears more again."""
        with self._changed:
            self._allowance.throttled(place, seconds, self.waits.clock())
