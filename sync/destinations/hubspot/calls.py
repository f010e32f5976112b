"""One call to HubSpot until it has an answer, as long as that is worth it."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from goldpan.errors import GoldpanError
from goldpan.model import RequestCounts
from sync.destinations.hubspot.answers import Answer, Json, NoAnswerError, NotSentError, ThrottledError
from sync.destinations.hubspot.circuit import Circuit, Retries, SilentError
from sync.destinations.hubspot.exchange import Exchange, Request
from sync.destinations.hubspot.pace import Pace, Place, Waits
from sync.stopping import Stop

__all__ = ["Calls", "Retries"]


@dataclass
class Tries:
    """What became of one request so far.

    Attributes:
        lost: Why its sendings had no answer.
        probes: How many of them were probes. They don't count against its attempts: not its fault.
    """

    lost: list[NoAnswerError] = field(default_factory=list)
    probes: int = 0


class Calls:
    """Makes calls of the official client; safe to share between threads.

    Args:
        url: HubSpot's address, for messages.
        pace: The limiter that each sending passes.
        timeouts: Seconds to connect, and without a byte of the answer.
        retries: How often and when to send again, and when to give up on HubSpot.
        sleep: Waits that many seconds.
        stop: Ends calls that have no stop of their own.

    Attributes:
        url: As above.
    """

    def __init__(
        self,
        url: str,
        pace: Pace,
        timeouts: tuple[float, float],
        retries: Retries,
        *,
        sleep: Callable[[float], None],
        stop: Stop,
    ) -> None:
        self.url, self._stop = url, stop
        self._pace, self._retries = pace, retries
        self._waits = Waits(pace.waits.clock, sleep)
        self._circuit = Circuit(url, retries, self._waits)
        self._exchange = Exchange(url, pace, timeouts)

    @property
    def requests(self) -> RequestCounts:
        """What was sent so far."""
        return self._exchange.requests

    def call(
        self,
        send: Callable[..., Any],
        *arguments: object,
        needs: Sequence[str],
        stop: threading.Event | None = None,
        is_whole: Callable[[Json], bool] = lambda _: True,
    ) -> Answer:
        """Send until there is an answer, as long as that is worth it.

        Args:
            send: A method of the official client.
            arguments: What it takes.
            needs: The scopes it needs, for the message if they are missing.
            stop: Once set, nothing is sent or sent again; else that of all calls.
            is_whole: Whether an answer's body is complete; one that isn't counts as none.

        Raises:
            NoAnswerError: It left, and whether HubSpot carried it out is unknown (unless it was throttled every time).
            NotSentError: ``stop`` was set before it left.
            SilentError: The run gave up on HubSpot before it left.
            StoppedError: Instead of these, where it has no stop of its own: that of all calls is set.
        """
        its_own, stop = stop, stop or self._stop
        request = Request(send, arguments, needs, is_whole)
        tries = Tries()

        def is_last(state: RetryCallState) -> bool:
            return state.attempt_number - tries.probes >= self._retries.attempts

        def wait(seconds: float) -> None:
            self._check_budget()
            at = self._waits.clock() + seconds
            self._waits.until(at, lambda: stop.is_set() or self._circuit.end is not None)

        try:
            return Retrying(
                retry=retry_if_exception_type(NoAnswerError),
                stop=is_last,
                wait=self._seconds_to_wait,
                sleep=wait,
                reraise=True,
            )(self._sent, request, stop, tries)
        except (NoAnswerError, NotSentError, SilentError) as error:
            final = self._final(tries, error)
        if its_own is None:
            self._stop.check()
        raise final

    def _sent(self, request: Request, stop: threading.Event, tries: Tries) -> Answer:
        """The answer to one sending, at the moment when circuit and pace let it go."""
        while True:
            with self._circuit.passage(stop) as is_probe:
                place = self._pace.take(stop)
                if place is None:
                    raise NotSentError("The run stopped before this request left.")
                if self._circuit.lets(is_probe=is_probe):
                    return self._heard(request, place, tries, is_probe=is_probe)
                self._pace.give_back()  # HubSpot went silent while this request waited for its moment

    def _heard(self, request: Request, place: Place, tries: Tries, *, is_probe: bool) -> Answer:
        """The answer to one sending; the circuit learns whether there was any."""
        if tries.lost:
            self._exchange.count(retried=1)
        try:
            answer = self._exchange.once(request, place)
        except GoldpanError as error:
            if isinstance(error, NoAnswerError):
                tries.lost.append(error)
            if isinstance(error, NoAnswerError) and error.is_silence:
                tries.probes += is_probe
                self._circuit.unheard(place.left_at, error.reason, is_probe=is_probe)
            else:
                self._circuit.heard()
            raise
        self._circuit.heard()
        return answer

    def _seconds_to_wait(self, state: RetryCallState) -> float:
        """A growing wait, longer than HubSpot asked for, unless pace or circuit make it wait with all others."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ThrottledError):
            return 0.0
        asked = error.retry_after_seconds if isinstance(error, NoAnswerError) else None
        jitter = random.uniform(0, self._retries.first_wait_seconds)  # noqa: S311 - spreads callers, no secret
        own = 0.0 if self._circuit.is_open else self._retries.wait_after(state.attempt_number)
        return max(own, (asked or 0.0) + jitter)

    def _final(self, tries: Tries, error: GoldpanError) -> GoldpanError:
        """The error of a request that isn't sent again: if one of its sendings may have arrived, that counts."""
        unknown = next((each for each in reversed(tries.lost) if each.is_silence), None)
        if unknown is None:  # it never left, or HubSpot said each time that it did nothing
            return error
        end = self._circuit.end
        return unknown if end is None else NoAnswerError(unknown.reason, str(end))

    def _check_budget(self) -> None:
        """End a run in which too many requests have to be sent again."""
        sent, again = self.requests.sent, self.requests.retried
        if again >= max(self._retries.at_least, self._retries.share * sent):
            self._circuit.end_run(
                f"HubSpot answers too seldom at {self.url}: {again} of {sent} requests had to be sent again. The run "
                "asks no more. What left without an answer is unknown, the rest was not sent; the next run settles "
                "both. Check status.hubspot.com, and whether other programs use the same token."
            )
