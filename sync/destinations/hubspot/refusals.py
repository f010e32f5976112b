"""What refusals may cost a run: a budget of error answers, and a rule for when they are no longer about single records.

Finding one bad record in a batch of 100 takes up to 14 requests, half of them refused again. HubSpot wants error
answers under 5 % of a day's calls (usage guidelines, developers.hubspot.com, read 2026-11-20), so the search ends where
that share would be passed, and before it where it would only repeat itself.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from goldpan.errors import FatalError
from goldpan.model import RequestCounts
from sync.destinations.hubspot.answers import RefusedError

Kind = Literal["read", "upsert", "update"]

ERRORS_AT_LEAST = 50  # a short run may spend this many, whatever their share
ERRORS_SHARE = 0.05  # "error responses … under 5 % of total daily requests"; a run counts its own requests only
REFUSED_IN_A_ROW = 20  # costs 44 error answers in a batch of 100, so that it fits into the least budget

_DROPPED = {"read": "read", "upsert": "created", "update": "updated"}


class GivenUpError(FatalError):
    """HubSpot refused so much of one kind of request that no more of that kind may be sent."""


class Refusals:
    """Counts what HubSpot refuses in one run, over all threads.

    - **Budget**: error answers stay within ``max(50, 5 % of the requests sent)``. A request leaves only if its being
      refused would still fit; close to the limit requests wait for those under way. When the budget is spent, the kinds
      of request that were refused are given up for this run; one that never was goes on, one request at a time, until
      its first refusal. Requests that were sent again (429, 5xx, no answer) count against the search, but never stop
      the sending.
    - **Schema-wide rule**: when 20 single records in a row were refused for one and the same reason, and none of their
      kind was written since, the reason seems to concern them all (a property that every new contact needs, say).
      Then no further batch that is refused for it is searched, until something of that kind is written again.

    One batch is searched at a time: the budget then finds the bad records of a few batches instead of cutting many in
    halves, and "in a row" means something.
    """

    def __init__(self, requests: RequestCounts) -> None:
        self._requests = requests
        self._changed = threading.Condition()
        self._refused = 0
        self._under_way = 0
        self._refused_kinds: set[Kind] = set()
        self._given_up: dict[Kind, str] = {}
        self._row: dict[Kind, tuple[str, int]] = {}

    @property
    def allowed(self) -> int:
        """How many error answers the run may have got by now."""
        return max(ERRORS_AT_LEAST, int(ERRORS_SHARE * self._requests.sent))

    @contextmanager
    def attempt(self, kind: Kind) -> Iterator[None]:
        """Around one request: waits for room in the budget, and counts a refusal.

        Raises:
            GivenUpError: There is no room for requests of this kind any more; nothing was sent.
        """
        refused: RefusedError | None = None
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way or self._refused + self._under_way < self.allowed)
            self._check(kind)
            self._under_way += 1
        try:
            yield
        except RefusedError as error:
            refused = error
            raise
        finally:
            with self._changed:
                self._under_way -= 1
                if refused is not None:
                    self._count(kind, refused.reason)
                self._changed.notify_all()

    def count(self, kind: Kind, reason: str) -> None:
        """Count an answer as an error: one of status 207, say, that refuses records without naming them."""
        with self._changed:
            self._count(kind, reason)
            self._changed.notify_all()

    def note_alone(self, kind: Kind, reason: str) -> None:
        """A single record was refused, in a request of its own."""
        with self._changed:
            earlier, count = self._row.get(kind, (reason, 0))
            self._row[kind] = (reason, count + 1 if earlier == reason else 1)

    def note_passed(self, kind: Kind) -> None:
        """Something of this kind went through: whatever was refused before isn't schema-wide."""
        with self._changed:
            self._row.pop(kind, None)

    def is_schema_wide(self, kind: Kind, reason: str) -> bool:
        """Whether this reason seems to concern every record of this kind."""
        with self._changed:
            earlier, count = self._row.get(kind, ("", 0))
            return earlier == reason and count >= REFUSED_IN_A_ROW

    def may_search(self, kind: Kind, reason: str, share: float = 1.0) -> bool:
        """Whether one more part of a batch refused for this reason may be sent, with this share of the budget."""
        if self.is_schema_wide(kind, reason):
            return False
        with self._changed:
            spent = self._refused + self._requests.retried
            return kind not in self._given_up and spent < share * self.allowed

    def given_up(self, kind: Kind) -> GivenUpError | None:
        """The error that says why this kind of request is not sent any more."""
        with self._changed:
            return GivenUpError(self._given_up[kind]) if kind in self._given_up else None

    def _check(self, kind: Kind) -> None:
        if kind in self._given_up:
            raise GivenUpError(self._given_up[kind])

    def _count(self, kind: Kind, reason: str) -> None:
        self._refused += 1
        self._refused_kinds.add(kind)
        if self._refused < self.allowed:
            return
        for refused_kind in self._refused_kinds - self._given_up.keys():
            self._given_up[refused_kind] = (
                f"HubSpot refused {self._refused} of {self._requests.sent} requests, the last one for {reason}, and "
                "wants errors to stay under 5 % of the calls, so the remaining contacts were not "
                f"{_DROPPED[refused_kind]}. Look at the refused ones, correct what they have in common, and run again."
            )
