"""Killed at any moment of sending, the next run ends right: nothing lost, nobody twice, little sent again."""

import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from sync.destinations.hubspot.parallel import chunks
from sync.init import set_up_folder
from sync.sandbox import Sandbox
from tests.builders import REPOSITORY
from tests.cli.installation import AS_OF, READ, TAGS, UPSERT, Installation, furnish, member, order, pass_waits
from tests.cli.test_convert import converted_tags
from tests.sandbox.hub import Hub

SEED = 20261120
LATENCY_SECONDS = 0.1
WORKERS = 4
MOST_IN_FLIGHT = WORKERS * 100  # a batch each
OWN = (TAGS, "total_order_value", "estimated_savings", "membership_start", "membership_expires", "member_since",
       "membership_category", "customer_id", "customer_name")  # fmt: skip
"""Every property that a run writes; each write of a contact adds one line to the history of each."""


@pytest.mark.parametrize(
    ("contacts", "kills"), [(500, 3), pytest.param(2000, 20, marks=pytest.mark.slow, id="2000-20-slow")]
)
def test_a_run_killed_while_sending_is_settled_by_the_next_one(tmp_path, monkeypatch, contacts, kills):
    pass_waits(monkeypatch)  # of the runs in this process; the killed ones keep their pace
    rng = random.Random(SEED)
    caught = 0
    with portal_process(tmp_path / "portal.sqlite", contacts) as portal:
        night = Night(tmp_path, portal)
        wanted = night.undisturbed()
        for number in range(kills):
            instant = number * (contacts // 100) // kills, rng.uniform(0, LATENCY_SECONDS)
            goldpan = night.installation()
            written = night.kill_while_sending(goldpan, *instant)
            caught += 0 < written < contacts

            settling = goldpan.run()

            assert settling.exit_code == 0, (instant, settling.all)
            values, writes = portal.contacts()
            assert values == wanted, instant
            assert portal.stats()["contacts"] == contacts
            assert set(writes.values()) <= {1, 2}, instant
            assert sum(count - 1 for count in writes.values()) <= MOST_IN_FLIGHT, instant
            assert [run["status"] for run in goldpan("runs", "--json").json["runs"]] == ["done", "interrupted"]
            before = portal.writes()
            assert goldpan.run().json["contacts"]["unchanged"] == contacts
            assert portal.writes() == before
    assert caught  # the instants lie in the sending, not beside it


def test_a_run_stopped_by_a_person_says_so_and_the_next_one_settles_it(tmp_path):
    with portal_process(tmp_path / "portal.sqlite", 100) as portal:
        night = Night(tmp_path, portal)
        goldpan = night.installation()
        with goldpan.start("run", "--as-of", AS_OF) as process:
            night.wait_for_sending(process)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        portal.slow_down(0)
        shown = goldpan("show").out

        settling = goldpan.run()

        assert process.returncode == 130
        assert "goldpan: stopped. The next run settles what was under way." in err
        assert "Traceback" not in err
        assert "running; it is going on, or was stopped" in shown
        assert settling.exit_code == 0
        assert set(portal.contacts()[1].values()) <= {1, 2}


@dataclass
class Portal:
    """A stand-in in a process of its own, seen from outside."""

    url: str
    hub: Hub
    emails: list[str]

    def stats(self):
        return self.hub.call("GET", "/sandbox/stats").json()

    def answered(self, path):
        return self.stats()["by_endpoint"].get(f"POST {path}", 0)

    def writes(self):
        return self.answered(UPSERT)

    def empty(self):
        """A new account, with Goldpan's properties, that answers as slowly as a distant one."""
        self.slow_down(0)
        assert self.hub.call("POST", "/sandbox/reset").status == 204
        furnish(self.url)
        self.slow_down(LATENCY_SECONDS)

    def slow_down(self, seconds):
        assert self.hub.call("POST", "/sandbox/settings", {"latency_seconds": seconds}).status == 200

    def contacts(self):
        """What each contact holds, a multiple choice as a set; and how often it was written."""
        values, writes = {}, {}
        for some in chunks(self.emails, 100):
            answer = self.hub.read(*some, properties=["email", *OWN], propertiesWithHistory=[TAGS])
            for record in answer.json()["results"]:
                held = record["properties"]
                values[held["email"]] = {name: held[name] for name in OWN} | {TAGS: frozenset(held[TAGS].split(";"))}
                writes[held["email"]] = len(record["propertiesWithHistory"][TAGS])
        return values, writes


@contextmanager
def portal_process(store, contacts):
    """A stand-in in a process of its own, kept in a file."""
    command = [sys.executable, "-m", "sync.sandbox", "--store", store, "--burst-limit", "0"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        hub = Hub(url)
        try:
            yield Portal(url, hub, [f"m{number}@example.org" for number in range(contacts)])
        finally:
            hub.pool.clear()
            process.terminate()
            process.wait(timeout=30)
    with Sandbox(store) as again:  # what it kept is whole
        assert len(again.contacts()) == contacts


class Night:
    """The same exports, sent again and again to an empty portal by new installations."""

    def __init__(self, folder, portal):
        self.folder, self.portal = folder, portal
        self.count = 0

    def undisturbed(self):
        """What each contact should hold: as a whole run leaves it, and with the tags of ``goldpan convert``."""
        goldpan = self.installation()
        self.portal.slow_down(0)
        said = goldpan.run()
        assert said.exit_code == 0, said.all
        values, _ = self.portal.contacts()
        exports = [goldpan.inbox / f"{kind}.csv" for kind in ("memberships", "orders")]
        assert goldpan("convert", *exports, "--as-of", AS_OF).exit_code == 0
        converted = converted_tags(goldpan.home / "hubspot.csv")
        assert {email: set(held[TAGS]) for email, held in values.items()} == converted
        return values

    def kill_while_sending(self, goldpan, batches, seconds):
        """Kill it so long after so many batches were answered; returns how many contacts were written by then."""
        with goldpan.start("run", "--as-of", AS_OF) as process:
            self.wait_for_sending(process)
            while self.portal.writes() < batches:
                assert process.poll() is None, process.communicate()
                time.sleep(0.005)
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
        time.sleep(2 * LATENCY_SECONDS)  # what was in flight arrives
        self.portal.slow_down(0)
        return self.portal.stats()["contacts"]

    def wait_for_sending(self, process):
        """Everybody has been read: sending begins."""
        while self.portal.answered(READ) * 100 < len(self.portal.emails):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)

    def installation(self):
        """A new home with the exports, and the portal empty again."""
        self.count += 1
        self.portal.empty()
        home = self.folder / f"home-{self.count}"
        for _ in set_up_folder(home):
            pass
        goldpan = Installation(home, self.portal.url)
        goldpan.deliver(*exports_of(self.portal.emails))
        goldpan.configure("goldpan.toml", ("workers = 16", f"workers = {WORKERS}"))
        return goldpan


def exports_of(emails):
    """A membership and an order for each address, drawn by lot."""
    rng = random.Random(SEED)
    members, orders = [], []
    for number, email in enumerate(emails):
        year, day = rng.choice((2025, 2026, 2027)), f"{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        purchase = "HFO Web" if rng.random() < 0.3 else ""
        members.append(
            member(number, f"Member {number}", email, f"{year - 1}-{day}", f"{year}-{day}", purchase=purchase)
        )
        orders.append(order(number, rng.randrange(len(emails)), f"{rng.uniform(5, 900):.2f}"))
    return members, orders
