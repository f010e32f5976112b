"""Lists as stored: what the API was told about each; who is on one is worked out when somebody asks."""

import json

from sync.sandbox.answers import Json
from sync.sandbox.database import Database, as_text


class ListStore:
    """The lists of the portal, of any object. Use it inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Json]:
        """Every list, oldest first."""
        return [json.loads(str(row[0])) for row in self._database.rows("SELECT body FROM lists ORDER BY id")]

    def by_name(self, name: str) -> Json | None:
        """The list of that name, upper and lower case alike; names are unique whatever a list holds."""
        return self._one("SELECT body FROM lists WHERE name_key = ?", name.casefold())

    def by_id(self, list_id: str) -> Json | None:
        """The list with that id."""
        return self._one("SELECT body FROM lists WHERE id = ?", int(list_id)) if _is_id(list_id) else None

    def add(self, body: Json) -> Json:
        """Keep a new list and give it its id."""
        last = self._database.rows("SELECT coalesce(max(id), 0) FROM lists")[0][0]
        kept = {"listId": str(int(str(last)) + 1), **body}
        row = (int(kept["listId"]), kept["name"].casefold(), as_text(kept))
        self._database.run("INSERT INTO lists VALUES (?, ?, ?)", [row])
        return kept

    def _one(self, statement: str, value: str | int) -> Json | None:
        rows = self._database.rows(statement, (value,))
        return json.loads(str(rows[0][0])) if rows else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
