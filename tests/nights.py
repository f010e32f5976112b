"""A year of nightly exports: what the source system behind the Chicago data would deliver each night.

History up to that day, and what people do to it: names and addresses are corrected, customers are deleted, invoices
are booked late, and there is more of all that on the last working day of a month. What begins on a weekend is entered
on Monday. Everything is drawn by lot from a seed; each row stems from the data, none is made up.
"""

import csv
import io
import os
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from unittest import mock

from sync.approval import approve
from sync.init import set_up_folder
from sync.record import RunRecord
from sync.runner import RunRequest, run
from sync.sandbox import TOKEN, Sandbox
from sync.settings import load_settings

FIRST, NIGHTS = date(2025, 11, 20), 365
SEED = 20261120
LATE_SHARE, LATE_DAYS = 0.02, 5  # so many invoices are booked up to so many days after their date
OUTAGES, OUTAGE_DAYS = (date(2026, 2, 10), date(2026, 8, 25)), 3  # the source delivers nothing for so long
MISSED_SHARE = 0.03  # so many nights have no new export
BUSY = 10  # times as much is corrected on the last working day of a month
AT = time(22, tzinfo=UTC)  # when the nightly run begins; the exports came an hour before
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HEADERS = {
    "memberships": ("Cust ID", "Customer Name", "Contact Email", "Created Date", "Expiration Date", "City",
                    "State/Regi", "Membersh", "Sales Doc", "Original Pu"),
    "orders": ("Sales Doc", "SAP ID", "Order Date", "Total Value"),
}  # fmt: skip

Row = dict[str, str]
Edit = Callable[[Row], Mapping[str, str] | None]


