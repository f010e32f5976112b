"""Times as they come back from a database."""

from datetime import UTC, datetime


def utc(at: datetime) -> datetime:
    """An aware time: SQLite keeps no zone, but everything was written in UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
