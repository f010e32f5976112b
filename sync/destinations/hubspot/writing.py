"""All changes of a writing to their outcomes: good batches go first, refused ones are searched with what is left."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from goldpan.model import Change, Outcome
from sync.destinations.hubspot import wire
from sync.destinations.hubspot.parallel import chunks_by, in_parallel
from sync.destinations.hubspot.sending import Part, Sender, Sent

EARLY_SHARE = 0.5
"""How much of the budget for error answers a search may spend while batches are still to be sent.

With nothing, a night whose batches all hold one bad record would find no culprit, and neither would the next. With all
of it, a night with a few bad records would end before its good batches were sent.
"""


class Writing:
    """One writing, as the caller's thread sees it; requests leave in threads, searches in the caller's.

    Args:
        sender: Sends one batch, in any thread.
        workers: Requests at once.
        on_sent: Told of each batch just before it may leave.
    """

    def __init__(self, sender: Sender, workers: int, on_sent: Callable[[Sequence[Change]], None] | None) -> None:
        self._sender, self._refusals = sender, sender.refusals
        self._workers, self._on_sent = workers, on_sent
        self._parts: deque[Part] = deque()
        self._failure: Exception | None = None

    def outcomes(self, changes: Iterable[Change]) -> Iterator[list[Outcome]]:
        """Send all; what ends it early is raised once every announced change has its outcome."""
        send, stop = self._sender.send, self._sender.stop
        try:
            for sent in in_parallel(
                send, self._batches(changes), workers=self._workers, stop=stop, before=self._on_sent
            ):
                self._parts.extend(sent.parts)
                yield from self._noted(sent)
                yield from self._searched(EARLY_SHARE)
        except Exception as error:  # noqa: BLE001 - raised below, when the refused batches are accounted for
            self._failure = self._failure or error
        yield from self._searched(1.0)
        yield from map(self._sender.left_unsearched, self._parts)
        if self._failure is not None:
            raise self._failure

    def _batches(self, changes: Iterable[Change]) -> Iterator[tuple[Change, ...]]:
        """The changes as batches of one kind each; a kind that was given up stays here, and the writing fails."""
        for batch in chunks_by(wire.kind_of, changes, wire.BATCH):
            given_up = self._refusals.given_up(wire.kind_of(batch[0]))
            if given_up is None:
                yield batch
            self._failure = self._failure or given_up

    def _noted(self, sent: Sent) -> Iterator[list[Outcome]]:
        self._failure = self._failure or sent.failure
        if sent.outcomes:
            yield sent.outcomes

    def _searched(self, share: float) -> Iterator[list[Outcome]]:
        """Send refused parts by themselves, each to its end before the next, as far as the share of the budget goes."""
        put_off: list[Part] = []
        while self._parts:
            part = self._parts.popleft()
            if self._refusals.may_search(wire.kind_of(part.changes[0]), part.reason, share):
                sent = self._sender.send(part.changes)
                self._parts.extendleft(reversed(sent.parts))  # this search goes on before the next one
                yield from self._noted(sent)
            else:
                put_off.append(part)
        self._parts.extend(put_off)
