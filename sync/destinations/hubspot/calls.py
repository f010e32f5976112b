"""One call to HubSpot until it has an answer: pace, timeout, retries, and errors in Goldpan's words."""

import json
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubspot.crm.contacts import ApiException
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_when_event_set,
    wait_exponential_jitter,
)
from urllib3 import exceptions as http

from goldpan.errors import GoldpanError
from goldpan.model import RequestCounts
from sync.destinations.hubspot.answers import (
    Answer,
    Json,
    NoAnswerError,
    NotSentError,
    ThrottledError,
    correlation_id,
    error_of,
)
from sync.destinations.hubspot.pace import Pace


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request without an answer is sent, and how long to wait between (doubling, with jitter).

    Attributes:
        attempts: Sendings in all. 6 ride out half a minute of trouble.
        first_wait_seconds: Before the second sending.
        longest_wait_seconds: The waits double up to this.
    """

    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0


@dataclass(frozen=True)
class Calls:
    """Makes calls of the official client; safe to share between threads.

    Attributes:
        url: HubSpot's address, for messages.
        pace: The limiter that each sending passes.
        timeouts: Seconds to connect, and without a byte of the answer.
        retries: How often and when to send again.
        sleep: Waits that many seconds.
        requests: What was sent so far.
    """

    url: str
    pace: Pace
    timeouts: tuple[float, float]
    retries: Retries
    sleep: Callable[[float], None]
    requests: RequestCounts = field(default_factory=RequestCounts)
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def call(
        self,
        send: Callable[..., Any],
        *arguments: object,
        needs: Sequence[str],
        stop: threading.Event | None = None,
        is_whole: Callable[[Json], bool] | None = None,
    ) -> Answer:
        """Send until there is an answer, as long as that is worth it.

        Args:
            send: A method of the official client.
            arguments: What it takes.
            needs: The scopes it needs, for the message if they are missing.
            stop: Once set, nothing is sent or sent again.
            is_whole: Whether an answer's body is complete; one that isn't counts as none.
        """
        stop = stop or threading.Event()
        unanswered: list[BaseException] = []

        def attempt() -> Answer:
            self.pace.wait()
            if stop.is_set():  # somebody else met the reason to stop while this request waited
                raise unanswered[-1] if unanswered else NotSentError("The run stopped before this request left.")
            answer = self._once(send, *arguments, needs=needs)
            if is_whole is not None and not is_whole(answer.body):
                raise NoAnswerError("incomplete_answer", f"{self.url} answered incompletely at every try.")
            return answer

        def note(state: RetryCallState) -> None:
            if state.outcome is not None and (error := state.outcome.exception()) is not None:
                unanswered.append(error)
            self._count(retried=1)

        return Retrying(
            retry=retry_if_exception_type(NoAnswerError),
            stop=stop_after_attempt(self.retries.attempts) | stop_when_event_set(stop),
            wait=self._seconds_to_wait,
            sleep=self.sleep,
            before_sleep=note,
            reraise=True,
        )(attempt)

    def _once(self, send: Callable[..., Any], *arguments: object, needs: Sequence[str]) -> Answer:
        """One sending. Errors are raised outside the handlers: the client's own ones print headers and bodies."""
        self._count(sent=1)
        failure: BaseException | None = None
        data, headers = b"", {}
        try:
            response = send(*arguments, _preload_content=False, _request_timeout=self.timeouts)
            data, headers = response.data, {name.lower(): value for name, value in response.headers.items()}
        except (ApiException, http.HTTPError) as error:
            failure = error
        except (AttributeError, UnicodeDecodeError) as error:
            if not isinstance(error.__context__, ApiException):
                raise
            failure = error.__context__
        if failure is not None:
            raise self._error(failure, needs)
        return self._answer(data, headers)

    def _answer(self, data: bytes, headers: dict[str, str]) -> Answer:
        try:
            body: object = json.loads(data)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise NoAnswerError("incomplete_answer", f"{self.url} answered with something that isn't whole JSON.")
        return Answer(body, correlation_id(body, headers))

    def _error(self, failure: BaseException, needs: Sequence[str]) -> GoldpanError:
        if not isinstance(failure, ApiException) or not failure.status:  # status 0 is TLS trouble
            return self._lost(failure)
        body = failure.body or b""
        data = body.encode() if isinstance(body, str) else body
        error = error_of(failure.status, dict(failure.headers or {}), data, url=self.url, scopes=needs)
        self._count(throttled=int(failure.status == 429))
        if isinstance(error, ThrottledError):
            jitter = random.uniform(0, 1)  # noqa: S311 - spreads several Goldpans on one token, no secret
            self.pace.pause((error.retry_after_seconds or 0) + jitter)
        return error

    def _lost(self, failure: BaseException) -> NoAnswerError:
        """The error for a request without an answer; only its kind is told, its text may quote what was sent."""
        reason, what = "connection_lost", "broke the connection"
        if isinstance(failure, http.NewConnectionError):
            what = "can't be reached"
        elif isinstance(failure, http.TimeoutError):
            reason, what = "timeout", f"gave no answer within {self.timeouts[1]:g} seconds"
        elif isinstance(failure, ApiException | http.SSLError):
            what = "can't be reached securely (TLS)"
        return NoAnswerError(
            reason,
            f"HubSpot {what} at {self.url} ({type(failure).__name__}, {self.retries.attempts} tries). "
            "Check the network, a proxy or firewall on the way, HUBSPOT_BASE_URL, and status.hubspot.com.",
        )

    def _seconds_to_wait(self, state: RetryCallState) -> float:
        """A growing wait, at least as long as HubSpot asked for; one throttled waits with all others in the pace."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ThrottledError):
            return 0.0
        backoff = wait_exponential_jitter(
            multiplier=self.retries.first_wait_seconds,
            max=self.retries.longest_wait_seconds,
            jitter=self.retries.first_wait_seconds,
        )
        asked = error.retry_after_seconds if isinstance(error, NoAnswerError) else None
        return max(backoff(state), asked or 0.0)

    def _count(self, *, sent: int = 0, retried: int = 0, throttled: int = 0) -> None:
        with self._counting:
            self.requests.sent += sent
            self.requests.retried += retried
            self.requests.throttled += throttled
