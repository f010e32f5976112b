"""What is due: the schedule of goldpan.toml against what was done."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.calendar import Calendar
from sync.settings_file import ScheduleSettings

JOBS = ("nightly", "verify", "check")


class Timetable:
    """The times of each job.

    What was missed, once or often, is due once; what was missed longer ago than the grace is not.

    Args:
        schedule: The cron expressions.
        zone: Where the clock hangs.
    """

    def __init__(self, schedule: ScheduleSettings, zone: ZoneInfo) -> None:
        expressions = {job: getattr(schedule, job) for job in JOBS}
        self._calendars = {job: Calendar(text, zone) for job, text in expressions.items() if text}
        self._grace = timedelta(hours=schedule.grace_hours)

    def due(self, job: str, now: datetime, done_at: datetime | None) -> datetime | None:
        """The time at which a job should have begun and has not; `None` if it is in time.

        Args:
            job: Its name.
            now: The time.
            done_at: When it began last; a time to come, by a clock that was ahead, doesn't count.
        """
        calendar = self._calendars.get(job)
        last = calendar.last_until(now, within=self._grace) if calendar else None
        is_done = done_at is not None and last is not None and last <= done_at <= now
        return None if is_done else last

    def coming(self, now: datetime) -> Iterator[tuple[str, datetime]]:
        """When each job is due next."""
        for job, calendar in self._calendars.items():
            at = calendar.next_after(now)
            if at is not None:
                yield job, at
