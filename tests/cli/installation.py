"""One installation of Goldpan and the portal it writes to, used as an administrator and other programs use them."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from unittest import mock

import structlog

from goldpan.desired import property_definitions
from sync.cli import main
from sync.destinations import hubspot
from sync.destinations.hubspot import HubSpotDestination
from sync.destinations.hubspot.properties import missing_in
from sync.sandbox import TOKEN, Sandbox
from tests.builders import REPOSITORY, default_config
from tests.hubspot.stage import Clock

AS_OF = "2026-11-20"
TAGS = "membership_status_tags"
UPSERT = "/crm/v3/objects/contacts/batch/upsert"
UPDATE = "/crm/v3/objects/contacts/batch/update"
READ = "/crm/v3/objects/contacts/batch/read"
OURS = ("HUBSPOT_", "GOLDPAN_")
HELD = 3

Row = Mapping[str, str]

ADA, BEN, CLEO, DAN, EVE = (f"{name}@example.org" for name in ("ada", "ben", "cleo", "dan", "eve"))


def customer_id(number: int) -> str:
    """An id as the source system writes it, unlike any other number in what is printed."""
    return f"{4_102_510 + number:010}"


def member(number: int, name: str, email: str, start: str, end: str, *, purchase: str = "") -> Row:
    """One row of a memberships export, under headers as the source system cuts them."""
    return {
        "Cust ID": customer_id(number), "Customer Name": name, "Contact Email": email, "Created Date": start,
        "Start Date": start, "Expiration Date": end, "Original Pu": purchase, "Membersh": "Gold",
    }  # fmt: skip


def order(number: int, customer: int, amount: str) -> Row:
    """One row of an orders export."""
    return {
        "Sales Doc": f"9{number:05}",
        "SAP ID": customer_id(customer).lstrip("0"),
        "Order Date": "2026-10-01",
        "Total Value": amount,
    }


MEMBERS = (
    member(1, "Ada Lovelace", ADA, "2026-01-01", "2027-01-01", purchase="HFO Web"),
    member(2, "Ben Okafor", BEN, "2025-12-01", "2026-12-01"),
    member(3, "Cleo Moreau", CLEO, "2025-10-01", "2026-10-01"),
    member(4, "Dan Whitfield", DAN, "2024-11-05", "2025-11-05"),
    member(4, "Dan Whitfield", DAN, "2025-11-05", "2026-11-05"),  # renews the row before
    member(5, "Eve Lindqvarn", EVE, "2026-11-10", "2027-11-10"),
    member(6, "Finn Unreached", "not an address", "2026-01-01", "2027-01-01"),
)
ORDERS = (order(1, 1, "$1,000.00"), order(2, 1, "0.01"), order(3, 2, "1000.00"), order(4, 99, "50"))
WANTED = {
    ADA: {"high_value_customer", "hfo_buy", "active_membership", "not_expiring_soon", "not_recently_renewed"},
    BEN: {"not_high_value_customer", "not_hfo_buy", "active_membership", "expiring_soon", "not_recently_renewed"},
    CLEO: {"not_high_value_customer", "not_hfo_buy", "not_active_membership", "not_expiring_soon",
           "not_recently_renewed"},
    DAN: {"not_high_value_customer", "not_hfo_buy", "not_active_membership", "not_expiring_soon",
          "not_recently_renewed"},
    EVE: {"not_high_value_customer", "not_hfo_buy", "active_membership", "not_expiring_soon", "recently_renewed"},
}  # fmt: skip
"""What each contact carries on ``AS_OF``, by RULES section 6."""


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self):
        """The one object on standard output."""
        return json.loads(self.out)

    @property
    def all(self) -> str:
        return self.out + self.err


class Installation:
    """A home with a config folder, and the command line used in it."""

    def __init__(self, home: Path, url: str = "", token: str = TOKEN) -> None:
        self.home = home
        self.config = home / "config"
        self.inbox = home / "inbox"
        self.folder = home  # where the commands are typed
        self.env = {"HUBSPOT_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": token, "GOLDPAN_HOME": str(home)}

    def __call__(self, *arguments: object) -> Said:
        """The command in this process: as fast as the code, and seen as the caller sees it."""
        out, err = StringIO(), StringIO()
        umask = os.umask(0o022)
        exit_code = 0
        with ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, self._environment(), clear=True))
            stack.enter_context(mock.patch.object(sys, "argv", ["goldpan", *map(str, arguments)]))
            for context in (chdir(self.folder), redirect_stdout(out), redirect_stderr(err)):
                stack.enter_context(context)
            try:
                main()
            except SystemExit as end:
                exit_code = end.code
            finally:
                os.umask(umask)
                structlog.reset_defaults()
                structlog.contextvars.clear_contextvars()
        return Said(exit_code, out.getvalue(), err.getvalue())

    def take_from(self, sources: str) -> None:
        """Exports come from these `[[source]]` tables from now on."""
        file = self.config / "goldpan.toml"
        text = file.read_text(encoding="utf-8")
        begin = text.index("[drop]" if "[drop]" in text else "[[source]]")
        file.write_text(f"{text[:begin]}{sources}{text[text.index('[intake]') :]}", "utf-8")

    def run(self, *arguments: object) -> Said:
        """``goldpan run --json`` for ``AS_OF``; a first load is approved at once, as a person would."""
        said = self.plan(*arguments)
        if said.exit_code == HELD and "--dry-run" not in arguments and self.brakes() == ["first_load"]:
            return self.approve(said)
        return said

    def plan(self, *arguments: object) -> Said:
        """The same, without anybody who approves."""
        date = () if "--as-of" in arguments else ("--as-of", AS_OF)
        return self("run", "--json", *date, *arguments)

    def approve(self, held: Said) -> Said:
        """``goldpan run --approve --json`` with the plan that a run held."""
        return self("run", "--json", "--approve", held.json["fingerprint"])

    def brakes(self, run: str = "latest") -> list[str]:
        """The names of the brakes that held a run."""
        return [brake["name"] for brake in self("show", run, "--json").json["brakes"]]

    def start(self, *arguments: object, **options) -> subprocess.Popen:
        """The command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "sync.cli", *map(str, arguments)],
            cwd=self.folder, env=self._environment() | {"PYTHONPATH": str(REPOSITORY)}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    def as_process(self, *arguments: object) -> Said:
        """The command as a process of its own, until its end."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=60)
        return Said(process.returncode, out, err)

    def deliver(self, members: Sequence[Row] = MEMBERS, orders: Sequence[Row] = ORDERS, folder: Path | None = None):
        """Put a pair of exports into the drop folder, or another one."""
        folder = folder or self.inbox
        return write_csv(folder / "memberships.csv", members), write_csv(folder / "orders.csv", orders)

    def configure(self, file: str, *changes: tuple[str, str], append: str = "") -> None:
        """Edit a file of the config."""
        path = self.config / file
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) >= 1, old
            text = text.replace(old, new, 1)
        path.write_text(text + append, encoding="utf-8")

    def tree(self) -> dict[str, bytes | None]:
        """Every path in the home, with the bytes of files."""
        return {
            str(path.relative_to(self.home)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.home.rglob("*"))
        }

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return inherited | {"COLUMNS": "100"} | self.env


def furnished(file: Path) -> Path:
    """A portal after ``goldpan setup``, in a file."""
    with Sandbox(file, burst_limit=0) as sandbox:
        furnish(sandbox.url)
    return file


def furnish(url: str) -> None:
    """Make what a run needs in a portal, as ``goldpan setup`` does."""
    clock, config = Clock(), default_config()
    group = config.properties.group
    with HubSpotDestination(token=TOKEN, base_url=url, clock=clock.now, sleep=clock.sleep) as hubspot:
        for step in missing_in(
            property_definitions(config), hubspot.properties(), frozenset(), group_labels={group.name: group.label}
        ):
            hubspot.set_up(step)


def pass_waits(monkeypatch) -> Clock:
    """Pauses between requests and before repeats take no time in this process, as the destination's arguments allow."""
    clock = Clock()
    waitless = partial(HubSpotDestination, clock=clock.now, sleep=clock.sleep)
    monkeypatch.setattr(hubspot, "HubSpotDestination", waitless)
    return clock


def write_csv(path: Path, rows: Sequence[Row], headers: Sequence[str] = ()) -> Path:
    """A CSV export, private folder made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(headers) or list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def tags_in(sandbox: Sandbox) -> dict[str, set[str]]:
    """Each contact's tags as the portal holds them."""
    return {email: set(values.get(TAGS, "").split(";")) - {""} for email, values in sandbox.contacts().items()}


def writes_in(sandbox: Sandbox) -> list[str]:
    """The requests that write contacts or properties."""
    reads = {"GET", "HEAD"}
    return [f"{r.method} {r.path}" for r in sandbox.requests if r.method not in reads and r.path != READ]


def without_folders(tree: Mapping[str, bytes | None]) -> dict[str, bytes]:
    """Only the files of a tree."""
    return {path: data for path, data in tree.items() if data is not None}
