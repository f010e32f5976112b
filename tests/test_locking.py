"""One run at a time on one state, and nothing more from one that may not be alone any more."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from goldpan.errors import BusyError, StoppedError
from sync.lease import LeaseLostError
from sync.locking import Terms, single_flight
from sync.processes import is_gone, this_process
from sync.settings import load_settings
from sync.state.leases import Holder
from sync.state.store import State
from sync.stopping import Stop
from tests.builders import REPOSITORY
from tests.state.postgres import postgres_server

THERE = Holder("another boot pid:[1]", "67 890", "process 67 on there")
HOLD = """
import time
from sync.locking import single_flight
from sync.settings import load_settings
with single_flight(load_settings()):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def server():
    with postgres_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path, monkeypatch):
    monkeypatch.setenv("GOLDPAN_HOME", str(tmp_path))
    if request.param == "postgresql":
        monkeypatch.setenv("GOLDPAN_STATE_URL", request.getfixturevalue("server").database())
    return load_settings()


@pytest.fixture
def on_server(server, tmp_path, monkeypatch):
    monkeypatch.setenv("GOLDPAN_HOME", str(tmp_path))
    monkeypatch.setenv("GOLDPAN_STATE_URL", server.database())
    return load_settings()


@pytest.fixture
def in_file(tmp_path, monkeypatch):
    monkeypatch.setenv("GOLDPAN_HOME", str(tmp_path))
    return load_settings()


def holding_process():
    """Another process that holds the lease, from when it has it."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def ended(process):
    process.stdout.close()
    process.wait(timeout=30)


class Monotonic:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def test_a_second_run_is_told_who_is_at_work(settings):
    process = holding_process()
    try:
        with pytest.raises(BusyError, match=rf"process {process.pid} on \S+, since 20.*goldpan runs"):
            single_flight(settings).__enter__()
    finally:
        process.kill()
        ended(process)


def test_also_within_one_process(settings):
    with single_flight(settings), pytest.raises(BusyError), single_flight(settings):
        pass


def test_one_after_the_other_is_fine(settings):
    for _ in range(2):
        with single_flight(settings) as lease:
            lease.check()

    with State.open(settings.state_url) as state:
        assert state.leases.current() is None


def test_after_a_run_that_was_killed_the_next_one_begins_at_once(settings):
    process = holding_process()
    process.kill()
    ended(process)

    with single_flight(settings) as lease:
        lease.check()


def test_nor_need_anybody_collect_the_dead_process(settings):
    process = holding_process()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still in the list

    with single_flight(settings) as lease:
        lease.check()
    ended(process)


def test_a_run_that_stands_still_is_not_a_dead_one(on_server):
    process = holding_process()
    process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(BusyError), single_flight(on_server):
            pass
    finally:
        process.kill()
        ended(process)


def test_another_machine_s_lease_holds_until_it_runs_out(on_server):
    with single_flight(on_server, holder=THERE), pytest.raises(BusyError, match="on there"), single_flight(on_server):
        pass

    with single_flight(on_server, holder=THERE, terms=Terms(seconds=0)), single_flight(on_server):
        pass


def test_who_lost_the_lease_is_told_who_has_it_and_stays_without(on_server):
    with single_flight(on_server, holder=THERE, terms=Terms(seconds=0, clock=lambda: 0.0)) as lost:
        with single_flight(on_server) as lease, State.open(on_server.state_url) as state:
            took_over = f"took over this state .process {os.getpid()}"
            with state.engine.begin() as connection, pytest.raises(LeaseLostError, match=took_over):
                lost.fence(connection)
            with state.engine.begin() as connection:
                lease.fence(connection)
        assert lost.is_lost
        with pytest.raises(LeaseLostError):
            lost.check()


def test_who_could_not_renew_it_gives_up_before_another_one_may_take_it(on_server):
    clock = Monotonic()
    with single_flight(on_server, terms=Terms(clock=clock)) as lease:
        clock.seconds += 49
        lease.check()

        clock.seconds += 2

        with pytest.raises(LeaseLostError, match="could not be reached"):
            lease.check()
        lease.renew()
        assert lease.is_lost  # what it told others does not come back


def test_renewed_it_goes_on_for_as_long_as_it_takes(on_server):
    clock = Monotonic()
    with single_flight(on_server, terms=Terms(clock=clock)) as lease:
        for _ in range(10):
            clock.seconds += 45
            lease.renew()

        lease.check()


def test_a_database_that_is_away_for_a_moment_costs_nothing(on_server):
    clock = Monotonic()
    with single_flight(on_server, terms=Terms(clock=clock)) as lease, State.open(on_server.state_url) as state:
        with state.engine.begin() as connection:
            connection.execute(text("ALTER TABLE leases RENAME TO away"))
        clock.seconds += 40
        lease.renew()
        lease.check()
        with state.engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO leases"))
        lease.renew()
        clock.seconds += 40

        lease.check()


def test_the_lock_of_a_file_needs_no_renewal(in_file):
    clock = Monotonic()
    with single_flight(in_file, terms=Terms(clock=clock)) as lease:
        clock.seconds += 86_400

        lease.check()


def test_it_is_renewed_by_itself(settings):
    with State.open(settings.state_url) as state:

        def expires_at():
            with state.engine.connect() as connection:
                return connection.execute(text("SELECT expires_at FROM leases")).scalar()

        with single_flight(settings, terms=Terms(renew_seconds=0.01)):
            first = expires_at()
            until = time.monotonic() + 30
            while expires_at() <= first:
                assert time.monotonic() < until


def test_what_stops_a_service_stops_its_run_and_a_lost_lease_only_the_run(on_server):
    clock, service = Monotonic(), Stop()
    with single_flight(on_server, terms=Terms(clock=clock)) as lease:
        stop = lease.stop(service)
        stop.check()

        clock.seconds += 60

        assert stop.is_set()
        with pytest.raises(LeaseLostError):
            stop.check()
        assert not service.is_set()
    with single_flight(on_server) as lease:
        stop = lease.stop(service)
        service.set()
        assert stop.is_set()
        with pytest.raises(StoppedError):
            stop.check()


def test_this_process_is_not_gone():
    assert not is_gone(this_process())


def test_a_process_that_only_has_the_number_of_the_holder_is_another():
    here = this_process()

    assert is_gone(replace(here, process=f"{os.getpid()} 1"))


@pytest.mark.parametrize(
    "holder",
    [
        THERE,
        Holder("", "67 890", "a machine that says nothing of itself"),
        replace(this_process(), process=""),
        replace(this_process(), process="nonsense"),
    ],
)
def test_what_can_not_be_known_counts_as_alive(holder):
    assert not is_gone(holder)
