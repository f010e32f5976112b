"""The state remembers what people were told of, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sync.state.alerts import Alerts, AlertState
from sync.state.store import State
from tests.state.conftest import postgres_url, server, sqlite_url, url  # noqa: F401 - fixtures

AT = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def alerts(url):  # noqa: F811 - the fixture
    with State.open(url) as state:
        yield Alerts(state.engine)


def test_a_topic_is_unknown_until_it_changes(alerts):
    assert alerts.get("run") is None
    assert alerts.all() == ()


def test_a_change_is_kept_until_the_next_and_was_told_to_nobody_yet(alerts):
    assert alerts.change("run", "failed", AT)
    alerts.mark_told("run", "failed", AT + HOUR)
    assert alerts.get("run") == AlertState("run", "failed", AT, AT + HOUR)

    assert alerts.change("run", "ok", AT + 2 * HOUR)

    assert alerts.get("run") == AlertState("run", "ok", AT + 2 * HOUR, None)


def test_of_two_services_only_one_makes_a_change(alerts):
    assert [alerts.change("disk", "low", AT), alerts.change("disk", "low", AT + HOUR)] == [True, False]
    assert alerts.get("disk").since_at == AT


def test_a_message_about_an_older_status_marks_nothing(alerts):
    alerts.change("run", "failed", AT)
    alerts.change("run", "held", AT + HOUR)

    alerts.mark_told("run", "failed", AT + 2 * HOUR)

    assert alerts.get("run").told_at is None


def test_times_come_back_in_utc_from_whatever_zone(alerts):
    zurich = timezone(HOUR)
    alerts.change("run", "failed", AT.astimezone(zurich))
    alerts.mark_told("run", "failed", AT.astimezone(zurich))

    assert alerts.get("run") == AlertState("run", "failed", AT, AT)


def test_all_topics_by_name(alerts):
    for topic in ("run", "disk", "export:orders"):
        alerts.change(topic, "bad", AT)

    assert [state.topic for state in alerts.all()] == ["disk", "export:orders", "run"]
