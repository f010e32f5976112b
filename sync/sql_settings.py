"""What a `[[source]]` asks of a database: the keys of `goldpan.toml`, and what they accept."""

import re
from typing import Self

from pydantic import Field, model_validator

from goldpan.checked import Settings, Whole

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_TABLE = re.compile(r"[^\W\d][\w$]*(\.[^\W\d][\w$]*)?")
_QUERY = re.compile(r"(\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.IGNORECASE | re.DOTALL)
_IS_FOR = {"query": "what the database is asked for", "mark": "a query of one row that changes whenever the data does"}


class SqlSettings(Settings):
    """The part of `[[source]]` that is about a database.

    Attributes:
        sql: The environment variable that holds the database's SQLAlchemy URL, for it holds a password; that name with
            `_FILE` may hold the path of a file instead.
        memberships_query: A SELECT, or the name of a table or view (`schema.table`), whose rows are the export.
        orders_query: Likewise; one of the two may be missing.
        memberships_mark: A SELECT of one row that changes whenever the memberships do; while it doesn't, they are not
            fetched again.
        orders_mark: Likewise.
        every_minutes: How often the database is asked: for the mark, else for all rows.
    """

    sql: str = ""
    memberships_query: str = ""
    orders_query: str = ""
    memberships_mark: str = ""
    orders_mark: str = ""
    every_minutes: Whole = Field(60, ge=1, le=10_080)

    @model_validator(mode="after")
    def _asks_a_database(self) -> Self:
        """What was found is not quoted: somebody may have put the URL itself here."""
        texts = {name: getattr(self, name) for name in SqlSettings.model_fields if name.endswith(("_query", "_mark"))}
        if not self.sql:
            if used := [name for name, text in texts.items() if text]:
                raise ValueError(f'{" and ".join(used)}: only with sql = "NAME"')
            return self
        if not _VARIABLE.fullmatch(self.sql):
            raise ValueError(
                'sql takes the name of an environment variable that holds the URL, such as "CRM_DATABASE_URL"; the URL '
                "itself holds a password and does not belong here"
            )
        if not (self.memberships_query or self.orders_query):
            raise ValueError("sql needs memberships_query, orders_query or both")
        for name, text in texts.items():
            kind, _, what = name.partition("_")
            if text and what == "mark" and not self.query_of(kind):
                raise ValueError(f"{name}: there is no {kind}_query")
            if text and not (_QUERY.match(text) or (what == "query" and is_table(text))):
                table = " or the name of a table" if what == "query" else ""
                raise ValueError(f"{name}: {_IS_FOR[what]}: takes a SELECT{table}; nothing else is sent to a database")
        return self

    def query_of(self, kind: str) -> str:
        """What is asked for the exports of a kind; "" for nothing."""
        text: str = getattr(self, f"{kind}_query")
        return text

    def mark_of(self, kind: str) -> str:
        """What tells whether they changed; "" for nothing."""
        text: str = getattr(self, f"{kind}_mark")
        return text


def is_table(query: str) -> bool:
    """Whether it is the name of a table, and not a SELECT."""
    return _TABLE.fullmatch(query.strip()) is not None
