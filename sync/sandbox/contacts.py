"""Contacts as stored: their values, who holds which unique value, and what was written when."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from sync.sandbox.database import Database, as_text, marks

FIRST_ID = 30_000_000_000  # contact ids look like HubSpot's: eleven digits


@dataclass(slots=True)
class Contact:
    """One contact, and what the present request writes to it.

    Attributes:
        properties: Name to value; empty properties are left out. ``email`` is the primary address.
        written: What this request writes; ``""`` where it empties.
    """

    id: int
    properties: dict[str, str]
    created_at: str
    updated_at: str
    is_new: bool = False
    written: dict[str, str] = field(default_factory=dict)


class Contacts:
    """The contacts of the portal. Use it inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_id: int | None = None

    def new(self, at: str) -> Contact:
        """A contact with an id of its own, not yet saved."""
        if self._last_id is None:
            found = cast("list[tuple[int]]", self._database.rows("SELECT coalesce(max(id), 0) FROM contacts"))
            self._last_id = max(found[0][0], FIRST_ID)
        self._last_id += 1
        return Contact(self._last_id, {}, at, at, is_new=True)

    def holders(self, unique: str, values: Iterable[str]) -> dict[str, int]:
        """Which contact holds each value of a unique property; for e-mail also as an additional address."""
        wanted = list(values)
        rows = self._database.rows(
            f"SELECT value, contact_id FROM holders WHERE property = ? AND value IN ({marks(wanted)})",  # noqa: S608 - only marks
            [unique, *wanted],
        )
        return dict(cast("list[tuple[str, int]]", rows))

    def by_id(self, ids: Iterable[int]) -> dict[int, Contact]:
        """The contacts with these ids; archived and merged-away ones are not there."""
        wanted = list(ids)
        return {contact.id: contact for contact in self._select(f"AND id IN ({marks(wanted)})", wanted)}

    def all(self) -> list[Contact]:
        """Every contact, the last created first."""
        return self._select("ORDER BY id DESC", [])

    def _select(self, condition: str, values: list[int]) -> list[Contact]:
        rows = self._database.rows(
            "SELECT id, body, created_at, updated_at FROM contacts WHERE NOT archived AND merged_into IS NULL "  # noqa: S608 - conditions from this class, values apart
            + condition,
            values,
        )
        return [
            Contact(row[0], json.loads(row[1]), row[2], row[3]) for row in cast("list[tuple[int, str, str, str]]", rows)
        ]

    def standing_for(self, contact_id: int) -> int | None:
        """The contact that a merged-away id stands for today; None if it was not merged away."""
        rows = self._database.rows("SELECT merged_into FROM contacts WHERE id = ?", (contact_id,))
        target = cast("int | None", rows[0][0]) if rows else None
        return None if target is None else self.standing_for(target) or target

    def save(self, contacts: Iterable[Contact], at: str) -> None:
        """Write contacts, and one entry of history for each that was written to."""
        changed = list(contacts)
        self._database.run(
            "INSERT INTO contacts (id, body, created_at, updated_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at",
            [(contact.id, as_text(contact.properties), contact.created_at, contact.updated_at) for contact in changed],
        )
        self._database.run(
            "INSERT INTO history VALUES (?, ?, ?)",
            [(contact.id, at, as_text(contact.written)) for contact in changed if contact.written],
        )

    def hold(self, taken: Iterable[tuple[str, str, int]], released: Iterable[tuple[str, str]]) -> None:
        """Record which values are free again, then which contact holds which."""
        self._database.run("DELETE FROM holders WHERE property = ? AND value = ?", released)
        self._database.run("INSERT OR REPLACE INTO holders VALUES (?, ?, ?)", taken)

    def history(self, contact_id: int) -> list[tuple[str, dict[str, str]]]:
        """What was written to a contact: moment and values, oldest first."""
        rows = self._database.rows(
            "SELECT written_at, body FROM history WHERE contact_id = ? ORDER BY rowid", (contact_id,)
        )
        return [(written_at, json.loads(body)) for written_at, body in cast("list[tuple[str, str]]", rows)]

    def archive(self, ids: Iterable[int]) -> None:
        """Take contacts out of sight and free their addresses; the ids are never given again."""
        gone = [(contact_id,) for contact_id in ids]
        self._database.run("UPDATE contacts SET archived = 1 WHERE id = ?", gone)
        self._database.run("DELETE FROM holders WHERE contact_id = ?", gone)

    def purge(self, contact_id: int) -> None:
        """Forget a person for good, and refuse the person's addresses from now on."""
        self._database.run(
            "INSERT OR IGNORE INTO blocked SELECT value FROM holders WHERE property = 'email' AND contact_id = ?",
            [(contact_id,)],
        )
        self._database.run("UPDATE contacts SET body = '{}' WHERE id = ?", [(contact_id,)])
        self._database.run("DELETE FROM history WHERE contact_id = ?", [(contact_id,)])
        self.archive([contact_id])

    def blocked(self) -> set[str]:
        """The addresses that are refused for good."""
        return {str(row[0]) for row in self._database.rows("SELECT email FROM blocked")}

    def merge(self, away: Iterable[int], into: int) -> None:
        """Let old ids stand for the contact they were merged into, which takes their history and unique values."""
        pairs = [(into, contact_id) for contact_id in away]
        self._database.run("UPDATE contacts SET merged_into = ? WHERE id = ?", pairs)
        self._database.run("UPDATE history SET contact_id = ? WHERE contact_id = ?", pairs)
        self._database.run("UPDATE holders SET contact_id = ? WHERE contact_id = ?", pairs)
