"""Two machines, one PostgreSQL: their runs never overlap, and a night on it is like one on SQLite."""

import re
import time

import pytest

from sync.init import set_up_folder
from sync.state.leases import Holder
from sync.state.store import State
from tests.cli.crowds import COUNT, members, orders
from tests.cli.installation import UPSERT, WANTED, Installation, tags_in, writes_in
from tests.cli.test_run import counted
from tests.state.postgres import postgres_server

ELSEWHERE = Holder("elsewhere", "1 1", "process 1 on elsewhere")


@pytest.fixture(scope="module")
def server():
    with postgres_server() as running:
        yield running


@pytest.fixture
def state_url(server):
    return server.database()


@pytest.fixture
def two_machines(state_url, sandbox, tmp_path):
    """Two homes with nothing in common but the state database and the portal."""
    machines = []
    for name in ("here", "there"):
        for _ in set_up_folder(tmp_path / name):
            pass
        machine = Installation(tmp_path / name, sandbox.url)
        machine.env["GOLDPAN_STATE_URL"] = state_url
        machine.deliver()
        machines.append(machine)
    return machines


@pytest.fixture
def many_wait(two_machines, sandbox):
    """The first load of four batches waits for approval; they will leave one after the other, slowly."""
    here, there = two_machines
    for machine in two_machines:
        machine.deliver(members(), orders())
    here.configure("goldpan.toml", ("workers = 16", "workers = 1"))
    held = here.plan()
    sandbox.settings.latency_seconds = 0.3
    return here, there, held.json["fingerprint"]


def begin_to_send(here, fingerprint, sandbox):
    """An approval as a process, and its first batch on its way."""
    process = here.start("run", "--json", "--approve", fingerprint)
    while not writes_in(sandbox):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


def test_runs_on_two_machines_never_overlap_and_both_know_what_was_done(two_machines, sandbox):
    here, there = two_machines
    held = here.plan()
    sandbox.settings.latency_seconds = 0.5
    asked = len(sandbox.requests)

    with here.start("run", "--approve", held.json["fingerprint"]) as first:
        while len(sandbox.requests) == asked:
            assert first.poll() is None, first.communicate()
        second = there.plan()
        _, err = first.communicate(timeout=60)
    sandbox.settings.latency_seconds = 0

    assert (first.returncode, second.exit_code) == (0, 5), err
    assert f"Another run is going on (process {first.pid} on " in second.json["problems"][0]
    assert tags_in(sandbox) == WANTED
    assert counted(there.run().json) == {"total": 6, "unchanged": 5, "unsendable": 1}
    undone = there("undo", held.json["run_id"], "--yes", "--json")
    assert undone.exit_code == 2  # the held run wrote nothing; its approval did
    latest = there("runs", "--json").json["runs"]
    approved = next(run for run in latest if run["kind"] == "approve")
    assert there("undo", approved["run_id"], "--yes", "--json").json["contacts"]["updated"] == 5


def test_a_run_that_dies_holds_its_lease_no_longer(two_machines, sandbox):
    here, there = two_machines
    sandbox.settings.latency_seconds = 0.5
    asked = len(sandbox.requests)

    with here.start("run", "--as-of", "2026-11-20") as first:
        while len(sandbox.requests) == asked:
            assert first.poll() is None, first.communicate()
        first.kill()
    sandbox.settings.latency_seconds = 0

    assert there.plan().exit_code != 5


def test_a_run_that_lost_its_lease_sends_nothing_more_and_the_next_one_ends_it(many_wait, state_url, sandbox):
    here, there, fingerprint = many_wait

    with begin_to_send(here, fingerprint, sandbox) as first, State.open(state_url) as state:
        refused = state.leases.take("another", ELSEWHERE, seconds=600, is_dead=lambda _: True)
        out, _ = first.communicate(timeout=60)
        state.leases.release("another")
    sandbox.settings.latency_seconds = 0
    sent = writes_in(sandbox)

    assert refused is None
    assert first.returncode == 1, out
    assert len(sent) <= 2  # what was in flight
    assert '"status": "failed"' in out
    assert "took over this state (process 1 on elsewhere, since " in out
    assert there("show", "--json").json["status"] == "failed"
    settled = there.plan()
    assert settled.exit_code == 0, settled.all
    assert len(sandbox.contacts()) == COUNT
    assert len(writes_in(sandbox)) == COUNT / 100


def test_a_connection_that_breaks_in_the_middle_ends_the_run_with_a_sentence(many_wait, server, state_url, sandbox):
    here, there, fingerprint = many_wait

    with begin_to_send(here, fingerprint, sandbox) as first, server.connect(state_url) as somebody:
        with somebody.transaction():  # the run waits for this in the middle of a transaction of its own
            somebody.execute("LOCK TABLE changes IN ACCESS EXCLUSIVE MODE")
            cut(server, state_url)
        out, _ = first.communicate(timeout=60)
    sandbox.settings.latency_seconds = 0

    assert first.returncode == 1, out
    assert re.search(r"The state database failed: .*connection.*\. Run again to settle it\.", out)
    assert "Traceback" not in out
    settled = there.plan()
    assert settled.exit_code == 0, settled.all
    assert len(sandbox.contacts()) == COUNT
    assert [request for request in writes_in(sandbox) if UPSERT in request]
    assert counted(there.plan().json) == {"total": COUNT, "unchanged": COUNT}


def cut(server, state_url):
    """End the connection that waits for a lock."""
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE changes%'"
    with server.connect(state_url) as admin:
        while (found := admin.execute(waiting).fetchone()) is None:
            time.sleep(0.01)
        admin.execute("SELECT pg_terminate_backend(%s)", found)


def test_a_server_that_was_restarted_between_two_queries_costs_nothing(server, state_url):
    with State.open(state_url) as state:
        assert state.runs.latest(1) == []
        with server.connect(state_url) as admin:
            mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'goldpan'"
            assert admin.execute(mine).rowcount >= 1

        assert state.runs.latest(1) == []


def test_a_server_that_is_away_is_named_without_the_password(two_machines):
    here, _ = two_machines
    here.env["GOLDPAN_STATE_URL"] = "postgresql+psycopg://goldpan:hunter2@127.0.0.1:1/state"

    said = here.plan()

    assert said.exit_code == 2
    assert "postgresql+psycopg://goldpan:***@127.0.0.1:1/state can't be opened" in said.json["problems"][0]
    assert "hunter2" not in said.all
