"""The HubSpot account that the sandbox stands in for: its data, its settings, its dice."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sync.sandbox.contacts import Contacts
from sync.sandbox.database import Database
from sync.sandbox.list_store import ListStore
from sync.sandbox.schema import Schema

PORTAL_ID = 99_000_001
MergedIds = Literal["unknown", "read", "write"]


@dataclass(slots=True)
class Settings:
    """What can be changed while the sandbox runs.

    Attributes:
        latency_seconds: How long every API answer is held back, after its data was written.
        partial_upsert_blanks: An upsert by e-mail empties the custom properties it leaves out
            (reading (a) of HubSpot's "partial upserts are not supported").
        conflicts: Lower-cased addresses that make any batch writing to them a 409.
        merged_ids: What the id of a merged-away contact still does: nothing, as if it never was; it ``read``s as the
            contact that it was merged into, and updates leave it out without a word; or it does both.
        missing_sinks_updates: An id that no contact has makes the whole batch/update a 404, trace ids or not.
    """

    latency_seconds: float = 0.0
    partial_upsert_blanks: bool = False
    conflicts: frozenset[str] = frozenset()
    merged_ids: MergedIds = "read"
    missing_sinks_updates: bool = False


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
        self.lists = ListStore(self._database)
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
