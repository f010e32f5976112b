"""At which version a state is: one plain question, which every command asks and nearly all get the same answer to."""

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

VERSION = "0003"
"""The newest migration in `migrations/versions/`; a test checks that it is."""


def is_newest(engine: Engine) -> bool:
    """Whether nothing has to be made or brought forward."""
    with engine.connect() as connection:
        try:
            return stored_version(connection) == VERSION
        except (OperationalError, ProgrammingError):  # there is no such table yet; anything else comes up again later
            return False


def stored_version(connection: Connection) -> str | None:
    """What the state says of itself.

    Raises:
        SQLAlchemyError: It says nothing yet.
    """
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
