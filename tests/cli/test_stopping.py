"""SIGTERM ends a run gently, a second one at once; either way the next run ends right."""

import signal
import subprocess
import time

import pytest

from tests.cli.installation import UPSERT, Installation, member

CONTACTS = 500
PEOPLE = [
    member(number, "Jo", f"m{number}@example.org", "2026-01-01", f"2027-01-{1 + number % 28:02}")
    for number in range(CONTACTS)
]
STOPPED = 128 + signal.SIGTERM


@pytest.fixture
def first_load(set_up, sandbox):
    """An installation whose first load waits for approval, one request at a time."""
    goldpan = set_up(sandbox.url)
    goldpan.configure("goldpan.toml", ("workers = 16", "workers = 1"))
    goldpan.deliver(PEOPLE)
    return goldpan, goldpan.plan().json["fingerprint"]


def upserts(sandbox) -> int:
    return sum(request.path == UPSERT for request in sandbox.requests)


def wait_until(is_so, process: subprocess.Popen) -> None:
    while not is_so():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def approve_and_signal(
    goldpan: Installation, fingerprint: str, sandbox, *, twice: bool = False, seconds: float = 0.5
) -> tuple[int, str, str]:
    """The end of an approval that is told to stop when its fourth batch is under way, for so long."""
    sandbox.settings.latency_seconds = 0.5
    with goldpan.start("run", "--json", "--approve", fingerprint) as process:
        wait_until(lambda: upserts(sandbox) >= 2, process)
        sandbox.settings.latency_seconds = seconds
        wait_until(lambda: upserts(sandbox) >= 3, process)
        process.send_signal(signal.SIGTERM)
        while twice and process.poll() is None:  # two that come before the first one is handled are one
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_run_that_is_told_to_stop_waits_for_what_is_under_way_and_keeps_the_rest(first_load, sandbox):
    goldpan, fingerprint = first_load

    exit_code, out, err = approve_and_signal(goldpan, fingerprint, sandbox)
    sandbox.settings.latency_seconds = 0
    stopped = goldpan("show", "latest", "--json").json

    assert exit_code == 1, err
    assert "told to stop" in out
    assert stopped["status"] == "interrupted"
    assert stopped["contacts"]["unknown"] == 0
    written = len(sandbox.contacts())
    assert stopped["contacts"]["created"] == written < CONTACTS
    assert stopped["contacts"]["held"] == CONTACTS - written

    again = goldpan("run", "--json", "--approve", fingerprint)

    assert (again.exit_code, again.json["contacts"]["created"]) == (0, CONTACTS - written), again.all
    assert len(sandbox.contacts()) == CONTACTS


def test_a_second_signal_stops_at_once_and_the_next_run_settles_it(first_load, sandbox):
    goldpan, fingerprint = first_load

    exit_code, _, err = approve_and_signal(goldpan, fingerprint, sandbox, twice=True, seconds=5)
    sandbox.settings.latency_seconds = 0

    assert exit_code == STOPPED, err
    again = goldpan("run", "--json", "--approve", fingerprint)
    assert again.exit_code == 0, again.all
    assert again.json["contacts"]["total"] == CONTACTS
    assert len(sandbox.contacts()) == CONTACTS


@pytest.mark.slow
def test_a_request_that_hangs_is_waited_for_no_longer_than_twenty_seconds(first_load, sandbox):
    goldpan, fingerprint = first_load
    sandbox.settings.latency_seconds = 50
    before = len(sandbox.requests)

    with goldpan.start("run", "--json", "--approve", fingerprint) as process:
        wait_until(lambda: len(sandbox.requests) > before, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    sandbox.settings.latency_seconds = 0

    assert process.returncode == STOPPED
    assert goldpan("runs", "--json").json["runs"][0]["status"] == "interrupted"
    assert goldpan("run", "--json", "--approve", fingerprint).json["contacts"]["created"] == CONTACTS


def test_a_run_that_is_told_to_stop_while_it_reads_hubspot_writes_nothing(first_load, sandbox):
    goldpan, _ = first_load
    sandbox.settings.latency_seconds = 0.3
    before = len(sandbox.requests)

    with goldpan.start("run", "--json", "--as-of", "2026-11-20") as process:
        wait_until(lambda: len(sandbox.requests) >= before + 4, process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    sandbox.settings.latency_seconds = 0

    assert process.returncode == 1, err
    assert "told to stop" in out
    assert sandbox.contacts() == {}
    assert goldpan.plan().exit_code == 3
