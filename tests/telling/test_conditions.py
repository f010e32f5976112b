"""One message per change of state, and a daily one while a plan waits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.state.alerts import AlertState
from sync.telling.conditions import (
    OK,
    REPEAT_AFTER,
    REPEAT_WITH_RUN_AFTER,
    RETRY_AFTER,
    Reason,
    is_low,
    reason_to_tell,
)

NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
LITTLE = timedelta(seconds=1)


def stood(status, *, since=timedelta(days=3), told=timedelta(days=2)):
    return AlertState("run", status, NOW - since, None if told is None else NOW - told)


@pytest.mark.parametrize(
    ("before", "status", "reason"),
    [
        (None, OK, None),
        (None, "failed", Reason.CHANGED),
        (stood(OK), OK, None),
        (stood(OK), "failed", Reason.CHANGED),
        (stood("failed"), "failed", None),
        (stood("failed"), "held", Reason.CHANGED),
        (stood("failed"), OK, Reason.RECOVERED),
        (stood("failed", told=None), OK, Reason.RECOVERED),
        (stood("failed", told=None), "failed", Reason.UNTOLD),
        (stood(OK, told=None), OK, Reason.UNTOLD),
        (stood("failed", since=RETRY_AFTER - LITTLE, told=None), "failed", None),
        (stood("held", told=REPEAT_AFTER), "held", Reason.STILL),
        (stood("held", told=REPEAT_AFTER - LITTLE), "held", None),
        (stood("partial", told=REPEAT_AFTER), "partial", None),
        (stood("paused", told=REPEAT_AFTER), "paused", None),
    ],
)
def test_who_is_told_when(before, status, reason):
    assert reason_to_tell(before, status, NOW) == reason


def test_a_run_that_is_held_again_repeats_the_message_though_it_ended_earlier_than_yesterday():
    before = stood("held", told=REPEAT_WITH_RUN_AFTER)

    assert reason_to_tell(before, "held", NOW, is_run=True) is Reason.STILL
    assert reason_to_tell(stood("held", told=REPEAT_WITH_RUN_AFTER - LITTLE), "held", NOW, is_run=True) is None


def test_another_plan_that_waits_is_news():
    assert reason_to_tell(stood("held", told=LITTLE), "held", NOW, is_news=True) is Reason.CHANGED


@given(st.lists(st.sampled_from([OK, "failed", "partial", "held"]), max_size=40))
def test_within_a_day_each_change_is_told_once_and_nothing_else(statuses):
    before, told, changes = None, 0, 0
    for status in statuses:
        changes += status != (before.status if before else OK)
        if reason_to_tell(before, status, NOW) is not None:
            told += 1
            before = AlertState("run", status, NOW, NOW)

    assert told == changes


def test_a_disk_that_was_low_takes_a_tenth_more_to_be_fine():
    assert [is_low(free, 100, was_low=False) for free in (99, 100)] == [True, False]
    assert [is_low(free, 100, was_low=True) for free in (109, 110)] == [True, False]
