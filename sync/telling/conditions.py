"""When somebody is told: one message per change of state, and a daily one while a plan waits for a person."""

from datetime import datetime, timedelta
from enum import StrEnum

from sync.state.alerts import AlertState

OK = "ok"
"""Nothing is wrong."""

REPEATED = frozenset({"held"})
"""Statuses that are told again every day: nothing goes on before a person acts."""

REPEAT_AFTER = timedelta(hours=24)
REPEAT_WITH_RUN_AFTER = timedelta(hours=20)
"""A run that is held again repeats the message by itself, also when it ends a little earlier than yesterday's."""

RETRY_AFTER = timedelta(minutes=5)
"""A message that did not get through is tried again after so long."""

PATIENCE = timedelta(minutes=10)
"""What comes and goes by itself (a share, S3) is told when it was away for so long."""

STATUS_OF_RUN = {"done": OK, "interrupted": "stopped"}
"""How a run's own status is told where it has another word."""


class Reason(StrEnum):
    """Why there is something to tell."""

    CHANGED = "changed"
    RECOVERED = "recovered"
    UNTOLD = "untold"
    STILL = "still"


def reason_to_tell(
    before: AlertState | None, status: str, now: datetime, *, is_news: bool = False, is_run: bool = False
) -> Reason | None:
    """Whether somebody is told now, and why.

    Args:
        before: How the topic stood; ``None`` if it never was anything but fine.
        status: How it stands.
        now: The time.
        is_news: The status is the same, but there is more to it: another plan waits than the one that was told of.
        is_run: A run has just ended with this status.
    """
    was = before.status if before else OK
    if status != was:
        return Reason.RECOVERED if status == OK else Reason.CHANGED
    if before is None:
        return None
    if before.told_at is None:
        return Reason.UNTOLD if is_run or now - before.since_at >= RETRY_AFTER else None
    if status not in REPEATED:
        return None
    if is_news:
        return Reason.CHANGED
    return Reason.STILL if now - before.told_at >= (REPEAT_WITH_RUN_AFTER if is_run else REPEAT_AFTER) else None


def status_of_run(status: str) -> str:
    """How the status of a run is told."""
    return STATUS_OF_RUN.get(status, status)


def is_low(free_bytes: int, limit_bytes: int, *, was_low: bool) -> bool:
    """Whether a disk is low; once it was, it takes a tenth more to be fine again, so that it doesn't come and go."""
    return free_bytes < (limit_bytes * 11 // 10 if was_low else limit_bytes)
