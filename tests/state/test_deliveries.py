"""What became of every file that a source gave, in SQLite and in PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.state import tables as t
from sync.state.deliveries import Deliveries
from sync.state.inputs import StoredInput

AT = datetime(2026, 11, 20, 1, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def deliveries(state) -> Deliveries:
    return Deliveries(state.engine)


def add(deliveries, key="members.csv", *, at=AT, source="inbox", **values):
    row = deliveries.add(
        source=source, key=key, fingerprint="1", name=key, size_bytes=2**40, modified_at=AT - timedelta(hours=1), at=at
    )
    return deliveries.mark(row.delivery_id, **values) if values else row


def waits(deliveries, key="members.csv", sha256="a", kind="memberships", **values):
    return add(deliveries, key, status="waiting", sha256=sha256, kind=kind, **values)


def accept(state, run_id, folder):
    """A run that used the memberships with the content `a` was sent."""
    path = folder / "members.csv"
    path.write_text("x")
    state.runs.start(run_id, destination="hubspot", as_of=AT.date(), version="1", at=AT)
    state.inputs.add(run_id, StoredInput("memberships", "members.csv", "a", path, "inbox"), rows=1)
    state.inputs.accept(run_id)


def names(rows):
    return [(each.key, each.status) for each in rows]


def test_a_claim_is_on_record_as_it_was_found(deliveries):
    row = add(deliveries)

    assert (row.status, row.kind, row.sha256, row.path, row.run_id, row.finished_at) == (
        "claimed",
        "",
        "",
        "",
        "",
        None,
    )
    assert (row.size_bytes, row.modified_at, row.claimed_at) == (2**40, AT - timedelta(hours=1), AT)
    assert deliveries.claimed() == [row]
    assert deliveries.get(row.delivery_id) == row


def test_a_claim_that_came_to_nothing_is_forgotten(deliveries):
    row, other = add(deliveries), add(deliveries, "orders.csv")

    deliveries.drop(row.delivery_id)

    assert deliveries.find() == [other]


def test_ids_follow_the_order_of_arrival(deliveries):
    rows = [add(deliveries, key) for key in ("c", "a", "b")]

    assert [each.key for each in deliveries.find()] == ["c", "a", "b"]
    assert [each.delivery_id for each in rows] == sorted(each.delivery_id for each in rows)


def test_the_latest_file_under_each_key_of_a_source_is_known(deliveries):
    add(deliveries, status="accepted")
    latest, orders = waits(deliveries), add(deliveries, "orders.csv")
    waits(deliveries, source="south")

    assert deliveries.latest("inbox") == {"members.csv": latest, "orders.csv": orders}


def test_superseding_and_waiting_are_one_step(deliveries):
    old, accepted = waits(deliveries), add(deliveries, "older", status="accepted")
    new = add(deliveries, "members-2.csv")

    deliveries.mark(new.delivery_id, supersedes=[old, accepted], status="waiting", kind="memberships")

    assert names(deliveries.find()) == [
        ("members.csv", "superseded"),
        ("older", "accepted"),
        ("members-2.csv", "waiting"),
    ]
    assert deliveries.get(old.delivery_id).reason == "members-2.csv came instead."


def test_what_waits_is_the_newest_of_each_source_and_kind(deliveries):
    waits(deliveries, "1")
    newest, orders, south = (
        waits(deliveries, "2"),
        waits(deliveries, "3", kind="orders"),
        waits(deliveries, source="south"),
    )
    add(deliveries, "4")

    assert deliveries.waiting() == [newest, orders, south]


def test_versions_are_what_arrived_of_one_kind_from_one_source(deliveries):
    accepted, duplicate, waiting = (
        add(deliveries, status=status, kind="orders") for status in ("accepted", "duplicate", "waiting")
    )
    for status, kind, source in (
        ("refused", "orders", "inbox"),
        ("waiting", "memberships", "inbox"),
        ("waiting", "orders", "s"),
    ):
        add(deliveries, status=status, kind=kind, source=source)

    assert deliveries.versions("inbox", "orders") == [accepted, duplicate, waiting]


def test_a_run_uses_and_accepts_what_waits_with_its_content(state, deliveries, tmp_path):
    waits(deliveries, "1", sha256="a")
    waits(deliveries, "2", sha256="b")
    add(deliveries, "3", sha256="a", status="duplicate")

    deliveries.use("r1", ["a", "b"])
    used = [(each.status, each.run_id) for each in deliveries.find()]
    accept(state, "r2", tmp_path)

    assert used == [("waiting", "r1"), ("waiting", "r1"), ("duplicate", "")]
    assert [(each.status, each.run_id) for each in deliveries.find()] == [
        ("accepted", "r2"), ("waiting", "r1"), ("duplicate", ""),
    ]  # fmt: skip


def test_what_the_run_itself_accepted_stays_so_when_it_is_settled(state, deliveries, tmp_path):
    """Inputs.accept marks what waits in the very step in which the run's exports are accepted."""
    waits(deliveries, sha256="a")
    accept(state, "r1", tmp_path)

    deliveries.use("r1", ["a"])

    assert [(each.status, each.run_id) for each in deliveries.find()] == [("accepted", "r1")]
    assert deliveries.was_read("a")
    assert not deliveries.was_read("b")


def test_the_last_arrival_of_each_kind_from_each_source_counts_also_what_was_known(deliveries):
    waits(deliveries, "1")
    add(deliveries, "2", status="duplicate", kind="memberships", at=AT + timedelta(days=1))
    add(deliveries, "3", status="refused", kind="memberships", at=AT + timedelta(days=2))
    waits(deliveries, "4", kind="orders")
    waits(deliveries, "5", source="south", at=AT + timedelta(days=3))

    assert deliveries.arrivals_by_source() == {
        ("inbox", "memberships"): AT + timedelta(days=1), ("inbox", "orders"): AT,
        ("south", "memberships"): AT + timedelta(days=3),
    }  # fmt: skip
    assert names(deliveries.find(t.deliveries.c.claimed_at >= AT + timedelta(hours=1))) == [
        ("2", "duplicate"), ("3", "refused"), ("5", "waiting"),
    ]  # fmt: skip


def test_content_is_as_old_as_its_last_arrival_else_as_its_first_run(state, deliveries, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("x")
    waits(deliveries, "1", sha256="a")
    add(deliveries, "2", sha256="a", status="duplicate", at=AT + timedelta(days=1))
    for days, run_id in ((3, "r1"), (4, "r2")):
        state.runs.start(run_id, destination="hubspot", as_of=AT.date(), version="1", at=AT + timedelta(days=days))
        for sha256, kind in (("a", "memberships"), ("b", "orders")):
            state.inputs.add(run_id, StoredInput(kind, "f", sha256, path), rows=1)

    assert deliveries.arrived_at("a") == AT + timedelta(days=1)
    assert deliveries.arrived_at("b") == AT + timedelta(days=3)
    assert deliveries.arrived_at("c") is None
