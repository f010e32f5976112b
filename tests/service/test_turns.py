"""What the service does when: every night once, every export once, and nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from sync.approval import approve
from sync.locking import single_flight
from sync.sandbox import Fault
from sync.service.liveness import Liveness
from sync.service.service import Service
from tests.cli.installation import MEMBERS, ORDERS, WANTED, member, order, tags_in

NEWER = ({**MEMBERS[0], "Customer Name": "Ada King"}, *MEMBERS[1:])


def test_a_pair_that_arrives_is_taken_in_run_once_and_kept_in_the_archive(night, sandbox):
    night.load_first()

    assert tags_in(sandbox) == WANTED
    assert night.told() == [("run", "held"), ("approve", "done")]
    assert night.files("inbox") == night.files("processing") == night.files("failed") == []
    assert [name.split("/")[1] for name in night.files("archive/inputs")] in (
        ["memberships.csv", "orders.csv"], ["orders.csv", "memberships.csv"],
    )  # fmt: skip


def test_before_the_first_exports_a_night_has_nothing_to_do(night, people):
    night.turn(times=3, minutes=60)
    night.go_to("2026-11-21T05:31")

    assert night.told() == []
    assert not any("failed" in title for title in people.titles)


def test_the_same_content_again_is_no_work_whatever_its_name(night):
    night.load_first()
    night.drop(day="_again")
    night.turn(times=3, minutes=5)

    assert night.told() == [("run", "held"), ("approve", "done")]
    assert night.files("inbox") == []
    assert len(night.files("archive/inputs")) == 2


def test_a_newer_version_that_comes_in_the_meantime_takes_the_place_of_the_first(night, sandbox):
    night.load_first()
    night.drop(MEMBERS[:5], None, day="_1")
    night.turn(times=3)
    night.drop(NEWER, ORDERS, day="_2")
    night.turn(times=3, minutes=2)

    assert night.told()[-1] == ("run", "done")
    assert len(night.told()) == 3
    assert sandbox.contacts()["ada@example.org"]["customer_name"] == "Ada King"


def test_one_of_two_waits_for_the_other_then_goes_on_with_the_one_accepted_last(night):
    night.load_first()
    night.drop(NEWER, None)
    night.turn(times=3)
    night.turn(minutes=119)
    waiting = night.told()
    night.turn(minutes=2)

    assert waiting == [("run", "held"), ("approve", "done")]
    assert night.told() == [*waiting, ("run", "done")]


def test_with_the_other_kind_too_old_nothing_runs_and_somebody_is_told(night, people):
    night.load_first()
    night.at += timedelta(days=9)
    night.drop(NEWER, None)
    night.turn(times=3)
    night.turn(minutes=121)
    told = night.told()

    assert ("run", "done") not in told[2:-1]  # at most the night, with what was accepted
    assert any("orders" in text and "9 days old" in text for _, text, _ in people.heard), people.heard

    night.drop(None, [*ORDERS, order(5, 1, "1.00")])
    night.turn(times=3, minutes=2)

    assert night.told()[-1] == ("run", "done")
    assert night.runs()[0].record["inputs"][0]["rows"] == len(MEMBERS)


def test_each_night_takes_the_accepted_exports_again_because_tags_age(night, sandbox):
    night.at += timedelta(days=8)
    night.load_first()
    before = tags_in(sandbox)["ben@example.org"]  # his membership ends on 2026-12-01
    for day in ("11-29", "11-30", "12-01", "12-02"):
        night.go_to(f"2026-{day}T05:31")

    assert night.told()[2:] == [("run", "done")] * 4
    assert "active_membership" in before
    assert "not_active_membership" in tags_in(sandbox)["ben@example.org"]


def test_nights_that_were_missed_are_caught_up_once(night):
    night.load_first()
    night.at += timedelta(days=5, hours=3)
    night.restart()
    night.turn(times=3, minutes=1)

    assert night.told()[2:] == [("run", "done")]


def test_a_night_that_was_interrupted_is_caught_up(night):
    night.load_first()
    night.go_to("2026-11-21T05:31")
    with night.state.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE runs SET status = 'running' WHERE run_id = (SELECT max(run_id) FROM runs)")
    night.restart()
    night.turn(minutes=1)

    assert night.told()[2:] == [("run", "interrupted"), ("run", "done")]


def test_what_another_process_left_running_is_closed_at_the_next_start(night):
    night.load_first()
    with night.state.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE runs SET status = 'running', finished_at = NULL WHERE kind = 'approve'")
    night.restart()
    night.turn(minutes=1)

    assert night.told() == [("run", "held"), ("approve", "interrupted")]


def test_what_waits_or_fails_for_long_is_logged_once_and_when_it_works_again(night):
    night.load_first()
    path = night.goldpan.config / "goldpan.toml"
    text = path.read_text()
    with capture_logs() as logged:
        path.write_text("[")
        night.turn(times=5)
        path.write_text(text)
        with single_flight(night.settings()):
            night.drop(NEWER, [*ORDERS, order(5, 2, "1.00")])
            night.turn(times=5)
        night.turn(minutes=1)
    said = [(each["event"], each.get("job")) for each in logged if each["event"].startswith(("job.", "run.wanted"))]

    assert [each for each in said if each[0] != "job.scheduled"] == [
        ("job.failed", "settings"), ("job.recovered", "settings"), ("run.wanted", None), ("job.waits", "run"),
        ("job.recovered", "run"),
    ]  # fmt: skip
    assert night.told()[2:] == [("run", "done")]


def test_a_job_that_takes_long_is_not_taken_for_one_that_hangs(night):
    seconds, troubles = [0.0], []

    def load():
        seconds[0] += 3600
        troubles.append(night.service.liveness.trouble)
        return night.settings()

    night.service = Service(load, night.state, stop=night.stop, clock=lambda: night.at)
    night.service.liveness = Liveness(night.stop, lambda: seconds[0])
    night.turn()
    seconds[0] += 3600

    assert troubles[-1] == ""
    assert "at a turn for 3600 seconds" in night.service.liveness.trouble


@pytest.mark.parametrize(
    ("at", "before", "nights"),
    [
        ("30 1 * * *", "2026-10-31T12:00", ["2026-11-01T00:00", "2026-11-01T01:31-04:00", "2026-11-01T01:31-05:00",
                                             "2026-11-01T03:00"]),
        ("30 2 * * *", "2027-03-13T12:00", ["2027-03-14T00:00", "2027-03-14T01:59", "2027-03-14T03:31",
                                             "2027-03-14T05:00"]),
    ],
    ids=["back", "forward"],
)  # fmt: skip
def test_a_night_in_which_clocks_change_runs_once(night, at, before, nights):
    night.goldpan.configure("goldpan.toml", ('nightly = "30 5 * * *"', f'nightly = "{at}"'))
    night.at = datetime.fromisoformat(before).replace(tzinfo=UTC)
    night.load_first()
    begun = len(night.told())
    for moment in nights:
        night.go_to(moment)

    assert night.told()[begun:] == [("run", "done")]


def test_a_night_that_fails_is_tried_again_some_times_and_the_next_night_anew(night, sandbox):
    night.load_first()
    sandbox.faults.replace([Fault("status", status=401)])
    night.go_to("2026-11-21T05:31")
    for _ in range(12):
        night.turn(minutes=10)
    failed = night.told()[2:]
    night.go_to("2026-11-22T05:31")

    assert failed == [("run", "failed")] * 4
    assert night.told()[2:] == [("run", "failed")] * 5


def test_a_night_that_fails_is_well_again_with_the_next_try(night, people, sandbox):
    night.load_first()
    sandbox.faults.replace([Fault("status", status=401)])
    night.go_to("2026-11-21T05:31")
    sandbox.faults.replace([])
    night.turn(times=2, minutes=21)

    assert night.told()[2:] == [("run", "failed"), ("run", "done")]
    assert [title for title in people.titles if "run" in title][-2:] == ["run failed", "run recovered"]


def test_a_held_export_is_judged_anew_each_night_and_told_each_day(night, people, sandbox):
    night.load_first()
    night.drop(MEMBERS[:3], [*ORDERS, order(5, 2, "1.00")])
    night.turn(times=3, minutes=2)
    night.go_to("2026-11-21T05:31")
    night.go_to("2026-11-22T05:31")

    assert night.told()[2:] == [("run", "held")] * 3
    assert sum("held" in title for title in people.titles) >= 3
    assert tags_in(sandbox) == WANTED

    approve(night.settings(), night.runs()[0].fingerprint, clock=lambda: night.at)
    night.turn(minutes=1)
    assert {row.status for row in night.service._taking_in.intake.deliveries.waiting()} == set()


def test_a_file_that_is_no_export_is_set_aside_with_its_reason_and_the_rest_goes_on(night, people):
    night.load_first()
    (night.goldpan.inbox / "memberships_new.csv").write_text("a;b\n1;2\n")
    night.drop(NEWER, [*ORDERS, order(5, 2, "1.00")])
    night.turn(times=3, minutes=2)

    assert night.told()[-1] == ("run", "done")
    aside = night.files("failed")
    assert len(aside) == 2
    reason = next(name for name in aside if name.endswith(".txt"))
    assert (
        "missing" in (night.goldpan.home / "failed" / reason).read_text()
        or "no column" in (night.goldpan.home / "failed" / reason).read_text()
    )
    assert any("memberships_new.csv" in text for _, text, _ in people.heard)


def test_an_edit_of_the_config_holds_at_once_and_one_with_a_mistake_is_told_and_left_out(night, people):
    night.load_first()
    night.goldpan.configure("goldpan.toml", ('nightly = "30 5 * * *"', 'nightly = "often"'))
    night.turn()
    night.turn(minutes=11)
    night.goldpan.configure("goldpan.toml", ('nightly = "often"', 'nightly = "0 12 * * *"'))
    night.turn(minutes=1)
    night.go_to("2026-11-20T12:01")
    night.turn(minutes=1)

    assert night.told()[2:] == [("run", "done")]
    assert any("schedule.nightly" in text for _, text, _ in people.heard), people.heard


def test_during_a_pause_runs_plan_and_hold_and_afterwards_the_next_one_sends(night, sandbox):
    night.load_first()
    night.state.pauses.begin(night.at + timedelta(hours=2), at=night.at)
    night.drop(NEWER, [*ORDERS, order(5, 2, "1.00")])
    night.turn(times=3, minutes=2)
    paused = night.told()[2:]
    night.go_to("2026-11-21T05:31")

    assert paused == [("run", "held")]
    assert night.told()[2:] == [("run", "held"), ("run", "done")]
    assert sandbox.contacts()["ada@example.org"]["customer_name"] == "Ada King"


def test_drift_is_repaired_each_week(night, sandbox, hub):
    night.goldpan.configure("goldpan.toml", ('verify = ""', 'verify = "0 12 * * sun"'))
    night.load_first()
    night.go_to("2026-11-21T05:31")
    hub.batch("update", {"id": hub.id_of("ada@example.org"), "properties": {"customer_name": "Somebody"}})
    edited = sandbox.contacts()["ada@example.org"]["customer_name"]
    night.go_to("2026-11-22T12:01")
    night.turn(minutes=5)

    assert edited == "Somebody"
    assert [kind for kind, _ in night.told()].count("repair") == 1
    assert sandbox.contacts()["ada@example.org"]["customer_name"] == "Ada Lovelace"


def test_exports_that_do_not_come_by_their_hour_are_told_once_and_so_is_their_coming(night, people):
    night.goldpan.configure("goldpan.toml", ('export_due = ""', 'export_due = "06:00"'))
    night.load_first()
    night.go_to("2026-11-22T05:59")
    early = len(people.titles)
    night.go_to("2026-11-22T06:01")
    night.turn(times=3, minutes=5)
    missing = people.titles[early:]
    night.drop(NEWER, [*ORDERS, order(6, 2, "3.00")])
    night.turn(times=3, minutes=2)

    assert sorted(missing) == ["memberships export missing", "orders export missing"], people.titles
    assert sum("arrived" in title or "recovered" in title for title in people.titles[early:]) >= 2, people.titles


def test_two_regions_are_one_and_each_goes_on_with_its_own_last_export(night, sandbox):
    night.split_in_two()
    zoe = member(70, "Zoe South", "zoe@example.org", "2026-01-01", "2027-01-01")
    night.drop(folder="north")
    night.drop([zoe], [order(71, 70, "5000")], folder="south")
    night.turn(times=3, minutes=2)
    held = night.runs()[0]
    approve(night.settings(), held.fingerprint, clock=lambda: night.at)

    assert held.record["contacts"]["total"] == 7
    assert [each["rows"] for each in held.record["inputs"]] == [len(MEMBERS), 1, len(ORDERS), 1]
    assert "high_value_customer" in tags_in(sandbox)["zoe@example.org"]

    night.drop(NEWER, None, folder="north")
    night.turn(times=3)
    night.turn(minutes=125)

    assert night.told()[-1] == ("run", "done")
    assert sandbox.contacts()["ada@example.org"]["customer_name"] == "Ada King"
    assert "high_value_customer" in tags_in(sandbox)["zoe@example.org"]
