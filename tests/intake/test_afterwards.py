"""What becomes of exports after the run that used them, and when the service starts a run."""

from datetime import timedelta

import pytest

from sync.archive.inputs import digest_of
from sync.intake import Idle, Missing, Start, Wait
from sync.record import InputRecord, RunRecord
from sync.state.inputs import StoredInput
from tests.cli.installation import MEMBERS
from tests.intake.stage import INBOX, NOON, Stage, settings_of

WHY = "members.csv, Sheet1: amounts add up to too much. Correct the amounts."


def digests(stage, *kinds):
    return {each.sha256 for each in stage.intake.deliveries.waiting() if each.kind in kinds}


def settle(stage, status, run_id="r1", refused=None):
    return stage.intake.settle_run(run_id, status, digests(stage, "memberships", "orders"), refused or {})


@pytest.fixture
def both(stage) -> Stage:
    """Both kinds wait."""
    stage.members()
    stage.orders()
    stage.take()
    return stage


@pytest.mark.parametrize("status", ["done", "partial"])
def test_what_a_run_sent_is_accepted(both, status):
    both.send("r1", status)

    assert both.waiting() == {}
    assert [(each.status, each.run_id) for each in both.record()] == [("accepted", "r1")] * 2


@pytest.mark.parametrize("status", ["done", "partial"])
def test_what_a_run_was_given_and_left_out_waits_on_and_starts_no_other(both, status):
    """As of a source that was taken out of the config while its exports waited."""
    settle(both, status)

    assert set(both.waiting()) == {"memberships", "orders"}
    assert both.intake.decide(both.now + timedelta(days=1)) == Idle()


@pytest.mark.parametrize("status", ["held", "failed"])
def test_what_a_run_held_waits_on_and_starts_no_other(both, status):
    before = both.intake.decide(both.now + timedelta(hours=1))
    settle(both, status)

    assert before == Start()
    assert set(both.waiting()) == {"memberships", "orders"}
    assert both.intake.decide(both.now + timedelta(days=1)) == Idle()


def test_what_arrives_after_a_held_run_starts_another(both):
    settle(both, "held")

    both.members("members-2.csv", MEMBERS[:3])
    both.take()

    assert both.intake.decide(both.now) == Wait(both.now + timedelta(seconds=60))
    assert both.intake.decide(both.now + timedelta(seconds=60)) == Start()


def test_the_same_bytes_again_start_no_run_after_one_that_was_held(both):
    settle(both, "held")

    both.members("again.csv")
    both.take()

    assert both.intake.decide(both.now + timedelta(days=1)) == Idle()


def test_a_run_that_was_killed_starts_again(both):
    settle(both, "interrupted")

    assert both.intake.decide(both.now + timedelta(hours=1)) == Start()


def test_an_export_that_a_run_refused_goes_to_failed_with_the_reason_and_the_other_waits(both):
    members = both.waiting()["memberships"]
    (sha256,) = digests(both, "memberships")
    record = RunRecord("r1", NOON.date(), NOON, status="failed")
    record.inputs = [
        InputRecord("memberships", "members.csv", sha256, problem=WHY),
        InputRecord("orders", "orders.csv", *digests(both, "orders")),
    ]

    looked = both.intake.settle_record(record)

    assert both.statuses() == [("members.csv", "refused"), ("orders.csv", "waiting")]
    assert (looked.refused[0].delivery.name, looked.refused[0].code) == ("members.csv", "unusable_export")
    assert both.places()["failed", members] == 1
    assert both.places()["archive", members] == 0
    assert WHY in (both.failed / "2026-11-20_members.csv.txt").read_text()
    assert both.intake.decide(both.now + timedelta(days=1)) == Idle()


def test_the_version_before_a_refused_one_waits_again(stage):
    older = stage.members("members-1.csv", at=NOON - timedelta(hours=1))
    stage.take()
    stage.members("members-2.csv", MEMBERS[:3])
    stage.take()

    settle(stage, "failed", refused=dict.fromkeys(digests(stage, "memberships"), WHY))

    assert stage.waiting() == {"memberships": older}
    assert stage.statuses() == [("members-1.csv", "waiting"), ("members-2.csv", "refused")]


def test_content_that_a_run_could_use_once_stays_in_the_archive_when_it_is_refused_later(both):
    """A changed config may refuse what an earlier run read: the archive keeps what that run stands on."""
    members = both.waiting()["memberships"]
    (waiting,) = [each for each in both.intake.deliveries.waiting() if each.kind == "memberships"]
    both.state.runs.start("r0", destination="hubspot", as_of=NOON.date(), version="1", at=NOON)
    both.state.inputs.add("r0", stored(both, waiting), rows=1)

    settle(both, "failed", refused={waiting.sha256: WHY})

    assert both.places()["archive", members] == 1
    assert both.places()["failed", members] == 1


def test_what_was_accepted_is_never_set_aside(both):
    (sha256,) = digests(both, "memberships")
    both.send("r1")

    both.intake.settle_run("r2", "failed", set(), {sha256: WHY})

    assert [status for _, status in both.statuses()] == ["accepted", "accepted"]
    assert not both.failed.exists()


def stored(stage, delivery):
    (export,) = [each for each in stage.intake.waiting_exports() if each.kind == delivery.kind]
    assert digest_of(export.path) == delivery.sha256
    return StoredInput(export.kind, export.name, delivery.sha256, export.path, export.source)


@pytest.mark.parametrize(("days", "wanted"), [(6, Start), (8, Missing)])
def test_the_last_accepted_export_of_the_other_kind_stands_in_by_the_age_of_its_content(both, days, wanted):
    """A night that evaluates it again makes it no younger."""
    for run_id, at in (("r1", both.now), ("r2", both.now + timedelta(days=days))):
        both.state.runs.start(run_id, destination="hubspot", as_of=NOON.date(), version="1", at=at)
        for each in both.record():
            export = StoredInput(each.kind, each.name, each.sha256, both.home / "members.csv", each.source)
            export.path.touch()
            both.state.inputs.add(run_id, export, rows=1)
        both.state.inputs.accept(run_id)
    both.now += timedelta(days=days)

    both.members("members-2.csv", MEMBERS[:3])
    both.take()

    assert type(both.intake.decide(both.now + timedelta(hours=2))) is wanted


def test_the_last_arrival_of_each_kind_is_known(both):
    came = both.now
    both.now += timedelta(days=1)
    both.members("again.csv")
    both.drop("orders-2.csv", b"a,b\n1,2\n")
    both.take()

    assert both.intake.deliveries.arrivals_by_source() == {
        ("inbox", "memberships"): both.now,
        ("inbox", "orders"): came,
    }
    assert [each.name for each in both.record() if each.claimed_at > came] == ["again.csv", "orders-2.csv"]


def test_each_source_has_its_own_last_arrival_of_each_kind(tmp_path):
    stage = Stage(tmp_path, settings_of(tmp_path, INBOX + '[[source]]\nname = "south"\nfolder = "south"\n'))
    (tmp_path / "south").mkdir()
    stage.members()
    stage.orders()
    stage.members("../south/members.csv")
    stage.take()
    came = stage.now
    stage.now += timedelta(days=1)
    stage.members("again.csv")
    stage.take()

    assert stage.intake.deliveries.arrivals_by_source() == {
        ("inbox", "memberships"): stage.now,
        ("inbox", "orders"): came,
        ("south", "memberships"): came,
    }
    stage.close()
