"""What a run does when HubSpot is down: it stops hammering, asks now and then, and gives up in the end."""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sync.destinations.hubspot.answers import ClosedForNowError
from sync.destinations.hubspot.pace import LOOK_UP_SECONDS, Waits


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request without an answer is sent, how long to wait between, and when a run gives up on HubSpot.

    Attributes:
        attempts: Sendings of one request in all. 6 ride out half a minute of trouble.
        first_wait_seconds: Before the second sending; then doubling, each up to half as long again by chance.
        longest_wait_seconds: The waits double up to this.
        in_a_row: After so many sendings without a usable answer, over all threads, one at a time goes as a probe.
        silence_seconds: After so long without any usable answer the run ends.
        at_least: So many requests of a run may be sent again, whatever their share,
        share: and beyond that this share of all (HubSpot wants error answers under 5 % of a day's calls, usage
            guidelines, developers.hubspot.com, read 2026-11-20). Then the run ends.
    """

    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    in_a_row: int = 8
    silence_seconds: float = 300.0
    at_least: int = 50
    share: float = 0.05

    def wait_after(self, failures: int) -> float:
        """The seconds to wait after that many, no two callers alike."""
        doubled = min(self.first_wait_seconds * 2.0 ** (failures - 1), self.longest_wait_seconds)
        return doubled * random.uniform(1.0, 1.5)  # noqa: S311 - spreads callers, no secret


class SilentError(ClosedForNowError):
    """HubSpot has been silent for so long, or fails so often, that this run asks nothing more.

    Attributes:
        reason: Of a request that it stopped: it never left.
        silent_since: When HubSpot was last heard; None if it answers, but too seldom.
    """

    reason = "not_sent"

    def __init__(self, message: str, silent_since: datetime | None = None) -> None:
        super().__init__(message)
        self.silent_since = silent_since


class Circuit:
    """Lets requests pass while HubSpot answers; shared by all threads of a run.

    After ``in_a_row`` sendings without a usable answer, over all threads, it opens: one request at a time leaves as a
    probe, after growing waits, and the others wait. Any answer closes it. Nothing usable for ``silence_seconds``, the
    last probe included, and it gives up for good: the run ends, the next one settles what is unknown.

    Args:
        url: HubSpot's address, for messages.
        retries: When to open, how long to wait, and when to give up.
        waits: How time passes.
        today: The time of day, for messages.
    """

    def __init__(
        self, url: str, retries: Retries, waits: Waits, *, today: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._url, self._retries, self._waits, self._today = url, retries, waits, today
        self._changed = threading.Condition()
        self._failed = self._probes = 0  # since the last answer
        self._heard_at = waits.clock()
        self._silent_since = self._heard_at
        self._is_open = self._is_probing = False
        self._probe_at = self._heard_at
        self._line: deque[object] = deque()
        self._end: tuple[str, datetime | None] | None = None  # what ended it, and since when it is silent

    @property
    def end(self) -> SilentError | None:
        """Why this run sends nothing more, once it doesn't."""
        return SilentError(*self._end) if self._end else None

    @property
    def is_open(self) -> bool:
        """Whether HubSpot seems to be down."""
        return self._is_open

    def lets(self, *, is_probe: bool) -> bool:
        """Whether a request may leave at this moment."""
        return self._end is None and (is_probe or not self._is_open)

    @contextmanager
    def passage(self, stop: threading.Event) -> Iterator[bool]:
        """Around one sending: waits while HubSpot seems down, unless this one is the probe (then it yields True).

        Raises:
            SilentError: It has given up; nothing was sent.
        """
        is_probe = self._enter(stop)
        try:
            if is_probe:
                self._waits.until(self._probe_at, lambda: not self._is_open or self._is_over(stop))
            self._check()
            yield is_probe
        finally:
            if is_probe:
                with self._changed:
                    self._is_probing = False
                    self._changed.notify_all()

    def heard(self) -> None:
        """HubSpot answered something that can be used, be it a refusal."""
        with self._changed:
            self._failed = self._probes = 0
            self._heard_at = self._waits.clock()
            self._is_open = False
            self._changed.notify_all()

    def unheard(self, left_at: float, why: str, *, is_probe: bool) -> None:
        """A request that left then has no usable answer; ``why`` is the reason of its error."""
        with self._changed:
            now = self._waits.clock()
            if self._failed == 0:
                self._silent_since = max(left_at, self._heard_at)
            self._failed += 1
            if not self._is_open and self._failed < self._retries.in_a_row:
                return
            if now - self._silent_since >= self._retries.silence_seconds:
                self._end = self._end or self._silence(now - self._silent_since, why)
                self._changed.notify_all()
            elif is_probe or not self._is_open:
                self._probes += 1
                last_at = self._silent_since + self._retries.silence_seconds
                self._probe_at = min(now + self._retries.wait_after(self._probes), max(last_at, now))
            self._is_open = True

    def end_run(self, message: str) -> None:
        """Give up for another reason than silence."""
        with self._changed:
            self._end = self._end or (message, None)
            self._changed.notify_all()

    def _enter(self, stop: threading.Event) -> bool:
        """Return when this request may leave, or ``stop`` is set; whether it is the probe.

        Who waits stands in line, so that a request that HubSpot can't digest isn't the only probe.
        """
        with self._changed:
            ticket = object()
            self._line.append(ticket)
            while self._is_open and (self._is_probing or self._line[0] is not ticket) and not self._is_over(stop):
                self._changed.wait(LOOK_UP_SECONDS)
            self._line.remove(ticket)
            self._changed.notify_all()
            self._check()
            is_probe = self._is_open and not stop.is_set()
            self._is_probing = self._is_probing or is_probe
            return is_probe

    def _is_over(self, stop: threading.Event) -> bool:
        return self._end is not None or stop.is_set()

    def _check(self) -> None:
        if (end := self.end) is not None:
            raise end

    def _silence(self, silent_seconds: float, why: str) -> tuple[str, datetime]:
        since = self._today() - timedelta(seconds=silent_seconds)
        minutes, seconds = divmod(round(silent_seconds), 60)
        message = (
            f"HubSpot has given no usable answer at {self._url} since {since:%Y-%m-%d %H:%M:%S %Z}: for {minutes} min "
            f"{seconds} s, to {self._failed} requests (the last: {why}). The run asks no more. What left without an "
            "answer is unknown, the rest was not sent; the next run settles both. Check status.hubspot.com, and the "
            "network on the way."
        )
        return message, since
