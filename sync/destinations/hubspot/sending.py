"""One request to its outcomes: every change in it has one, or is in a refused part that has to be told apart."""

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from goldpan.errors import FatalError, GoldpanError
from goldpan.model import Change, Outcome, Verdict
from sync.destinations.hubspot import wire
from sync.destinations.hubspot.answers import (
    Answer,
    ClosedForNowError,
    NoAnswerError,
    NotSentError,
    RefusedError,
    objects,
    reason_of,
    unknown_property,
)
from sync.destinations.hubspot.client import Client
from sync.destinations.hubspot.refusals import GivenUpError, Refusals


@dataclass(frozen=True, slots=True)
class Part:
    """Half of what HubSpot refused without saying whom it means; sent by itself it may pass.

    Attributes:
        changes: Of one kind, at least one.
        reason: HubSpot's reason.
    """

    changes: Sequence[Change]
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a request: each change has an outcome or is in a part.

    Attributes:
        outcomes: What is known.
        parts: What is to be told apart.
        failure: The error that ends the run, if any.
    """

    outcomes: list[Outcome]
    parts: tuple[Part, ...] = ()
    failure: GoldpanError | None = None


@dataclass(frozen=True)
class Sender:
    """Sends batches of changes; one for all threads of a writing.

    Attributes:
        client: HubSpot.
        refusals: What refusals may still cost in this run.
        stop: Set by the first error that ends the run; nothing more leaves then.
    """

    client: Client
    refusals: Refusals
    stop: threading.Event
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def send(self, changes: Sequence[Change]) -> Sent:
        """Send one batch of one kind; it raises nothing, so that no change is lost."""
        traced = {f"goldpan-{next(self._numbers)}": change for change in changes}
        try:
            answer = self._written(traced)
        except RefusedError as refused:
            return self._refused(changes, refused)
        except (NoAnswerError, NotSentError) as lost:
            return Sent(_all_unknown(changes, lost.reason, str(lost)))
        except GivenUpError as given_up:
            return Sent(_all_unknown(changes, NotSentError.reason, str(given_up)), failure=given_up)
        except (FatalError, ClosedForNowError) as final:
            self.stop.set()
            return Sent(_all_unknown(changes, NotSentError.reason, str(final)), failure=final)
        failure = unknown_property(objects(answer.body.get("errors")))
        if failure is not None:
            self.stop.set()
            return Sent(wire.outcomes(traced, answer), failure=failure)
        return self._told(traced, answer)

    def left_unsearched(self, part: Part) -> list[Outcome]:
        """The outcomes of a part that may not be sent by itself any more."""
        is_wide = self.refusals.is_schema_wide(wire.kind_of(part.changes[0]), part.reason)
        why = "it seems to concern every record" if is_wide else "too many were refused to find which record"
        message = f"in a batch that HubSpot refused ({part.reason}); {why}"
        return _all_unknown(part.changes, "not_isolated", message)

    def _written(self, traced: Mapping[str, Change]) -> Answer:
        kind = wire.kind_of(next(iter(traced.values())))
        write = self.client.upsert if kind == "upsert" else self.client.update
        inputs = [wire.input_of(change, trace) for trace, change in traced.items()]
        with self.refusals.attempt(kind):
            return write(inputs, self.stop)

    def _refused(self, changes: Sequence[Change], refused: RefusedError) -> Sent:
        """A request refused as a whole; a single change in it is at fault itself."""
        if len(changes) > 1:
            return Sent([], _halves(changes, refused.reason))
        self.refusals.note_alone(wire.kind_of(changes[0]), refused.reason)
        return Sent([wire.refused_alone(changes[0], refused)])

    def _told(self, traced: Mapping[str, Change], answer: Answer) -> Sent:
        """What a 200 or 207 says. Errors that name nobody are about some of those that it leaves out."""
        changes, outcomes = list(traced.values()), wire.outcomes(traced, answer)
        kind = wire.kind_of(changes[0])
        if any(said.verdict is Verdict.APPLIED for said in outcomes):
            self.refusals.note_passed(kind)
        if len(changes) == 1:
            if outcomes[0].verdict is Verdict.REFUSED:
                self.refusals.note_alone(kind, outcomes[0].reason)
            return Sent(outcomes)
        nameless = wire.nameless_errors(traced, answer)
        if not nameless:
            return Sent(outcomes)
        reason = reason_of(nameless[0]) or "REFUSED"
        self.refusals.count(kind, reason)
        pairs = list(zip(changes, outcomes, strict=True))
        left_out = [change for change, said in pairs if said.reason == wire.MISSING_IN_ANSWER]
        return Sent([said for _, said in pairs if said.reason != wire.MISSING_IN_ANSWER], _halves(left_out, reason))


def _halves(changes: Sequence[Change], reason: str) -> tuple[Part, ...]:
    middle = (len(changes) + 1) // 2
    return tuple(Part(half, reason) for half in (changes[:middle], changes[middle:]) if half)


def _all_unknown(changes: Sequence[Change], reason: str, message: str) -> list[Outcome]:
    return [wire.unknown(change.email, reason, message) for change in changes]
