"""Killed at any moment, the next run ends right: nothing lost, nobody twice, little sent again.

The moments are drawn by lot over a whole run, from its first request on: reading, planning, the journal, sending, the
archive. An approval that is killed is given again; after an ordinary run comes the next one.
"""

import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

import pytest

from sync.destinations.hubspot.parallel import chunks
from sync.init import set_up_folder
from sync.sandbox import Sandbox
from tests.builders import REPOSITORY
from tests.cli.installation import (
    AS_OF,
    HELD,
    READ,
    TAGS,
    UPDATE,
    UPSERT,
    Installation,
    furnish,
    member,
    order,
    pass_waits,
)
from tests.cli.test_convert import converted_tags
from tests.sandbox.hub import Hub

SEED = 20261120
LATENCY_SECONDS = 0.03
WORKERS = 4
BATCH = 100
MOST_IN_FLIGHT = WORKERS * BATCH
VALUE = "total_order_value"
OWN = (TAGS, VALUE, "estimated_savings", "membership_start", "membership_expires", "member_since",
       "membership_category", "customer_id", "customer_name")  # fmt: skip
"""Every property that a run writes; each write of a contact adds one line to the history of each that it changes."""
NO_BRAKES = tuple(
    (f"{name} = {share}", f"{name} = 1")
    for name, share in (("tag_loss_share", "0.10"), ("changed_share", "0.20"), ("order_sum_loss_share", "0.20"))
)
USAGE = 2


def kills(slow):
    """A few in every suite; of the slow ones fifty in all."""
    return pytest.mark.parametrize(
        ("contacts", "kills"), [(300, 2), pytest.param(3000, slow, marks=pytest.mark.slow, id=f"3000-{slow}-slow")]
    )


@kills(slow=20)
def test_an_approval_killed_again_and_again_ends_right(tmp_path, monkeypatch, contacts, kills):
    pass_waits(monkeypatch)  # of the runs in this process; the killed ones keep their pace
    rng = random.Random(SEED)
    stopped = 0
    with portal_process(tmp_path / "portal.sqlite", contacts) as portal:
        home = Home(tmp_path, portal)
        goldpan, fingerprint = home.hold()
        wanted, whole = home.undisturbed(fingerprint)
        while kills:
            home.put_back()
            before = portal.writes()
            some = min(kills, rng.randint(2, 6))
            kills -= some
            ends = [home.kill(["--approve", fingerprint], rng.uniform(0, whole)) for _ in range(some)]
            stopped += ends.count(-signal.SIGKILL)

            said = goldpan("run", "--json", "--approve", fingerprint)

            if said.exit_code == USAGE:  # all of it was sent, and on record, before the moment of the last kill
                assert "was sent already" in said.json["problems"][0]
                assert "done" in statuses(goldpan)
            else:
                assert said.exit_code == 0, said.all
                counts = said.json["contacts"]
                assert counts["created"] + counts["updated"] + counts["unchanged"] == counts["total"] == contacts
            assert portal.contacts(OWN) == wanted
            assert portal.stats()["contacts"] == contacts
            most = ceil(contacts / BATCH) + some * (WORKERS + 1)  # what is left makes batches of its own
            assert portal.writes() - before <= most
            assert sum(portal.writes_of(TAGS).values()) <= contacts + some * MOST_IN_FLIGHT
            assert_nothing_is_left(goldpan, portal, contacts)
    assert stopped  # the moments lie in the run, not behind it


@kills(slow=30)
def test_an_ordinary_run_killed_anywhere_is_settled_by_the_next_one(tmp_path, monkeypatch, contacts, kills):
    pass_waits(monkeypatch)
    rng = random.Random(SEED)
    stopped = 0
    with portal_process(tmp_path / "portal.sqlite", contacts) as portal:
        home = Home(tmp_path, portal)
        goldpan, fingerprint = home.hold()
        assert goldpan("run", "--approve", fingerprint).exit_code == 0
        goldpan.configure("goldpan.toml", *NO_BRAKES)  # everybody changes every night here
        portal.slow_down(LATENCY_SECONDS)
        home.deliver(night=1)
        whole = home.time_of(["--as-of", AS_OF])
        for night in range(2, kills + 2):
            home.deliver(night)
            before = portal.writes()
            stopped += home.kill(["--as-of", AS_OF], rng.uniform(0, whole)) == -signal.SIGKILL

            said = goldpan.plan()

            assert said.exit_code == 0, said.all
            counts = said.json["contacts"]
            assert counts["updated"] + counts["unchanged"] == counts["total"] == contacts
            assert portal.contacts((VALUE,)) == {
                email: {VALUE: str(amount_of(number, night))} for number, email in enumerate(portal.emails)
            }
            most = ceil(contacts / BATCH) + WORKERS + 1
            assert portal.writes() - before <= most
        assert portal.stats()["contacts"] == contacts
        writes = portal.writes_of(VALUE)
        assert min(writes.values()) >= kills + 2
        assert sum(writes.values()) <= contacts * (kills + 2) + kills * MOST_IN_FLIGHT
        assert_nothing_is_left(goldpan, portal, contacts)
    assert stopped


