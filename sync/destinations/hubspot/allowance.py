"""How many requests may leave, as arithmetic on moments; :mod:`sync.destinations.hubspot.pace` makes threads keep it.

Limits: 100 per 10 s (Free, Starter), 190 (Professional, Enterprise), 250 (API limit increase), 110 (OAuth apps); the
headers ``X-HubSpot-RateLimit-Max``, ``-Remaining`` and ``-Interval-Milliseconds`` of most answers tell which one holds.
Usage guidelines, developers.hubspot.com, read 2026-11-20.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 10.0
MARGIN_SECONDS = 0.05  # for clocks that don't run alike: theirs may be many, and round

RESERVE = 0.03  # of the limit stays unused beside others on the token, after a 429, and while the limit is a guess
DOOR = 0.01  # of the limit stays unused in a long run, so that others on the token can make themselves heard;
DOOR_AFTER_SECONDS = 40.0  # a full window shuts them out for so long at most, which a few retries outlast
FRESH_SECONDS = 1.0  # after so long without an answer one request goes first, and the others wait for it so long
UNKNOWN_BURST = 10  # requests at once while HubSpot hasn't told its limit; the others leave evenly
SLOWER = 0.75  # after a 429 this share of the pace is left,
RECOVERED_SHARE = 0.05  # every ten seconds without another one give this much back,
LEAST_SHARE = 0.1  # and it never falls below this: even a crowded token moves on


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
    """How many requests may leave at a moment; nothing here waits or locks.

    HubSpot counts arrivals; we see departures and answers, and a request arrives somewhere between. So its place stays
    taken until ten seconds after its *answer*. Whatever the network does, no ten seconds at HubSpot, from whenever it
    counts them, then hold more than were allowed: all that arrived in the ten seconds before an arrival had their
    places when that one left. So a run that is alone needs no further reserve.

    - The configured limit is what a person chose, so it is never passed; a lower ``-Max`` counts instead.
    - Once HubSpot has told its limit, requests leave as fast as there are places. Before, a few leave at once and the
      others evenly, so that a wrong guess costs little.
    - After a silence one request goes first, because what it tells of others is fresh when the many leave.
    - What HubSpot counted beyond our own requests was somebody else on the token, who keeps that room; then requests
      leave evenly, too, because the count is the more exact the fewer are under way.
    - Where somebody else was seen once, or a 429, a reserve stays for the rest of the run. Where nobody was, a long
      run keeps the door ajar: a window that is always full shows nobody else, as it lets nobody else in.
    - After a 429 the pace is a gentler, even one that recovers. Those that were under way together count once.
    """

    def __init__(self, limit: int, *, margin_seconds: float = MARGIN_SECONDS, burst: int = UNKNOWN_BURST) -> None:
        self.limit = limit
        self._window = WINDOW_SECONDS + margin_seconds
        self._burst = burst
        self._told: int | None = None
        self._others, self._has_company = Recent(self._window), False
        self._share, self._slowed_number, self._paused_until = 1.0, 0, -math.inf
        self._even = -math.inf  # when the next request would leave if all were spread evenly
        self._number = self._under_way = 0
        self._free_at: deque[float] = deque()  # when the places of answered requests come free, soonest first
        self._full_since = self._full_at = -math.inf  # when requests began to wait for places, and did so last
        self._heard_at = self._scout_at = -math.inf

    def allowed(self, now: float) -> int:
        """How many requests any ten seconds may hold now."""
        told = self._told or self.limit
        most = min(self.limit, told)
        room = min(most, int(told * (1 - self._reserve(now))) - self._others.most(now))
        room = max(room, int(most * LEAST_SHARE))
        return max(1, int(room * self._share_at(now)))

    def ready_at(self, now: float) -> float | None:
        """When the next request may leave; None while that depends on an answer that is still to come."""
        while self._free_at and self._free_at[0] <= now:
            self._free_at.popleft()
        allowed = self.allowed(now)
        at = max(now, self._paused_until)
        too_many = self._under_way + len(self._free_at) + 1 - allowed
        if too_many > 0:
            self._note_full(now)
        if too_many > len(self._free_at) or now - self._scout_at < FRESH_SECONDS:
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
        if self._told is not None and not self._under_way and now - self._heard_at > FRESH_SECONDS:
            self._scout_at = now
        self._number += 1
        self._under_way += 1
        return Place(now, self._number, self._under_way + len(self._free_at))

    def give_back(self) -> None:
        """A request that had a place didn't leave after all."""
        self._under_way -= 1
        self._scout_at = -math.inf

    def answered(self, place: Place, headers: Mapping[str, str], now: float) -> None:
        """An answer came, or never will; ``headers`` have lower-case names and may hold anything."""
        self._under_way -= 1
        self._heard_at, self._scout_at = now, -math.inf
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
        others = max(0, most - left - ours)
        self._has_company = self._has_company or others > 0
        self._others.note(others, now)

    def throttled(self, place: Place, seconds: float, now: float) -> None:
        """HubSpot said 429: nobody leaves for that long, and then less often."""
        self._has_company = True
        if place.number > self._slowed_number:
            self._share, self._slowed_number = max(LEAST_SHARE, SLOWER * self._share_at(now)), self._number
        self._paused_until = max(self._paused_until, now + seconds)
        self._even = self._paused_until

    def _note_full(self, now: float) -> None:
        """A request has to wait for a place; who does so again within two windows still does."""
        if now - self._full_at > 2 * self._window:
            self._full_since = now
        self._full_at = now

    def _reserve(self, now: float) -> float:
        """The share of the limit that stays unused."""
        if self._told is None or self._has_company:
            return RESERVE
        is_full = now - self._full_at <= 2 * self._window
        return DOOR if is_full and now - self._full_since > DOOR_AFTER_SECONDS else 0.0

    def _is_even(self, now: float) -> bool:
        if self._told is None or self._share_at(now) < 1.0:
            return True
        return self._others.most(now) > RESERVE * self._told

    def _share_at(self, now: float) -> float:
        quiet = max(0.0, now - self._paused_until) if self._share < 1.0 else 0.0
        return min(1.0, self._share + RECOVERED_SHARE * quiet / WINDOW_SECONDS)


def _whole(header: str | None) -> int | None:
    """A header that is a plain whole number of a sensible length."""
    return int(header) if header and len(header) <= 9 and header.isascii() and header.isdecimal() else None
