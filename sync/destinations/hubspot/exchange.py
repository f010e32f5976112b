"""One request and its answer: what the official client makes of it, in Goldpan's words."""

import json
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubspot.crm.contacts import ApiException
from urllib3 import exceptions as http

from goldpan.errors import GoldpanError
from goldpan.model import RequestCounts
from sync.destinations.hubspot.answers import Answer, Json, NoAnswerError, ThrottledError, correlation_id, error_of
from sync.destinations.hubspot.pace import Pace, Place


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent.

    Attributes:
        send: A method of the official client.
        arguments: What it takes.
        needs: The scopes it needs, for the message if they are missing.
        is_whole: Whether an answer's body is complete; one that isn't counts as none.
    """

    send: Callable[..., Any]
    arguments: Sequence[object]
    needs: Sequence[str]
    is_whole: Callable[[Json], bool]


@dataclass(frozen=True)
class Exchange:
    """Sends a request once; shared by all threads.

    Attributes:
        url: HubSpot's address, for messages.
        pace: Is told of each answer.
        timeouts: Seconds to connect, and without a byte of the answer.
        requests: What was sent so far.
    """

    url: str
    pace: Pace
    timeouts: tuple[float, float]
    requests: RequestCounts = field(default_factory=RequestCounts)
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, *, sent: int = 0, retried: int = 0, throttled: int = 0) -> None:
        """Count what was sent."""
        with self._counting:
            self.requests.sent += sent
            self.requests.retried += retried
            self.requests.throttled += throttled

    def once(self, request: Request, place: Place) -> Answer:
        """The answer to a request that leaves now, at its place.

        Errors are raised outside the handlers: the client's own ones print headers and bodies.

        Raises:
            NoAnswerError: None that can be used.
            GoldpanError: HubSpot refuses; see :func:`~sync.destinations.hubspot.answers.error_of`.
        """
        self.count(sent=1)
        failure: BaseException | None = None
        data: bytes = b""
        headers: dict[str, str] = {}
        try:
            response = request.send(*request.arguments, _preload_content=False, _request_timeout=self.timeouts)
            headers, data = _lower(response.headers), response.data
        except (ApiException, http.HTTPError) as error:
            failure = error
        except (AttributeError, UnicodeDecodeError) as error:
            if not isinstance(error.__context__, ApiException):
                raise
            failure = error.__context__
        finally:
            if isinstance(failure, ApiException):
                headers = _lower(failure.headers or {})
            self.pace.answered(place, headers)
        if failure is not None:
            raise self._error(failure, headers, request.needs, place)
        return self._answer(data, headers, request.is_whole)

    def _answer(self, data: bytes, headers: dict[str, str], is_whole: Callable[[Json], bool]) -> Answer:
        try:
            body: object = json.loads(data)
        except (ValueError, RecursionError):  # also thousands of nested brackets
            body = None
        if not isinstance(body, dict):
            raise NoAnswerError("incomplete_answer", f"{self.url} answered with something that isn't whole JSON.")
        if not is_whole(body):
            raise NoAnswerError("incomplete_answer", f"{self.url} answered incompletely at every try.")
        return Answer(body, correlation_id(body, headers), headers.get("date", ""))

    def _error(
        self, failure: BaseException, headers: Mapping[str, str], needs: Sequence[str], place: Place
    ) -> GoldpanError:
        if not isinstance(failure, ApiException) or not failure.status:  # status 0 is TLS trouble
            return self._lost(failure)
        body = failure.body or b""
        data = body.encode() if isinstance(body, str) else body
        error = error_of(failure.status, headers, data, url=self.url, scopes=needs)
        self.count(throttled=int(failure.status == 429))
        if isinstance(error, ThrottledError):
            jitter = random.uniform(0, 1)  # noqa: S311 - spreads several Goldpans on one token, no secret
            self.pace.throttled(place, (error.retry_after_seconds or 0) + jitter)
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
            f"HubSpot {what} at {self.url} ({type(failure).__name__}). "
            "Check the network, a proxy or firewall on the way, HUBSPOT_BASE_URL, and status.hubspot.com.",
        )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}
