"""Snapshots of a database, taken in by the service: at once, once, and as if nobody had killed anything."""

import signal
import subprocess
import sys

import pytest

from goldpan.errors import TransientError
from sync.intake import Idle, Start
from sync.readers import read_sheets
from tests.builders import REPOSITORY
from tests.cli.installation import MEMBERS, ORDERS
from tests.intake.stage import Stage, settings_of
from tests.intake.test_kills import Death, Killed
from tests.sources.databases import MARKS, QUERIES, VARIABLE, source

HOUR = 3600
TOGETHER = "debounce_seconds = 0"


@pytest.fixture
def stage_of(tmp_path):
    """Stages whose only source is a database."""
    stages = []

    def make(sources, on_step=lambda _: None, **more):
        home = tmp_path / "home"
        stages.append(Stage(home, settings_of(home, sources, intake=TOGETHER, **more), on_step))
        return stages[-1]

    yield make
    for stage in stages:
        stage.close()


def rows_of(content, tmp_path):
    path = tmp_path / "content.parquet"
    path.write_bytes(content)
    (sheet,) = read_sheets(path)
    return len(sheet.rows) - 1


def taken(stage):
    """Status of everything on record, the oldest first."""
    return [(each.kind, each.status) for each in stage.record()]


def test_the_first_look_takes_both_kinds(lite, stage_of, tmp_path):
    stage = stage_of(source())

    looked = stage.look()

    assert looked.problems == []
    assert taken(stage) == [("memberships", "waiting"), ("orders", "waiting")]
    assert {kind: rows_of(each, tmp_path) for kind, each in stage.waiting().items()} == {
        "memberships": len(MEMBERS), "orders": len(ORDERS),
    }  # fmt: skip
    assert stage.intake.decide(stage.now) == Start()
    assert [*(stage.home / "processing").iterdir()] == []


def test_what_has_not_changed_is_not_fetched_again_and_counts_as_delivered(lite, stage_of):
    stage = stage_of(source())
    stage.look()
    stage.send("r1")
    lite.run("UPDATE members SET name = 'unseen'")  # without the mark: whoever fetched again would see it

    looks = [stage.look(after=8 * 24 * HOUR), stage.look(after=HOUR)]

    assert [look.arrived + look.duplicates for look in looks] == [[], []]
    assert taken(stage) == [
        ("memberships", "accepted"), ("orders", "accepted"), ("memberships", "duplicate"), ("orders", "duplicate"),
    ]  # fmt: skip
    assert {each.claimed_at for each in stage.record()[2:]} == {stage.now}
    assert [each.arrived_at for each in stage.state.inputs.last_accepted("orders")] == [stage.now]
    assert stage.intake.decide(stage.now) == Idle()


def test_one_kind_that_changes_waits_for_no_other(lite, stage_of):
    """The other was asked for in the same moment, and its mark says that it is up to date."""
    stage = stage_of(source())
    stage.look()
    stage.send("r1")
    lite.fill(of_orders=ORDERS[:3], at="2")
    lite.run("UPDATE members SET changed = '1'")

    stage.look(after=9 * 24 * HOUR)

    assert [each.kind for each in stage.intake.deliveries.waiting()] == ["orders"]
    assert stage.intake.decide(stage.now) == Start(reused=("memberships",))


def test_a_change_is_a_new_export_that_supersedes_the_one_before(lite, stage_of, tmp_path):
    stage = stage_of(source())
    stage.look()
    lite.fill(of_members=MEMBERS[:3], at="2")

    stage.look(after=HOUR)

    assert rows_of(stage.waiting()["memberships"], tmp_path) == 3
    assert taken(stage)[0] == ("memberships", "superseded")


def test_without_a_mark_the_content_tells_what_is_new(lite, stage_of):
    stage = stage_of(source(marks={}, more="every_minutes = 5\n"))
    stage.look()
    stage.send("r1")
    stage.look(after=60)
    once = taken(stage)
    stage.look(after=300)
    lite.fill(of_orders=ORDERS[:3])
    stage.look(after=300)

    assert once == [("memberships", "accepted"), ("orders", "accepted")]
    assert taken(stage)[2:4] == [("memberships", "duplicate"), ("orders", "duplicate")]
    assert taken(stage)[4:] == [("memberships", "duplicate"), ("orders", "waiting")]


def test_a_snapshot_is_newer_than_the_one_before_whatever_the_clock_says(lite, stage_of, tmp_path):
    stage = stage_of(source())
    stage.look()
    stage.send("r1")
    lite.fill(of_members=MEMBERS[:3], of_orders=ORDERS[:2], at="2")

    stage.look(after=-5 * HOUR)

    assert {kind: rows_of(each, tmp_path) for kind, each in stage.waiting().items()} == {"memberships": 3, "orders": 2}


def test_content_that_comes_back_is_wanted_back(lite, stage_of, tmp_path):
    stage = stage_of(source(marks={}))
    for number, rows in enumerate((MEMBERS, MEMBERS[:3], MEMBERS)):
        lite.fill(of_members=rows)
        stage.look(after=HOUR)
        stage.send(f"r{number}")

    assert [status for kind, status in taken(stage) if kind == "memberships"] == ["accepted"] * 3


