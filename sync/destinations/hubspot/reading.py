"""One batch of addresses to the records HubSpot holds; asked in halves where it refuses the batch as a whole."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from goldpan.errors import FatalError
from sync.destinations import ReadBatch
from sync.destinations.hubspot import wire
from sync.destinations.hubspot.answers import RefusedError
from sync.destinations.hubspot.client import Client
from sync.destinations.hubspot.sending import Splits


@dataclass(frozen=True)
class Reader:
    """Reads batches of contacts; one for all threads of a run.

    Attributes:
        client: HubSpot.
        properties: What to read of each contact.
        splits: What is left for isolating refused addresses.
        stop: Set by the first error that ends the run.
    """

    client: Client
    properties: Sequence[str]
    splits: Splits
    stop: threading.Event

    def read(self, emails: Sequence[str]) -> ReadBatch:
        """Read one batch; every address is found or absent."""
        try:
            answer = self.client.read(wire.read_body(emails, self.properties), wire.is_whole, self.stop)
        except RefusedError as refused:
            return self._halved(emails, refused)
        batch, doubtful = wire.read_batch(emails, self.properties, answer.body)
        alone = [self.read([email]) for email in doubtful]
        return _joined([batch, *alone]) if alone else batch

    def _halved(self, emails: Sequence[str], refused: RefusedError) -> ReadBatch:
        """Read the halves of a refused batch; an address that is refused alone is one that HubSpot can't hold."""
        if len(emails) == 1:
            return ReadBatch(tuple(emails), {}, tuple(emails))
        if not self.splits.take(2):
            raise FatalError(f"Reading contacts from HubSpot is refused again and again. {refused}") from refused
        middle = len(emails) // 2
        return _joined([self.read(emails[:middle]), self.read(emails[middle:])])


def _joined(parts: Sequence[ReadBatch]) -> ReadBatch:
    """Several answers as one batch."""
    found = {email: record for part in parts for email, record in part.found.items()}
    asked = dict.fromkeys(email for part in parts for email in part.asked)
    return ReadBatch(tuple(asked), found, tuple(email for email in asked if email not in found))
