"""The HubSpot account that the sandbox stands in for: its data, its settings, its dice."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync.sandbox.contacts import Contacts
from sync.sandbox.database import Database
from sync.sandbox.schema import Schema

PORTAL_ID = 99_000_001


@dataclass(slots=True)
class Settings:
    """What can be changed while the sandbox runs.

    Attributes:
        latency_seconds: How long every API answer is held back, after its data was written.
        partial_upsert_blanks: An upsert by e-mail empties the custom properties it leaves out
            (reading (a) of HubSpot's "partial upserts are not supported").
        conflicts: Lower-cased addresses that make any batch writing to them a 409.
    """

    latency_seconds: float = 0.0
    partial_upsert_blanks: bool = False
    conflicts: frozenset[str] = frozenset()


class Portal:
    """One account. Whatever touches its data runs inside ``transaction()``."""

    def __init__(
        self, path: Path | None = None, *, portal_id: int | None = None, seed: int = 0, settings: Settings | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.dice = random.Random(seed)  # noqa: S311 - shuffles answers, guards nothing
        self._database = Database(path)
        self.contacts = Contacts(self._database)
        self.schema = Schema(self._database)
        with self.transaction():
            self.id = self._database.settle_portal_id(portal_id, PORTAL_ID)
            self.schema.found()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, or nothing; one at a time."""
        with self._database.transaction():
            yield

    def reset(self) -> None:
        """Back to a new account with the same id."""
        with self.transaction():
            self._database.clear()
            self.schema.found()

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._database.close()
