"""Properties and property groups as stored."""

import json

from sync.sandbox.answers import Json, now
from sync.sandbox.database import Database, as_text
from sync.sandbox.definitions import CONTACT_INFORMATION, Definition, built_in


class Schema:
    """What a contact can have in this portal. Use it inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._definitions: dict[str, Definition] | None = None

    def found(self) -> None:
        """Give a new portal the properties that every portal has."""
        self._definitions = None
        if not self.groups():
            self.save_group(CONTACT_INFORMATION)
            for body in built_in(now()):
                self.save(body)

    def definitions(self) -> dict[str, Definition]:
        """Every property in use, by name."""
        if self._definitions is None:
            self._definitions = {body["name"]: Definition.of(body) for body in self.properties()}
        return self._definitions

    def properties(self, *, archived: bool = False) -> list[Json]:
        """The properties as the API shows them, oldest first."""
        rows = self._database.rows("SELECT body FROM properties WHERE archived = ? ORDER BY rowid", (int(archived),))
        return [json.loads(str(row[0])) for row in rows]

    def save(self, body: Json) -> None:
        """Make, change, archive or restore a property; the values that contacts hold stay as they are."""
        self._definitions = None
        self._database.run(
            "INSERT INTO properties VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET body = excluded.body, archived = excluded.archived",
            [(body["name"], as_text(body), int(body["archived"]))],
        )

    def groups(self) -> list[Json]:
        """The property groups as the API shows them, oldest first."""
        rows = self._database.rows("SELECT body FROM property_groups ORDER BY rowid")
        return [json.loads(str(row[0])) for row in rows]

    def save_group(self, body: Json) -> None:
        """Make a property group."""
        self._database.run("INSERT INTO property_groups VALUES (?, ?)", [(body["name"], as_text(body))])

    def remove_group(self, name: str) -> None:
        """Take a property group away."""
        self._database.run("DELETE FROM property_groups WHERE name = ?", [(name,)])
