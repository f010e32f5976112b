"""Faults as data: which requests go wrong, and how.

A fault matches a request by method, path pattern (``*`` and ``?``) and an address in its body, counts its matches, and
strikes on the ``nth``, on every ``every``-th, or on all of them, at most ``times`` times. The first fault in the list
that strikes decides. What each ``does``:

- ``status``: answers ``status``. ``body`` is a JSON object, or text sent as HTML; without one HubSpot's usual error.
- ``throttle``: a 429 as HubSpot writes it (``policy`` says which limit), with the ``retry_after`` given, if any.
- ``drop``: closes the connection without an answer.
- ``hang``: keeps silent for ``seconds``, then closes the connection without an answer.
- ``delay``: keeps silent for ``seconds``, then does the work and answers as usual.
- ``truncate``: the right answer, cut off in the middle of the JSON (its Content-Length fits the cut).
- ``omit``: the right answer without ``count`` of its ``results``.
- ``strip_context``: the right answer, but no entry of ``errors`` says which input it is about.

``status``, ``throttle``, ``drop`` and ``hang`` strike before the data is written, or with ``when = "after"`` once it
is: then the caller is told of a failure though everything was done. With the others the data is always written.
"""

import fnmatch
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from sync.sandbox.access import too_many
from sync.sandbox.answers import Answer, Json, Request

Action = Literal["status", "throttle", "drop", "hang", "delay", "truncate", "omit", "strip_context"]
When = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. JSON both ways: ``to_json`` and ``from_json``."""

    does: Action
    when: When = "before"
    method: str = "*"
    path: str = "*"
    address: str = ""
    nth: int = 0
    every: int = 0
    times: int = 0
    status: int = 503
    body: Json | str | None = None
    policy: str = "TEN_SECONDLY_ROLLING"
    retry_after: float | None = None
    seconds: float = 0.0
    count: int = 1

    def __post_init__(self) -> None:
        if self.does not in get_args(Action) or self.when not in get_args(When):
            raise ValueError(f"no such fault: does={self.does!r} when={self.when!r}")

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Fault":
        """A fault from its JSON object.

        Raises:
            ValueError: An unknown key or action.
        """
        if not isinstance(body, Mapping):
            raise ValueError("a fault is an object")  # noqa: TRY004 - one class for every way to get a fault wrong
        unknown = body.keys() - {field.name for field in fields(cls)}
        if unknown or "does" not in body:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown)) or 'does'}")
        return cls(**body)

    def to_json(self) -> Json:
        """The fault as a JSON object."""
        return asdict(self)

    def matches(self, request: Request) -> bool:
        """Whether this request is one of those meant."""
        return (
            fnmatch.fnmatchcase(request.method, self.method)
            and fnmatch.fnmatchcase(request.path, self.path)
            and (not self.address or self.address.lower().encode() in request.body.lower())
        )

    def is_instead(self) -> bool:
        """Whether the caller gets something else than the right answer."""
        return self.does in {"status", "throttle", "drop", "hang"}

    def answer(self) -> Answer | None:
        """What the caller gets instead; None closes the connection."""
        if self.does == "status":
            return Answer(self.status, self._default_body() if self.body is None else self.body)
        if self.does == "throttle":
            answer = too_many(self.policy)
            if self.retry_after is not None:
                answer.headers["Retry-After"] = f"{self.retry_after:g}"
            return answer
        return None

    def spoil(self, answer: Answer) -> Answer:
        """The right answer with its fault."""
        if self.does == "truncate":
            answer.cut = True
        elif self.does == "omit" and isinstance(answer.body, dict):
            answer.body["results"] = answer.body.get("results", [])[self.count :]
        elif self.does == "strip_context" and isinstance(answer.body, dict):
            for entry in answer.body.get("errors", ()):
                entry.pop("context", None)
        return answer

    def _default_body(self) -> Json:
        return {"status": "error", "message": "internal error", "category": "INTERNAL_ERROR"}


class FaultScript:
    """The faults in force, and how often each has matched and struck."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self.replace(faults)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Other faults from now on, counted from zero."""
        with self._lock:
            self._faults = list(faults)
            self._matched = [0] * len(self._faults)
            self._struck = [0] * len(self._faults)

    def strike(self, request: Request) -> Fault | None:
        """The fault that this request meets."""
        with self._lock:
            decided = None
            for place, fault in enumerate(self._faults):
                if fault.matches(request):
                    self._matched[place] += 1
                    if decided is None and self._is_due(place, fault):
                        self._struck[place] += 1
                        decided = fault
            return decided

    def to_json(self) -> list[Json]:
        """Every fault with its counts."""
        with self._lock:
            return [
                {**fault.to_json(), "matched": matched, "struck": struck}
                for fault, matched, struck in zip(self._faults, self._matched, self._struck, strict=True)
            ]

    def _is_due(self, place: int, fault: Fault) -> bool:
        if fault.times and self._struck[place] >= fault.times:
            return False
        if fault.nth:
            return self._matched[place] == fault.nth
        return not fault.every or self._matched[place] % fault.every == 0
