"""When a run that failed is tried again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from sync.settings_file import ScheduleSettings
from sync.state.runs import StoredRun

ONE_NIGHT = timedelta(hours=12)
"""What failed longer ago was another night, which had its own tries."""


def may_try_again(runs: Sequence[StoredRun], now: datetime, schedule: ScheduleSettings) -> bool:
    """Whether the last run failed, long enough ago, and not too often in a row.

    Args:
        runs: The latest whole runs, the newest first.
        now: The time.
        schedule: How often, and after how long.
    """
    failed = [*takewhile(lambda run: run.status == "failed" and run.started_at > now - ONE_NIGHT, runs)]
    if not failed or len(failed) > schedule.retry_failed_times:
        return False
    ended_at = failed[0].finished_at or failed[0].started_at
    return now >= ended_at + timedelta(minutes=schedule.retry_failed_minutes)
