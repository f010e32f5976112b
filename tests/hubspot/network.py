"""HubSpot's way of counting requests and the way to it, on a clock of their own: no threads, no sockets, no waits."""

import heapq
from bisect import bisect_left
from collections import Counter
from datetime import date
from itertools import count

DAY = date(2026, 11, 20)
MAX, REMAINING = "X-HubSpot-RateLimit-Max", "X-HubSpot-RateLimit-Remaining"
INTERVAL = "X-HubSpot-RateLimit-Interval-Milliseconds"


def told(most, remaining=None, interval=10_000):
    """The headers of an answer as Goldpan sees them."""
    names = {MAX: most, REMAINING: remaining, INTERVAL: interval}
    return {name.lower(): str(value) for name, value in names.items() if value is not None}


def busiest(times, seconds=10.0):
    """The most requests in any window of that length that ends before its end point (half open)."""
    times = sorted(times)
    return max((at + 1 - bisect_left(times, times[at] - seconds + 1e-6) for at in range(len(times))), default=0)


class Network:
    """Requests on their way to HubSpot and answers on theirs back, in the order of a clock of its own.

    ``serve`` gives the headers of the answer, and whether it is a 429, when a request arrives.
    """

    def __init__(self, allowance, serve):
        self.allowance, self.serve = allowance, serve
        self.now = 0.0
        self.arrivals, self.departures = [], []
        self.refused = 0
        self._events, self._order = [], count()

    def send(self, there=0.0, back=0.0):
        """Send one request as soon as that is allowed; its way there and back takes that long."""
        while (at := self.allowance.ready_at(self.now)) is None or at > self.now:
            if at is None:
                at = self.now + 0.1  # as threads look up
            if self._events and self._events[0][0] <= at:
                self._happen()
            else:
                self.now = at
        place = self.allowance.take(self.now)
        self.departures.append(self.now)
        self.at(self.now + there, lambda: self._arrive(place, back))

    def pass_time(self, until):
        """Let everything happen that happens by then."""
        while self._events and self._events[0][0] <= until:
            self._happen()
        self.now = until

    def at(self, moment, happen):
        """Somebody else does something then."""
        heapq.heappush(self._events, (moment, next(self._order), happen))

    def _happen(self):
        self.now, _, happen = heapq.heappop(self._events)
        happen()

    def _arrive(self, place, back):
        self.arrivals.append(self.now)
        headers, is_refused = self.serve(self.now)
        self.at(self.now + back, lambda: self._answer(place, headers, is_refused))

    def _answer(self, place, headers, is_refused):
        self.allowance.answered(place, headers, self.now)
        if is_refused:
            self.refused += 1
            self.allowance.throttled(place, 10.5, self.now)


def portal(limits):
    """HubSpot counting a rolling window, as the sandbox does."""

    def serve(now):
        headers, refusal = limits.admit(now, DAY)
        return {name.lower(): value for name, value in headers.items()}, refusal is not None

    return serve


def fixed(limit, begins_at):
    """HubSpot counting in windows of ten seconds that follow each other, one of which begins then."""
    counted = Counter()

    def serve(now):
        window = (now - begins_at) // 10
        is_refused = counted[window] >= limit
        counted[window] += not is_refused
        return told(limit, limit - counted[window]), is_refused

    return serve


def whole_seconds(limit):
    """HubSpot counting by whole seconds, the present one and the ten before it: somewhat more than it says."""
    counted = Counter()

    def serve(now):
        before = sum(counted[second] for second in range(int(now) - 10, int(now) + 1))
        is_refused = before >= limit
        counted[int(now)] += not is_refused
        return told(limit, limit - before - (not is_refused)), is_refused

    return serve


def silent(_):
    """HubSpot without a word about limits."""
    return {}, False
