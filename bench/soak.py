"""365 nights of `goldpan serve`, played in minutes: does memory stay flat, and is every night right?

One process serves for a year by a clock that the script moves. Each evening the source delivers both exports (on some
evenings one of them, none, or yesterday's once more), and each night the service runs. After every night HubSpot's
stand-in, a process of its own, must hold exactly the tags that a computation from nothing has for that date.
Memory is this process's own, by the operating system's account.

    python -m bench.soak [--nights 365] [--members 2000] [--json FILE]
"""

import argparse
import json
import os
import platform
import random
import sys
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.homes import furnish, silence, without_waits
from bench.stage import ask, sandbox, write_csv
from goldpan.pipeline import refine
from sync.approval import approve
from sync.exports import Delivery, read_export
from sync.sandbox import TOKEN
from sync.service.service import Service
from sync.settings import AppSettings, load_settings
from sync.state.store import State
from sync.stopping import Stop

SEED = 20261120
FIRST = date(2025, 11, 20)
DAY = timedelta(days=1)
TAGS = "membership_status_tags"
HEADERS = {
    "memberships": ("Cust ID", "Customer Name", "Contact Email", "Created Date", "Expiration Date", "Original Pu"),
    "orders": ("Sales Doc", "SAP ID", "Order Date", "Total Value"),
}
WARM_UP = 30
"""Nights until imports and caches are all there; growth is counted from then on."""
FLAT_MB = 20.0

Row = tuple[Any, ...]


