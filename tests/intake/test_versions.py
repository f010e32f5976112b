"""Of several files of one kind from one source: which waits for a run, and what becomes of the others."""

from datetime import timedelta

import pytest

from tests.cli.installation import MEMBERS
from tests.intake.stage import INBOX, NOON, Stage, settings_of


def test_the_same_bytes_are_no_work_under_any_name(stage):
    members = stage.members()
    stage.take()

    stage.members()
    stage.members("members again.csv")
    looked = stage.take()

    assert sorted(stage.statuses()[1:]) == [("members again.csv", "duplicate"), ("members.csv", "duplicate")]
    assert stage.statuses()[0] == ("members.csv", "waiting")
    assert len(looked.duplicates) == 2
    assert stage.places() == {("archive", members): 1}


def test_what_was_accepted_is_no_work_again(stage):
    members = stage.members()
    stage.take()
    stage.send("r1")

    stage.members("other.csv")
    stage.take()

    assert stage.statuses() == [("members.csv", "accepted"), ("other.csv", "duplicate")]
    assert stage.places() == {("archive", members): 1}


@pytest.mark.parametrize(
    ("newest_by", "winner"), [("name_date", "members 2026-11-20.csv"), ("modified", "members 2026-11-19.csv")]
)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_of_two_versions_the_newest_by_the_rule_waits(tmp_path, newest_by, winner, is_reversed):
    stage = Stage(tmp_path, settings_of(tmp_path, intake=f'newest_by = "{newest_by}"'))
    drops = [
        lambda: stage.members("members 2026-11-20.csv", at=NOON - timedelta(hours=2)),
        lambda: stage.members("members 2026-11-19.csv", MEMBERS[:3], at=NOON - timedelta(hours=1)),
    ]
    for drop in reversed(drops) if is_reversed else drops:
        drop()
        stage.take()

    assert {name for name, status in stage.statuses() if status == "waiting"} == {winner}
    assert {status for name, status in stage.statuses() if name != winner} == {"superseded"}
    assert {place for place, _ in stage.places()} == {"archive"}
    stage.close()


def test_of_two_versions_of_one_day_the_later_one_waits(stage):
    stage.members("members 2026-11-20.csv", at=NOON - timedelta(hours=2))
    stage.members("members 2026-11-20 corrected.csv", MEMBERS[:3], at=NOON - timedelta(hours=1))

    stage.take()

    assert dict(stage.statuses()) == {
        "members 2026-11-20.csv": "superseded",
        "members 2026-11-20 corrected.csv": "waiting",
    }


def test_an_older_version_that_is_dropped_again_is_wanted(stage):
    older = stage.members("members 2026-11-19.csv")
    stage.take()
    stage.members("members 2026-11-20.csv", MEMBERS[:3])
    stage.take()

    stage.members("members 2026-11-19.csv")
    stage.take()

    assert stage.waiting() == {"memberships": older}
    assert [status for _, status in stage.statuses()] == ["superseded", "superseded", "waiting"]


def test_an_older_version_is_no_work_when_the_newer_one_was_accepted(stage):
    stage.members("members 2026-11-19.csv")
    stage.take()
    stage.members("members 2026-11-20.csv", MEMBERS[:3])
    stage.take()
    stage.send("r1")

    stage.members("members 2026-11-19.csv")
    stage.take()

    assert [status for _, status in stage.statuses()] == ["superseded", "accepted", "duplicate"]


@pytest.mark.parametrize(
    ("accepted", "late"), [("members 2026-11-20.csv", "members 2026-11-19.csv"), ("members b.csv", "members a.csv")]
)
def test_an_older_version_that_comes_late_is_no_work_once_a_newer_one_was_accepted(stage, accepted, late):
    """As when somebody had it open all day, or its bucket failed."""
    stage.members(accepted, at=NOON - timedelta(hours=1))
    stage.take()
    stage.send("r1")

    content = stage.members(late, MEMBERS[:3], at=NOON - timedelta(hours=26))
    stage.take()

    assert stage.statuses() == [(accepted, "accepted"), (late, "superseded")]
    assert stage.record()[-1].reason == f"{accepted} is the newer version."
    assert stage.places()["archive", content] == 1
    assert stage.waiting() == {}


@pytest.mark.parametrize(
    ("wrong", "at"), [("members 2036-11-20.csv", NOON), ("members.csv", NOON + timedelta(days=400))]
)
def test_a_version_of_a_time_to_come_keeps_no_later_one_out(stage, wrong, at):
    """Its date was mistyped, or a clock was wrong."""
    stage.members(wrong, at=at)
    stage.take()
    stage.send("r1")

    content = stage.members("members 2026-11-21.csv", MEMBERS[:3])
    stage.take()

    assert stage.waiting() == {"memberships": content}


def test_each_source_has_its_own_newest(tmp_path):
    sources = INBOX + '[[source]]\nname = "south"\nfolder = "south"\n'
    stage = Stage(tmp_path, settings_of(tmp_path, sources))
    stage.members()
    (tmp_path / "south").mkdir()
    stage.drop("../south/members.csv", MEMBERS[:3])

    stage.take()

    assert [(each.source, each.status) for each in stage.record()] == [("inbox", "waiting"), ("south", "waiting")]
    stage.close()