@pytest.mark.parametrize("marks", [MARKS, {}])
def test_a_query_that_does_not_fit_is_said_once_and_the_other_kind_comes(lite, stage_of, marks):
    stage = stage_of(source(queries={**QUERIES, "orders": "SELECT document FROM nowhere"}, marks=marks))

    looks = [stage.look(), stage.look(after=HOUR), stage.look(after=HOUR)]

    assert [[refused.code for refused in look.refused] for look in looks] == [["query_failed"], [], []]
    assert stage.waiting().keys() == {"memberships"}
    assert not stage.failed.exists()


@pytest.mark.parametrize("marks", [MARKS, {}])
def test_a_query_without_a_column_that_is_needed_is_said_once_and_nothing_is_kept(lite, stage_of, marks):
    stage = stage_of(source(queries={**QUERIES, "orders": "SELECT document FROM orders"}, marks=marks))

    looks = [stage.look(), stage.look(after=HOUR), stage.look(after=HOUR)]

    assert [[refused.code for refused in look.refused] for look in looks] == [["missing_columns"], [], []]
    assert "customer_id" in stage.record()[1].reason
    assert not stage.failed.exists()
    assert [*(stage.home / "processing").iterdir()] == []


def test_a_corrected_query_is_taken_at_once(lite, stage_of):
    wrong = settings_of  # the same home, another config
    stage = stage_of(source(queries={**QUERIES, "orders": "SELECT document FROM orders"}))
    stage.look()

    stage.restart(wrong(stage.home, source(), intake=TOGETHER))
    looked = stage.look(after=1)

    assert [each.kind for each in looked.arrived] == ["orders"]


def test_what_is_too_large_is_said_once(lite, stage_of):
    stage = stage_of(source(), more="[limits]\nmax_cells = 1000")
    lite.fill(of_members=MEMBERS * 30)

    looks = [stage.look(), stage.look(after=HOUR)]

    assert [[refused.code for refused in look.refused] for look in looks] == [["too_large"], []]


def test_a_database_that_is_away_is_a_problem_until_it_is_back(lite, stage_of, monkeypatch):
    stage = stage_of(source())
    monkeypatch.setenv(VARIABLE, "sqlite:////nowhere/crm.sqlite")
    away = stage.look()
    monkeypatch.setenv(VARIABLE, lite.url)
    back = stage.look(after=60)

    assert len(away.problems_about("crm")) == 1
    assert "can't be reached" in away.problems[0]
    assert (back.problems, len(back.arrived)) == ([], 2)


@pytest.mark.parametrize("steps", range(1, 13))
def test_killed_after_any_step_the_next_service_ends_as_if_nobody_had(lite, stage_of, tmp_path, steps):
    death = Death()
    stage = stage_of(source(), on_step=death)
    death.steps_left = steps
    was_killed = False
    try:
        stage.look()
    except Killed:
        was_killed = True
    death.steps_left = 0

    stage.restart()
    stage.look(after=1)

    assert was_killed
    assert {kind: rows_of(each, tmp_path) for kind, each in stage.waiting().items()} == {
        "memberships": len(MEMBERS), "orders": len(ORDERS),
    }  # fmt: skip
    assert sorted(taken(stage)) == [("memberships", "waiting"), ("orders", "waiting")]
    assert [*(stage.home / "processing").iterdir()] == []


def test_cut_off_in_the_middle_of_the_rows_nothing_half_is_left(lite, stage_of, monkeypatch):
    stage = stage_of(source())

    def cut(*_):
        raise TransientError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr("sync.sources.sql_file.RowsFile.finish", cut)
        looked = stage.look()

    assert looked.problems == ["cut off", "cut off"]
    assert (taken(stage), [*(stage.home / "processing").iterdir()]) == ([], [])
    assert len(stage.look(after=60).arrived) == 2


DIES_AMONG_ROWS = """
import os, signal, sys
from pathlib import Path
from sync.intake.intake import Intake
from sync.settings import load_settings
from sync.sources.sql_file import RowsFile
from sync.state.store import State

class Dying(RowsFile):
    def add(self, rows):
        super().add(rows)
        os.kill(os.getpid(), signal.SIGKILL)

sys.modules["sync.sources.sql"].RowsFile = Dying
settings = load_settings(Path(sys.argv[1]))
Intake(settings, State.open(settings.state_url)).look()
"""


def test_killed_in_the_middle_of_the_rows_nothing_half_is_left(lite, stage_of, tmp_path):
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
    asked = f"{many} {QUERIES['memberships'].replace('FROM members ORDER BY number', 'FROM n, members')}"
    stage = stage_of(source(queries={"memberships": asked}, marks={}))
    processing = stage.home / "processing"
    command = [sys.executable, "-c", DIES_AMONG_ROWS, str(stage.home / "config")]
    assert subprocess.run(command, cwd=REPOSITORY, check=False).returncode == -signal.SIGKILL
    begun = [path.name for path in processing.glob("*/.rows-*/*")]
    cut_off = [path.name for path in processing.glob("*/memberships.parquet")]

    stage.restart()
    left = [*processing.iterdir()]
    looked = stage.look()

    assert begun != []  # rows were on the disk
    assert (cut_off, left, len(looked.arrived)) == ([], [], 1)
    assert rows_of(stage.waiting()["memberships"], tmp_path) == 6_000 * len(MEMBERS)
    assert taken(stage) == [("memberships", "waiting")]
