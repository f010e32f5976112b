"""`goldpan forget EMAIL`: one person out of state and archive."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import structlog

from goldpan.errors import ConfigError
from goldpan.person import Person
from goldpan.values.emails import read_email
from sync.app import open_state
from sync.archive.inputs import folders_in
from sync.archive.names import RECORD
from sync.archive.opening import open_archive
from sync.archive.store import Archive
from sync.forgetting.exports import ExportSearch, HeldExport
from sync.forgetting.identity import begin, end, identify
from sync.forgetting.nights import NightSearch
from sync.forgetting.reading import Reader
from sync.lease import Lease
from sync.locking import single_flight
from sync.progress import NoProgress, Progress, shown
from sync.settings import AppSettings
from sync.state.people import People

log = structlog.get_logger()


@dataclass
class Forgetting:
    """What is known of a person, and what became of it.

    Attributes:
        person: Who, under which addresses and customer ids.
        shared_addresses: How many of their customers' addresses are somebody else's, too: these stay.
        state: Rows in the state, by table.
        exports: The kept exports that hold them.
        nights: The folders of runs that hold them, with the names of the files.
        searched: How many exports and folders were looked through.
        unreadable: Kept exports that nobody can read: damaged, or with a password.
        removed: Files that could not be rewritten and are gone, with the reason.
        is_done: Whether they were taken out.
    """

    person: Person
    shared_addresses: int = 0
    state: dict[str, int] = field(default_factory=dict)
    exports: list[HeldExport] = field(default_factory=list)
    nights: list[tuple[Path, list[str]]] = field(default_factory=list)
    searched: tuple[int, int] = (0, 0)
    unreadable: list[Path] = field(default_factory=list)
    removed: dict[str, str] = field(default_factory=dict)
    is_done: bool = False

    @property
    def files(self) -> dict[str, int]:
        """How many files of each kind in the folders of runs hold them."""
        return dict(sorted(Counter(name for _, names in self.nights for name in names).items()))

    @property
    def is_anybody(self) -> bool:
        """Whether there is anything of them."""
        return bool(self.state or self.exports or self.nights)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints: counts, and nothing about anybody."""
        return {
            "is_done": self.is_done,
            "addresses": len(self.person.addresses),
            "shared_addresses": self.shared_addresses,
            "customer_ids": len(self.person.customer_keys),
            "state": self.state,
            "exports": {"files": len(self.exports), "rows": sum(held.row_count for held in self.exports)},
            "runs": len(self.nights),
            "files": self.files,
            "unreadable": len(self.unreadable),
            "removed": [{"file": file, "reason": reason} for file, reason in self.removed.items()],
            "problems": [],
        }


def forget(
    settings: AppSettings,
    email: str,
    *,
    dry_run: bool = False,
    confirm: Callable[[Forgetting], bool] = lambda _: True,
    progress: Progress | None = None,
) -> Forgetting:
    """Take a person out of the state and out of everything that the archive keeps.

    It may be killed at any moment, and repeated: what is left is found again.

    Args:
        settings: Where state and archive are.
        email: One of their addresses.
        dry_run: Only find out what there is.
        confirm: Asked before anything is changed.
        progress: Shows how far it is.

    Raises:
        BusyError: A run is going on.
        LeaseLostError: A run took over; do it again.
        ConfigError: That is no address, or nothing is known of it.
        TransientError: The archive is in S3, and can't be reached; do it again then.
    """
    address = read_email(email)[0]
    if address is None:
        raise ConfigError(f"{email!r} is no e-mail address. For a customer id, see their address: goldpan explain ID")
    with ExitStack() as stack:
        lease = None if dry_run else stack.enter_context(single_flight(settings))
        people = People(stack.enter_context(open_state(settings, read_only=dry_run)).engine)
        work = _Work(settings, open_archive(settings), people, progress or NoProgress())
        found = work.find(address)
        if not found.is_anybody:
            end(settings.archive_folder, address)
            raise ConfigError(_nobody(found, work.archive))
        if lease is not None and confirm(found):
            work.take_out(address, found, lease)
    return found


class _Work:
    """The places where somebody may be, one after the other."""

    def __init__(self, settings: AppSettings, archive: Archive, people: People, progress: Progress) -> None:
        self.settings, self.archive, self.people, self.progress = settings, archive, people, progress
        self.reader = Reader(settings, people.configs())

    def find(self, email: str) -> Forgetting:
        """Everything of the person behind an address."""
        person, shared = identify(email, self.archive, self.people, self.reader, self.progress)
        exports = ExportSearch(self.archive, person, self.reader)
        inputs, runs = sorted(self.archive.all_inputs()), [run for run in self.archive.runs() if run.is_whole]
        dry_runs = self._dry_runs()
        held: list[HeldExport] = []
        with shown(self.progress, "Looking through exports", len(inputs)):
            for sha256 in inputs:
                held += exports.find(sha256)
                self.progress.advance()
        nights = self._nights(person, held)
        folders = chain(map(self.archive.folder_of, runs), dry_runs)
        count = len(runs) + len(dry_runs)
        found = Forgetting(person, shared, self.people.count(person), held, searched=(len(inputs), count))
        found.unreadable = exports.unreadable
        with shown(self.progress, "Looking through runs", count):
            for folder in folders:
                if names := nights.find(folder):
                    found.nights.append((folder, names))
                self.progress.advance()
        return found

    def take_out(self, email: str, found: Forgetting, lease: Lease) -> None:
        """Exports first, the state last, as long as no run takes over."""
        begin(self.archive.root, email, found.person)
        exports = ExportSearch(self.archive, found.person, self.reader)
        with shown(self.progress, "Rewriting exports", len(found.exports)):
            for held in found.exports:
                lease.check()
                if why := exports.take_out(held):
                    found.removed[str(held.path)] = why
                self.progress.advance()
        nights = self._nights(found.person, found.exports)
        with shown(self.progress, "Rewriting runs", len(found.nights)):
            for folder, names in found.nights:
                lease.check()
                removed = nights.take_out(folder, names)
                found.removed |= {str(folder / name): why for name, why in removed.items()}
                self.archive.save(folder)
                self.progress.advance()
        self.people.remove(found.person)
        end(self.archive.root, email)
        found.is_done = True
        log.info("person.forgotten", exports=len(found.exports), runs=len(found.nights), removed=len(found.removed))

    def _nights(self, person: Person, held: list[HeldExport]) -> NightSearch:
        rows: dict[str, set[int]] = {}
        for each in held:
            rows.setdefault(each.sha256, set()).update(*each.rows.values())
        return NightSearch(person, self.settings.config, rows, self.reader)

    def _dry_runs(self) -> list[Path]:
        folder = self.settings.home / "dry-runs"
        return [folder / name for name in folders_in(folder) if (folder / name / RECORD).is_file()]


def _nobody(found: Forgetting, archive: Archive) -> str:
    exports, runs = found.searched
    return (
        f"Nothing is known of that address. Searched: the state, {exports:,} exports and {runs:,} runs in "
        f"{archive.url} and the dry runs. Who was forgotten before is not there any more."
    )
