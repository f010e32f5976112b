"""Cron expressions mean what cron means, on nights in which clocks change too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.calendar import Calendar

NEW_YORK = ZoneInfo("America/New_York")


def due(expression, after, times=4, zone=NEW_YORK):
    """When it is due next, in UTC."""
    calendar, at, found = Calendar(expression, zone), datetime.fromisoformat(after), []
    for _ in range(times):
        at = calendar.next_after(at)
        found.append(f"{at.astimezone(UTC):%m-%d %H:%M}")
    return found


def weekdays(expression):
    at, found = datetime(2026, 11, 15, tzinfo=UTC), set()
    for _ in range(20):
        at = Calendar(expression, ZoneInfo("UTC")).next_after(at)
        found.add(f"{at:%a}")
    return found


def test_a_time_that_the_clock_shows_twice_is_due_once_at_the_first():
    assert due("30 1 * * *", "2026-10-31T12:00+00:00", 3) == ["11-01 05:30", "11-02 06:30", "11-03 06:30"]


def test_a_time_that_the_clock_leaves_out_is_due_once_when_it_goes_on():
    assert due("30 2 * * *", "2026-03-07T12:00+00:00", 2) == ["03-08 07:30", "03-09 06:30"]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("1", {"Mon"}), ("0", {"Sun"}), ("7", {"Sun"}), ("sun", {"Sun"}), ("1-3", {"Mon", "Tue", "Wed"}),
        ("fri-7", {"Fri", "Sat", "Sun"}), ("sat-sun", {"Sat", "Sun"}), ("0-2", {"Sun", "Mon", "Tue"}),
        ("*/3", {"Sun", "Wed", "Sat"}), ("1,FRI", {"Mon", "Fri"}), ("2/2", {"Tue", "Thu", "Sat"}),
    ],
)  # fmt: skip
def test_weekdays_are_those_of_cron(field, wanted):
    assert weekdays(f"0 6 * * {field}") == wanted


def test_day_of_month_or_weekday_as_cron_has_it():
    assert due("0 6 1 * mon", "2026-11-20T00:00+00:00", 3, ZoneInfo("UTC")) == [
        "11-23 06:00", "11-30 06:00", "12-01 06:00",
    ]  # fmt: skip


def test_the_last_time_that_was_due_is_found_however_long_ago_within_the_grace():
    calendar = Calendar("0 6 * * *", ZoneInfo("UTC"))
    at = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)

    assert calendar.last_until(at, within=timedelta(hours=24)) == datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert calendar.last_until(at, within=timedelta(hours=22)) is None
    assert calendar.last_until(at + timedelta(hours=1), within=timedelta()) == at + timedelta(hours=1)


@pytest.mark.parametrize("wrong", ["", "daily", "* * * *", "61 * * * *", "0 6 * * 8", "0 6 * * 5-2", "0 6 * * x"])
def test_what_is_no_crontab_line_is_said_to_be_none(wrong):
    with pytest.raises(ValueError, match=r"takes the five fields|is no crontab line|the weekday"):
        Calendar(wrong, NEW_YORK)
