"""Files on their way to a service, and the person beside it who approves."""

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.installation import MEMBERS, ORDERS, Installation, Row, order
from tests.service.exports import csv_of
from tests.service.serving import Serving, wait_until
from tests.test_kill import NO_BRAKES, exports_of

BUSY = 5
COUNT = 300
CROWDED = (*NO_BRAKES, ("workers = 16", "workers = 1"))
"""For crowds: everybody changes every night, and one batch leaves after the other."""


@dataclass
class Drops:
    """Everything that was dropped into a folder, or handed to another source.

    Attributes:
        folder: Where it is dropped.
        usable: Contents that runs can read; each is in the archive once, however often it came.
        unusable: Contents that nobody can read; each is set aside as often as it came.
        names: One for each file.
        good: The last usable content of each kind, with the name that it came under.
    """

    folder: Path
    usable: set[bytes] = field(default_factory=set)
    unusable: Counter[bytes] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    good: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def note(self, name: str, content: bytes, *, is_usable: bool = True) -> None:
        """A file is about to be dropped."""
        self.names[name] += 1
        if is_usable:
            self.usable.add(content)
            self.good["orders" if "orders" in name else "memberships"] = (name, content)
        else:
            self.unusable[content] += 1

    def put(self, name: str, content: bytes, **how: bool) -> None:
        """Rename a whole file into its place."""
        self.note(name, content, **how)
        path = self.folder / name
        unfinished = path.with_name(f"{name}.part")
        unfinished.write_bytes(content)
        unfinished.rename(path)

    def put_in_pieces(self, name: str, content: bytes) -> None:
        """Write a file as a slow copy does, with breaks shorter than it has to be quiet."""
        self.note(name, content)
        size = len(content) // 8 + 1
        with (self.folder / name).open("wb") as file:
            for start in range(0, len(content), size):
                file.write(content[start : start + size])
                file.flush()
                time.sleep(0.25)

    def put_night(self, number: int) -> None:
        """Exports in which everybody of a crowd has changed since the night before."""
        for name, content in crowd(number).items():
            self.put(name, content)


def crowd(number: int) -> dict[str, bytes]:
    """The exports of one night for many: each contact's name and amount are others every night."""
    members, orders = exports_of([f"m{each}@example.org" for each in range(COUNT)], number)
    members = [{**row, "Customer Name": f"{row['Customer Name']} of {number}"} for row in members]
    return {f"memberships {number:03}.csv": csv_of(members), f"orders {number:03}.csv": csv_of(orders)}


def named(name: str) -> Sequence[Row]:
    """The members, the first under another name."""
    return [{**MEMBERS[0], "Customer Name": name}, *MEMBERS[1:]]


def bought(number: int) -> Sequence[Row]:
    """Orders that grow with every number."""
    return [*ORDERS, *(order(10 + each, 2, "1.00") for each in range(number))]


def approve(goldpan: Installation, fingerprint: str) -> None:
    """As a person does, beside the service."""

    def approved() -> bool:
        said = goldpan("run", "--json", "--approve", fingerprint)
        assert said.exit_code in (0, BUSY), said.all
        return said.exit_code == 0

    wait_until(approved)


def load_few(goldpan: Installation, drops: Drops, serving: Serving) -> None:
    """A handful of contacts, in HubSpot."""
    drops.put("memberships.csv", csv_of(MEMBERS))
    drops.put("orders.csv", csv_of(ORDERS))
    approve(goldpan, serving.hear("run.finished", status="held")["fingerprint"])


def load_crowd(goldpan: Installation, drops: Drops, serving: Serving) -> None:
    """The first night of many, in HubSpot."""
    drops.put_night(0)
    approve(goldpan, serving.hear("run.finished", status="held")["fingerprint"])


def fill(disk: Path, leaving: int) -> Path:
    """Leave so many bytes of a disk free.

    Returns:
        The file that takes the others.
    """
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        while (free := os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize) > leaving:
            file.write(bytes(min(free - leaving, 1 << 16)))
    return filler
