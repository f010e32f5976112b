"""What an ordinary night costs: 400 changes among 100,000 contacts.

100,000 members, 60,000 orders, both as CSV. The first load is held and approved, with no pace on either side. Then the
next night's exports come: of 400 customers something changed, 20 of them new. That run is the command in a process of
its own, with its real pace, against the sandbox in another one. Its requests are counted where they arrive; besides
the preflight (account, properties) there should be no more than 10.

    python -m bench.night [--contacts 100000] [--changes 400] [--new 20] [--json FILE]
"""

import argparse
import json
import os
import platform
import random
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.homes import furnish, silence, without_waits
from bench.stage import batches_in, requests_of, run_alone, sandbox, write_csv
from sync.approval import approve
from sync.runner import RunRequest, run
from sync.sandbox import TOKEN

GOAL = 10
SEED = 20261120
MEMBERS = ("Cust ID", "Customer Name", "Contact Email", "Created Date", "Expiration Date", "Original Pu")
ORDERS = ("Sales Doc", "SAP ID", "Order Date", "Total Value")

Row = tuple[Any, ...]


def main() -> None:
    """Measure once, print the figures, and exit with 1 when the goal is missed."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder, sandbox(Path(folder) / "sandbox.sqlite") as url:
        home = Path(folder) / "home"
        os.environ |= {"HUBSPOT_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": TOKEN, "GOLDPAN_HOME": str(home)}
        people = _People(arguments.contacts)
        first_seconds = _load_first(home, people)
        people.live_through_a_day(arguments.changes, arguments.new)
        people.write(home / "inbox")
        result: dict[str, Any] = {
            "python": platform.python_version(),
            "first_load_seconds": first_seconds,
            **_night(url),
        }
    print(
        f"{result['changes']} changes ({result['created']} new) among {arguments.contacts:,} contacts: "
        f"{result['requests']} requests (goal {GOAL}) and {result['preflight']} of preflight\n"
        + "\n".join(f"  {count:>3} {endpoint}" for endpoint, count in result["endpoints"].items())
        + f"\n{result['seconds']:.1f} s, of which {result['stages']}; {result['cpu_seconds']:.1f} s of processor time; "
        f"at most {result['peak_mb']:.0f} MB\n"
        f"(the first load, held and approved, without pace: {first_seconds:.0f} s)"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if result["requests"] <= GOAL and result["changes"] == arguments.changes else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=400)
    parser.add_argument("--new", type=int, default=20, help="so many of the changes are new customers")
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args()


class _People:
    """Members and their orders, drawn by lot: a membership each, a third of them with a purchase, 0.6 orders each."""

    def __init__(self, count: int) -> None:
        self._rng = random.Random(SEED)
        self._today = date.today()  # noqa: DTZ011 - the run takes the same day of the same machine
        self.members = [self._member(number, age_days=self._rng.randrange(700)) for number in range(count)]
        self.orders = [self._order(number, self._rng.randrange(count)) for number in range(count * 6 // 10)]

    def live_through_a_day(self, changes: int, new: int) -> None:
        """Half of the changes are orders, a quarter names, a quarter later ends; besides, customers join."""
        count = len(self.members)
        for place, number in enumerate(self._rng.sample(range(count), changes - new)):
            if place % 2:
                self.orders.append(self._order(len(self.orders), number))
            else:
                id_, name, email, created, expires, purchase = self.members[number]
                if place % 4:
                    name = f"{name} Ltd"
                else:
                    expires += timedelta(days=90)
                self.members[number] = id_, name, email, created, expires, purchase
        self.members += [self._member(number, age_days=0) for number in range(count, count + new)]

    def write(self, inbox: Path) -> None:
        """The pair of exports."""
        write_csv(inbox / "memberships.csv", MEMBERS, self.members)
        write_csv(inbox / "orders.csv", ORDERS, self.orders)

    def _member(self, number: int, *, age_days: int) -> Row:
        created = self._today - timedelta(days=age_days)
        purchase = "HFO Web" if self._rng.random() < 1 / 3 else ""
        expires = created + timedelta(days=365)
        return f"{number:07}", f"Member {number}", f"member.{number}@example.com", created, expires, purchase

    def _order(self, number: int, customer: int) -> Row:
        ordered = self._today - timedelta(days=self._rng.randrange(365))
        return 10_000_000 + number, f"{customer:07}", ordered, f"{self._rng.uniform(5, 900):.2f}"


def _load_first(home: Path, people: _People) -> float:
    """Everybody into the empty portal, in this process; returns the seconds it took."""
    silence()
    without_waits()  # the first load is not what is measured
    settings = furnish(home)
    people.write(home / "inbox")
    begin = perf_counter()
    held = run(settings, RunRequest())
    assert held.status == "held", held.problems
    loaded = approve(settings, held.fingerprint)
    assert loaded.contacts["created"] == len(people.members), loaded.problems
    return perf_counter() - begin


def _night(url: str) -> dict[str, Any]:
    """Run the command, and count what it asked for and what it took."""
    before = requests_of(url)
    finished = run_alone([sys.executable, "-m", "sync.cli", "run", "--json"])
    said = json.loads(finished.said)
    assert finished.exit_code == 0, said["problems"]
    endpoints = requests_of(url) - before
    contacts = said["contacts"]
    return {
        "changes": contacts["created"] + contacts["updated"],
        "created": contacts["created"],
        "requests": batches_in(endpoints),
        "preflight": endpoints.total() - batches_in(endpoints),
        "endpoints": dict(sorted(endpoints.items())),
        "seconds": finished.seconds,
        "stages": ", ".join(f"{stage} {taken:.1f}" for stage, taken in said["seconds"].items()),
        "cpu_seconds": finished.cpu_seconds,
        "peak_mb": finished.peak_mb,
    }


if __name__ == "__main__":
    main()
