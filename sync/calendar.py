"""Cron expressions as cron means them: its own weekdays, and "or" between day of month and weekday."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

_PLAIN = re.compile(r"[0-5]?[0-9] ([01]?[0-9]|2[0-3]) \* \* ([0-7*]|sun|mon|tue|wed|thu|fri|sat)")
"""A time of day, every day or on one weekday: as most installations have it."""

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""By cron's number; 7 is Sunday once more."""


class Calendar:
    """When something is due, in a time zone.

    A time that the clock shows twice, on the night when clocks go back, is due once, at the first. One that the clock
    leaves out is due when it goes on.

    Args:
        expression: Five fields, as in a crontab.
        zone: Where the clock hangs.

    Raises:
        ValueError: The expression is none.
    """

    def __init__(self, expression: str, zone: ZoneInfo) -> None:
        self._trigger, self._zone = parse_cron(expression, zone), zone

    def next_after(self, at: datetime) -> datetime | None:
        """The first time after this one (aware); `None` where there is none any more."""
        found: datetime | None = at
        while found is not None:
            later = found.astimezone(UTC) + timedelta(microseconds=1)
            found = self._trigger.get_next_fire_time(None, later.astimezone(self._zone))
            if found is not None and not found.fold:  # else the clock shows this time for the second time
                return found
        return None

    def last_until(self, at: datetime, *, within: timedelta) -> datetime | None:
        """The last time up to this one, if it is not longer ago than that."""
        last, following = None, self.next_after(at - within - timedelta(microseconds=1))
        while following is not None and following <= at:
            last, following = following, self.next_after(following)
        return last


def check_cron(expression: str) -> None:
    """Refuse what is no crontab line; every command reads the schedule, so a plain one has to cost nothing.

    Raises:
        ValueError: What is wrong, and what is accepted.
    """
    if not _PLAIN.fullmatch(expression):
        parse_cron(expression, ZoneInfo("UTC"))


def parse_cron(expression: str, zone: ZoneInfo) -> "BaseTrigger":
    """What APScheduler makes of a crontab's five fields.

    APScheduler's own reading counts weekdays from Monday, and wants both days to fit where cron wants one of them.

    Raises:
        ValueError: What is wrong, and what is accepted.
    """
    from apscheduler.triggers.combining import OrTrigger  # noqa: PLC0415 - only the service needs it, and it is slow
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    fields = expression.lower().split()
    if len(fields) != 5:
        raise ValueError(
            'takes the five fields of a crontab line: minute, hour, day of month, month, weekday; such as "30 5 * * *"'
        )
    minute, hour, day, month, weekday = fields
    times = {"minute": minute, "hour": hour, "month": month, "timezone": zone}
    weekdays = _weekdays(weekday)
    try:
        if "*" in (day[0], weekday[0]):
            return CronTrigger(day=day, day_of_week=weekdays, **times)
        return OrTrigger([CronTrigger(day=day, **times), CronTrigger(day_of_week=weekdays, **times)])
    except ValueError as error:
        raise ValueError(f"is no crontab line: {error}") from None


def _weekdays(field: str) -> str:
    """The weekday field of a crontab as the names of all days in it."""
    if field == "*":
        return field
    days: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0", "-", "6") if span == "*" else span.partition("-")
        try:
            begin, end, by = _day(first), _day(last or (first if not step else "6")), int(step or 1)
            end = 7 if end == 0 < begin else end  # sat-sun
            days |= {each % 7 for each in range(begin, end + 1, by)} or {_day(part)}  # an empty span is no day
        except ValueError:
            raise ValueError(f"the weekday {part!r} is none: 0 to 7 (0 and 7 are Sunday), or sun to sat") from None
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def _day(text: str) -> int:
    number = WEEKDAYS.index(text) if text in WEEKDAYS else int(text)
    if not 0 <= number <= 7:
        raise ValueError
    return number
