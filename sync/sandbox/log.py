"""What was asked of the sandbox: counts and moments, no personal data."""

import threading
from collections import deque
from dataclasses import dataclass

from sync.sandbox.access import INTERVAL_SECONDS

KEPT = 200_000  # entries; the oldest go first


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One API request.

    Attributes:
        path: The endpoint, with ``{id}`` or ``{name}`` in place of what was asked for.
        status: The status answered; 0 if the connection was closed without an answer.
        at_seconds: When it arrived, on the machine's monotonic clock.
        inputs: How many inputs its body held.
    """

    method: str
    path: str
    status: int
    at_seconds: float
    inputs: int


class RequestLog:
    """The API requests so far, in the order in which they were answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[LoggedRequest] = deque(maxlen=KEPT)

    def add(self, entry: LoggedRequest) -> None:
        """Remember one request."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> tuple[LoggedRequest, ...]:
        """All of them."""
        with self._lock:
            return tuple(self._entries)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._entries.clear()

    def peak_burst(self) -> int:
        """The most requests that arrived in any 10 seconds, refused ones included."""
        return peak([entry.at_seconds for entry in self.entries()], INTERVAL_SECONDS)


def peak(moments: list[float], interval: float) -> int:
    """The most moments that fit into any interval (its end not included)."""
    ordered = sorted(moments)
    most = first = 0
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - interval:
            first += 1
        most = max(most, last - first + 1)
    return most
