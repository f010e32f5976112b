"""Which exports the state still needs, on both kinds of database."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from goldpan.model import Action, Change, Portal
from sync.state import tables as t
from sync.state.inputs import StoredInput
from sync.state.kept import KeptByState

DAY = date(2026, 11, 20)


@pytest.fixture
def kept(state):
    return KeptByState(state.engine)


@pytest.fixture
def add(state, tmp_path):
    """Puts a run on record, with its exports."""
    file = tmp_path / "export.csv"
    file.write_text("x")

    def run(run_id, *shas, status="done", kind="run", portal="1", source="inbox", is_accepted=False, record=None):
        at = datetime(2026, 11, 20, tzinfo=UTC)
        state.runs.start(run_id, destination="hubspot", as_of=DAY, version="1", at=at, kind=kind)
        state.runs.reach(run_id, Portal(portal))
        for kind_of, sha256 in zip(("memberships", "orders"), shas, strict=False):
            state.inputs.add(run_id, StoredInput(kind_of, "export.csv", sha256, Path(file), source), rows=1)
        if is_accepted:
            state.inputs.accept(run_id)
        if status != "running":
            state.runs.finish(run_id, status=status, portal_id=portal, fingerprint="f", record=record or {}, at=at)

    return run


def deliver(state, sha256, status):
    at = datetime(2026, 11, 20, tzinfo=UTC)
    row = {"source": "s", "key": "k", "fingerprint": "f", "name": "n", "sha256": sha256, "size_bytes": 1,
           "modified_at": at, "claimed_at": at, "status": status}  # fmt: skip
    with state.engine.begin() as connection:
        connection.execute(insert(t.deliveries).values(row))


def test_the_last_accepted_of_each_source_and_of_each_portal_are_needed(kept, add):
    add("20260101", "m1", "o1", is_accepted=True)
    add("20260102", "m2", "o2", is_accepted=True, source="north")
    add("20260103", "m3", "o3", is_accepted=True)
    add("20260104", "m4", "o4", is_accepted=True, portal="2")
    add("20260105", "m5", "o5")

    assert kept.inputs() == {"m2", "o2", "m3", "o3", "m4", "o4"}


def test_exports_of_a_run_under_way_and_of_deliveries_that_wait_are_needed(kept, add, state):
    add("20260101", "m1", status="running")
    for status in ("claimed", "waiting", "accepted", "superseded"):
        deliver(state, status, status)

    assert kept.inputs() == {"m1", "claimed", "waiting"}
    assert kept.delivered_since(DAY) == {"claimed", "waiting", "accepted", "superseded"}
    assert kept.delivered_since(date(2026, 11, 21)) == set()


def test_of_held_plans_the_newest_of_each_portal_and_kind_wait(kept, add):
    add("20260101", "m1", status="held")
    add("20260102", "m2", status="held")
    add("20260103", "m3", status="held", kind="only")
    add("20260104", "m4", status="held", portal="2")

    assert kept.waiting_plans() == {"20260102", "20260103", "20260104"}
    assert kept.inputs() == {"m2", "m3", "m4"}


def test_what_old_plans_wanted_is_forgotten_unless_they_wait(kept, add, state):
    for run_id in ("20260101T1", "20260115T1", "20260120T1", "20260202T1"):
        add(run_id, status="held")
        state.journal.plan(run_id, [Change("a@x.org", Action.CREATE, {}, {})], verdict="held")
    add("20260110T1")
    state.journal.plan("20260110T1", [Change("a@x.org", Action.CREATE, {}, {})], verdict="applied")

    assert kept.discard_held(date(2026, 1, 20)) == 2
    assert [len(state.journal.planned(run)) for run in ("20260101T1", "20260110T1", "20260120T1", "20260202T1")] == [
        0, 1, 1, 1,
    ]  # fmt: skip
    assert kept.discard_held(date(2027, 1, 1)) == 1
    assert kept.discard_held(date(2027, 1, 1)) == 0


def test_what_runs_used_is_known_from_their_records_too(kept, add):
    add("20260101", "m1", "o1", record={"inputs": [{"sha256": "o1"}, {"sha256": "refused"}]})
    add("20260102")

    assert kept.inputs_of(["20260101", "20260102", "unknown"]) == {
        "20260101": {"m1", "o1", "refused"},
        "20260102": set(),
    }
    assert kept.runs_since(date(2026, 1, 2)) == {"20260102"}
