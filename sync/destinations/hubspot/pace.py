"""The burst limit: at most N requests in any ten seconds, for all threads together, learnt from HubSpot's answers.

Limits: 100 per 10 s (Free, Starter), 190 (Professional, Enterprise), 250 (API limit increase), 110 (OAuth apps); the
headers ``X-HubSpot-RateLimit-Max``, ``-Remaining`` and ``-Interval-Milliseconds`` of most answers tell which one holds.
Usage guidelines, developers.hubspot.com, read 2026-11-20.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 10.0
SMALLEST_SLEEP_SECONDS = 0.001  # below the clock's resolution a sleep would not move it
LONGEST_SLEEP_SECONDS = 1.0  # who waits looks up this often, to see a stop or an answer that changed the pace
LOOK_UP_SECONDS = 0.1  # likewise, where an answer is waited for

RESERVE = 0.03  # of the limit stays unused: for whoever else uses the token, and for however HubSpot counts
UNKNOWN_BURST = 10  # requests at once while HubSpot hasn't told its limit; the others leave evenly
SLOWER = 0.75  # after a 429 this share of the pace is left,
RECOVERED_SHARE = 0.05  # every ten seconds without another one give this much back,
LEAST_SHARE = 0.1  # and it never falls below this: even a crowded token moves on


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


@dataclass(frozen=True, slots=True)
class Place:
    """One request's place in the window, from the moment it leaves until ten seconds after its answer.

    Attributes:
        left_at: When it left.
        number: How many had left by then, itself included.
        taken: How many places were taken then, its own included.
    """

    left_at: float
    number: int
    taken: int


class Recent:
    """The most that was noted lately: for one window at least, two at most. Whoever was there is expected again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = -math.inf
        self._now = self._before = 0

    def note(self, number: int, now: float) -> None:
        """This many were seen."""
        if now - self._since > self._seconds:
            self._before, self._now, self._since = self.most(now), 0, now
        self._now = max(self._now, number)

    def most(self, now: float) -> int:
        """The most that was seen."""
        age = now - self._since
        if age > 2 * self._seconds:
            return 0
        return self._now if age > self._seconds else max(self._now, self._before)


class Allowance:
    """How many requests may leave, as arithmetic on moments: nothing here waits or locks.

    HubSpot counts arrivals; we see departures and answers, and a request arrives somewhere between. So its place stays
    taken until ten seconds after its *answer*. Whatever the network does, no ten seconds at HubSpot then hold more
    than were allowed: all that arrived in the ten seconds before an arrival had their places when that one left.

    - The configured limit is what a person chose, so it is never passed; a lower ``-Max`` counts instead.
    - Once HubSpot has told its limit, requests leave as fast as there are places. Before, a few leave at once and the
      others evenly, so that a wrong guess costs little.
    - What HubSpot counted beyond our own requests was somebody else on the token, who keeps that room; then requests
      leave evenly, too, because the count is the more exact the fewer are under way.
    - After a 429 the pace is a gentler, even one that recovers. Those that were under way together count once.
    """

    def __init__(self, limit: int, *, margin_seconds: float = 0.05, burst: int = UNKNOWN_BURST) -> None:
        self.limit = limit
        self._window = WINDOW_SECONDS + margin_seconds  # the margin is for clocks that don't run alike
        self._burst = burst
        self._told: int | None = None
        self._others = Recent(self._window)
        self._share, self._slowed_number, self._paused_until = 1.0, 0, -math.inf
        self._even = -math.inf  # when the next request would leave if all were spread evenly
        self._number = self._under_way = 0
        self._free_at: deque[float] = deque()  # when the places of answered requests come free, soonest first

    def allowed(self, now: float) -> int:
        """How many requests any ten seconds may hold now."""
        told = self._told or self.limit
        most = min(self.limit, told)
        room = min(int(most * (1 - RESERVE)), int(told * (1 - RESERVE)) - self._others.most(now))
        room = max(room, int(most * LEAST_SHARE))
        return max(1, int(room * self._share_at(now)))

    def ready_at(self, now: float) -> float | None:
        """When the next request may leave; None while that depends on an answer that is still to come."""
        while self._free_at and self._free_at[0] <= now:
            self._free_at.popleft()
        allowed = self.allowed(now)
        at = max(now, self._paused_until)
        too_many = self._under_way + len(self._free_at) + 1 - allowed
        if too_many > len(self._free_at):
            return None
        if too_many > 0:
            at = max(at, self._free_at[too_many - 1])
        if self._is_even(now):
            burst = self._burst if self._told is None and self._share_at(now) == 1.0 else 1
            at = max(at, self._even - (burst - 1) * self._window / allowed)
        return at

    def take(self, now: float) -> Place:
        """One request leaves now."""
        self._even = max(self._even, now) + self._window / self.allowed(now) if self._is_even(now) else now
        self._number += 1
        self._under_way += 1
        return Place(now, self._number, self._under_way + len(self._free_at))

    def give_back(self) -> None:
        """A request that had a place didn't leave after all."""
        self._under_way -= 1

    def answered(self, place: Place, headers: Mapping[str, str], now: float) -> None:
        """An answer came, or never will; ``headers`` have lower-case names and may hold anything."""
        self._under_way -= 1
        self._free_at.append(now + self._window)
        most = _whole(headers.get("x-hubspot-ratelimit-max"))
        interval = headers.get("x-hubspot-ratelimit-interval-milliseconds", "10000")
        if not most or interval.strip() != "10000":  # another policy's limit, or none
            return
        self._told = most
        left = _whole(headers.get("x-hubspot-ratelimit-remaining"))
        if left is None:
            return
        ours = place.taken + self._number - place.number  # at most: some may not have arrived before this one
        self._others.note(max(0, most - left - ours), now)

    def throttled(self, place: Place, seconds: float, now: float) -> None:
        """HubSpot said 429: nobody leaves for that long, and then less often."""
        if place.number > self._slowed_number:
            self._share, self._slowed_number = max(LEAST_SHARE, SLOWER * self._share_at(now)), self._number
        self._paused_until = max(self._paused_until, now + seconds)
        self._even = self._paused_until

    def _is_even(self, now: float) -> bool:
        if self._told is None or self._share_at(now) < 1.0:
            return True
        return self._others.most(now) > RESERVE * self._told

    def _share_at(self, now: float) -> float:
        quiet = max(0.0, now - self._paused_until) if self._share < 1.0 else 0.0
        return min(1.0, self._share + RECOVERED_SHARE * quiet / WINDOW_SECONDS)


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


def _whole(header: str | None) -> int | None:
    """A header that is a plain whole number of a sensible length."""
    return int(header) if header and len(header) <= 9 and header.isascii() and header.isdecimal() else None
