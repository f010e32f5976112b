"""What a clock that was wrong, a folder that is away, or a night that failed must not do to a service."""

import os
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import structlog

from goldpan.errors import ConfigError
from sync.approval import approve
from sync.sandbox import Fault
from sync.service.liveness import LATE_SECONDS, Liveness
from sync.service.serving import serve
from sync.service.timetable import Timetable
from sync.settings_file import ScheduleSettings
from tests.cli.installation import MEMBERS, ORDERS

LISTED = "dan@example.org\n"
WEEKLY = ('verify = ""', 'verify = "0 12 * * sun"')


def test_what_was_done_later_than_now_was_not_done():
    timetable = Timetable(ScheduleSettings(), UTC)
    now, due = datetime(2026, 11, 21, 6, tzinfo=UTC), datetime(2026, 11, 21, 5, 30, tzinfo=UTC)

    assert timetable.due("nightly", now, now + timedelta(days=90)) == due
    assert timetable.due("nightly", now, now) is None


def test_after_a_clock_that_was_ahead_for_one_turn_each_night_runs_once(night):
    night.load_first()
    night.go_to("2029-01-01T05:31")
    night.goldpan.configure("goldpan.toml", WEEKLY)
    for day in (21, 22, 23):
        for time in ("05:31", "05:41", "12:01", "12:21"):
            night.go_to(f"2026-11-{day}T{time}")
    begun = [(run.kind, f"{run.started_at:%Y-%m-%d}") for run in reversed(night.runs())][2:]

    assert sorted(begun, key=lambda each: each[1]) == [
        ("run", "2026-11-21"), ("run", "2026-11-22"), ("repair", "2026-11-22"), ("run", "2026-11-23"),
        ("run", "2029-01-01"),
    ]  # fmt: skip


def test_a_clock_that_is_ahead_removes_nothing_and_is_told(night, people):
    night.load_first()
    before = night.files("archive")
    night.go_to("2029-01-01T05:31")

    assert {*before} <= {*night.files("archive")}
    assert any("clock" in text for _, text, _ in people.heard), people.heard


def removed(night):
    (night.goldpan.config / "lists.toml").unlink()


def list_away(night):
    (night.goldpan.config / "suppressed.txt").unlink()


def moved(night):
    night.goldpan.env["GOLDPAN_HOME"] = str(night.goldpan.home / "elsewhere")


def other_state(night):
    night.goldpan.env["GOLDPAN_STATE_URL"] = f"sqlite:///{night.goldpan.home}/another.sqlite"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (removed, "lists.toml"),
        (list_away, "suppressed.txt"),
        (moved, "GOLDPAN_HOME"),
        (other_state, "GOLDPAN_STATE_URL"),
    ],
)
def test_what_a_reload_can_not_mean_is_left_out_and_told(night, people, change, word):
    (night.goldpan.config / "suppressed.txt").write_text(LISTED)
    night.restart()
    before = night.service.settings
    change(night)
    ours = {name: value for name, value in night.goldpan.env.items() if name.startswith("GOLDPAN_")}
    with mock.patch.dict(os.environ, ours):
        night.turn()
        night.turn(minutes=11)

        with pytest.raises(ConfigError, match=word):
            night.service._reload()
    assert night.service.settings is before
    assert any(word in text and "restart goldpan serve" in text for _, text, _ in people.heard), people.heard


def test_another_config_folder_is_no_edit(night, monkeypatch):
    """Such as the built-in one, where ./config is away for a moment."""
    before = night.service.settings
    night.goldpan.config.rename(night.goldpan.home / "rules")
    night.goldpan.config = night.goldpan.home / "rules"

    with pytest.raises(ConfigError, match="config folder"):
        night.service._reload()
    assert night.service.settings is before


def test_what_is_put_back_holds_again_with_its_edits(night):
    kept = night.goldpan.config / "suppressed.txt"
    kept.write_text(LISTED)
    night.restart()
    kept.unlink()
    night.turn()
    kept.write_text(f"{LISTED}eve@example.org\n")
    night.turn()

    assert night.service.settings.suppression.emails == {"dan@example.org", "eve@example.org"}


def test_a_list_without_anybody_left_is_an_edit(night):
    kept = night.goldpan.config / "suppressed.txt"
    kept.write_text(LISTED)
    night.restart()
    kept.write_text("# nobody\n")
    night.turn()

    assert not night.service.settings.suppression


def test_a_repair_that_failed_is_tried_again_some_times_and_not_at_every_turn(night, sandbox):
    night.goldpan.configure("goldpan.toml", WEEKLY, ('nightly = "30 5 * * *"', 'nightly = ""'))
    night.load_first()
    sandbox.faults.replace([Fault("status", status=401)])
    night.go_to("2026-11-22T12:01")
    night.turn(times=3)
    first = night.told()[2:]
    for _ in range(12):
        night.turn(minutes=10)

    assert first == [("repair", "failed")]
    assert night.told()[2:] == [("repair", "failed")] * 4


def test_a_repair_that_is_well_with_the_next_try_is_done_for_the_week(night, sandbox):
    night.goldpan.configure("goldpan.toml", WEEKLY, ('nightly = "30 5 * * *"', 'nightly = ""'))
    night.load_first()
    sandbox.faults.replace([Fault("status", status=401)])
    night.go_to("2026-11-22T12:01")
    sandbox.faults.replace([])
    for _ in range(6):
        night.turn(minutes=21)

    assert night.told()[2:] == [("repair", "failed"), ("repair", "done")]


def served_once(night):
    return serve(night.settings, is_once=True, signals=())


def test_serving_once_ends_like_its_run(night, sandbox):
    night.goldpan.configure(
        "goldpan.toml", ('nightly = "30 5 * * *"', 'nightly = ""'), ("settle_seconds = 0", "settle_seconds = 1")
    )
    codes = [served_once(night)]
    night.at = datetime.now(UTC)
    night.drop()
    codes.append(served_once(night))
    approve(night.settings(), night.runs()[0].fingerprint)
    night.drop(MEMBERS[1:], ORDERS)
    sandbox.faults.replace([Fault("status", status=401)])
    codes.append(served_once(night))

    assert codes == [0, 3, 2]
    assert night.told() == [("run", "held"), ("approve", "done"), ("run", "failed")]


@pytest.mark.parametrize(
    ("codes", "ends"),
    [([], 0), ([0, 0], 0), ([0, 4], 4), ([4, 3], 3), ([3, 4, 0], 3), ([4, 1], 1), ([3, 1], 1), ([1, 2], 2)],
)
def test_the_worst_run_says_how_serving_once_ended(night, codes, ends):
    for code in codes:
        night.service.note_end(code)

    assert night.service.exit_code == ends


@pytest.mark.parametrize("event", ["archive.pruned", "file.refused"])
def test_a_look_and_a_tidying_that_take_long_are_no_hanging(night, event):
    """A large backlog is no reason to end the service."""
    seconds, heard = [0.0], []
    night.service.liveness = liveness = Liveness(night.stop, clock=lambda: seconds[0])

    def hours_pass(_logger, _method, said):
        if said["event"] == event:
            seconds[0] += LATE_SECONDS * 10
            heard.append(liveness.trouble)
        raise structlog.DropEvent

    (night.goldpan.inbox / "memberships_new.csv").write_text("a;b\n1;2\n")
    before = structlog.get_config()["processors"][:]
    structlog.get_config()["processors"][:] = [hours_pass]  # as capture_logs does: loggers have the list itself
    try:
        night.turn(times=2, minutes=1)
    finally:
        structlog.get_config()["processors"][:] = before

    assert heard == [""]
