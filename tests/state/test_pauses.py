"""A pause lasts until its end or until somebody resumes, and no longer."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.state.pauses import Pause

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=2)


def test_at_first_nothing_is_paused(state):
    assert state.pauses.current(AT) is None


def test_a_pause_holds_until_its_end(state):
    state.pauses.begin(LATER, at=AT)

    assert state.pauses.current(LATER - timedelta(seconds=1)) == Pause(AT, LATER)
    assert state.pauses.current(LATER) is None


def test_a_pause_without_an_end_holds_until_somebody_resumes(state):
    state.pauses.begin(None, at=AT)

    assert state.pauses.current(AT + timedelta(days=999)) == Pause(AT, None)
    state.pauses.end()
    assert state.pauses.current(AT) is None


def test_another_pause_replaces_it(state):
    state.pauses.begin(None, at=AT)

    state.pauses.begin(LATER, at=AT + timedelta(minutes=1))

    assert state.pauses.current(AT) == Pause(AT + timedelta(minutes=1), LATER)


def test_the_end_is_a_moment_whatever_its_zone(state):
    state.pauses.begin(LATER.astimezone(ZoneInfo("America/New_York")), at=AT)

    assert state.pauses.current(AT) == Pause(AT, LATER)


def test_resuming_without_a_pause_is_fine(state):
    state.pauses.end()

    assert state.pauses.current(AT) is None
