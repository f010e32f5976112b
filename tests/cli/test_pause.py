"""During a pause nothing is written to HubSpot; everything else goes on, and afterwards all of it is caught up."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from goldpan.errors import ConfigError
from sync.pausing import parse_until
from sync.state.store import State
from tests.cli.crowds import COUNT, members, orders
from tests.cli.installation import ADA, BEN, HELD, WANTED, tags_in, writes_in
from tests.cli.situations import renamed
from tests.cli.test_run import counted

USAGE = 2
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def paused(goldpan):
    """Six contacts in HubSpot, new names for two of them in the exports, and a pause."""
    assert goldpan.run().exit_code == 0
    goldpan.deliver(renamed(ADA, BEN))
    assert goldpan("pause").exit_code == 0
    return goldpan


def state_of(goldpan):
    return State.open(f"sqlite:///{goldpan.home / 'state' / 'goldpan.sqlite'}")


def test_a_run_plans_and_reports_and_writes_nothing(paused, sandbox):
    before = writes_in(sandbox)

    said = paused.plan()

    assert said.exit_code == HELD
    assert paused.brakes() == ["paused"]
    assert counted(said.json) == {"total": 6, "unchanged": 3, "unsendable": 1, "held": 2}
    assert "Goldpan is paused until somebody resumes it." in said.json["problems"][0]
    assert "goldpan resume" in said.json["problems"][-1]
    assert (paused.home / "archive").is_dir()
    assert said.json["archive"]
    assert writes_in(sandbox) == before


def test_after_it_the_next_run_plans_anew_and_sends(paused, sandbox):
    paused.plan()

    assert paused("resume").exit_code == 0
    said = paused.plan()

    assert said.exit_code == 0, said.all
    assert said.json["contacts"]["updated"] == 2


def test_the_plan_may_be_approved_after_it(paused):
    held = paused.plan()
    paused("resume")

    said = paused.approve(held)

    assert said.exit_code == 0, said.all
    assert said.json["contacts"]["updated"] == 2


def test_a_plan_with_nothing_to_write_is_done_as_ever(paused):
    paused.deliver()

    said = paused.plan()

    assert (said.exit_code, said.json["status"]) == (0, "done")


def test_a_plan_beyond_the_limits_names_both_ways_out(paused):
    said = paused.plan("--as-of", "2026-11-19")

    assert said.exit_code == HELD
    assert set(paused.brakes()) == {"paused", "earlier_day"}
    assert "goldpan resume" in said.json["problems"][-1]
    assert f"goldpan run --approve {said.json['fingerprint']}" in said.json["problems"][-1]


def test_a_dry_run_says_that_a_run_would_be_held(paused):
    said = paused.plan("--dry-run")

    assert said.exit_code == HELD
    assert "Goldpan is paused" in said.json["problems"][0]


def test_commands_that_are_there_to_write_are_refused(paused, sandbox):
    held = paused.plan()
    before = writes_in(sandbox)

    for command in (
        ("run", "--approve", held.json["fingerprint"]),
        ("undo", "latest", "--yes"),
        ("retry",),
        ("verify", "--repair"),
    ):
        said = paused(*command)

        assert (said.exit_code, command) == (USAGE, command), said.all
        assert "Goldpan is paused until somebody resumes it." in said.all
        assert "goldpan resume" in said.all
    assert writes_in(sandbox) == before


def test_what_only_reads_goes_on(paused):
    for command in (("verify",), ("runs",), ("undo", "latest", "--dry-run"), ("check",)):
        said = paused(*command)

        assert "Goldpan is paused" not in said.err, said.all


def test_setup_makes_nothing_during_a_pause(bare_sandbox, set_up):
    goldpan = set_up(bare_sandbox.url)
    goldpan("pause")

    said = goldpan("setup", "--yes")

    assert said.exit_code == USAGE
    assert "Goldpan is paused" in said.err
    assert writes_in(bare_sandbox) == []
    goldpan("resume")
    assert goldpan("setup", "--yes").exit_code == 0


def test_it_stops_a_run_that_is_sending_and_the_rest_is_sent_after_it(goldpan, sandbox):
    goldpan.deliver(members(), orders())
    goldpan.configure("goldpan.toml", ("workers = 16", "workers = 1"))
    held = goldpan.plan()
    sandbox.settings.latency_seconds = 0.3

    with goldpan.start("run", "--json", "--approve", held.json["fingerprint"]) as process:
        while not writes_in(sandbox):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        told = goldpan("pause")
        out, _ = process.communicate(timeout=60)
    sandbox.settings.latency_seconds = 0
    stopped = goldpan("show", "--json").json

    assert f"A run is going on (process {process.pid} on " in told.out
    assert process.returncode == HELD, out
    assert stopped["contacts"]["held"] == COUNT - 100 * len(writes_in(sandbox)) > 0
    assert stopped["contacts"]["created"] == 100 * len(writes_in(sandbox))
    assert "Goldpan is paused until somebody resumes it." in stopped["problems"][0]
    assert goldpan.plan().exit_code == HELD
    goldpan("resume")
    rest = goldpan.plan()
    assert rest.exit_code == 0, rest.all
    assert len(sandbox.contacts()) == COUNT
    assert len(writes_in(sandbox)) == COUNT / 100


def test_a_pause_that_has_run_out_is_none(paused):
    with state_of(paused) as state:
        state.pauses.begin(datetime.now(UTC) - timedelta(seconds=1), at=AT)

    assert paused.plan().exit_code == 0


def test_it_says_until_when_in_the_configured_zone(goldpan):
    goldpan.configure("goldpan.toml", ('time_zone = "UTC"', 'time_zone = "Asia/Kolkata"'))

    said = goldpan("pause", "--until", "2099-11-22 06:00")

    assert said.exit_code == 0
    assert "Goldpan is paused until 2099-11-22 06:00 IST." in said.out
    with state_of(goldpan) as state:
        assert state.pauses.current(AT).until_at == datetime(2099, 11, 22, 0, 30, tzinfo=UTC)


def test_a_second_pause_replaces_the_first(goldpan):
    goldpan("pause", "--until", "2099-11-22")

    assert "until somebody resumes it" in goldpan("pause").out
    with state_of(goldpan) as state:
        assert state.pauses.current(AT).until_at is None


def test_resuming_without_a_pause_is_fine(goldpan):
    said = goldpan("resume")

    assert (said.exit_code, said.out) == (0, "Goldpan was not paused.\n")


@pytest.mark.parametrize("until", ["2001-01-01", "yesterday", "2h ago", "-2h", "25:00", ""])
def test_an_end_that_is_none_is_an_error_and_pauses_nothing(goldpan, until):
    said = goldpan("pause", "--until", until)

    assert said.exit_code == USAGE
    assert "Nothing was paused." in said.err
    with state_of(goldpan) as state:
        assert state.pauses.current(AT) is None


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("30m", AT + timedelta(minutes=30)),
        ("2h", AT + timedelta(hours=2)),
        ("3D", AT + timedelta(days=3)),
        ("1w", AT + timedelta(weeks=1)),
        ("tomorrow", datetime(2026, 11, 21, 5, 0, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, 5, 0, tzinfo=UTC)),
        (" 2026-11-22 06:00 ", datetime(2026, 11, 22, 11, 0, tzinfo=UTC)),
        ("2026-11-22T06:00Z", datetime(2026, 11, 22, 6, 0, tzinfo=UTC)),
        ("2026-11-22 06:00+01:00", datetime(2026, 11, 22, 5, 0, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_time_a_day_or_a_length(text, end):
    assert parse_until(text, AT, NEW_YORK) == end


def test_a_time_that_comes_twice_is_the_second_one():
    summer = datetime(2026, 10, 31, 12, tzinfo=UTC)

    assert parse_until("2026-11-01 01:30", summer, NEW_YORK) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_a_time_that_the_clock_leaves_out_is_when_it_goes_on():
    winter = datetime(2026, 3, 1, tzinfo=UTC)

    assert parse_until("2026-03-08 02:30", winter, NEW_YORK) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["99999999999d", "2026-13-01", "soon", "2 hours"])
def test_what_is_no_time_says_what_is(text):
    with pytest.raises(ConfigError, match="takes a time such as"):
        parse_until(text, AT, NEW_YORK)


def test_a_contact_s_tags_are_as_they_were_during_it(paused, sandbox):
    paused.plan()

    assert tags_in(sandbox) == WANTED
