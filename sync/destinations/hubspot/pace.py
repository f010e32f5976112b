"""The burst limit: at most N requests in any ten seconds, for all threads together."""

import threading
import time
from collections import deque
from collections.abc import Callable

SMALLEST_SLEEP_SECONDS = 0.001  # below the clock's resolution a sleep would not move it


class Pace:
    """Gives each request its moment, so that no rolling window ever holds more than ``limit`` of them.

    HubSpot counts arrivals, we count departures: the window is stretched by ``margin_seconds`` so that a request
    delayed on its way doesn't meet the next window's (0.2 s costs 2 % of the limit). Inside the window requests leave
    evenly, after a small first burst, so that a short run doesn't wait at all.

    Limits: 100 per 10 s (Free, Starter), 190 (Professional, Enterprise), 250 (API limit increase); usage guidelines,
    developers.hubspot.com, read 2026-11-20. ``limit`` may be changed at any time.
    """

    def __init__(
        self,
        limit: int,
        *,
        window_seconds: float = 10.0,
        margin_seconds: float = 0.2,
        burst: int = 10,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if limit < 1:
            raise ValueError(f"a burst limit of {limit} lets nothing through")
        self.limit = limit
        self._window = window_seconds + margin_seconds
        self._burst = burst
        self._clock = clock
        self._sleep = sleep
        self._left: deque[float] = deque()  # when the requests of the last window left, oldest first
        self._even = clock()  # when the next request would leave if all were spread evenly
        self._paused_until = self._even
        self._turn = threading.Lock()
        self._pausing = threading.Lock()

    def wait(self) -> None:
        """Return when one more request may leave; it counts as left at that moment."""
        with self._turn:  # one thread waits for the moment, the others for their turn
            while (seconds := self._ready_at() - self._clock()) > 0:
                self._sleep(max(seconds, SMALLEST_SLEEP_SECONDS))
            now = self._clock()
            self._left.append(now)
            self._even = max(self._even, now) + self._window / self.limit

    def pause(self, seconds: float) -> None:
        """Nobody sends for that long, whoever asked."""
        with self._pausing:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _ready_at(self) -> float:
        now = self._clock()
        while self._left and self._left[0] <= now - self._window:
            self._left.popleft()
        evenly = self._even - (self._burst - 1) * self._window / self.limit
        window = self._left[-self.limit] + self._window if len(self._left) >= self.limit else now
        return max(evenly, window, self._paused_until)