@dataclass(frozen=True)
class Exports:
    """A pair, as rows."""

    memberships: list[Row]
    orders: list[Row]

    def change(self, memberships: Edit | None = None, orders: Edit | None = None) -> "Exports":
        """The same pair with columns of each row changed; ``None`` in place of the columns leaves a row out."""
        return Exports(_changed(self.memberships, memberships), _changed(self.orders, orders))

    def write(self, folder: Path, day: date) -> list[Path]:
        """As CSV files with the day in their names."""
        paths = []
        for kind, rows in (("memberships", self.memberships), ("orders", self.orders)):
            text = io.StringIO()
            writer = csv.DictWriter(text, HEADERS[kind], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            paths.append(folder / f"{kind}-{day}.csv")
            paths[-1].write_text(text.getvalue(), encoding="utf-8", newline="")
        return paths


def _changed(rows: list[Row], edit: Edit | None) -> list[Row]:
    if edit is None:
        return rows
    return [row | found for row in rows if (found := edit(row)) is not None]


class Source:
    """The source system on each day.

    Args:
        folder: The data.
        share: So many of the customers, drawn by lot, with their orders.

    Attributes:
        former: Addresses that people took away, by deleting a customer or by correcting the address, so far.
    """

    def __init__(self, folder: Path, share: float = 1.0) -> None:
        self._rng = random.Random(SEED)
        self._share = share
        self._drawn: dict[str, bool] = {}
        self._memberships = [
            (row, entered_on(date.fromisoformat(row["Created Date"] or str(FIRST))))
            for row in read(folder / "memberships.csv")
            if self._is_drawn(row["Cust ID"])
        ]
        self._orders = [
            (row, self._booked_on(date.fromisoformat(row["Order Date"])))
            for row in read(folder / "orders.csv")
            if self._is_drawn(row["SAP ID"])
        ]
        self._deleted: set[str] = set()
        self._edits: dict[str, Row] = defaultdict(dict)
        self.former: set[str] = set()

    def nights(self) -> Iterator[tuple[date, Exports | None]]:
        """Every night with its exports; ``None`` where no new ones come."""
        missing = random.Random(SEED)
        for number in range(NIGHTS):
            day = FIRST + number * DAY
            if number and day.weekday() < 5:
                self._work(day)
            is_down = any(start <= day < start + OUTAGE_DAYS * DAY for start in OUTAGES)
            is_missed = missing.random() < MISSED_SHARE and number > 0
            yield day, None if is_down or is_missed else self.exports(day)

    def exports(self, day: date) -> Exports:
        """What the source holds on the evening of a day, as people left it so far."""
        memberships = [
            row | self._edits.get(row["Cust ID"], {})
            for row, since in self._memberships
            if since <= day and row["Cust ID"] not in self._deleted
        ]
        return Exports(memberships, [row for row, since in self._orders if since <= day])

    def _is_drawn(self, customer: str) -> bool:
        if not customer:
            return self._rng.random() < self._share
        return self._drawn.setdefault(customer, self._rng.random() < self._share)

    def _booked_on(self, day: date) -> date:
        late = self._rng.randint(1, LATE_DAYS) if self._rng.random() < LATE_SHARE else 0
        return entered_on(day + late * DAY)

    def _work(self, day: date) -> None:
        """What people did in the source system that day."""
        times = BUSY if entered_on(day + DAY).month != day.month else 1
        newest = {row["Cust ID"]: row for row, since in self._memberships if since <= day and row["Cust ID"]}
        customers = [customer for customer in newest if customer not in self._deleted]
        for customer in self._some(customers, 3 * times):
            self._edits[customer]["Customer Name"] = f"{newest[customer]['Customer Name']} ({day:%b %d})"
        for customer in self._some(customers, 2 * times):
            self._take_away(newest[customer])
            self._edits[customer]["Contact Email"] = f"office.{customer}.{day:%m%d}@example.com"
        for customer in self._some(customers, 2 * times):
            self._edits[customer]["Original Pu"] = "HFO Web"
        for customer in self._some(customers, times // 2 + 1):
            self._take_away(newest[customer])
            self._deleted.add(customer)

    def _some(self, customers: list[str], most: int) -> list[str]:
        return self._rng.sample(customers, self._rng.randrange(most))

    def _take_away(self, row: Row) -> None:
        self.former.add(self._edits[row["Cust ID"]].get("Contact Email", row["Contact Email"]).strip().lower())


def entered_on(day: date) -> date:
    """Nobody works on a Saturday or Sunday: that is entered on Monday."""
    return day + (7 - day.weekday()) * DAY if day.weekday() > 4 else day


def read(path: Path) -> list[Row]:
    """The rows of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Office:
    """An installation that runs every night, at the time of that night."""

    def __init__(self, home: Path) -> None:
        self.home, self.inbox = home, home / "inbox"
        if not home.exists():
            for _ in set_up_folder(home):
                pass

    def connect(self, sandbox: Sandbox) -> None:
        """Read the config, and write to this portal from now on."""
        names = {"HUBSPOT_BASE_URL": sandbox.url, "HUBSPOT_ACCESS_TOKEN": TOKEN, "GOLDPAN_HOME": str(self.home)}
        with mock.patch.dict(os.environ, names):
            self.settings = load_settings(self.home / "config")

    def deliver(self, day: date, exports: Exports, *, named: date | None = None) -> None:
        """Put that night's pair into the drop folder, in place of the one before."""
        for old in self.inbox.glob("*.csv"):
            old.unlink()
        for path in exports.write(self.inbox, named or day):
            os.utime(path, ((datetime.combine(day, AT) - HOUR).timestamp(),) * 2)

    def run(self, day: date, *, as_of: date | None = None, later: timedelta = timedelta()) -> RunRecord:
        """The run of that night; what the runs before left in the archive, but for their inputs, is gone by then."""
        for old in self.settings.archive_folder.glob("20*"):
            shutil.rmtree(old)
        at = datetime.combine(day, AT) + later
        return run(self.settings, RunRequest(as_of=as_of or day), clock=lambda: at)

    def approve(self, held: RunRecord) -> RunRecord:
        """A person approves what was held."""
        at = held.started_at + HOUR
        return approve(self.settings, held.fingerprint, clock=lambda: at)
