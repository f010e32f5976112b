"""One batch to its outcomes: halve it where HubSpot refuses it as a whole, and account for every change in it."""

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from goldpan.errors import FatalError, GoldpanError
from goldpan.model import Change, Outcome, Verdict
from sync.destinations.hubspot import wire
from sync.destinations.hubspot.answers import (
    ClosedForNowError,
    NoAnswerError,
    NotSentError,
    RefusedError,
    objects,
    unknown_property,
)
from sync.destinations.hubspot.client import Client


class Splits:
    """How many further requests a run may spend on finding refused records.

    One bad record in 100 costs at most 14. HubSpot wants error answers under 5 % of a day's calls (usage guidelines).
    """

    def __init__(self, allowed: int) -> None:
        self._left = allowed
        self._counting = threading.Lock()

    def take(self, requests: int) -> bool:
        """Whether this many more may be sent; then they count as spent."""
        with self._counting:
            if self._left < requests:
                return False
            self._left -= requests
            return True


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a batch: an outcome for each change, and the error that ends the run, if any."""

    outcomes: list[Outcome]
    failure: GoldpanError | None = None


@dataclass(frozen=True)
class Sender:
    """Sends batches of changes; one for all threads of a run.

    Attributes:
        client: HubSpot.
        splits: What is left for isolating refused records.
        stop: Set by the first error that ends the run; nothing more leaves then.
    """

    client: Client
    splits: Splits
    stop: threading.Event
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def send(self, changes: Sequence[Change]) -> Sent:
        """Send one batch; whatever happens, each change has exactly one outcome."""
        traced = {f"goldpan-{next(self._numbers)}": change for change in changes}
        try:
            inputs = [wire.upsert_input(change, trace) for trace, change in traced.items()]
            answer = self.client.upsert(inputs, self.stop)
        except RefusedError as refused:
            return self._isolated(changes, refused)
        except (NoAnswerError, NotSentError) as lost:
            return Sent(_all_unknown(changes, lost.reason, str(lost)))
        except (FatalError, ClosedForNowError) as final:
            self.stop.set()
            return Sent(_all_unknown(changes, "not_sent", str(final)), final)
        failure = unknown_property(objects(answer.body.get("errors")))
        if failure is not None:
            self.stop.set()
        outcomes = wire.outcomes(traced, answer)
        if failure is None and len(changes) > 1 and wire.names_nobody(traced, answer):
            return self._told_apart(changes, outcomes)
        return Sent(outcomes, failure)

    def _told_apart(self, changes: Sequence[Change], outcomes: Sequence[Outcome]) -> Sent:
        """Errors that name no record are about some that the answer leaves out: send those again, in halves."""
        left_out = [c for c, said in zip(changes, outcomes, strict=True) if said.reason == wire.MISSING_IN_ANSWER]
        if not left_out or not self.splits.take(2):
            return Sent([*outcomes])
        middle = (len(left_out) + 1) // 2
        halves = [self.send(half) for half in (left_out[:middle], left_out[middle:]) if half]
        told = {outcome.email: outcome for half in halves for outcome in half.outcomes}
        failure = next((half.failure for half in halves if half.failure is not None), None)
        return Sent([told.get(said.email, said) for said in outcomes], failure)

    def _isolated(self, changes: Sequence[Change], refused: RefusedError) -> Sent:
        """Send the halves of a refused batch; a single change that is refused is at fault itself."""
        if len(changes) == 1:
            return Sent([_refused(changes[0].email, refused)])
        if not self.splits.take(2):
            message = f"in a batch that HubSpot refused ({refused.reason}); too many were refused to find which record"
            return Sent(_all_unknown(changes, "not_isolated", message))
        middle = len(changes) // 2
        first, second = self.send(changes[:middle]), self.send(changes[middle:])
        return Sent([*first.outcomes, *second.outcomes], first.failure or second.failure)


def _refused(email: str, refused: RefusedError) -> Outcome:
    return Outcome(
        email,
        Verdict.REFUSED,
        reason=refused.reason,
        message=refused.words,
        correlation_id=refused.correlation_id,
    )


def _all_unknown(changes: Sequence[Change], reason: str, message: str) -> list[Outcome]:
    return [wire.unknown(change.email, reason, message) for change in changes]
