"""The sets of exports by name, and where each of them lies; makes what is missing, in a process of its own."""

import hashlib
import os
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bench.stage import run_alone

AS_OF = date(2026, 11, 20)
"""The business date of everything that is measured."""
SHRUNK = int(os.environ.get("GOLDPAN_BENCH_SHRUNK", "1"))
"""By what all sizes are divided, so that a look at whether the bench works takes seconds."""


def shrunk(count: int) -> int:
    """A number of rows, requests or contacts as it is measured with."""
    return max(count // SHRUNK, 1)


DIFFERENT, MANY = shrunk(40_000), shrunk(1_000_000)
"""Contacts that differ from the confirmed state, among so many."""


@dataclass(frozen=True)
class DataSet:
    """One pair of exports.

    Attributes:
        name: Also its folder.
        members: Rows of the memberships export.
        orders: Rows of the orders export.
        kinds: The files that there are of each: ``xlsx``, ``csv``, ``parquet``.
        changed: Contacts that differ from the set without them.
        has_text_dates: Some dates are texts, serial numbers or nonsense, as people type them. Without, a column
            of dates holds dates alone, some of them blank or impossible, as systems write them.
        is_canonical: Parquet has the canonical columns that reading makes, not those of an export.
    """

    name: str
    members: int
    orders: int
    kinds: tuple[str, ...]
    changed: int = 0
    has_text_dates: bool = False
    is_canonical: bool = True

    @property
    def rows(self) -> int:
        """Of both exports."""
        return self.members + self.orders


def _of_size(each: DataSet) -> DataSet:
    changed = each.changed and shrunk(each.changed)
    return replace(each, members=shrunk(each.members), orders=shrunk(each.orders), changed=changed)


TINY = DataSet("tiny", 60, 200, ("xlsx", "csv", "parquet"))
"""For a first go, untimed."""
SETS = {TINY.name: TINY} | {
    each.name: _of_size(each)
    for each in (
        DataSet("main", 100_000, 500_000, ("xlsx",)),
        DataSet("by-hand", 100_000, 500_000, ("xlsx",), has_text_dates=True),
        DataSet("next-night", 100_000, 500_000, ("xlsx",), changed=400),
        DataSet("small", 10_000, 50_000, ("xlsx",)),
        DataSet("next-small-night", 10_000, 50_000, ("xlsx",), changed=40),
        DataSet("hundred-thousand-contacts", 115_000, 500_000, ("csv",), has_text_dates=True),
        DataSet("peers", 6_000, 30_000, ("xlsx",), has_text_dates=True),
        DataSet("flat-10k", 10_000, 50_000, ("csv",), has_text_dates=True),
        DataSet("flat-100k", 100_000, 500_000, ("csv",), has_text_dates=True),
        DataSet("flat-1m", 1_000_000, 5_000_000, ("csv",), has_text_dates=True),
        DataSet("large", 1_000_000, 10_000_000, ("parquet",)),
        DataSet("million", 1_150_000, 1_000_000, ("parquet",), is_canonical=False),
        DataSet("huge", 1_000_000, 100_000_000, ("parquet",)),
    )
}


def files(data: Path, name: str, kind: str) -> tuple[Path, Path]:
    """The two files of a set, memberships first."""
    return data / name / f"memberships.{kind}", data / name / f"orders.{kind}"


def confirmed_state(data: Path) -> Path:
    """The state database in which HubSpot has confirmed a million contacts."""
    return data / "confirmed" / "goldpan.sqlite"


def provide(data: Path, name: str) -> None:
    """Make a set unless it is there, as this version of the generator makes it."""
    mark = data / name / "made_by"
    by = _maker_of(name)
    if mark.is_file() and mark.read_text(encoding="utf-8") == by:
        return
    made = run_alone([sys.executable, "-m", "bench.data.make", name, str(data)])
    if made.exit_code:
        raise SystemExit(f"The exports {name} could not be made:\n{made.complaints}")
    mark.write_text(by, encoding="utf-8")


def _maker_of(name: str) -> str:
    """The digest of the code that makes a set, and of what it is told."""
    files = set(Path(__file__).parent.glob("*.py")) - {Path(__file__)}
    code = b"".join(path.read_bytes() for path in sorted(files))
    return hashlib.sha256(code + repr(SETS[name]).encode()).hexdigest()