def test_a_run_stopped_by_a_person_says_so_and_the_next_one_settles_it(tmp_path):
    with portal_process(tmp_path / "portal.sqlite", 100) as portal:
        goldpan, fingerprint = Home(tmp_path, portal).hold()
        portal.slow_down(0.2)
        before = portal.answered(READ)
        with goldpan.start("run", "--approve", fingerprint) as process:
            while portal.answered(READ) == before:
                assert process.poll() is None, process.communicate()
                time.sleep(0.01)
            portal.slow_down(2)  # however late the signal comes, not all is written by then
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        portal.slow_down(0)
        shown = goldpan("show").out

        settling = goldpan("run", "--approve", fingerprint)

        assert process.returncode == 130
        assert "goldpan: stopped. The next run settles what was under way." in err
        assert "Traceback" not in err
        assert "running; it is going on, or was stopped" in shown
        assert settling.exit_code == 0, settling.all
        assert set(portal.writes_of(TAGS).values()) <= {1, 2}


def assert_nothing_is_left(goldpan, portal, contacts):
    before = portal.writes()
    assert goldpan.plan().json["contacts"]["unchanged"] == contacts
    assert portal.writes() == before


def statuses(goldpan):
    return [run["status"] for run in goldpan("runs", "--json").json["runs"]]


@dataclass
class Portal:
    """A stand-in in a process of its own, seen from outside."""

    url: str
    hub: Hub
    emails: list[str]

    def stats(self):
        return self.hub.call("GET", "/sandbox/stats").json()

    def requests(self):
        return sum(self.stats()["by_endpoint"].values())

    def answered(self, *paths):
        """How many requests of these kinds have been answered."""
        counts = self.stats()["by_endpoint"]
        return sum(counts.get(f"POST {path}", 0) for path in paths)

    def writes(self):
        return self.answered(UPSERT, UPDATE)

    def empty(self):
        """A new account, with Goldpan's properties, that answers as slowly as a distant one."""
        self.slow_down(0)
        assert self.hub.call("POST", "/sandbox/reset").status == 204
        furnish(self.url)
        self.slow_down(LATENCY_SECONDS)

    def slow_down(self, seconds):
        assert self.hub.call("POST", "/sandbox/settings", {"latency_seconds": seconds}).status == 200

    def contacts(self, names):
        """What each contact holds of these properties, a multiple choice as a set."""
        values = {}
        for record in self._records(properties=["email", *names]):
            held = record["properties"]
            values[held["email"]] = {name: set(held[name].split(";")) if name == TAGS else held[name] for name in names}
        return values

    def writes_of(self, name):
        """How often each contact's property was written."""
        return {
            record["properties"]["email"]: len(record["propertiesWithHistory"][name])
            for record in self._records(properties=["email"], propertiesWithHistory=[name])
        }

    def _records(self, **wanted):
        for some in chunks(self.emails, BATCH):
            yield from self.hub.read(*some, **wanted).json()["results"]


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


class Home:
    """One installation, whose first load waits for approval, and the way back to that moment."""

    def __init__(self, folder, portal):
        self.folder, self.portal, self.kept = folder / "home", portal, folder / "kept"
        for _ in set_up_folder(self.folder):
            pass
        self.goldpan = Installation(self.folder, portal.url)
        self.goldpan.configure("goldpan.toml", ("workers = 16", f"workers = {WORKERS}"))

    def hold(self):
        """The first load, held: the installation and the plan's fingerprint."""
        self.portal.empty()
        self.portal.slow_down(0)
        self.deliver(night=0)
        held = self.goldpan.plan()
        assert held.exit_code == HELD, held.all
        shutil.copytree(self.folder, self.kept)
        return self.goldpan, held.json["fingerprint"]

    def put_back(self):
        """As it was when the first load was held, and the portal empty."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.kept, self.folder)
        self.portal.empty()

    def undisturbed(self, fingerprint):
        """What each contact should hold, also by the tags of ``goldpan convert``; and how long an approval takes."""
        self.put_back()
        seconds = self.time_of(["--approve", fingerprint])
        values = self.portal.contacts(OWN)
        exports = [self.goldpan.inbox / f"{kind}.csv" for kind in ("memberships", "orders")]
        assert self.goldpan("convert", *exports, "--as-of", AS_OF).exit_code == 0
        assert {email: held[TAGS] for email, held in values.items()} == converted_tags(self.folder / "hubspot.csv")
        return values, seconds

    def deliver(self, night):
        self.goldpan.deliver(*exports_of(self.portal.emails, night))

    def time_of(self, options):
        """How long a whole run takes, from its first request."""
        with self._started(options) as process:
            begin = time.monotonic()
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, (out, err)
        return time.monotonic() - begin

    def kill(self, options, seconds):
        """Kill a run so long after its first request; returns how it ended, which may have been before."""
        with self._started(options) as process:
            try:
                process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate(timeout=60)
        time.sleep(2 * LATENCY_SECONDS)  # what was in flight arrives
        return process.returncode

    @contextmanager
    def _started(self, options):
        before = self.portal.requests()
        with self.goldpan.start("run", "--json", *options) as process:
            while self.portal.requests() == before and process.poll() is None:
                time.sleep(0.01)
            yield process


def exports_of(emails, night):
    """A membership and an order for each address, drawn by lot; only the amounts are others each night."""
    rng = random.Random(SEED)
    members, orders = [], []
    for number, email in enumerate(emails):
        year, day = rng.choice((2025, 2026, 2027)), f"{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        purchase = "HFO Web" if rng.random() < 0.3 else ""
        members.append(
            member(number, f"Member {number}", email, f"{year - 1}-{day}", f"{year}-{day}", purchase=purchase)
        )
        orders.append(order(number, number, f"{amount_of(number, night)}.00"))
    return members, orders


def amount_of(number, night):
    """What the customer spent by that night: another amount each night, above and below the threshold of the tag."""
    return (number * 37 + night * 611) % 1999 + 1
