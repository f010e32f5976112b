"""What stays: across restarts, kills and threads."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from sync.sandbox import Fault, Sandbox
from tests.sandbox.conftest import furnish, furnished
from tests.sandbox.hub import PROPERTIES, TAGS, Hub, one


def test_a_file_keeps_contacts_properties_history_and_portal(tmp_path):
    path = tmp_path / "portal.db"
    with furnished(path, portal_id=77) as (_, hub):
        hub.upsert(one("ada@example.org", **{TAGS: "gold"}))

    with Sandbox(path) as sandbox:
        hub = Hub(sandbox.url)
        again = hub.upsert(one("ada@example.org", **{TAGS: "gold;board"})).json()
        made = hub.upsert(one("eve@example.org")).json()
        hub.pool.clear()

        assert sandbox.portal_id == 77
        assert again["results"][0]["new"] is False
        assert made["results"][0]["id"] != again["results"][0]["id"]
        assert sandbox.tag_counts(TAGS) == {"active": 0, "board": 1, "expired": 0, "gold": 1}
        assert len(sandbox.writes_of("ada@example.org")) == 2


def test_a_portal_id_can_be_set_and_else_is_the_files_own(tmp_path):
    seen = []
    for wanted in (None, 42, None):
        sandbox = Sandbox(tmp_path / "portal.db", portal_id=wanted)
        seen.append(sandbox.portal_id)
        sandbox.stop()

    assert seen == [99_000_001, 42, 42]


def test_the_file_is_private(tmp_path):
    path = tmp_path / "portal.db"
    with Sandbox(path):
        assert path.stat().st_mode & 0o077 == 0


def test_without_a_path_nothing_is_kept():
    with furnished() as (_, hub):
        hub.upsert(one("ada@example.org"))

    with Sandbox() as sandbox:
        assert sandbox.contacts() == {}


@pytest.fixture
def launched(tmp_path):
    """Start the sandbox as a process on one and the same file."""
    running = []

    def launch():
        command = [sys.executable, "-m", "sync.sandbox", "--store", str(tmp_path / "portal.db"), "--burst-limit", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        hub = Hub(process.stdout.readline().strip())
        running.append((process, hub))
        return process, hub

    yield launch
    for process, hub in running:
        hub.pool.clear()
        process.kill()
        process.wait()
        process.stdout.close()


def test_whatever_was_answered_survives_a_kill(launched, tmp_path):
    process, hub = launched()
    furnish(hub)
    answered = set()

    def write(number):
        try:
            answer = hub.upsert(*(one(f"m{number}.{n}@example.org", customer_id=str(number)) for n in range(10)))
        except urllib3.exceptions.HTTPError:
            return
        assert answer.status == 200
        answered.add(number)
        if len(answered) == 20:
            process.kill()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(40)))
    process.wait()

    _, again = launched()
    kept = {number for number in range(40) if again.read(f"m{number}.0@example.org").status == 200}
    whole = {number for number in kept if again.read(*(f"m{number}.{n}@example.org" for n in range(10))).status == 200}
    assert answered <= kept
    assert whole == kept


def test_a_terminated_sandbox_ends_cleanly(launched):
    process, hub = launched()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", hub.url)

    process.terminate()

    assert process.wait(timeout=20) == 0


def test_sixteen_callers_at_once_lose_nothing(hub, sandbox):
    def write(number):
        return hub.upsert(*(one(f"m{number}.{n}@example.org", str(n), **{TAGS: "gold"}) for n in range(20))).status

    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(write, range(64)))

    assert statuses == [200] * 64
    assert len(sandbox.contacts()) == 64 * 20
    assert sandbox.tag_counts(TAGS)["gold"] == 64 * 20


def test_callers_at_once_on_one_address_make_one_contact(hub, sandbox):
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda n: hub.upsert(one("ada@example.org", customer_id=str(n))).json(), range(32)))

    assert sum(answer["results"][0]["new"] for answer in answers) == 1
    assert len(sandbox.writes_of("ada@example.org")) == 32


def test_connections_are_kept_alive(hub, sandbox):
    for _ in range(5):
        hub.upsert(one("ada@example.org"))

    assert hub.pool.connection_from_url(sandbox.url).num_connections == 1


def test_a_body_of_unknown_length_is_refused(hub, sandbox):
    answer = hub.pool.request("POST", f"{sandbox.url}/crm/v3/objects/contacts/batch/upsert", body=iter([b"{}"]))

    assert answer.status == 411


def test_waiting_answers_do_not_hold_each_other_up(hub, sandbox):
    """A slow read is still out while writes are answered: no lock is held while waiting."""
    sandbox.faults.replace([Fault("hang", path="*/batch/read", seconds=3600)])
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(hub.read, "ada@example.org")
        assert [hub.upsert(one(f"m{n}@example.org")).status for n in range(3)] == [200] * 3
        assert not slow.done()
        sandbox._service.stopping.set()
        with pytest.raises(urllib3.exceptions.ProtocolError):
            slow.result()


def test_every_answer_is_held_back_by_the_latency(hub, sandbox):
    sandbox.settings.latency_seconds = 0.05
    before = sandbox.requests[-1].at_seconds

    hub.upsert(one("ada@example.org"))
    hub.call("GET", PROPERTIES)
    hub.call("GET", PROPERTIES)

    assert sandbox.requests[-1].at_seconds - before >= 0.1


def test_a_sandbox_is_stopped_twice_without_harm():
    sandbox = Sandbox().start()
    sandbox.stop()
    sandbox.stop()

    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url


def test_a_port_in_use_is_an_error():
    with Sandbox() as sandbox:
        other = Sandbox(port=int(sandbox.url.rpartition(":")[2]))
        with pytest.raises(OSError, match="in use"):
            other.start()
        other.stop()
