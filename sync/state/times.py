"""Times as they come back from a database."""

from datetime import UTC, datetime


def utc(at: datetime) -> datetime:
    """An aware time in UTC: SQLite keeps no zone, and PostgreSQL answers in the zone of its session."""
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