def main() -> None:
    """Play the year, print a line a month, and exit with 1 when a night was wrong or memory grew."""
    arguments = _arguments()
    silence()
    with tempfile.TemporaryDirectory() as folder, sandbox(Path(folder) / "sandbox.sqlite") as url:
        home = Path(folder) / "home"
        os.environ |= {"HUBSPOT_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": TOKEN, "GOLDPAN_HOME": str(home)}
        year = _Year(home, url, arguments.members)
        begin = perf_counter()
        year.play(arguments.nights)
        result = {"python": platform.python_version(), "seconds": perf_counter() - begin, **year.result()}
    print(
        f"{arguments.nights} nights of {arguments.members:,} members in {result['seconds']:.0f} s: "
        f"{result['wrong']} wrong, {result['runs']} runs ({result['held']} held, {result['failed']} failed)\n"
        f"memory {result['early_mb']:.0f} MB after {WARM_UP} nights, {result['late_mb']:.0f} MB at the end "
        f"(growth {result['growth_mb']:+.1f} MB); state {result['state_mb']:.1f} MB, "
        f"archive {result['archive_mb']:.0f} MB"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if result["wrong"] or result["failed"] or result["growth_mb"] > FLAT_MB else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args()


class _Members:
    """A business: a membership each, most are renewed on their last day, some people join, and they buy things."""

    def __init__(self, count: int) -> None:
        self._rng = random.Random(SEED)
        self.memberships: list[list[Any]] = []
        self.orders: list[Row] = []
        for _ in range(count):
            self._join(FIRST - timedelta(days=self._rng.randrange(500)))

    def live_through(self, day: date) -> None:
        """What happens on one day."""
        for row in [row for row in self.memberships if row[4] == day]:
            if self._rng.random() < 0.7:
                self.memberships.append([*row[:3], day + DAY, day + timedelta(days=366), row[5]])
        for _ in range(self._rng.randrange(6)):
            self._join(day)
        for _ in range(max(1, len(self.memberships) // 100)):
            buyer = self._rng.choice(self.memberships)
            self.orders.append((10_000_000 + len(self.orders), buyer[0], day, f"{self._rng.uniform(5, 900):.2f}"))

    def _join(self, day: date) -> None:
        number = len(self.memberships)
        purchase = "HFO Web" if self._rng.random() < 1 / 3 else ""
        self.memberships.append(
            [
                f"{number:07}",
                f"Member {number}",
                f"member.{number}@example.com",
                day,
                day + timedelta(days=365),
                purchase,
            ]
        )


class _Year:
    """The service, its portal, and the clock that they live by."""

    def __init__(self, home: Path, url: str, members: int) -> None:
        self.home, self.url = home, url
        self.members = _Members(members)
        self.rng = random.Random(SEED)
        self.at = datetime.combine(FIRST, time(20), UTC)
        self.settings = self._furnish()
        self.memory: list[float] = []
        self.wrong = 0
        self.delivered: dict[str, Path] = {}

    def play(self, nights: int) -> None:
        """Evening after evening."""
        with State.open(self.settings.state_url) as state:
            service = Service(lambda: load_settings(self.home / "config"), state, stop=Stop(), clock=lambda: self.at)
            for night in range(nights):
                self._evening(FIRST + night * DAY, service, is_first=night == 0)
                self.memory.append(_memory_mb())
                if night % 30 == 29:
                    print(f"night {night + 1:>3}: {self.memory[-1]:.0f} MB, {self.wrong} wrong so far", flush=True)
            runs = state.runs.find()
            self.statuses = [run.status for run in runs]

    def result(self) -> dict[str, Any]:
        """The figures."""
        early = self.memory[min(WARM_UP, len(self.memory)) - 1]
        return {
            "wrong": self.wrong,
            "runs": len(self.statuses),
            "held": self.statuses.count("held"),
            "failed": self.statuses.count("failed"),
            "early_mb": early,
            "late_mb": self.memory[-1],
            "growth_mb": self.memory[-1] - early,
            "state_mb": _size_mb(self.home / "state"),
            "archive_mb": _size_mb(self.home / "archive"),
        }

    def _evening(self, day: date, service: Service, *, is_first: bool) -> None:
        self.members.live_through(day)
        self.at = datetime.combine(day, time(20), UTC)
        lot = 0.0 if is_first else self.rng.random()
        if lot < 0.90:
            self._deliver(day, "memberships", "orders")
        elif lot < 0.94:
            self._deliver(day, "memberships")
        elif lot < 0.97 and self.delivered:
            self._deliver_again()
        for minutes in (0, 1, 2, 130):  # seen, quiet, whole; and when patience for the other kind is over
            self.at = datetime.combine(day, time(20), UTC) + timedelta(minutes=minutes)
            service.turn()
        if is_first:
            with State.open(self.settings.state_url) as state:
                held = state.runs.get("latest")
            approve(self.settings, held.fingerprint, clock=lambda: self.at)
        self.at = datetime.combine(day, time(23, 30), UTC)
        service.turn()
        self.wrong += self._portal_tags() != self._tags_from_nothing(day)

    def _deliver(self, day: date, *kinds: str) -> None:
        rows = {"memberships": self.members.memberships, "orders": self.members.orders}
        for kind in kinds:
            path = self.home / "inbox" / f"{kind}_{day}.csv"
            write_csv(path, HEADERS[kind], rows[kind])
            os.utime(path, (self.at.timestamp(), self.at.timestamp()))
            kept = self.home / "delivered" / path.name
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(path.read_bytes())
            if kind in self.delivered:
                self.delivered[kind].unlink()
            self.delivered[kind] = kept

    def _deliver_again(self) -> None:
        for kept in self.delivered.values():
            (self.home / "inbox" / f"again_{kept.name}").write_bytes(kept.read_bytes())

    def _tags_from_nothing(self, day: date) -> dict[str, set[str]]:
        exports = {
            kind: read_export(Delivery(kind, path, path.name), self.settings).frame
            for kind, path in self.delivered.items()
        }
        refined = refine(exports["memberships"], exports["orders"], day, self.settings.config)
        contacts = refined.contacts[refined.contacts["email"].notna()]
        return {email: set(tags.split(";")) for email, tags in zip(contacts["email"], contacts[TAGS], strict=True)}

    def _portal_tags(self) -> dict[str, set[str]]:
        emails = sorted({row[2] for row in self.members.memberships})
        found = {}
        for first in range(0, len(emails), 100):
            body = {
                "idProperty": "email",
                "properties": ["email", TAGS],
                "inputs": [{"id": email} for email in emails[first : first + 100]],
            }
            answer = ask(f"{self.url}/crm/v3/objects/contacts/batch/read", body, token=TOKEN)
            held = (each["properties"] for each in answer["results"])
            found |= {each["email"]: set((each[TAGS] or "").split(";")) for each in held}
        return found

    def _furnish(self) -> AppSettings:
        without_waits()  # no night waits for HubSpot's pace
        return furnish(
            self.home,
            {
                "settle_seconds = 30": "settle_seconds = 0",
                "debounce_seconds = 60": "debounce_seconds = 0",
                'nightly = "30 5 * * *"': 'nightly = "0 23 * * *"',
                "port = 9464": "port = 0",
            },
        )


def _memory_mb() -> float:
    """What this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 2**20


if __name__ == "__main__":
    main()
