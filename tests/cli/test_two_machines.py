"""Two machines, one PostgreSQL: their runs never overlap, and a night on it is like one on SQLite."""

import pytest

from sync.init import set_up_folder
from tests.cli.installation import WANTED, Installation, tags_in
from tests.cli.test_run import counted
from tests.state.postgres import postgres_url


@pytest.fixture(scope="module")
def state_url(tmp_path_factory):
    with postgres_url(tmp_path_factory.mktemp("postgres")) as url:
        yield url


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
    assert "on another machine with the same state database" in second.json["problems"][0]
    assert tags_in(sandbox) == WANTED
    assert counted(there.run().json) == {"total": 6, "unchanged": 5, "unsendable": 1}
    undone = there("undo", held.json["run_id"], "--yes", "--json")
    assert undone.exit_code == 2  # the held run wrote nothing; its approval did
    latest = there("runs", "--json").json["runs"]
    approved = next(run for run in latest if run["kind"] == "approve")
    assert there("undo", approved["run_id"], "--yes", "--json").json["contacts"]["updated"] == 5


def test_a_run_that_dies_holds_its_lock_no_longer(two_machines, sandbox):
    here, there = two_machines
    sandbox.settings.latency_seconds = 0.5
    asked = len(sandbox.requests)

    with here.start("run", "--as-of", "2026-11-20") as first:
        while len(sandbox.requests) == asked:
            assert first.poll() is None, first.communicate()
        first.kill()
    sandbox.settings.latency_seconds = 0

    assert there.plan().exit_code != 5
