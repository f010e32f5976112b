"""One batch of keys to the records HubSpot holds; asked in halves where it refuses the batch as a whole."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from goldpan.errors import FatalError
from goldpan.model import CurrentRecord
from sync.destinations import Key, ReadBatch
from sync.destinations.hubspot import records
from sync.destinations.hubspot.answers import Json, NoAnswerError, RefusedError
from sync.destinations.hubspot.client import Client
from sync.destinations.hubspot.refusals import Refusals
from sync.destinations.hubspot.wire import NOT_FOUND


@dataclass(frozen=True)
class Reader:
    """Reads batches of contacts; one for all threads of a reading.

    Attributes:
        client: HubSpot.
        properties: What to read of each contact.
        by: What the keys are.
        refusals: What refusals may still cost in this run.
        stop: Set by the first error that ends the run.
        searching: Held by the thread that asks for the parts of a refused batch.
    """

    client: Client
    properties: Sequence[str]
    by: Key
    refusals: Refusals
    stop: threading.Event
    searching: threading.RLock = field(default_factory=threading.RLock)

    def read(self, keys: Sequence[str]) -> ReadBatch:
        """Read one batch; every key is found or absent."""
        sent = {key: records.as_key(key, self.by) for key in keys}
        held = self._found([key for key in dict.fromkeys(sent.values()) if key])
        found = {key: held[sent[key]] for key in keys if sent[key] in held}
        return ReadBatch(tuple(keys), found, tuple(key for key in keys if key not in found))

    def _found(self, keys: Sequence[str], *, again: bool = False) -> dict[str, CurrentRecord]:
        """The records by key; the keys that HubSpot doesn't know are missing.

        A key that an answer says nothing about isn't absent yet. It is asked for once more (``again``): alone if one of
        the strangers in the answer may be its record, else with the others of its sort. What is left out again, is.
        """
        if not keys:
            return {}
        try:
            body = self._answer(keys)
        except RefusedError as refused:
            return self._halved(keys, refused, again=again)
        self.refusals.note_passed("read")
        told = records.told(keys, self.properties, self.by, body)
        if told.has_strangers and len(keys) > 1:
            found = dict(told.found)
            for key in told.unsaid:
                found |= self._found([key], again=True)
            return found
        if again:
            self._check(told)
            return dict(told.found)
        return {**told.found, **self._found(told.unsaid, again=True)}

    def _answer(self, keys: Sequence[str]) -> Json:
        body = records.read_body(keys, self.properties, self.by)
        with self.refusals.attempt("read"):
            return self.client.read(body, records.is_whole, self.stop).body

    def _check(self, told: records.Told) -> None:
        if told.unclear:
            raise NoAnswerError(
                "incomplete_answer",
                f"HubSpot could not read {len(told.unclear)} contacts, asked twice, and did not say that they are "
                "gone. Nothing is planned on such an answer; run again later, and look at status.hubspot.com.",
            )

    def _halved(self, keys: Sequence[str], refused: RefusedError, *, again: bool) -> dict[str, CurrentRecord]:
        """Read the halves of a refused batch; a key that is refused alone is one that no contact has."""
        if len(keys) == 1 and records.is_absence(refused.reason, self.by):
            if refused.reason != NOT_FOUND:  # many contacts may be gone, that is no trouble with reading
                self.refusals.note_alone("read", refused.reason)
            return {}
        with self.searching:
            if len(keys) == 1 or not self.refusals.may_search("read", refused.reason):
                raise FatalError(f"HubSpot refuses to let contacts be read. {refused}") from refused
            middle = len(keys) // 2
            return {**self._found(keys[:middle], again=again), **self._found(keys[middle:], again=again)}
